"""Pieces of configuration that most tests share, and what such sites answer."""

from harness.slapd import READER, READER_PASSWORD


def ldap_site(slapd, **options):
    """A site that is protected but for /public, with a logout at /logout. Of the options, `zone`
    goes into the section of the whole site, `logout` into that of the logout URL, `more` after
    them."""
    return _site(f'AuthBasicProvider ldap\n    AuthLDAPURL "{slapd.url}"', **options)


def file_site(password_file, **options):
    """The same with a password file."""
    return _site(f'AuthBasicProvider file\n    AuthUserFile "{password_file}"', **options)


def _site(provider, epoch="On", zone="", logout="", more=""):
    return f"""
<Location "/">
    AuthType Basic
    AuthName "Staff"
    {provider}
    AuthEpoch {epoch}
    Require valid-user
    {zone}
</Location>
<Location "/public">
    AuthEpoch Off
    Require all granted
</Location>
<Location "/logout">
    SetHandler auth-epoch-logout
    Require all granted
    {logout}
</Location>
{more}
"""


def start_file_site(httpd, *people, modules=(), https=False, as_root=False, **options):
    """Starts httpd with a file_site() of these people."""
    users = httpd.write_password_file("users", *people)
    return httpd.start(file_site(users, **options), modules, https, as_root=as_root)


def section(content, path="/"):
    return f'<Location "{path}">\n{content}\n</Location>\n'


def provider_alias(url, name="people", more=""):
    return (f"<AuthnProviderAlias ldap {name}>\nAuthLDAPURL {url}\n{more}\n"
            "</AuthnProviderAlias>\n")


def bound(dn=READER, password=READER_PASSWORD):
    return f'AuthLDAPBindDN "{dn}"\nAuthLDAPBindPassword {password}\n'


def ldap_area(url, path="/", provider="ldap", require="valid-user", epoch="", more=""):
    """A protected area that an httpd without the module takes too. What the module adds stands in
    `epoch`. The application shows what it was told (see shown())."""
    return f"""
<Location "{path}">
    AuthType Basic
    AuthName "Staff"
    AuthBasicProvider {provider}
    {f'AuthLDAPURL {url}' if url else ''}
    Require {require}
    {more}
    <IfModule mod_auth_epoch.c>
        AuthEpoch On
        {epoch}
    </IfModule>
</Location>
{SHOW}
"""


# Each is sent as X-Env-<name>.
ENVIRONMENT = ("AUTHENTICATE_UID", "AUTHENTICATE_MAIL", "AUTHENTICATE_CN",
               "AUTHENTICATE_DISPLAYNAME", "AUTHENTICATE_EMPLOYEETYPE", "AUTHENTICATE_SN",
               "LDAP_BINDASUSER")
SHOW = "".join(f'Header always set X-Env-{name} "expr=%{{reqenv:{name}}}"\n'
               for name in ENVIRONMENT)


def shown(response):
    """What the application was told about the user: REMOTE_USER and what the provider set."""
    told = {name: response.all(f"X-Env-{name}")[-1:] for name in ENVIRONMENT}
    return {"REMOTE_USER": response.user,
            **{name: values[0] for name, values in told.items() if values and values[0]}}


def outcome(response):
    return response.status, shown(response)


def asks(response, realm="Staff"):
    return response.status == 401 and response.challenge == ("Basic", realm)


def is_confirm_page(response):
    return response.status == 200 and '<form method="post"' in response.text


def is_unavailable(response):
    return response.status == 503 and int(response.header("Retry-After")) > 0
