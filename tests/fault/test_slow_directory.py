"""A directory that is slow, silent or talks nonsense: nobody is admitted by an error, sessions that
need no directory go on, a logout does not wait for it, and when it is well again so is everything.

What is away, or stands still, is in tests/httpd/test_directory_*.py; here it answers, and wrongly.
"""

import concurrent.futures
import contextlib

import pytest

import figures
from clock import MINUTE, Clock
from harness import liar as lies
from harness.error_log import HTTPDS_OWN
from harness.liar import Liar
from harness.people import ALICE, BOB, CAROL
from harness.proxy import Proxy
from harness.requests import CLOSE, SAME_ORIGIN, SignedIn, basic, cookie_of, sign_in
from harness.site import is_unavailable, ldap_area
from harness.waiting import wait_until
from harness.watch import CANNOT_FOLLOW, METHODS, started, watched

PATIENCE = "LDAPTimeout 1\nLDAPConnectionTimeout 1\nLDAPRetries 1\nLDAPRetryDelay 0\n"
LOGOUT = '<Location "/logout">\nSetHandler auth-epoch-logout\nRequire all granted\n</Location>\n'
WAITING = 8
PATIENTLY = 60  # seconds; it waits up to 30 between two tries
OUTAGE = r"the directory cannot be asked whether the password of user \S+ still holds"
# Each makes a lie for a directory at this URI.
LIES = {
    "busy": lambda uri: lies.answering_searches(lies.BUSY),
    "unavailable": lambda uri: lies.answering_searches(lies.UNAVAILABLE),
    "its size limit is exceeded": lambda uri: lies.answering_searches(lies.SIZE_LIMIT_EXCEEDED),
    "busy at each bind": lambda uri: lies.answering_binds(lies.BUSY),
    "refers to itself": lambda uri: lies.referring_to(f"{uri}/dc=example,dc=org??sub"),
    "answers what nobody asked": lambda uri: lies.to_another,
    "sends garbage": lambda uri: lies.garbage,
    "cuts the connection at each answer": lambda uri: lies.cut,
    "announces that it goes": lambda uri: lies.disconnecting,
}
# What it says is an answer, though a strange one: such a user is not to be had.
ANSWERS = {
    "finds nobody": lambda uri: lies.answering_searches(lies.SUCCESS),
    "finds each twice": lambda uri: lies.twice,
}


@pytest.fixture
def liar(directory):
    with Liar(directory.port) as proxy:
        yield proxy


def uri_of(liar):
    return f"ldap://127.0.0.1:{liar.port}"


@pytest.mark.parametrize("what", [*LIES, *ANSWERS])
def test_a_directory_that_answers_wrongly_admits_nobody_and_all_is_well_afterwards(
        directory, liar, httpd, what):
    clock = Clock(httpd)
    httpd.tolerate_log(HTTPDS_OWN)
    httpd.tolerate_log(OUTAGE)
    httpd.start(PATIENCE + ldap_area(directory.url_of(port=liar.port),
                                     epoch="AuthEpochRevalidate 1min") + LOGOUT)
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    with liar.lying((LIES | ANSWERS)[what](uri_of(liar))):
        for person in (CAROL, CAROL.mistyped):
            answer = sign_in(httpd, person)
            assert answer.status in (401, 500, 503)
            assert answer.set_cookie is None or answer.asks_for_password
        assert liar.lies and httpd.error_log.sessions_opened() == 2
        # Neither of these needs it.
        assert alice.is_live
        out = httpd.request("POST", "/logout", [cookie_of(bob.login), SAME_ORIGIN])
        assert out.challenge[0] == "Epoch" and not bob.is_live
        clock.step(2 * MINUTE)
        again = [alice.get() for _ in range(4)]
        if what in LIES:
            assert all(is_unavailable(answer) for answer in again)
        else:
            assert {answer.status for answer in again} == {401}
        assert len(httpd.error_log.lines(OUTAGE)) == (what in LIES)
    if what in LIES:
        wait_until(lambda: alice.get().status == 200, "the directory is asked again")
    assert alice.get().status == (200 if what in LIES else 401)
    # mod_ldap may have kept more connections that are cut by now than it tries again.
    wait_until(lambda: sign_in(httpd, CAROL).status == 200, "the directory is asked again")
    assert wait_until(lambda: (status := sign_in(httpd, CAROL.mistyped).status) != 500 and status,
                      "the directory is asked again") == 401
    figures.record("answers of a directory that were changed", liar.lies)


def test_a_slow_directory_is_waited_for_by_who_needs_it_and_by_nobody_else(
        directory, httpd):
    with Proxy(directory.port) as proxy:
        httpd.start(ldap_area(directory.url_of(port=proxy.port), epoch="AuthEpochRevalidate 1h")
                    + LOGOUT)
        alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
        asked = [httpd.request("GET", "/app/") for _ in range(WAITING)]
        with contextlib.ExitStack() as waiting, concurrent.futures.ThreadPoolExecutor() as threads:
            with proxy.stalled():
                # Each with a challenge of its own: none waits for another's answer.
                logins = [waiting.enter_context(httpd.connection()) for _ in asked]
                for login, challenge in zip(logins, asked, strict=True):
                    login.send("GET", "/app/", [CLOSE, basic(CAROL), cookie_of(challenge)])
                assert all(threads.map(lambda _: alice.is_live, range(20)))
                out = httpd.request("POST", "/logout", [cookie_of(bob.login), SAME_ORIGIN])
                assert out.challenge[0] == "Epoch" and not bob.is_live
                assert httpd.error_log.sessions_opened() == 2
            answers = [login.receive() for login in logins]
        assert {answer.status for answer in answers} == {200}
        assert alice.is_live and not bob.is_live


# ---- the watch

@pytest.mark.parametrize("how", METHODS)
@pytest.mark.parametrize("what", ["busy", "its size limit is exceeded", "busy at each bind",
                                  "refers to itself", "sends garbage", "announces that it goes"])
def test_the_watch_of_a_directory_that_answers_wrongly_ends_nothing_and_misses_nothing(
        directory, liar, httpd, what, how):
    httpd.expect_log(CANNOT_FOLLOW)
    if what == "announces that it goes":
        httpd.tolerate_leak(r"libldap.*\n.* in ldap_result ")  # it loses the announcement
    watch = started(httpd, watched(directory.url_of(port=liar.port), how))
    alice, bob, dn = SignedIn(httpd, ALICE), SignedIn(httpd, BOB), directory.dn(ALICE)
    with liar.lying(LIES[what](uri_of(liar))):
        liar.drop()
        watch.wait_until_it_says(CANNOT_FOLLOW, seconds=PATIENTLY)
        directory.change_password(ALICE, "changed")
        assert alice.is_live and bob.is_live
        assert len(watch.says(CANNOT_FOLLOW)) == 1
    assert watch.wait_until_ended(dn, PATIENTLY) == "password-changed"
    assert not alice.is_live and bob.is_live
    assert watch.catch_up(directory, CAROL) == [dn]
