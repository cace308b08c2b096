"""Everybody comes or goes at once: logins, logouts and verifications, all of which must be on the disk
before they are answered."""

import contextlib
import itertools
import shutil

from measures.configurations import numbered, protected
from measures.disk import percentile, sync_times
from measures.lean_httpd import PAGE, LeanHttpd
from measures.load import loaded
from measures.seeding import CROWD, seeded
from measures.tables import Table, number

from harness.requests import SAME_ORIGIN, basic, cookie_of

SECONDS = 3
SLOWER_US = 2_000
CLIENTS = (1, 8, 64)
LOGOUTS_AT_MOST = 100_000
LOGINS_AT_MOST = 15_000
REVALIDATED = 100_000
WINDOW_SECONDS = 600
EPOCH = ("auth_epoch",)
# Logins under way count like failed ones, and all of these come from one address; each person signs
# in more than a hundred times.
MANY_AT_ONCE = "AuthEpochFailedLogins 1000\n    AuthEpochMaxSessions Off"
LOGOUT = f"""
<Location "/logout">
    SetHandler auth-epoch-logout
    AuthEpochLogoutResponse redirect {PAGE}
    Require all granted
</Location>
"""
COLUMNS = ["", "clients", "syncs a second", "p99 of a sync, ms", "a second", "by syncs",
           "CPU us", "median ms", "p99 ms"]


def run(bench):
    table = Table("Storms", COLUMNS)
    for clients in CLIENTS:
        _add(bench, table, "logout", clients, lambda: _logouts(bench, clients))
    for clients in CLIENTS:
        _add(bench, table, "logout, slow disk", clients,
             lambda: _logouts(bench, clients, SLOWER_US), SLOWER_US)
    for provider in (_ldap, _file):
        for clients in CLIENTS:
            _add(bench, table, f"login, {provider.__name__[1:]}", clients,
                 lambda: _logins(bench, clients, provider))
    for clients in CLIENTS:
        load = _add(bench, table, "request that asks the directory again", clients,
                    lambda: _revalidations(bench, clients))
    table.note = _note(load)
    return [table]


def _add(bench, table, what, clients, storm, slower_us=0):
    """The disk is measured just before, as it is not always the same."""
    syncs = [seconds + slower_us / 1e6 for seconds in sync_times(bench.scratch)]
    syncs_a_second = len(syncs) / sum(syncs)
    load = storm()
    table.add(what, clients, number(syncs_a_second), number(1e3 * percentile(syncs, 0.99), 1),
              number(load.rate), number(load.rate / syncs_a_second, 2), number(load.cpu_us),
              number(load.median_ms, 2), number(load.p99_ms, 2))
    return load


def _note(revalidations):
    needed = REVALIDATED / WINDOW_SECONDS
    return ("A sync is a write of 4 kB and fdatasync, one after the other, for a second before each "
            f"storm. On the *slow disk* each takes {SLOWER_US // 1000} ms more, as where no cache "
            "answers first. The password file has apr1 hashes. "
            f"{number(REVALIDATED)} sessions with `AuthEpochRevalidate 10min`, all in use, ask "
            f"{number(needed)} times a second: {needed / revalidations.rate:.1%} of what "
            f"{CLIENTS[-1]} clients reach.")


def _logouts(bench, clients, slower_us=0):
    """Each ends a session of its own."""
    with _httpd(bench) as httpd:
        if slower_us:
            httpd.slow_syncs(slower_us)
        store = seeded(httpd, protected(bench.world.directory_url, more="AuthEpoch On") + LOGOUT,
                       EPOCH, seen=LOGOUTS_AT_MOST)
        load = loaded(httpd, "/logout", [SAME_ORIGIN], SECONDS, clients, store.path, in_order=True,
                      method="POST")
        assert load.used <= LOGOUTS_AT_MOST, "there were too few sessions to end"
        # The last ones that were built may not have been sent.
        for headers in store.sent(load.requests - clients):
            assert httpd.request("GET", PAGE, headers).status == 401, "a session has not ended"
        return load


def _logins(bench, clients, provider):
    with _httpd(bench) as httpd:
        httpd.start(provider(httpd, bench.world), EPOCH)
        path = httpd.scratch / "answers"
        with path.open("w") as out, httpd.connection() as connection:
            for person in itertools.islice(itertools.cycle(CROWD), LOGINS_AT_MOST):
                name, value = cookie_of(connection.request("GET", PAGE))
                out.write(f"Authorization: {basic(person)[1].decode()}\t{name}: {value}\n")
        load = loaded(httpd, PAGE, (), SECONDS, clients, path, in_order=True)
        assert load.used <= LOGINS_AT_MOST, "there were too few challenges to answer"
        return load


def _ldap(_httpd, world):
    return protected(world.directory_url, more=f"AuthEpoch On\n    {MANY_AT_ONCE}")


def _file(httpd, _world):
    users = httpd.write_password_file("users", *CROWD)
    return f"""
<Location "/">
    AuthType Basic
    AuthName "Staff"
    AuthBasicProvider file
    AuthUserFile {users}
    AuthEpoch On
    {MANY_AT_ONCE}
    Require valid-user
</Location>
"""


def _revalidations(bench, clients):
    """Each is the first request of a session since its verification was due."""
    with _httpd(bench) as httpd:
        store = seeded(httpd, numbered("6").sections(httpd, bench.world), EPOCH,
                       unverified=REVALIDATED)
        load = loaded(httpd, PAGE, (), SECONDS, clients, store.path, in_order=True)
        assert load.used <= REVALIDATED, "there were too few sessions to verify"
        return load


@contextlib.contextmanager
def _httpd(bench):
    # With no worker idle, httpd would close connections that are kept alive.
    httpd = LeanHttpd(bench.scratch / "httpd", threads=2 * max(CLIENTS))
    try:
        yield httpd
        httpd.assert_untroubled()
    finally:
        httpd.stop()
        shutil.rmtree(httpd.scratch)
