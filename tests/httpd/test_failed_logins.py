"""AuthEpochFailedLogins: who guesses passwords waits, and is in the log for fail2ban to find."""

import subprocess

import pytest

from harness.audit import FILE, AuditLog
from harness.error_log import HTTPDS_OWN, LOGIN_FAILED, LOGIN_REFUSED, UNKNOWN_USER, WRONG_PASSWORD
from harness.httpd import TOP
from harness.parallel import have_workers
from harness.people import ALICE, BOB, Person
from harness.requests import (SCRIPT, SignedIn, basic, cookie_of, new_session, sign_in,
                              signed_in_browser)
from harness.site import file_site, ldap_site, section, start_file_site
from harness.waiting import wait_until

WAITS = "failed-logins"
FILTER = TOP / "conf" / "fail2ban" / "filter.d" / "auth-epoch.conf"
# Clients at other addresses, as mod_remoteip has them.
PROXY = "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1\n"
HERE, ELSEWHERE, ATTACKER = "192.0.2.7", "198.51.100.7", "203.0.113.7"


def start(httpd, limit="5 1h", more="", zone="", **options):
    start_file_site(httpd, ALICE, BOB, modules=("remoteip",), more=PROXY + more,
                    zone=(f"AuthEpochFailedLogins {limit}\n" if limit else "") + zone +
                    '\nHeader always set X-Reason "%{AUTH_EPOCH_REASON}e"', **options)
    for pattern in (WRONG_PASSWORD, UNKNOWN_USER, LOGIN_REFUSED, "a password came over plain http"):
        httpd.tolerate_log(pattern)


def log_in(httpd, person=ALICE, address=HERE, path="/app/"):
    return sign_in(httpd, person, path, [("X-Forwarded-For", address)])


def guess(httpd, number, person=ALICE, address=HERE):
    return log_in(httpd, person.with_password(f"guess {number}"), address)


def use_up(httpd, person=ALICE, address=HERE, count=5):
    for number in range(count):
        answer = guess(httpd, number, person, address)
        assert answer.asks_for_password, f"guess {number} was answered {answer.status}"


def must_wait(answer):
    if answer.status == 429:
        assert answer.header("X-Reason") == WAITS and int(answer.header("Retry-After")) > 0
        assert answer.set_cookies == [] and answer.challenge is None
        return True
    return False


@pytest.mark.smoke
@pytest.mark.every_mpm
def test_after_five_failures_even_the_right_password_waits(httpd):
    start(httpd)
    use_up(httpd)
    answer = log_in(httpd)
    assert must_wait(answer)
    assert 1 <= int(answer.header("Retry-After")) <= 60
    assert answer.header("Cache-Control") == "private, no-store"
    assert "script-src 'nonce-" in answer.header("Content-Security-Policy")
    assert "<h1>Please wait before you try again</h1>" in answer.text
    assert "seconds." in answer.text
    assert log_in(httpd, BOB).status == 200, "others do not wait"
    assert log_in(httpd, ALICE, ELSEWHERE).status == 200, "nor she elsewhere"


def test_it_is_on_by_default(httpd):
    start(httpd, limit="")
    use_up(httpd)
    assert must_wait(log_in(httpd))


def test_off_lets_everybody_guess_and_still_logs(httpd):
    start(httpd, "Off")
    use_up(httpd, count=12)
    assert log_in(httpd).status == 200
    httpd.wait_for_log(LOGIN_FAILED, 12)


def test_the_wait_ends_and_the_person_is_not_asked_again(httpd):
    start(httpd, "2 1min")
    use_up(httpd, count=2, address="127.0.0.1")
    browser = httpd.browser()
    page = browser.visit("/app/", typing=ALICE)
    assert (page.status, page.prompts) == (429, 1)
    page = wait_until(lambda: (page := browser.visit("/app/")).status != 429 and page,
                      "the wait is over")
    assert (page.status, page.prompts, page.user) == (200, 0, ALICE.user)


