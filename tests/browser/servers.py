#!/usr/bin/python3
"""The servers that the browsers visit: a directory, an httpd with the module, one without.

Prints where they are as one line of JSON; then carries out commands, one line of JSON each, until
told to stop. The logs stay until standard input ends.
"""

import json
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

# pylint: disable=wrong-import-position
from harness.error_log import LOGIN_REFUSED, UNKNOWN_USER, WRONG_PASSWORD  # noqa: E402
from harness.httpd import Httpd, make_scratch  # noqa: E402
from harness.people import Person  # noqa: E402
from harness.slapd import Slapd  # noqa: E402
from harness.tls import Tls  # noqa: E402

# What the judge reads: when a request began and ended, whose it was, what became of it. Of secrets
# it says only whether there were any.
LOG = r"""
SetEnvIf Authorization . with_credentials=credentials
LogFormat "%{begin:usec}t\t%{end:usec}t\t%{player}C\t%>s\t%m\t%U\t%u\t%{with_credentials}e\t\
%{AuthEpoch}i\t%{AUTH_EPOCH_EVENT}e\t%{AUTH_EPOCH_SESSION}e" play
CustomLog ${SCRATCH}/logs/play.log play
AddType text/event-stream .events
Header always set X-Arrived "%t"
Header always set X-Reason "%{AUTH_EPOCH_REASON}e"
Header always set X-With-Credentials "%{with_credentials}e"
"""

# Without the module its directives are not there. A thousand iterations from one address mistype
# more often than an office does.
AREA = """
<Location "/">
    AuthType Basic
    AuthName "Staff"
    AuthBasicProvider ldap
    AuthLDAPURL "{url}"
    Require valid-user
    <IfModule mod_auth_epoch.c>
        AuthEpoch On
        AuthEpochFailedLogins Off
        AuthEpochLDAPWatch auto
        AuthEpochReturn /app/
    </IfModule>
</Location>
<Location "/public">
    <IfModule mod_auth_epoch.c>
        AuthEpoch Off
    </IfModule>
    Require all granted
</Location>
"""

# Limits that are over as soon as a second has passed, in places of their own: people sign in
# elsewhere, so that no machine is too slow for them.
SESSIONS = """
<Location "/idle">
    AuthEpochIdleTimeout 1s
</Location>
<Location "/aged">
    AuthEpochMaxAge 1s
</Location>
<Location "/admin">
    AuthEpochFreshLogin 1s
</Location>
<Location "/sessions">
    SetHandler auth-epoch-sessions
</Location>
<Location "/sessions/careful">
    <If "%{REQUEST_METHOD} == 'POST'">
        AuthEpochFreshLogin 1s
    </If>
</Location>
<Location "/sessions-of-all">
    SetHandler auth-epoch-admin
    Require expr "%{REMOTE_USER} =~ /^carla-/"
</Location>
<Location "/single">
    AuthEpochMaxSessions 1 deny
</Location>
<Location "/guarded">
    AuthEpochFailedLogins 1 1min
</Location>
<Location "/session">
    SetHandler auth-epoch-status
    Require all granted
</Location>
<Location "/brief/session">
    SetHandler auth-epoch-status
    Require all granted
    AuthEpochMaxAge 12s
</Location>
# A page that the browser may keep in its history.
<Location "/watch">
    AuthEpochNoStore Off
</Location>
<LocationMatch "^/logout">
    SetHandler auth-epoch-logout
    Require all granted
</LocationMatch>
<Location "/logout/quiet">
    AuthEpochLogoutResponse redirect /public/
    AuthEpochClearSiteData Off
</Location>
<Location "/logout/challenge">
    AuthEpochLogoutResponse challenge
</Location>
<Location "/logout/redirect">
    AuthEpochLogoutResponse redirect /public/
</Location>
"""

# What sites without the module call a logout: a page that says so.
FAREWELL = """
AliasMatch "^/logout" "${SCRATCH}/htdocs/public/farewell.html"
<LocationMatch "^/logout">
    Require all granted
</LocationMatch>
"""

# Beacons and forms are posted to plain files, which httpd complains of.
EXPECTED = [WRONG_PASSWORD, UNKNOWN_USER, LOGIN_REFUSED, r"AH00135|does not accept the POST method"]


def main():
    players = [Person(*each) for each in json.loads(sys.argv[1])]
    scratch = make_scratch("auth-epoch-browser-")
    servers = []
    try:
        slapd = Slapd(scratch / "slapd", overlays=("syncprov", "ppolicy"))
        slapd.start()
        servers.append(slapd)
        slapd.add_all(players)
        tls = Tls(scratch / "tls")
        ours = serve(Httpd("event", scratch / "httpd", tls), servers,
                     AREA.format(url=slapd.url) + SESSIONS, auth_epoch=True)
        ours.wait_for_log("AuthEpochLDAPWatch follows")
        stock = serve(Httpd("event", scratch / "stock", tls), servers,
                      AREA.format(url=slapd.url) + FAREWELL, auth_epoch=False)
        say({"ours": address(ours), "stock": address(stock)})
        obey(slapd)
        stop(servers)
        say({"problems": ours.problems()})
        sys.stdin.read()
    finally:
        try:
            stop(servers)
        finally:
            shutil.rmtree(scratch)


def stop(servers):
    while servers:
        servers.pop().stop()


def serve(httpd, servers, configuration, auth_epoch):
    for path in sorted((HERE / "site").rglob("*")):
        if path.is_file():
            httpd.write(str(path.relative_to(HERE / "site")), path.read_bytes())
    for number in range(10):
        httpd.write(f"new/{number}/index.html", f"<!doctype html><title>new {number}</title>\n")
    for pattern in EXPECTED:
        httpd.tolerate_log(pattern)
    httpd.start(LOG + configuration, https=True, auth_epoch=auth_epoch)
    servers.append(httpd)
    return httpd


def address(httpd):
    return {"http": httpd.origin, "https": httpd.tls_origin,
            "httpPort": httpd.port, "httpsPort": httpd.tls_port,
            "log": str(httpd.scratch / "logs" / "play.log")}


def obey(slapd):
    for line in iter(sys.stdin.readline, ""):
        command = json.loads(line)
        if command == "stop":
            return
        slapd.set_password(Person(command["user"], ""), command["password"])
        say({"done": command["user"]})


def say(message):
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main()
