"""AuthEpochMaxSessions: how many sessions a user may have in a zone."""

import concurrent.futures

import pytest

from harness.audit import FILE, AuditLog
from harness.error_log import WRONG_PASSWORD
from harness.parallel import have_workers
from harness.people import ALICE, BOB, Person
from harness.requests import (SCRIPT, basic, cookie_of, is_signed_in, new_session, sign_in,
                              signed_in_browser)
from harness.site import ldap_site, section, start_file_site

ONE_TOO_MANY = "session-limit"
AT_ONCE = 12


def start(httpd, limit, **options):
    start_file_site(httpd, ALICE, BOB, zone=f"AuthEpochMaxSessions {limit}\n"
                    'Header always set X-Reason "%{AUTH_EPOCH_REASON}e"', **options)


def answer_to(httpd, session, person=ALICE):
    return httpd.request("GET", "/app/", [basic(person), session])


def test_the_login_that_is_one_too_many_ends_the_oldest_session(httpd):
    start(httpd, 2)
    *others, last = [new_session(httpd) for _ in range(3)]
    assert answer_to(httpd, last).status == 200
    # Which of them is the oldest nobody can tell within a second; the unit tests have more time.
    answers = [answer_to(httpd, each) for each in others]
    (ended,) = [each for each in answers if each.status != 200]
    assert (ended.status, ended.header("X-Reason")) == (401, "session-ended")


def test_the_oldest_is_asked_once_and_then_ends_the_next(httpd):
    start(httpd, 1)
    old, new = signed_in_browser(httpd), signed_in_browser(httpd)
    page = old.visit("/app/", typing=ALICE)
    assert (page.status, page.prompts) == (200, 1)
    assert not is_signed_in(new) and is_signed_in(old)


def test_a_hundred_are_allowed_by_default(httpd):
    start_file_site(httpd, ALICE)
    statuses = [answer_to(httpd, each).status for each in [new_session(httpd) for _ in range(101)]]
    assert (statuses.count(200), statuses.count(401)) == (100, 1)


def test_off_allows_any_number(httpd):
    start(httpd, "Off")
    sessions = [new_session(httpd) for _ in range(102)]
    assert answer_to(httpd, sessions[0]).status == 200


@pytest.mark.every_mpm
def test_denied_the_person_is_told_why_and_needs_no_second_prompt_after_signing_out(httpd):
    start(httpd, "1 deny")
    old, new = signed_in_browser(httpd), httpd.browser()
    page = new.visit("/app/", typing=ALICE)
    assert (page.status, page.prompts) == (403, 1)
    assert "You are signed in elsewhere" in page.text and page.set_cookies == []
    assert page.header("X-Reason") == ONE_TOO_MANY
    assert page.header("Cache-Control") == "private, no-store"
    assert "script-src 'nonce-" in page.header("Content-Security-Policy")
    assert len(httpd.error_log.lines(
        "login of user alice refused: .* no more than 1 sessions")) == 1
    assert is_signed_in(old)
    assert new.visit("/app/").status == 403, "still"

    old.submit("/logout")
    page = new.visit("/app/")
    assert (page.status, page.prompts, page.user) == (200, 0, ALICE.user)
    assert not is_signed_in(old)


def test_denied_a_script_gets_a_problem(httpd):
    start(httpd, "1 deny")
    new_session(httpd)
    challenged = httpd.request("GET", "/app/")
    answer = httpd.request("GET", "/app/", [*SCRIPT, basic(ALICE), cookie_of(challenged)])
    assert answer.status == 403
    assert answer.header("Content-Type") == "application/problem+json"
    assert answer.json["title"] == "Too many sessions"


def test_denying_says_nothing_to_who_has_the_wrong_password(httpd):
    start(httpd, "1 deny")
    httpd.expect_log(WRONG_PASSWORD)
    new_session(httpd)
    wrong = sign_in(httpd, Person(ALICE.user, "wrong"))
    assert wrong.asks_for_password


def test_the_same_browser_takes_the_place_of_its_own_session(httpd):
    start(httpd, "1 deny")
    browser = signed_in_browser(httpd)
    browser.submit("/logout")
    browser.run_forget_script("/logout")
    assert browser.visit("/app/", typing=ALICE).status == 200

    again = sign_in(httpd, BOB)
    as_alice = httpd.request("GET", "/app/", [basic(ALICE), cookie_of(again)])
    assert as_alice.status == 403, "the place of another user's session is not free"
    assert answer_to(httpd, cookie_of(again), BOB).status == 200, "which goes on"


def test_each_user_and_each_zone_has_its_own_number(httpd):
    start(httpd, "1 deny", more=section(
        'AuthName "Other"\nAuthEpochMaxSessions 1 deny', "/other"))
    httpd.write("other/index.html", "other")
    assert sign_in(httpd, ALICE).status == 200
    assert sign_in(httpd, BOB).status == 200
    assert sign_in(httpd, ALICE, "/other/").status == 200
    assert sign_in(httpd, ALICE).status == 403
    assert sign_in(httpd, ALICE, "/other/").status == 403


def test_an_account_is_one_user_under_each_spelling(directory, httpd):
    httpd.start(ldap_site(directory, zone="AuthEpochMaxSessions 1 deny"))
    assert sign_in(httpd, ALICE).status == 200
    assert sign_in(httpd, Person("ALICE", ALICE.password)).status == 403


def test_the_location_of_the_login_says_how_many(httpd):
    start(httpd, 10, more=section("AuthEpochMaxSessions 2", "/admin"))
    sessions = [new_session(httpd) for _ in range(4)]
    assert sign_in(httpd, ALICE, "/admin/").status == 200
    statuses = [answer_to(httpd, each).status for each in sessions]
    assert (statuses.count(200), statuses.count(401)) == (1, 3)


@pytest.mark.every_mpm
@pytest.mark.parametrize("policy", ["oldest", "deny"])
def test_logins_at_once_are_never_more_than_allowed(httpd, policy):
    start(httpd, f"3 {policy}")
    have_workers(httpd, AT_ONCE)
    challenges = [cookie_of(httpd.request("GET", "/app/")) for _ in range(AT_ONCE)]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(lambda cookie: answer_to(httpd, cookie), challenges))
    statuses = sorted(each.status for each in answers)
    denied = AT_ONCE - 3 if policy == "deny" else 0
    assert statuses == [200] * (AT_ONCE - denied) + [403] * denied
    sessions = [cookie_of(each) for each in answers if each.status == 200]
    assert sum(answer_to(httpd, each).status == 200 for each in sessions) == 3


def test_report_denies_nobody(httpd):
    start(httpd, "1 deny", epoch="Report")
    for _ in range(3):
        answer = httpd.request("GET", "/app/", [basic(ALICE)])
        assert (answer.status, answer.user) == (200, ALICE.user)


def test_the_audit_log_names_who_made_room(httpd):
    start(httpd, 1, more=FILE)
    new_session(httpd)
    new_session(httpd)
    first, second, ended = AuditLog(httpd).events()
    assert first["event"] == second["event"] == "session-established"
    assert ended == {"event": "session-revoked", "reason": "session-limit", "initiator": "policy",
                     "user": "alice", "session": first["session"]}


def test_the_audit_log_names_who_was_denied(httpd):
    start(httpd, "1 deny", more=FILE)
    new_session(httpd)
    assert sign_in(httpd).status == 403
    _, denied = AuditLog(httpd).events()
    assert denied == {"event": "credentials-refused", "reason": "session-limit",
                      "initiator": "policy", "user": "alice"}
