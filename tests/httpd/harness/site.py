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
