"""Mistakes that configtest finds, or the start, or the first request; and what is no mistake."""

import os
import pathlib
import pwd
import re

import pytest

from harness.httpd import MODULES, TOP
from harness.people import ALICE
from harness.processes import UNPRIVILEGED, ServerDied
from harness.site import file_site, section, start_file_site

BASIC = 'AuthType Basic\nAuthName "Staff"\nRequire valid-user\n'
PROTECTED = BASIC + "AuthEpoch On\n"
SESSIONS = '<Location "/sessions">\nSetHandler auth-epoch-sessions\n</Location>\n'
LOGOUT = '<Location "/logout">\nSetHandler auth-epoch-logout\nRequire all granted\n</Location>\n'
STATUS = LOGOUT.replace("logout", "status")


def assert_refused(httpd, configuration, *parts, **options):
    """configtest fails with a sentence that has the parts in this order."""
    status, text = httpd.configtest(configuration, **options)
    assert status != 0, configuration
    assert re.search(".*".join(re.escape(part) for part in parts), text), text


def assert_accepted(httpd, configuration, **options):
    status, text = httpd.configtest(configuration, **options)
    assert (status, text) == (0, "Syntax OK\n"), text


# ---- one line

TIME = ("is not accepted here: give a time of whole seconds between 1s and 366 days",)
NOT_HERE = "is not accepted here: "