def test_a_login_clears_what_failed_before(httpd):
    start(httpd)
    use_up(httpd, count=4)
    assert log_in(httpd).status == 200
    use_up(httpd, count=5)
    assert must_wait(guess(httpd, 5))


def test_a_live_session_notices_nothing(httpd):
    start(httpd)
    alice = SignedIn(httpd, ALICE)
    use_up(httpd, address="127.0.0.1")
    assert must_wait(log_in(httpd, address="127.0.0.1"))
    assert alice.is_live


def test_a_live_session_outlives_other_credentials_that_must_wait(httpd):
    start(httpd)
    alice = SignedIn(httpd, ALICE)
    use_up(httpd, BOB, address="127.0.0.1")
    other = httpd.request("GET", "/app/", [basic(BOB), cookie_of(alice.login)])
    assert must_wait(other)
    assert alice.is_live


def test_who_knows_only_the_name_cannot_keep_its_owner_out(httpd):
    start(httpd, "2 1h")
    assert log_in(httpd).status == 200
    for number in range(12):
        guess(httpd, number, address=f"203.0.113.{number}")
    assert must_wait(guess(httpd, 12, address="203.0.113.200")), "the name is slowed everywhere"
    assert log_in(httpd).status == 200, "except where she has logged in before"


def test_one_address_cannot_try_one_password_with_all_names(httpd):
    start(httpd, "2 1h")
    statuses = [log_in(httpd, Person(f"user{number}", "password"), ATTACKER).status
                for number in range(30)]
    assert statuses == [401] * 20 + [429] * 10
    assert log_in(httpd).status == 200


def test_an_ipv6_network_is_one_client(httpd):
    start(httpd)
    for number in range(5):
        guess(httpd, number, address=f"2001:db8:1:2::{number + 1}")
    assert must_wait(log_in(httpd, address="2001:db8:1:2:ffff::1"))
    assert log_in(httpd, address="2001:db8:1:3::1").status == 200


@pytest.mark.every_mpm
def test_guesses_at_once_are_no_more_than_one_after_another(httpd):
    start(httpd)
    have_workers(httpd, 20)
    challenge = cookie_of(httpd.request("GET", "/app/"))
    connections = [httpd.connection() for _ in range(20)]
    for number, connection in enumerate(connections):
        connection.send("GET", "/app/", [basic(ALICE.with_password(str(number))), challenge])
    statuses = sorted(connection.receive().status for connection in connections)
    assert statuses == [401] * 5 + [429] * 15


def test_one_typed_answer_counts_and_is_logged_once_however_many_requests_send_it(httpd):
    start(httpd)
    have_workers(httpd, 10)
    mistyped = basic(ALICE.with_password("wunderland"))
    challenge = cookie_of(httpd.request("GET", "/app/"))
    connections = [httpd.connection() for _ in range(10)]
    for connection in connections:
        connection.send("GET", "/app/", [mistyped, challenge])
    assert [connection.receive().status for connection in connections] == [401] * 10
    use_up(httpd, count=4, address="127.0.0.1")
    assert must_wait(log_in(httpd, address="127.0.0.1"))
    httpd.wait_for_log(LOGIN_FAILED, 5)
    assert len(httpd.error_log.lines(LOGIN_FAILED)) == 5


def test_scripts_without_sessions_are_slowed_too(httpd):
    start(httpd, zone="AuthEpochStateless On")
    wrong = [httpd.request("GET", "/app/", [basic(ALICE.with_password(f"{number}"))]).status
             for number in range(6)]
    assert wrong == [401] * 5 + [429]
    assert len(httpd.wait_for_log(LOGIN_FAILED, 5)) == 5
    for _ in range(30):
        assert httpd.request("GET", "/app/", [basic(BOB)]).status == 200


