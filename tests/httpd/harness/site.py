"""Pieces of configuration that most tests share."""


def ldap_site(slapd, realm="Staff", epoch="On", zone="", logout="", more=""):
    """A site that is protected but for /public, with a logout at /logout. `zone` goes into the
    section of the whole site, `logout` into that of the logout URL, `more` after them."""
    return f"""
<Location "/">
    AuthType Basic
    AuthName "{realm}"
    AuthBasicProvider ldap
    AuthLDAPURL "{slapd.url}"
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


def file_site(password_file, realm="Staff", epoch="On", zone="", logout="", more=""):
    """The same with a password file."""
    return f"""
<Location "/">
    AuthType Basic
    AuthName "{realm}"
    AuthBasicProvider file
    AuthUserFile "{password_file}"
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