@pytest.mark.parametrize("line, parts", [
    ("AuthEpoch Maybe", ("AuthEpoch: `Maybe` " + NOT_HERE + "give On, Off or Report",)),
    ('AuthEpochZone ""', ("AuthEpochZone takes one argument",)),
    ("AuthEpochZone " + "z" * 129, ("AuthEpochZone", "1 to 128 characters")),
    *[(f"{directive} {time}", (f"{directive}: `{time}` ", *TIME))
      for directive in ("AuthEpochIdleTimeout", "AuthEpochMaxAge", "AuthEpochFreshLogin",
                        "AuthEpochRevalidate")
      for time in ("soon", "0", "-5", "500ms", "367d", "5weeks", "d")],
    ("AuthEpochLDAPWatch On", ("AuthEpochLDAPWatch: `On` ", "give Off, auto, sync or poll")),
    ("AuthEpochLDAPWatch poll soon", ("AuthEpochLDAPWatch: `soon` ", *TIME)),
    ("AuthEpochLDAPWatch sync 30s", ("AuthEpochLDAPWatch: `30s` ", "only poll and auto take a time")),
    ("AuthEpochLDAPWatch auto", ("AuthEpochLDAPWatch", "no AuthLDAPURL stands here")),
    ("AuthEpochIdleTimeout Off", ("AuthEpochIdleTimeout: `Off` ", *TIME)),
    ("AuthEpochStateless perhaps", ("AuthEpochStateless: `perhaps` ", "give Off, On, or expr=")),
    ('AuthEpochStateless "expr=%{HTTP:X"', ("the expression", "cannot be parsed")),
    ("AuthEpochCrossSite never", ("AuthEpochCrossSite: `never` ", "give refuse or allow")),
    ("AuthEpochCookieName s(id)", ("AuthEpochCookieName: `s(id)` ", "letters, digits")),
    ("AuthEpochCookieName " + "n" * 65, ("AuthEpochCookieName", "at most 64")),
    ("AuthEpochCookiePath app", ("AuthEpochCookiePath: `app` ", "begins with a slash")),
    ('AuthEpochCookiePath "/a; Domain=x"', ("AuthEpochCookiePath", "begins with a slash")),
    ("AuthEpochCookieDomain http://example.org", ("AuthEpochCookieDomain", "give a host name")),
    ("AuthEpochCookieDomain example.org:80", ("AuthEpochCookieDomain", "give a host name")),
    ("AuthEpochCookieSameSite Strict", ("AuthEpochCookieSameSite: `Strict` ", "a link from another "
                                        "site", "ask for the password without end; give Lax")),
    ("AuthEpochCookieSameSite lux", ("AuthEpochCookieSameSite: `lux` ", "give Lax or None")),
    ("AuthEpochCookieSecure yes", ("AuthEpochCookieSecure: `yes` ", "give auto, On or Off")),
    ("AuthEpochLogoutResponse popup", ("AuthEpochLogoutResponse: `popup` ",
                                       "give page, challenge or redirect")),
    ("AuthEpochLogoutResponse page /bye", ("AuthEpochLogoutResponse: `/bye` ", "only redirect")),
    ("AuthEpochLogoutResponse redirect //e", ("AuthEpochLogoutResponse: `//e` ", "one slash")),
    ("AuthEpochLogoutGet On", ("AuthEpochLogoutGet: `On` ", "give same-origin, confirm or Off")),
    ("AuthEpochReturn https://e/", ("AuthEpochReturn: `https://e/` ", "begins with one slash")),
    ("AuthEpochReturn //e", ("AuthEpochReturn: `//e` ", "begins with one slash")),
    ('AuthEpochClearSiteData "cookies"', ("AuthEpochClearSiteData: `cookies` ", "wipe the cookie")),
    ('AuthEpochClearSiteData "cache, *"', ("AuthEpochClearSiteData", "wipe the cookie")),
    ("AuthEpochClearSiteData everything", ("AuthEpochClearSiteData: `everything` ", "give Off or a "
                                           "list")),
    ("AuthEpochNoStore pages", ("AuthEpochNoStore: `pages` ", "give On, Off or html")),
    ("AuthEpochMaxSessions 0", ("AuthEpochMaxSessions: `0` ", "between 1 and 100000, or Off")),
    ("AuthEpochMaxSessions 100001", ("AuthEpochMaxSessions", "between 1 and 100000, or Off")),
    ("AuthEpochMaxSessions 3x", ("AuthEpochMaxSessions: `3x` ", "give a number")),
    ("AuthEpochMaxSessions -1", ("AuthEpochMaxSessions: `-1` ", "give a number")),
    ("AuthEpochMaxSessions 3 newest", ("AuthEpochMaxSessions: `newest` ", "give oldest")),
    ("AuthEpochMaxSessions Off deny", ("AuthEpochMaxSessions: `deny` ", "nothing follows Off")),
    ("AuthEpochFailedLogins 0", ("AuthEpochFailedLogins: `0` ", "between 1 and 1000, or Off")),
    ("AuthEpochFailedLogins 1001", ("AuthEpochFailedLogins", "between 1 and 1000, or Off")),
    ("AuthEpochFailedLogins 5x", ("AuthEpochFailedLogins: `5x` ", "give a number")),
    ("AuthEpochFailedLogins 5 59s", ("AuthEpochFailedLogins: `59s` ", "between 1min and 1d")),
    ("AuthEpochFailedLogins 5 2d", ("AuthEpochFailedLogins: `2d` ", "between 1min and 1d")),
    ("AuthEpochFailedLogins Off 1h", ("AuthEpochFailedLogins: `1h` ", "nothing follows Off")),
    ("AuthEpochAdminAnyUser perhaps", ("AuthEpochAdminAnyUser must be On or Off",)),
    ("AuthEpochStrip password", ("AuthEpochStrip: `password` ", "give None, or cookie")),
    ("AuthEpochStrip cookie None", ("AuthEpochStrip: `None` ", "give None, or cookie")),
], ids=lambda value: value[:48].replace("\n", " ") if isinstance(value, str) else "")
def test_mistake_in_a_directory_directive_is_answered_with_what_is_accepted(httpd, line, parts):
    assert_refused(httpd, section(PROTECTED + line), *parts)