def test_a_script_gets_a_problem(httpd):
    start(httpd, "1 1h")
    use_up(httpd, count=1, address="127.0.0.1")
    challenge = cookie_of(httpd.request("GET", "/app/"))
    answer = httpd.request("GET", "/app/", [*SCRIPT, basic(ALICE), challenge])
    assert must_wait(answer)
    assert answer.header("Content-Type") == "application/problem+json"
    assert answer.json["title"] == "Too many failed logins"


def test_a_custom_page_of_the_challenge_does_not_hide_the_failure(httpd):
    start(httpd, more="ErrorDocument 401 /public/index.html\n")
    use_up(httpd)
    assert must_wait(log_in(httpd))
    httpd.wait_for_log(LOGIN_FAILED, 5)


def test_who_may_not_enter_has_not_failed_to_log_in(httpd):
    start(httpd, more=section("Require user bob", "/admin"))
    httpd.tolerate_log(r"AH01631: user alice: authorization failure")
    for _ in range(10):
        assert log_in(httpd, path="/admin/").status == 401
    assert log_in(httpd).status == 200
    assert httpd.error_log.lines(LOGIN_FAILED) == []


def test_another_password_file_knows_nothing_of_the_failures(httpd):
    other = httpd.write_password_file("others", Person("alice", "another alice"))
    start(httpd, "2 1h", more=section(
        f'AuthName "Other"\nAuthUserFile "{other}"', "/other"))
    httpd.write("other/index.html", "other")
    use_up(httpd, count=2)
    assert log_in(httpd, Person("alice", "another alice"), path="/other/").status == 200
    assert must_wait(log_in(httpd)), "a login there opens nothing here"


def test_a_directory_that_cannot_be_asked_is_not_the_persons_fault(directory, httpd):
    httpd.start(ldap_site(directory, zone="AuthEpochFailedLogins 2 1h"))
    httpd.tolerate_log(HTTPDS_OWN)
    with directory.down():
        for number in range(6):
            assert sign_in(httpd, ALICE.with_password(str(number))).status >= 500
    assert sign_in(httpd).status == 200


def test_an_account_is_one_user_under_each_spelling(directory, httpd):
    httpd.start(ldap_site(directory, zone="AuthEpochFailedLogins 2 1h"))
    httpd.tolerate_log(HTTPDS_OWN)
    httpd.expect_log(LOGIN_REFUSED)
    sign_in(httpd, Person("ALICE", "one"))
    sign_in(httpd, Person("Alice ", "two"))
    assert sign_in(httpd).status == 429


def test_a_restart_forgives_nobody(httpd):
    start(httpd)
    use_up(httpd)
    httpd.graceful()
    assert must_wait(log_in(httpd))
    httpd.kill_children()
    assert must_wait(log_in(httpd))


def test_report_makes_nobody_wait_and_says_so(httpd):
    start(httpd, "1 1h", epoch="Report")
    for number in range(3):
        wrong = ALICE.with_password(f"guess {number}")
        assert httpd.request("GET", "/app/", [basic(wrong)]).status == 401
    assert httpd.request("GET", "/app/", [basic(ALICE)]).status == 200
    httpd.wait_for_log(r"Report: would forbid \(failed-logins, ")
    assert httpd.error_log.lines(LOGIN_REFUSED) == []


# ---- what the logs say


def test_the_audit_log_tells_failed_from_refused(httpd):
    start(httpd, "1 1h", more=FILE)
    use_up(httpd, count=1)
    assert must_wait(log_in(httpd))
    refused = AuditLog(httpd).wait_for("credentials-refused", 2)
    assert sorted(each["reason"] for each in refused) == [WAITS, "login-failed"]
    assert {each["user"] for each in refused} == {"alice"}


def test_to_be_told_to_wait_again_is_no_news(httpd):
    start(httpd, "1 1h")
    use_up(httpd, count=1)
    for _ in range(10):
        assert must_wait(log_in(httpd))
    assert len(httpd.error_log.lines(rf"auth_epoch:warn.*{LOGIN_REFUSED}")) == 1


