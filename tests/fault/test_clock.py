"""The clock of the host is set, back and forward by hours, under a running httpd and between its
stop and its start.

What must hold: what has ended stays ended. A step forward ends what is over by then. A step back
lengthens a session by the step and no more, and by nothing what was verified or typed just now; it
keeps nobody out. What waits, waits by a clock that is not set.
"""

import json

import pytest

from clock import DAY, HOUR, MINUTE, Clock
from harness.people import ALICE, BOB, CAROL, ODD
from harness.error_log import LOGIN_REFUSED, WRONG_PASSWORD
from harness.requests import SCRIPT, SignedIn, basic, cookie_of, log_out, new_session, sign_in
from harness.site import is_unavailable, ldap_area, start_file_site
from harness.waiting import wait_until
from harness.watch import CANNOT_FOLLOW, METHODS, started, watched

IDLE = 30 * MINUTE
SLACK = 2 * MINUTE  # last-seen is written late, and sessions are given that much longer
MAX_AGE = 12 * HOUR
FRESH = '<Location "/admin">\nAuthEpochFreshLogin 1h\n</Location>\n'
# Where the clock is set to, one after the other: a bad day of NTP.
STEPS = [3 * HOUR, -3 * HOUR, 30 * HOUR, -30 * HOUR, 0]


@pytest.fixture
def clock(httpd):
    return Clock(httpd)


def visit(httpd, session, person=ALICE):
    return httpd.request("GET", "/app/", [basic(person), session])


def is_live(httpd, session, person=ALICE):
    answer = visit(httpd, session, person)
    assert (answer.status, answer.event) in ((200, "admit"), (401, "refuse"))
    return answer.status == 200


def assert_refused(httpd, sessions):
    """Of several people, by whichever child answers."""
    for _ in range(4):
        for person, session in sessions.items():
            assert visit(httpd, session, person).status == 401


# ---- what has ended

def ended_sessions(httpd):
    """By person, as the end of all of a user's sessions would hide that one has not ended."""
    out, everywhere = new_session(httpd, ALICE), new_session(httpd, BOB)
    log_out(httpd, out)
    log_out(httpd, new_session(httpd, BOB), "/logout?scope=all")
    return {ALICE: out, BOB: everywhere}


@pytest.mark.every_mpm
def test_what_has_ended_stays_ended_wherever_the_clock_is_set(httpd, clock):
    start_file_site(httpd, ALICE, BOB, CAROL)
    ended = ended_sessions(httpd)
    for offset in STEPS:
        clock.set(offset)
        assert_refused(httpd, ended)
        # Nobody is kept out either.
        assert is_live(httpd, new_session(httpd, CAROL), CAROL)


@pytest.mark.parametrize("zone, step", [("", IDLE + SLACK),
                                        ("AuthEpochIdleTimeout 10d", MAX_AGE)])
def test_what_was_seen_to_be_over_stays_over_wherever_the_clock_is_set(httpd, clock, zone, step):
    start_file_site(httpd, ALICE, BOB, zone=zone)
    session = new_session(httpd)
    clock.step(step)
    assert not is_live(httpd, session)
    for offset in STEPS:
        clock.set(offset)
        assert_refused(httpd, {ALICE: session})
        # Not of the same user, at whose logins others of theirs are looked at.
        assert is_live(httpd, new_session(httpd, BOB), BOB)


@pytest.mark.parametrize("happening", ["restart", "graceful", "kill_children"])
def test_what_has_ended_stays_ended_when_the_clock_is_set_between_stop_and_start(
        httpd, clock, happening):
    start_file_site(httpd, ALICE, BOB, CAROL)
    ended = ended_sessions(httpd)
    for offset in STEPS:
        if happening == "restart":
            httpd.stop()
        clock.set(offset)
        getattr(httpd, happening)()
        assert_refused(httpd, ended)
        assert is_live(httpd, new_session(httpd, CAROL), CAROL)


def test_no_cookie_from_before_the_logout_counts_after_a_purge_that_came_too_early(
        httpd, clock, tools):
    """The clock is set forward by days and back."""
    start_file_site(httpd, ALICE, BOB, CAROL)
    ended, live = ended_sessions(httpd), new_session(httpd, CAROL)
    clock.step(3 * DAY)
    assert len(listed(tools, httpd)) == 4
    purge(tools, httpd)
    assert listed(tools, httpd) == []
    for offset in STEPS:
        clock.set(offset)
        # Carol's session was over two days later.
        assert_refused(httpd, ended | {CAROL: live})
    assert is_live(httpd, new_session(httpd))


@pytest.mark.parametrize("purged, replayed", [(30 * HOUR, 0), (40 * HOUR, 23 * HOUR)])
def test_what_was_typed_before_the_logout_opens_nothing_after_a_purge_that_came_too_early(
        httpd, clock, tools, purged, replayed):
    """When the clock is back, the challenge of before the login is good again. What it would open
    has the id of the session that has ended."""
    start_file_site(httpd, ALICE)
    asked = cookie_of(httpd.request("GET", "/app/"))
    session = cookie_of(httpd.request("GET", "/app/", [basic(ALICE), asked]))
    log_out(httpd, session)
    clock.set(purged)
    purge(tools, httpd)
    clock.set(replayed)
    assert_refused(httpd, {ALICE: asked})
    assert_refused(httpd, {ALICE: session})