@pytest.mark.parametrize("line, parts", [
    ('AuthEpochAuditLog ""', ("AuthEpochAuditLog", "one argument")),
    ('AuthEpochAuditLog "|"', ("AuthEpochAuditLog: `|` ", "as for CustomLog")),
    ("AuthEpochStore redis://localhost", ("AuthEpochStore: `redis://localhost` ", "give lmdb:")),
    ("AuthEpochStore /var/lib/x", ("AuthEpochStore: `/var/lib/x` ", "give lmdb: and a directory")),
    ("AuthEpochStore lmdb:", ("AuthEpochStore: `lmdb:` ", "give lmdb: and a directory")),
    ("AuthEpochOrigin www.example.org", ("AuthEpochOrigin: `www.example.org` ", "scheme and host")),
    ("AuthEpochOrigin https://example.org/app", ("AuthEpochOrigin", "without a path")),
    ("AuthEpochOrigin ftp://example.org", ("AuthEpochOrigin", "such as https://www.example.org")),
    ("AuthEpochOnDirectoryError admit",
     ("AuthEpochOnDirectoryError: `admit` ", "give deny, or stale")),
    ("AuthEpochOnDirectoryError stale", ("AuthEpochOnDirectoryError", "stale needs a time")),
    ("AuthEpochOnStoreError admit", ("AuthEpochOnStoreError: `admit` ", "give deny, or stale")),
    ("AuthEpochOnStoreError stale", ("AuthEpochOnStoreError", "stale needs a time")),
    ("AuthEpochOnStoreError stale soon", ("AuthEpochOnStoreError: `soon` ", *TIME)),
    ("AuthEpochOnStoreError deny 5s", ("AuthEpochOnStoreError: `5s` ", "deny takes no time")),
], ids=lambda value: value if isinstance(value, str) else "")
def test_mistake_in_a_server_directive_is_answered_with_what_is_accepted(httpd, line, parts):
    assert_refused(httpd, line + "\n" + section(PROTECTED), *parts)


# ---- what no line shows by itself


