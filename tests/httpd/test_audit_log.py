"""AuthEpochAuditLog: one line for each thing that happens to sessions, whoever brings it about."""

import re
import socket

import pytest

from harness.audit import FILE, AuditLog
from harness.error_log import UNKNOWN_USER, WRONG_PASSWORD
from harness.parallel import all_at_once
from harness.people import ALICE, BOB, UTF8, Person
from harness.processes import ServerDied
from harness.requests import (CROSS_SITE_IMAGE, SignedIn, basic, cookie_of, encoded, log_out,
                              new_session, sign_in)
from harness.site import file_site, section, start_file_site
from harness.waiting import wait_until
from harness.watch import CHANGES, started, watched

OUT = "the audit log .* cannot be written"
LOGGED_OUT = {"event": "session-revoked", "reason": "logged-out", "initiator": "user",
              "user": "alice"}


def audited(httpd, *people, **options):
    start_file_site(httpd, *people, more=FILE + options.pop("more", ""), **options)
    return AuditLog(httpd)


# ---- what is told

@pytest.mark.every_mpm
def test_the_story_of_a_session_is_told_in_order(httpd):
    log = audited(httpd, ALICE)
    session = new_session(httpd)
    assert httpd.request("GET", "/app/", [basic(ALICE), session]).status == 200
    out = log_out(httpd, session)
    assert httpd.request("GET", "/app/", [basic(ALICE), cookie_of(out)]).status == 401
    opened, ended, refused = log.events()
    assert opened == {"event": "session-established", "reason": "login", "initiator": "user",
                      "user": "alice", "session": opened["session"]}
    assert ended == {**LOGGED_OUT, "scope": "this", "session": opened["session"]}
    assert refused == {"event": "credentials-refused", "reason": "challenge-unarmed",
                       "initiator": "policy", "user": "alice"}


def test_a_line_says_when_where_and_by_whom(httpd):
    log = audited(httpd, ALICE, modules=("unique_id",))
    answer = sign_in(httpd, headers=[("User-Agent", "Mosaic/0.9")])
    line, = log.lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert (line["address"], line["user_agent"]) == ("127.0.0.1", "Mosaic/0.9")
    assert line["node"] == socket.gethostname() and line["zone"].endswith('"Staff"')
    assert re.fullmatch(r"[\w@-]{24,}", line["request_id"])
    assert answer.set_cookie.value not in log.path.read_text()


def test_without_mod_unique_id_the_request_is_named_as_in_the_error_log(httpd):
    log = audited(httpd, ALICE, more='ErrorLogFormat "[%t] [%m:%l] <%L> %M"\n')
    new_session(httpd)
    line, = log.lines()
    assert httpd.error_log.lines(f"<{re.escape(line['request_id'])}> session .* opened")


def test_a_wrong_password_is_told_once_with_the_name_that_was_typed(httpd):
    log = audited(httpd, ALICE, BOB, more="ErrorDocument 401 /public/index.html\n")
    httpd.expect_log(WRONG_PASSWORD)
    httpd.expect_log(UNKNOWN_USER)
    sign_in(httpd, ALICE.mistyped)
    log.wait_for("credentials-refused")
    sign_in(httpd, Person("mallory", "guess"))
    lines = log.wait_for("credentials-refused", 2)
    assert lines == [{"event": "credentials-refused", "reason": "login-failed",
                      "initiator": "policy", "user": user} for user in ("alice", "mallory")]
    assert len(log.lines()) == 2


def test_a_user_whom_require_refuses_has_not_logged_in(httpd):
    log = audited(httpd, ALICE, more=section("Require user bob", "/app"))
    httpd.tolerate_log("AH01631")
    assert sign_in(httpd, ALICE).status == 401
    assert log.wait_for("credentials-refused")[0]["reason"] == "login-failed"


@pytest.mark.parametrize("headers, reason", [
    ([], "no-cookie"), (CROSS_SITE_IMAGE, "cross-site"),
    ([("Cookie", "__Host-nothing=x")], "no-cookie")])