def purge(tools, httpd):
    """httpd does it every half a minute."""
    tools.epochctl("purge", "--store", httpd.store, check=True, **httpd.environment)


def listed(tools, httpd):
    done = tools.epochctl("list", "--all", "--json", "--store", httpd.store, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


# ---- what lives

def test_a_step_back_lengthens_a_session_by_the_step_and_no_more(httpd, clock):
    start_file_site(httpd, ALICE)
    idle, in_use = new_session(httpd), new_session(httpd)
    clock.set(-3 * HOUR)
    assert is_live(httpd, in_use)
    clock.set(IDLE + SLACK)
    assert_refused(httpd, {ALICE: idle})
    assert_refused(httpd, {ALICE: in_use})


def test_a_step_back_lengthens_no_session_beyond_its_greatest_age(httpd, clock):
    start_file_site(httpd, ALICE, zone="AuthEpochIdleTimeout 12h")
    session = new_session(httpd)
    for offset in (-3 * HOUR, 6 * HOUR, -6 * HOUR, 11 * HOUR):
        clock.set(offset)
        assert is_live(httpd, session)
    clock.set(MAX_AGE)
    assert_refused(httpd, {ALICE: session})


def test_who_uses_a_session_keeps_it_after_a_step_back(httpd, clock, tools):
    """httpd's timers, which write down when a session was seen, go on."""
    start_file_site(httpd, ALICE)
    clock.set(-9 * HOUR)
    session = new_session(httpd)
    for number in range(1, 7):
        seen = listed(tools, httpd)[0]["last_seen"]
        clock.set(-9 * HOUR + number * IDLE * 2 // 3)
        for _ in range(4):
            assert is_live(httpd, session), f"though it was used {number} times"
        wait_until(lambda: listed(tools, httpd)[0]["last_seen"] > seen, "its use is written down")


# ---- challenges and logins

@pytest.mark.parametrize("step", [-3 * HOUR, 25 * HOUR])
def test_a_challenge_from_before_a_step_costs_one_more_prompt(httpd, clock, step):
    start_file_site(httpd, ALICE)
    asked = httpd.request("GET", "/app/")
    clock.step(step)
    again = httpd.request("GET", "/app/", [basic(ALICE), cookie_of(asked)])
    assert again.asks_for_password
    assert httpd.request("GET", "/app/", [basic(ALICE), cookie_of(again)]).event == "login"


def test_who_must_wait_after_failed_logins_waits_as_long_wherever_the_clock_is_set(httpd, clock):
    start_file_site(httpd, ALICE, BOB, zone="AuthEpochFailedLogins 1 1h")
    httpd.expect_log(WRONG_PASSWORD)
    httpd.expect_log(LOGIN_REFUSED)
    asked = cookie_of(httpd.request("GET", "/app/"))
    for number in range(2):
        guess = ALICE.with_password(f"guess number {number}")
        refused = httpd.request("GET", "/app/", [basic(guess), asked])
    assert refused.status == 429
    for offset in STEPS:
        clock.set(offset)
        asked = cookie_of(httpd.request("GET", "/app/"))
        answer = httpd.request("GET", "/app/", [basic(ALICE), asked])
        assert answer.status == 429 and int(answer.header("Retry-After")) <= HOUR


@pytest.mark.parametrize("step", [-3 * HOUR, 3 * HOUR])
def test_a_login_is_fresh_for_its_time_and_no_longer_wherever_the_clock_is_set(httpd, clock, step):
    start_file_site(httpd, ALICE, zone="AuthEpochIdleTimeout 12h", more=FRESH)
    session = new_session(httpd)
    assert httpd.request("GET", "/admin/", [basic(ALICE), session]).status == 200
    clock.step(step)
    assert httpd.request("GET", "/admin/", [basic(ALICE), session, *SCRIPT]).status == 403
    assert is_live(httpd, session)
    assert sign_in(httpd, path="/admin/").status == 200


# ---- the directory

def test_a_step_back_does_not_lengthen_how_long_a_directory_may_be_away(directory, httpd, clock):
    httpd.expect_log("the directory cannot be asked")
    httpd.tolerate_log(r"\] \[(auth_basic|authnz_ldap|ldap):")
    httpd.start("AuthEpochOnDirectoryError stale 5min\n"
                + ldap_area(directory.url, epoch="AuthEpochRevalidate 1min"))
    session = cookie_of(sign_in(httpd, BOB))
    with directory.down():
        clock.set(2 * MINUTE)
        assert visit(httpd, session, BOB).status == 200
        clock.set(-3 * HOUR)
        assert is_unavailable(visit(httpd, session, BOB))
    clock.set(0)
    wait_until(lambda: visit(httpd, session, BOB).status == 200, "the directory is asked again")


@pytest.mark.parametrize("how", METHODS)
def test_the_watch_goes_on_wherever_the_clock_is_set(directory, httpd, clock, how):
    httpd.tolerate_log(CANNOT_FOLLOW)
    watch = started(httpd, watched(directory.url, how, more="AuthEpochIdleTimeout 4d\n"
                                   "AuthEpochMaxAge 4d"))
    bob = SignedIn(httpd, BOB)
    # A directory tells of a change by the second: each step has a sentinel of its own.
    for offset, sentinel in zip(STEPS, [CAROL, *ODD], strict=False):
        clock.set(offset)
        assert watch.catch_up(directory, sentinel) == []
        assert bob.is_live
        watch.forget()