@pytest.mark.parametrize("configuration, parts", [
    (section('AuthName "Staff"\nAuthEpoch On'),
     ('<Location "/">', "AuthEpoch is On, but AuthType is set nowhere; add `AuthType Basic`")),
    (section("AuthType Basic\nAuthEpoch On"),
     ('<Location "/">', "AuthEpoch is On, but AuthName is set nowhere; add one")),
    (section(PROTECTED.replace("Basic", "Digest")),
     ("AuthType Basic only", "AuthType Digest is in force here; set AuthEpoch Off")),
    (section(PROTECTED) + section('AuthType Form\nAuthName "Other"', "/form"),
     ('<Location "/form">', "AuthType Form is in force here")),
    (section(PROTECTED + "AuthBasicFake guest guest"), ("AuthBasicFake makes up credentials",)),
    (section(PROTECTED + "AuthEpochCookieName __Host-sid\nAuthEpochCookieDomain example.org"),
     ("drop a cookie named `__Host-sid`", "no domain", "remove AuthEpochCookieDomain")),
    (section(PROTECTED + "AuthEpochCookieName __Host-sid\nAuthEpochCookiePath /app", "/app"),
     ("drop a cookie named `__Host-sid`", "has the path /")),
    (section(PROTECTED + "AuthEpochCookieName __Host-sid\nAuthEpochCookieSecure Off"),
     ("drop a cookie named `__Host-sid`", "unless it is Secure")),
    (section(PROTECTED + "AuthEpochCookieName __Secure-sid\nAuthEpochCookieSecure Off"),
     ("drop a cookie named `__Secure-sid`", "remove AuthEpochCookieSecure Off")),
    (section(PROTECTED + "AuthEpochCookieSameSite None\nAuthEpochCookieSecure Off"),
     ("SameSite=None that is not Secure", "remove AuthEpochCookieSecure Off")),
    (section(PROTECTED + "AuthEpochCookieName __Host-sid")
     + section("AuthEpochCookieDomain example.org", "/app"),
     ('<Location "/app">', "drop a cookie named `__Host-sid`")),
    (section(PROTECTED + "AuthEpochCookiePath /app"),
     ("AuthEpochCookiePath /app is never sent to this location", "a path that covers it")),
    (section(PROTECTED + "AuthEpochZone one") + section("AuthEpochZone two", "/two"),
     ('AuthName "Staff" belongs to two zones', "Give each AuthEpochZone its own AuthName")),
    (section(PROTECTED + "AuthEpochZone one") + section('AuthName "Other"', "/two"),
     ('AuthEpochZone "one" has two AuthNames, "Staff" and "Other"', "two zones")),
    (section(PROTECTED) + LOGOUT.replace("Require all granted", ""),
     ('<Location "/logout">', "must not require a login", "add `Require all granted`")),
    (section(PROTECTED) + LOGOUT.replace("all granted", "valid-user"),
     ('<Location "/logout">', "must not require a login")),
    (section(BASIC) + LOGOUT, ("the logout handler needs the configuration of the zone it ends",
                               "AuthEpoch is not On here")),
    (section(PROTECTED) + LOGOUT.replace("SetHandler", "AuthEpoch Off\nSetHandler"),
     ("the logout handler needs", "AuthEpoch is not On here")),
    (section(BASIC) + SESSIONS,
     ("the sessions handler needs the configuration of the zone it shows: AuthEpoch is not On",)),
    (section(PROTECTED) + SESSIONS.replace("sessions\n", "sessions\nAuthEpoch Off\n"),
     ("the sessions handler needs", "AuthEpoch is not On here")),
    (section(PROTECTED) + SESSIONS.replace("sessions\n", "sessions\nRequire all granted\n"),
     ('<Location "/sessions">', "must know who asks", "add `Require valid-user`")),
    (section(PROTECTED.replace("valid-user", "all granted")) + SESSIONS,
     ('<Location "/sessions">', "must know who asks")),
    (section(BASIC) + SESSIONS.replace("-sessions\n", "-admin\n"),
     ("the admin handler needs the configuration of the zone", "AuthEpoch is not On here")),
    (section(PROTECTED) + SESSIONS.replace("sessions\n", "admin\nRequire all granted\n"),
     ("the admin handler shows everybody's sessions", "require administrators in this section")),
    (section(PROTECTED) + LOGOUT.replace("-logout\n", "-signout\n"),
     ("there is no handler `auth-epoch-signout`; this version has auth-epoch-logout, "
      "auth-epoch-status, auth-epoch-sessions, auth-epoch-admin and auth-epoch-metrics",)),
    (section(PROTECTED) + STATUS.replace("all granted", "valid-user"),
     ('<Location "/status">', "the status handler must not require a login",
      "add `Require all granted`")),
    (section(BASIC) + STATUS, ("the status handler needs the configuration of the zone it tells of",
                               "AuthEpoch is not On here")),
    (section(PROTECTED) + STATUS.replace("Location", "LocationMatch"),
     ('<LocationMatch "/status">', "the status handler must know where its URLs begin")),
    (section(PROTECTED) + "SetHandler auth-epoch-status\n",
     ("the server's own configuration", "put it into a <Location> with a path")),
])
def test_mistake_that_several_lines_make_is_found(httpd, configuration, parts):
    assert_refused(httpd, configuration, *parts)


def test_credentials_from_certificates_are_refused(httpd):
    assert_refused(httpd, section(PROTECTED + "SSLOptions +StdEnvVars +FakeBasicAuth"),
                   "SSLOptions +FakeBasicAuth makes up credentials", https=True)
    assert_accepted(httpd, section(PROTECTED + "SSLOptions +StdEnvVars -FakeBasicAuth"), https=True)


def test_all_mistakes_are_told_at_once_and_each_once(httpd):
    status, text = httpd.configtest(section("AuthType Basic\nAuthEpoch On")
                                    + LOGOUT.replace("all granted", "valid-user"), https=True)
    assert status != 0
    assert text.count("AuthName is set nowhere") == 1
    assert text.count("must not require a login") == 1


def test_what_looks_like_a_mistake_and_is_none_is_accepted(httpd):
    for configuration in (section(PROTECTED) + LOGOUT + STATUS,
                          section(PROTECTED) + section("AuthType None", "/open"),
                          section(PROTECTED) + section('AuthEpoch Off\nAuthType Form', "/form"),
                          section(PROTECTED + "AuthEpochZone one")
                          + section('AuthName "Other"\nAuthEpochZone two', "/two"),
                          section(PROTECTED + "AuthEpochStrip None"),
                          section(PROTECTED + "AuthEpochFreshLogin off"),
                          section(PROTECTED + "AuthEpochMaxAge 7d\nAuthEpochIdleTimeout 90"),
                          section("AuthBasicFake guest guest\n" + BASIC)):
        assert_accepted(httpd, configuration)