def test_credentials_without_a_session_are_told_with_the_reason(httpd, headers, reason):
    log = audited(httpd, ALICE)
    httpd.request("GET", "/app/", [basic(ALICE), *headers])
    assert [line["reason"] for line in log.of("credentials-refused")] == [reason]


def test_a_prompt_is_nothing_to_tell(httpd):
    log = audited(httpd, ALICE)
    assert httpd.request("GET", "/app/").status == 401
    assert not log.lines()


@pytest.mark.parametrize("scope", ["all", "others"])
def test_a_logout_elsewhere_is_one_line_and_each_session_has_its_own_when_it_is_found(
        httpd, scope):
    log = audited(httpd, ALICE)
    here, there = new_session(httpd), SignedIn(httpd, ALICE)
    log_out(httpd, here, f"/logout?scope={scope}")
    assert log.events()[-1] == {**LOGGED_OUT, "scope": scope}
    assert not there.is_live
    found = log.of("session-revoked")[-1]
    assert (found["reason"], found["initiator"]) == ("logged-out-everywhere", "system")
    assert found["session"] == log.of("session-established")[1]["session"]


def test_what_an_administrator_has_ended_is_told_when_somebody_comes_back(httpd, tools):
    log = audited(httpd, ALICE)
    alice = SignedIn(httpd, ALICE)
    tools.epochctl("end", "--user", "alice", "--store", httpd.store, check=True)
    assert not alice.is_live
    ended, = log.of("session-revoked")
    assert (ended["reason"], ended["initiator"]) == ("ended-by-administrator", "admin")


def test_a_session_that_ran_out_is_told_once_when_somebody_comes_back(httpd):
    log = audited(httpd, ALICE, zone="AuthEpochMaxAge 1s")
    alice = SignedIn(httpd, ALICE)
    wait_until(lambda: not alice.is_live, "the session is over")
    assert not alice.is_live
    ended, = log.of("session-revoked")
    assert (ended["reason"], ended["initiator"], ended["user"]) == ("max-age", "policy", "alice")


def test_a_login_that_replaces_a_session_tells_of_both(httpd):
    log = audited(httpd, ALICE, BOB)
    alices = new_session(httpd)
    assert httpd.request("GET", "/app/", [basic(BOB), alices]).user == "bob"
    first, second = log.of("session-established")
    assert (first["user"], second["user"], second["reason"]) == ("alice", "bob", "switch-of-user")
    assert log.of("session-revoked") == [{"event": "session-revoked", "reason": "superseded",
                                          "initiator": "user", "user": "alice",
                                          "session": first["session"]}]


def test_a_password_that_the_provider_takes_no_more_ends_the_session(httpd):
    log = audited(httpd, ALICE, zone="AuthEpochRevalidate 1s")
    httpd.expect_log(WRONG_PASSWORD)
    alice = SignedIn(httpd, ALICE)
    httpd.write_password_file("users", ALICE.with_password("changed"))
    wait_until(lambda: not alice.is_live, "the password is verified anew")
    ended, = log.of("session-revoked")
    assert (ended["reason"], ended["initiator"]) == ("password-refused", "system")


@pytest.mark.parametrize("reason, event", [
    ("password-changed", "credential-change"), ("account-barred", "account-disabled"),
    ("account-gone", "session-revoked"), ("account-renamed", "session-revoked")])
def test_what_the_directory_watch_ends_is_told_by_account(directory, httpd, reason, event):
    watch = started(httpd, watched(directory.url) + FILE)
    log = AuditLog(httpd)
    alice = SignedIn(httpd, ALICE)
    dn = directory.dn(ALICE)
    opened, = log.events()
    assert opened["account"] == dn
    CHANGES[reason](directory, ALICE)
    watch.wait_until_ended(dn)
    log.wait_for(event)
    assert log.events()[1:] == [{"event": event, "reason": reason, "initiator": "system",
                                 "scope": "all", "account": dn}]
    assert not alice.is_live
    assert log.of("session-revoked")[-1]["reason"] == reason


