"""What is compared: how each configuration reads, and how a client signs in to it."""

import dataclasses
import functools
import sqlite3
import typing
from urllib.parse import parse_qs, urlencode, urlsplit

from measures.lean_httpd import PAGE
from measures.openid_provider import CLIENT, SECRET

from harness.people import ALICE
from harness.requests import FORM, basic, cookie_of, sign_in

EPOCH = "auth_epoch"
PASSPHRASE = "a passphrase that nobody else knows"
LDAP_GROUP = "ldap-group cn=staff,ou=groups,dc=example,dc=org"


@dataclasses.dataclass(frozen=True)
class World:
    """What the servers of all configurations share."""
    directory_url: str
    provider: typing.Any  # OpenIdProvider


@dataclasses.dataclass(frozen=True)
class Configuration:
    number: str
    name: str
    sections: typing.Callable  # of (httpd, world): the text; may write files for it first
    sign_in: typing.Callable   # of (httpd, world): the header fields of requests from then on
    modules: tuple = ()        # loaded here alone; "auth_epoch" is ours
    requests: int = 1000       # as many as callgrind is patient for

    @property
    def label(self):
        return f"{self.number} {self.name}"

    def start(self, httpd, world):
        """Returns the header fields of a signed-in client, with every cache warm."""
        httpd.start(self.sections(httpd, world), self.modules)
        return self.sign_in(httpd, world)


@functools.cache
def configurations():
    return (
        Configuration("1", "no authentication", _open, _nobody),
        Configuration("2", BASELINE, _basic("valid-user"), _basic_alone),
        Configuration("3", "mod_authnz_ldap, ldap-group", _basic(LDAP_GROUP), _basic_alone),
        Configuration("2a", "the same, mod_auth_epoch loaded but not On", _basic("valid-user"),
                      _basic_alone, modules=(EPOCH,)),
        _epoch("4", "AuthEpoch On, valid-user", "valid-user"),
        _epoch("5", "AuthEpoch On, ldap-group", LDAP_GROUP),
        _epoch("6", "AuthEpochRevalidate, valid-user", "valid-user", REVALIDATE),
        _epoch("6g", "AuthEpochRevalidate, ldap-group", LDAP_GROUP, REVALIDATE),
        _form("7", "mod_auth_form + mod_session_cookie", _session_cookie),
        _form("8", "mod_auth_form + mod_session_crypto", _session_crypto, requests=10),
        _form("9", "mod_auth_form + mod_session_dbd, sqlite3", _session_dbd),
        Configuration("10", "mod_auth_openidc, shared memory", _openid, _openid_login,
                      modules=("auth_openidc",), requests=500),
    )


BASELINE = "mod_authnz_ldap, valid-user"
REVALIDATE = "AuthEpochRevalidate 10min"


def numbered(number):
    return next(each for each in configurations() if each.number == number)


def protected(directory_url, require="valid-user", more=""):
    """The site behind Basic and the directory."""
    return f"""
<Location "/">
    AuthType Basic
    AuthName "Staff"
    AuthBasicProvider ldap
    AuthLDAPURL {directory_url}
    Require {require}
    {more}
</Location>
"""


def _open(_httpd, _world):
    return '<Location "/">\nRequire all granted\n</Location>\n'


def _nobody(httpd, _world):
    return _warmed(httpd, [])


def _basic(require):
    return lambda _, world: protected(world.directory_url, require)


def _basic_alone(httpd, _world):
    return _warmed(httpd, [basic(ALICE)])


def _epoch(number, name, require, more=""):
    def sections(_, world):
        return protected(world.directory_url, require, f"AuthEpoch On\n    {more}")

    def signed_in(httpd, _):
        return _warmed(httpd, [basic(ALICE), cookie_of(sign_in(httpd, path=PAGE))])

    return Configuration(number, name, sections, signed_in, modules=(EPOCH,))