# ---- the store


def test_store_that_cannot_be_made_is_found(httpd):
    for directory, complaint in (("/proc/auth_epoch", "cannot make it"),
                                 ("${SCRATCH}/nowhere/auth_epoch", "cannot make it"),
                                 ("${SCRATCH}/conf/httpd.conf", "is not a directory")):
        assert_refused(httpd, f"AuthEpochStore lmdb:{directory}\n" + section(PROTECTED),
                       "AuthEpochStore: ", complaint)


def test_store_that_is_open_to_others_is_found(httpd):
    directory = httpd.scratch / "open"
    directory.mkdir()
    directory.chmod(0o755)
    assert_refused(httpd, f"AuthEpochStore lmdb:{directory}\n" + section(PROTECTED),
                   "AuthEpochStore: ", "is open to other users", f"chmod 700 {directory}")


def test_root_finds_a_store_that_httpds_user_cannot_write(httpd):
    def assert_store_refused(directory, *parts):
        assert_refused(httpd, f"AuthEpochStore lmdb:{directory}\n" + section(PROTECTED),
                       "AuthEpochStore: ", *parts, as_root=True)

    mine = httpd.scratch / "mine"
    mine.mkdir(0o700)
    assert_store_refused(mine, "belongs to root, but httpd works as www-data (User)",
                         f"chown -R www-data {mine}")
    behind = httpd.scratch / "closed" / "store"
    behind.mkdir(0o700, parents=True)
    behind.parent.chmod(0o700)
    os.chown(behind, *account())
    assert_store_refused(behind, "cannot be reached by www-data (User)", "namei -l")
    readable = httpd.scratch / "readable"
    readable.mkdir()
    os.chown(readable, *account())
    readable.chmod(0o500)
    assert_store_refused(readable, "is not writable for www-data", f"chmod 700 {readable}")
    with_root_file = httpd.scratch / "with-root-file"
    with_root_file.mkdir(0o700)
    os.chown(with_root_file, *account())
    (with_root_file / "data.mdb").write_bytes(b"")
    assert_store_refused(with_root_file, "data.mdb belongs to root")
    assert_store_refused(httpd.scratch / "none" / "store", "is not a directory; make it, or give")


def test_root_makes_the_store_for_httpds_user_and_keeps_the_keys(httpd):
    start_file_site(httpd, ALICE, as_root=True)
    assert httpd.browser().visit("/app/", typing=ALICE).user == "alice"
    store, keys = httpd.store.stat(), pathlib.Path(f"{httpd.store}.key").stat()
    assert (store.st_uid, store.st_mode & 0o777) == (account()[0], 0o700)
    assert (keys.st_uid, keys.st_mode & 0o777) == (0, 0o600)
    for file in httpd.store.iterdir():
        assert (file.stat().st_uid, file.stat().st_mode & 0o077) == (account()[0], 0), file


def account():
    entry = pwd.getpwnam(UNPRIVILEGED)
    return entry.pw_uid, entry.pw_gid


# ---- the key file, read when httpd starts

GOOD_KEY = "1700000000 " + "A" * 43 + "\n"


def assert_does_not_start(httpd, complaint, **options):
    with pytest.raises(ServerDied):
        httpd.start("AuthEpochKeyFile ${SCRATCH}/conf/keys\n" + section(PROTECTED), **options)
    httpd.expect_log(complaint)
    httpd.tolerate_log("AH00020: Configuration Failed")


def test_key_file_is_used_as_it_is(httpd):
    path = httpd.write(httpd.scratch / "conf" / "keys", "# mine\n" + GOOD_KEY, mode=0o600)
    httpd.start(f"AuthEpochKeyFile {path}\n" + file_site(httpd.write_password_file("u", ALICE)))
    assert httpd.browser().visit("/app/", typing=ALICE).user == "alice"
    assert path.read_text() == "# mine\n" + GOOD_KEY


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_key_file_that_others_may_read_keeps_httpd_from_starting(httpd, mode):
    httpd.write(httpd.scratch / "conf" / "keys", GOOD_KEY, mode)
    assert_does_not_start(httpd, "AuthEpochKeyFile .*/keys: may be read by others .* 0600")


