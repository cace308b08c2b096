"""An httpd that watches a directory (AuthEpochLDAPWatch), and the people whose sessions it may end.

AuthEpochRevalidate is on everywhere: with it a live session asks no provider, so that what ends it
can only be the watch.
"""

import re

from harness.site import ldap_area
from harness.waiting import wait_until

FOLLOWS = r"\[auth_epoch:info\] \[pid (?P<pid>\d+)\b.* AuthEpochLDAPWatch follows (?P<url>\S+) "
CANNOT_FOLLOW = r"\[auth_epoch:warn\] .* AuthEpochLDAPWatch cannot follow \S+ since "
ENDED = r"\[auth_epoch:info\] .* has ended all sessions of (?P<dn>.+?): (?P<why>[a-z-]+), "
BY_SYNC, BY_POLLING = "by content synchronisation", "by polling"
METHODS = ["sync", "poll 1s"]

# Each does to a person what its name says, and returns the password they have then.
CHANGES = {
    "password-changed": lambda directory, person: directory.change_password(person, "changed"),
    "account-barred": lambda directory, person: directory.lock(person),
    "account-gone": lambda directory, person: directory.delete(person),
    "account-renamed": lambda directory, person: directory.rename(person, "cn=renamed"),
}


def watched(url, how="sync", path="/", realm="Staff", more="", provider="ldap"):
    """A protected area whose directory is watched."""
    area = ldap_area(url, path=path, provider=provider, more=more,
                     epoch=f"AuthEpochRevalidate 1h\nAuthEpochLDAPWatch {how}")
    return area.replace('AuthName "Staff"', f'AuthName "{realm}"')


def unwatched(url, path, realm, more=""):
    """The same, only that nothing is watched here."""
    return watched(url, "Off", path, realm, more)


class Watch:
    """What the watch of `httpd` has said since the last look (see `forget`)."""

    def __init__(self, httpd):
        self._httpd = httpd
        self._seen = 0

    def forget(self):
        """What has been said so far does not count from now on."""
        self._seen = len(self._httpd.error_log.lines())

    def says(self, pattern):
        return [match for line in self._httpd.error_log.lines()[self._seen:]
                if (match := re.search(pattern, line))]

    def wait_until_it_says(self, pattern, count=1, seconds=15):
        def said():
            found = self.says(pattern)
            return found if len(found) >= count else None

        return wait_until(said, f"the watch says {pattern}", seconds)

    def wait_until_it_follows(self, count=1, seconds=15):
        """Returns the lines' matches: `pid` of the process that watches, `url`."""
        return self.wait_until_it_says(FOLLOWS, count, seconds)

    def ended(self):
        """The DNs whose sessions were ended, in order."""
        return [match["dn"] for match in self.says(ENDED)]

    def wait_until_ended(self, dn, seconds=15):
        """Returns the reason."""
        def reasons():
            return [match["why"] for match in self.says(ENDED) if match["dn"] == dn]

        return wait_until(reasons, f"the sessions of {dn} are ended", seconds)[0]

    def catch_up(self, directory, sentinel, seconds=30):
        """Changes the sentinel's password and returns when that is noticed, and with it all that
        was changed before. What was ended besides, since the last look, is returned."""
        directory.set_password(sentinel, f"sentinel {len(self._httpd.error_log.lines())}")
        dn = directory.dn(sentinel)
        self.wait_until_ended(dn, seconds)
        return [each for each in self.ended() if each != dn]


def started(httpd, site, modules=(), follows=1, seconds=15):
    """Starts httpd and returns its Watch, once that follows as many directories."""
    httpd.start(site, modules=modules)
    watch = Watch(httpd)
    watch.wait_until_it_follows(follows, seconds)
    return watch