def test_report_tells_of_sessions_and_of_no_refusal_that_was_none(httpd):
    log = audited(httpd, ALICE, epoch="Report")
    assert httpd.request("GET", "/app/", [basic(ALICE)]).status == 200
    assert [(line["event"], line["reason"]) for line in log.events()] == [
        ("session-established", "report")]


# ---- what can go wrong

@pytest.mark.parametrize("name", [
    b'a"}\n{"event"= "forged', b"a\r\nb", b"\xff\xfe\xc0\xaf", "\x85\u2028\u2029".encode(),
    b"\\u0022", b"n" * 5000])
def test_nobody_can_write_lines_of_his_own(httpd, name):
    log = audited(httpd, ALICE)
    agent = ("User-Agent", name.replace(b"\r", b"").replace(b"\n", b""))
    sent = ("Authorization", b"Basic " + encoded(name + b":x"))
    assert httpd.request("GET", "/app/", [sent, agent]).status == 401
    line, = log.lines()
    assert line["event"] == "credentials-refused"
    expected = name.decode(errors="replace") if len(name) < 100 else line["user"]
    assert line["user"] == expected
    assert len(log.path.read_bytes()) <= 4096


@pytest.mark.every_mpm
def test_lines_of_many_processes_and_threads_do_not_mix(httpd):
    log = audited(httpd, ALICE)
    user = Person("u" * 600, "x")
    for _ in range(4):
        answers = all_at_once(httpd, 12, "/app/", [basic(user)])
        assert {answer.status for answer in answers} == {401}
    assert len(log.of("credentials-refused")) == 48


def test_no_password_is_ever_written(httpd):
    log = audited(httpd, ALICE, UTF8)
    httpd.expect_log(WRONG_PASSWORD)
    cookies = []
    for person in (ALICE, UTF8, ALICE.with_password("a wrong one")):
        answer = sign_in(httpd, person)
        cookies += [answer.set_cookie.value] if answer.set_cookie else []
    log_out(httpd, new_session(httpd))
    log.wait_for("credentials-refused")
    written = log.path.read_text(encoding="utf-8")
    for secret in (ALICE.password, UTF8.password, "a wrong one", *cookies):
        assert secret not in written


def test_a_log_that_cannot_be_written_is_one_error_and_refuses_nobody(httpd):
    start_file_site(httpd, ALICE, BOB, more="AuthEpochAuditLog /dev/full\n")
    httpd.expect_log(OUT)
    for person in (ALICE, BOB, ALICE):
        assert SignedIn(httpd, person).is_live
    assert len(httpd.error_log.lines(OUT)) == 1


def test_a_command_gets_the_lines_too(httpd):
    start_file_site(httpd, ALICE,
                    more='AuthEpochAuditLog "|$exec cat >> ${SCRATCH}/logs/piped.log"\n')
    session = new_session(httpd)
    log_out(httpd, session)
    log = AuditLog(httpd, "piped.log")
    assert log.wait_for("session-revoked")[0]["reason"] == "logged-out"
    assert len(log.lines()) == 2


@pytest.mark.every_mpm
def test_the_file_is_opened_anew_by_a_graceful_restart(httpd):
    log = audited(httpd, ALICE)
    alice = SignedIn(httpd, ALICE)
    log.path.rename(log.path.with_suffix(".1"))
    httpd.graceful()
    assert alice.is_live
    log_out(httpd, alice.headers[2])
    assert [line["event"] for line in log.events()] == ["session-revoked"]


def test_the_file_is_the_administrators_and_httpds_children_write_it(httpd):
    log = audited(httpd, ALICE, as_root=True)
    new_session(httpd)
    assert len(log.lines()) == 1
    status = log.path.stat()
    assert (status.st_uid, status.st_mode & 0o777) == (0, 0o640)


def test_a_log_that_cannot_be_opened_keeps_httpd_from_starting(httpd):
    site = file_site(httpd.write_password_file("users", ALICE))
    with pytest.raises(ServerDied):
        httpd.start(site + "AuthEpochAuditLog logs/nowhere/audit.log\n")
    httpd.expect_log("AuthEpochAuditLog .*/nowhere/audit.log cannot be opened: No such file")
    httpd.tolerate_log("AH00020: Configuration Failed")