@pytest.mark.parametrize("content, complaint", [
    ("", "it holds no key; remove the file"),
    ("# nothing\n\n", "it holds no key"),
    ("secret\n", "line 1 is not a key: expected the seconds since 1970"),
    (GOOD_KEY + "1700000000 short\n", "line 2 is not a key"),
    (GOOD_KEY.replace("A\n", "AA\n"), "line 1 is not a key"),
    ("x" * 70000, "is too large to be a key file")])
def test_key_file_that_makes_no_sense_keeps_httpd_from_starting(httpd, content, complaint):
    httpd.write(httpd.scratch / "conf" / "keys", content, mode=0o600)
    assert_does_not_start(httpd, f"AuthEpochKeyFile .*/keys: .*{complaint}")


def test_key_file_that_is_none_keeps_httpd_from_starting(httpd):
    (httpd.scratch / "conf" / "keys").mkdir()
    assert_does_not_start(httpd, "AuthEpochKeyFile .*/keys: is not a regular file")


def test_key_file_behind_a_link_keeps_httpd_from_starting(httpd):
    httpd.write(httpd.scratch / "conf" / "real", GOOD_KEY, mode=0o600)
    (httpd.scratch / "conf" / "keys").symlink_to("real")
    assert_does_not_start(httpd, "AuthEpochKeyFile .*/keys: cannot be opened: Too many levels")


def test_key_file_of_somebody_else_keeps_root_from_starting_httpd(httpd):
    path = httpd.write(httpd.scratch / "conf" / "keys", GOOD_KEY, mode=0o600)
    os.chown(path, *account())
    assert_does_not_start(httpd, f"AuthEpochKeyFile .*/keys: belongs to user {account()[0]}; it "
                          "must belong to the user who starts httpd", as_root=True)


# ---- where directives may stand

VALUES = {
    "AuthEpoch": "On", "AuthEpochStore": "lmdb:elsewhere", "AuthEpochKeyFile": "elsewhere.key",
    "AuthEpochZone": "zone", "AuthEpochOrigin": "https://www.example.org http://example.org:8080",
    "AuthEpochIdleTimeout": "5min", "AuthEpochMaxAge": "2h", "AuthEpochFreshLogin": "1h",
    "AuthEpochStateless": '"expr=%{HTTP:User-Agent} =~ m#^SVN/#"', "AuthEpochCrossSite": "allow",
    "AuthEpochCookieName": "sid", "AuthEpochCookiePath": "/",
    "AuthEpochCookieDomain": "example.org", "AuthEpochCookieSameSite": "Lax",
    "AuthEpochCookieSecure": "auto",
    "AuthEpochLogoutResponse": "redirect /bye", "AuthEpochLogoutGet": "confirm",
    "AuthEpochReturn": "/app/", "AuthEpochClearSiteData": '"cache, storage"',
    "AuthEpochNoStore": "On", "AuthEpochStrip": "cookie authorization",
    "AuthEpochOnStoreError": "stale 2min", "AuthEpochRevalidate": "5min",
    "AuthEpochMaxSessions": "3 deny", "AuthEpochAdminAnyUser": "On", "AuthEpochFailedLogins": "10 1h", "AuthEpochOnDirectoryError": "stale 1h", "AuthEpochLDAPWatch": "Off", "AuthEpochAuditLog": "logs/audit.log",
    "AuthEpochPage": "confirm conf/page.html"}


def contexts():
    """By directive, what the reference promises."""
    text = (TOP / "docs" / "directives.md").read_text()
    return {name: set(context.split(", ")) for name, context in
            re.findall(r"^## (AuthEpoch\w*)\n(?:.*\n)*?\| Context \| (.*) \|$", text, re.MULTILINE)}


def test_reference_has_every_directive():
    assert set(contexts()) == set(VALUES)