def _warmed(httpd, headers):
    with httpd.connection() as connection:
        httpd.page(connection, headers)
    return headers


# ---- mod_auth_form

def _form(number, name, session, requests=1000):
    def sections(httpd, world):
        server, location = session(httpd)
        area = f"""
    AuthName "Staff"
    AuthFormProvider ldap
    AuthLDAPURL {world.directory_url}
    Session On
    {location}
"""
        return f"""
{server}
<Location "/">
    AuthType form
    AuthFormLoginRequiredLocation "/login.html"
    Require valid-user
    {area}
</Location>
<Location "/login">
    SetHandler form-login-handler
    AuthType form
    AuthFormLoginRequiredLocation "/login.html"
    AuthFormLoginSuccessLocation "{PAGE}"
    Require all granted
    {area}
</Location>
"""

    return Configuration(number, name, sections, _fill_the_form_in, requests=requests)


def _session_cookie(_httpd):
    return "", "SessionCookieName session path=/"


def _session_crypto(_httpd):
    return "", f'SessionCookieName session path=/\n    SessionCryptoPassphrase "{PASSPHRASE}"'


def _session_dbd(httpd):
    path = httpd.scratch / "run" / "sessions.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE session (key TEXT PRIMARY KEY, value TEXT, expiry INTEGER)")
    connection.commit()
    connection.close()
    return f"""
DBDriver sqlite3
DBDParams {path}
DBDPrepareSQL "SELECT value FROM session WHERE key = %s AND (expiry = 0 OR expiry > %lld)" selectsession
DBDPrepareSQL "DELETE FROM session WHERE key = %s" deletesession
DBDPrepareSQL "INSERT INTO session (value, expiry, key) VALUES (%s, %lld, %s)" insertsession
DBDPrepareSQL "UPDATE session SET value = %s, expiry = %lld, key = %s WHERE key = %s" updatesession
""", "SessionDBDCookieName session path=/"


def _fill_the_form_in(httpd, _world):
    form = urlencode({"httpd_username": ALICE.user, "httpd_password": ALICE.password})
    answer = httpd.request("POST", "/login", [FORM], form)
    assert answer.status == 302, f"the form was answered {answer.status}"
    return _warmed(httpd, [_cookies(answer)])


def _cookies(answer):
    """Of each name the last, as a browser would send them."""
    kept = {each.name: each.value for each in answer.set_cookies}
    return "Cookie", "; ".join(f"{name}={value}" for name, value in kept.items() if value)


# ---- mod_auth_openidc

def _openid(httpd, world):
    httpd.tolerate_log('the configured OIDCRedirectURI SHOULD be "https"')
    return f"""
OIDCProviderIssuer {world.provider.issuer}
OIDCProviderAuthorizationEndpoint {world.provider.issuer}/authorize
OIDCProviderTokenEndpoint {world.provider.issuer}/token
OIDCCABundlePath {world.provider.authority}
OIDCClientID {CLIENT}
OIDCClientSecret "{SECRET}"
OIDCIDTokenSignedResponseAlg HS256
OIDCRedirectURI {httpd.origin}/callback
OIDCCryptoPassphrase "{PASSPHRASE}"
OIDCSessionType server-cache
OIDCCacheType shm
<Location "/">
    AuthType openid-connect
    Require valid-user
</Location>
"""


def _openid_login(httpd, world):
    sent_away = httpd.request("GET", PAGE, [("Accept", "text/html")])
    assert sent_away.status == 302, f"the first request was answered {sent_away.status}"
    asked = {name: values[0] for name, values
             in parse_qs(urlsplit(sent_away.header("Location")).query).items()}
    world.provider.nonce = asked["nonce"]
    answer = urlencode({"code": "one", "state": asked["state"]})
    back = httpd.request("GET", f"/callback?{answer}", [_cookies(sent_away)])
    assert back.status == 302, f"the provider's answer was answered {back.status}"
    return _warmed(httpd, [_cookies(back)])