def matched(log):
    """What fail2ban makes of the log: the addresses of the lines that its filter matches."""
    run = subprocess.run(["fail2ban-regex", "--out", "<ip>", str(log), str(FILTER)],
                         capture_output=True, text=True, check=False)
    assert run.returncode in (0, 255), run.stderr  # 255: none matched
    return sorted(run.stdout.split())


@pytest.mark.every_mpm
def test_fail2ban_finds_each_failure_under_its_address(httpd):
    start(httpd, "1 1h")
    for address in (HERE, ELSEWHERE, "2001:db8::1"):
        guess(httpd, 1, address=address)
    log_in(httpd, Person("nobody", "nothing"), ATTACKER)
    httpd.wait_for_log(LOGIN_FAILED, 4)
    assert must_wait(guess(httpd, 2, address=HERE))
    assert log_in(httpd, BOB).status == 200
    assert matched(httpd.error_log.path) == sorted([HERE, HERE, ELSEWHERE, "2001:db8::1", ATTACKER])


@pytest.mark.parametrize("name", [
    f"x\n[Sat Nov 21 20:00:00.000000 2026] [auth_epoch:warn] [pid 1] [client {HERE}:80] login "
    "failed: wrong password or unknown user; user y",
    f"[client {HERE}:80] login failed: wrong password or unknown user; user y",
    f"x\r\n; user {HERE}", "", "x; user y", "%s%n", "zoë"])
def test_no_name_blames_another_address(httpd, name):
    start(httpd, zone="Header always unset X-User")  # it cannot be sent
    log_in(httpd, Person(name, "x"), ATTACKER)
    httpd.wait_for_log(LOGIN_FAILED)
    assert matched(httpd.error_log.path) == [ATTACKER]


def test_fail2ban_finds_nothing_in_everyday_life(httpd):
    start(httpd)
    browser = signed_in_browser(httpd)
    browser.submit("/logout")
    browser.run_forget_script("/logout")
    assert browser.visit("/app/", typing=ALICE).status == 200
    assert httpd.request("GET", "/app/", [basic(ALICE), new_session(httpd, BOB)]).status == 200
    assert matched(httpd.error_log.path) == []


# ---- who is unknown cannot be told from who mistyped


def seen_by_the_client(answer):
    """All but what differs from one answer to the next."""
    return (answer.status, answer.body,
            sorted((name, value) for name, value in answer.headers
                   if name not in ("Date", "Set-Cookie", "X-User")),
            [(each.name, each.attributes, len(each.value)) for each in answer.set_cookies])


@pytest.mark.parametrize("provider", ["file", "ldap"])
@pytest.mark.parametrize("stateless", ["Off", "On"])
def test_an_unknown_user_is_told_the_same_as_one_who_mistyped(make_directory, httpd, provider,
                                                              stateless):
    zone = f"AuthEpochFailedLogins 3 1h\nAuthEpochStateless {stateless}"
    if provider == "ldap":
        httpd.start(ldap_site(make_directory(), zone=zone))
    else:
        httpd.start(file_site(httpd.write_password_file("users", ALICE), zone=zone))
    httpd.tolerate_log(HTTPDS_OWN)
    httpd.tolerate_log(LOGIN_REFUSED)

    def attempts(user):
        people = [Person(user, str(number)) for number in range(5)]
        if stateless == "On":
            return [httpd.request("GET", "/app/", [basic(each)]) for each in people]
        return [sign_in(httpd, each) for each in people]

    known, unknown = attempts("alice"), attempts("nobdy")
    assert [each.status for each in known] == [401] * 3 + [429] * 2
    for one, other in zip(known[:3], unknown[:3]):
        assert seen_by_the_client(one) == seen_by_the_client(other)
    for one, other in zip(known[3:], unknown[3:]):
        assert one.status == other.status and one.set_cookies == other.set_cookies == []
        assert {name for name, _ in one.headers} == {name for name, _ in other.headers}
    for user in ("alice", "nobdy"):
        assert len(httpd.wait_for_log(f"{LOGIN_FAILED}{user}$", 3)) == 3