@pytest.mark.parametrize("context, before, after", [
    ("server config", "", ""),
    ("virtual host", "<VirtualHost *:1>\n", "</VirtualHost>\n"),
    ("directory", '<Location "/app">\n', "</Location>\n"),
    ("directory", '<Directory "/srv">\n', "</Directory>\n"),
    ("directory", '<Files "page">\n', "</Files>\n"),
    ("directory", '<LocationMatch "^/a">\n', "</LocationMatch>\n")])
def test_directives_are_accepted_where_the_reference_says_and_nowhere_else(httpd, context, before,
                                                                           after):
    httpd.write(httpd.scratch / "conf" / "page.html", "<p>{{realm}}")
    promised = contexts()
    lines = [f"{name} {value}\n" for name, value in VALUES.items() if context in promised[name]]
    basic = BASIC if context == "directory" else ""
    assert_accepted(httpd, before + basic + "".join(lines) + after)
    for name, value in VALUES.items():
        if context not in promised[name]:
            assert_refused(httpd, f"{before}{name} {value}\n{after}", name)


def test_directives_that_may_stand_in_htaccess_do(httpd):
    httpd.start("")
    promised = contexts()
    users = httpd.write_password_file("users", ALICE)
    lines = [f"{name} {value}\n" for name, value in VALUES.items() if ".htaccess" in promised[name]]
    httpd.write("app/.htaccess", BASIC + f"AuthUserFile {users}\n" + "".join(lines))
    answer = httpd.request("GET", "/app/")
    assert answer.asks_for_password and answer.set_cookie is not None


@pytest.mark.parametrize("name", ["AuthEpochZone", "AuthEpochStore", "AuthEpochOrigin",
                                  "AuthEpochPage", "AuthEpochOnStoreError", "AuthEpochKeyFile",
                                  "AuthEpochOnDirectoryError", "AuthEpochLDAPWatch",
                                  "AuthEpochCookieName", "AuthEpochCookieSecure",
                                  "AuthEpochAdminAnyUser"])
def test_directive_that_must_not_stand_in_htaccess_is_an_error_in_the_log(httpd, name):
    httpd.start(section(PROTECTED, "/none"))
    httpd.write("app/.htaccess", f"{name} {VALUES[name]}\n")
    httpd.expect_log(rf"/app/\.htaccess: {name} (not allowed|cannot occur)")
    assert httpd.request("GET", "/app/").status == 500


def test_htaccess_with_authepoch_works_by_itself(httpd):
    httpd.start("")
    users = httpd.write_password_file("users", ALICE)
    httpd.write("app/.htaccess", PROTECTED + f"AuthUserFile {users}\n")
    httpd.write("app/logout/.htaccess", LOGOUT.split("\n", 1)[1].replace("</Location>", ""))
    browser = httpd.browser()
    page = browser.visit("/app/", typing=ALICE)
    assert (page.user, page.event) == ("alice", "login")
    assert browser.visit("/app/").event == "admit"
    assert "You are signed out" in browser.submit("/app/logout/").text
    assert browser.visit("/app/").status == 401


@pytest.mark.parametrize("lines, complaint", [
    ('AuthType Digest\nAuthName "Staff"', "AuthEpoch works with AuthType Basic only, but AuthType "
                                          "Digest is in force for /app/.*; set AuthEpoch Off"),
    ("AuthType Basic", "AuthEpoch is On for /app/.* without an AuthName")])
def test_htaccess_that_authepoch_cannot_work_with_is_an_error_in_the_log(httpd, lines, complaint):
    httpd.start("")
    httpd.write("app/.htaccess", f"{lines}\nRequire valid-user\nAuthEpoch On\n")
    httpd.expect_log(rf"\[auth_epoch:error\] .*{complaint}")
    assert httpd.request("GET", "/app/").status == 500


def test_mistake_in_htaccess_is_an_error_in_the_log(httpd):
    httpd.start("")
    httpd.write("app/.htaccess", "AuthEpochLogoutGet never\n")
    httpd.expect_log(r"/app/\.htaccess: AuthEpochLogoutGet: `never` is not accepted here")
    assert httpd.request("GET", "/app/").status == 500


