"""The handler auth-epoch-metrics, and what server-status shows of the same counters."""

import re

import pytest

from harness import exposition
from harness.error_log import HTTPDS_OWN, WRONG_PASSWORD
from harness.people import ALICE, BOB
from harness.requests import SignedIn, basic, log_out, new_session, sign_in
from harness.site import ldap_area, start_file_site
from harness.waiting import wait_until
from harness.watch import started, watched

HANDLERS = """<Location "/metrics">
    SetHandler auth-epoch-metrics
    AuthEpoch Off
    Require local
</Location>
<Location "/server-status">
    SetHandler server-status
    AuthEpoch Off
    Require local
</Location>
"""


def counted(httpd, *people, more="", **options):
    start_file_site(httpd, *people, more=HANDLERS + more, modules=("status",), **options)


def metrics(httpd):
    answer = httpd.request("GET", "/metrics")
    assert answer.status == 200
    assert answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
    return exposition.parse(answer.text)


def value(httpd, name, suffix="", **labels):
    return metrics(httpd)[f"auth_epoch_{name}"].samples[suffix, tuple(sorted(labels.items()))]


def status(httpd):
    """?auto's values by name."""
    text = httpd.request("GET", "/server-status?auto").text
    return dict(re.findall(r"^AuthEpoch(\w+): (.*)$", text, re.M))


def test_nothing_has_been_counted_at_the_start(httpd):
    counted(httpd, ALICE)
    assert not any(number for metric in metrics(httpd).values()
                   for number in metric.samples.values())
    assert set(status(httpd).values()) == {"0"}


def test_live_sessions_are_counted_by_zone_now_and_then(httpd):
    counted(httpd, ALICE)
    for _ in range(3):
        SignedIn(httpd, ALICE)

    def live():
        gauge = metrics(httpd).get("auth_epoch_sessions_live")
        return gauge and gauge.samples

    # mod_watchdog counts for the first time after 30 seconds.
    assert wait_until(live, "the sessions have been counted", 60) == {
        ("", (("zone", 'localhost "Staff"'),)): 3}


@pytest.mark.every_mpm
def test_all_processes_count_together(httpd):
    counted(httpd, ALICE)
    alice = SignedIn(httpd, ALICE)
    for _ in range(40):
        assert alice.is_live
    assert value(httpd, "logins_total") == 1
    assert value(httpd, "admissions_total", kind="session") == 40
    assert value(httpd, "refusals_total", reason="new-client") == 1


def test_each_thing_is_counted_where_it_belongs(httpd):
    counted(httpd, ALICE, BOB, zone="AuthEpochStateless expr=%{HTTP:X-Script}=='yes'")
    httpd.expect_log(WRONG_PASSWORD)
    session = new_session(httpd)
    assert httpd.request("GET", "/app/", [basic(BOB), session]).user == "bob"
    log_out(httpd, new_session(httpd))
    log_out(httpd, new_session(httpd), "/logout?scope=all")
    assert httpd.request("GET", "/app/", [basic(ALICE), ("X-Script", "yes")]).status == 200
    sign_in(httpd, ALICE.mistyped)
    wait_until(lambda: value(httpd, "failed_logins_total") == 1, "the failed login is counted")
    assert value(httpd, "logins_total") == 4
    assert value(httpd, "sessions_ended_total", reason="superseded") == 1
    assert value(httpd, "sessions_ended_total", reason="logged-out") == 2
    assert value(httpd, "logouts_total", scope="this") == 1
    assert value(httpd, "logouts_total", scope="all") == 1
    assert value(httpd, "admissions_total", kind="stateless") == 1
    assert value(httpd, "store_write_duration_seconds", "_count") >= 6
    assert value(httpd, "store_write_duration_seconds", "_sum") > 0
    told = status(httpd)
    assert (told["Logins"], told["FailedLogins"], told["Logouts"]) == ("4", "1", "2")
    assert told["SessionsEnded"] == "3" and told["StoreErrors"] == "0"
    page = httpd.request("GET", "/server-status").text
    assert "<h2>Sessions of mod_auth_epoch</h2>" in page and "sessions opened: <b>4</b>" in page


def test_an_internal_redirect_or_a_sub_request_admits_nobody_twice(httpd):
    counted(httpd, ALICE)
    alice = SignedIn(httpd, ALICE)
    before = value(httpd, "admissions_total", kind="session")
    assert alice.get("/").status == 200  # mod_dir leads to index.html
    assert value(httpd, "admissions_total", kind="session") == before + 1


def test_a_lost_audit_line_is_counted(httpd):
    counted(httpd, ALICE, more="AuthEpochAuditLog /dev/full\n")
    httpd.expect_log("the audit log .* cannot be written")
    SignedIn(httpd, ALICE)
    assert value(httpd, "audit_lines_lost_total") == 1


def test_a_directory_that_cannot_be_asked_is_counted(directory, httpd):
    httpd.start(ldap_area(directory.url, epoch="AuthEpochRevalidate 1s") + HANDLERS,
                modules=("status",))
    httpd.tolerate_log(HTTPDS_OWN)
    httpd.expect_log("the directory cannot be asked")
    alice = SignedIn(httpd, ALICE)
    with directory.down():
        wait_until(lambda: alice.get().status == 503, "the password is verified anew")
        assert value(httpd, "refusals_total", reason="directory-unavailable") == 1


def test_a_watched_directory_is_shown(directory, httpd):
    watch = started(httpd, watched(directory.url) + HANDLERS, modules=("status",))
    names = {"directory": directory.url}
    wait_until(lambda: value(httpd, "watch_state", state="following", **names) == 1, "the metrics say so")
    assert value(httpd, "watch_entries", **names) > 0
    assert value(httpd, "watch_lag_seconds", **names) < 60
    directory.change_password(ALICE, "changed")
    watch.wait_until_ended(directory.dn(ALICE))
    wait_until(lambda: value(httpd, "accounts_ended_total", reason="password-changed") == 1,
               "the account is counted")
    wait_until(lambda: value(httpd, "watch_ended_accounts_total", **names) == 1,
               "the watch has counted it too")


def test_require_says_who_may_read(httpd):
    counted(httpd, ALICE, more='<Location "/metrics">\nRequire all denied\n</Location>\n')
    httpd.expect_log("AH01630: client denied")
    assert httpd.request("GET", "/metrics").status == 403


def test_only_get_and_head_are_answered(httpd):
    counted(httpd, ALICE)
    refused = httpd.request("POST", "/metrics")
    assert (refused.status, "GET" in refused.header("Allow")) == (405, True)
    assert httpd.request("HEAD", "/metrics").status == 200