def test_logout_handler_in_htaccess_without_authepoch_is_an_error_in_the_log(httpd):
    httpd.start("")
    httpd.write("app/.htaccess", "SetHandler auth-epoch-logout\n")
    httpd.expect_log("the logout URL /app/.* must stand where AuthEpoch is On")
    assert httpd.request("POST", "/app/").status == 500


# ---- other modules, and none


@pytest.mark.parametrize("line", ["AuthDBMUserFile users", "Anonymous guest",
                                  "AuthDBDUserPWQuery x", "SSLOptions +StdEnvVars",
                                  "AuthnCacheProvideFor file"])
def test_directive_of_a_module_that_is_not_loaded_stays_invalid(httpd, line):
    name = line.split()[0]
    assert_refused(httpd, section(PROTECTED + line), f"Invalid command '{name}'")


def test_httpd_without_mod_auth_basic_is_told_to_load_it(httpd, monkeypatch):
    monkeypatch.setattr("harness.httpd.MODULES",
                        [name for name in MODULES if name not in ("auth_basic", "authnz_ldap")])
    assert_refused(httpd, section(PROTECTED), "mod_auth_epoch needs mod_auth_basic", "a2enmod")


def test_module_that_is_loaded_and_not_used_says_and_does_nothing(httpd):
    users = httpd.write_password_file("users", ALICE)
    httpd.start(section(BASIC + f"AuthUserFile {users}"))
    browser = httpd.browser()
    assert browser.visit("/app/", typing=ALICE).user == "alice"
    assert browser.cookies == {} and browser.visit("/app/").user == "alice"
    assert not httpd.error_log.lines(r"\[auth_epoch:")


# ---- the examples


def example(name):
    """The file, for an httpd that has loaded the module already."""
    text = (TOP / "conf" / name).read_text()
    return re.sub(r"^LoadModule auth_epoch_module .*\n", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", ["example.conf", "minimal.conf", "auth_epoch.conf"])
def test_examples_pass_configtest(httpd, name):
    assert_accepted(httpd, example(name))


def test_every_line_of_the_example_may_be_uncommented(httpd):
    httpd.write(httpd.scratch / "conf" / "signed-out.html", "<p>{{realm}}")
    lines = re.findall(r"^ *#(AuthEpoch.*)$", example("example.conf"), re.MULTILINE)
    assert {line.split()[0] for line in lines} >= set(VALUES) - {"AuthEpoch", "AuthEpochFreshLogin"}
    text = re.sub(r"^( *)#(AuthEpoch(?!CookieDomain))", r"\1\2", example("example.conf"),
                  flags=re.MULTILINE)
    assert_accepted(httpd, text)
    # A domain is what the name's prefix of the line above does not go with.
    assert_refused(httpd, text.replace("#AuthEpochCookieDomain", "AuthEpochCookieDomain"),
                   "`__Host-epoch-intranet`", "no domain")


# ---- cookies and zones

def test_one_zone_has_one_cookie(httpd):
    assert_refused(httpd, section(PROTECTED) + section("AuthEpochCookieName sid", "/app"),
                   '<Location "/app">', "differ from those of another section of the same zone",
                   "AuthName of its own")
    assert_accepted(httpd, section(PROTECTED + "AuthEpochCookieName sid") + section("", "/app"))


def test_two_zones_do_not_share_a_cookie(httpd):
    other = section(PROTECTED.replace("Staff", "Admin") + "AuthEpochCookieName sid", "/admin")
    assert_refused(httpd, section(PROTECTED + "AuthEpochCookieName sid", "/app") + other,
                   "AuthEpochCookieName sid is the cookie of two zones")


@pytest.mark.parametrize("requirement", [
    "Require ip 127.0.0.1", "Require method POST GET",
    "<RequireAll>\nRequire all granted\nRequire not ip 192.0.2.1\n</RequireAll>"])
def test_the_logout_url_may_require_what_is_no_login(httpd, requirement):
    assert_accepted(httpd, section(PROTECTED)
                    + LOGOUT.replace("Require all granted", requirement))
