"""The test bed itself: what it shows of an httpd without our module must be what is known of one."""

import os
import signal

import pytest

from harness import people
from harness.error_log import WRONG_PASSWORD, ErrorLog
from harness.people import ALICE, BOB
from harness.requests import basic
from harness.sanitizers import reports
from harness.site import ldap_site
from harness.waiting import wait_until

STOCK = """
<Location "/">
    AuthType Basic
    AuthName "Staff"
    AuthBasicProvider ldap
    AuthLDAPURL "{slapd.url}"
    Require valid-user
</Location>
"""


def start_stock(httpd, slapd, more="", **options):
    return httpd.start(STOCK.format(slapd=slapd) + more, auth_epoch=False, **options)


@pytest.mark.smoke
@pytest.mark.every_mpm
def test_right_password_is_accepted_and_wrong_one_refused(httpd, slapd):
    start_stock(httpd, slapd)
    httpd.expect_log(WRONG_PASSWORD)
    assert httpd.request("GET", "/app/").status == 401
    answer = httpd.request("GET", "/app/", [basic(ALICE)])
    assert (answer.status, answer.user) == (200, "alice")
    assert httpd.request("GET", "/app/", [basic(ALICE.mistyped)]).status == 401


@pytest.mark.every_mpm
def test_graceful_restart_replaces_every_child(httpd, slapd):
    start_stock(httpd, slapd)
    old = httpd.children()
    httpd.graceful()
    assert old and not old & httpd.children()
    assert httpd.request("GET", "/app/", [basic(ALICE)]).status == 200


@pytest.mark.every_mpm
def test_killed_children_are_replaced(httpd, slapd):
    start_stock(httpd, slapd)
    old = httpd.children()
    httpd.kill_children()
    assert not old & httpd.children()
    assert httpd.request("GET", "/app/", [basic(ALICE)]).status == 200


def test_full_restart_keeps_the_configuration(httpd, slapd):
    start_stock(httpd, slapd)
    pid = httpd.pid
    httpd.restart()
    assert httpd.pid != pid
    assert httpd.request("GET", "/app/", [basic(ALICE)]).status == 200


@pytest.mark.parametrize("person", people.ODD, ids=lambda person: person.user[:12])
def test_odd_names_and_passwords_work_with_the_directory(httpd, slapd, person):
    start_stock(httpd, slapd)
    assert slapd.accepts(person)
    answer = httpd.request("GET", "/app/", [basic(person)])
    assert (answer.status, answer.user) == (200, person.user)


def test_changed_password_counts_until_the_test_is_over(slapd):
    changed = slapd.set_password(BOB, "brand new")
    assert slapd.accepts(changed) and not slapd.accepts(BOB)
    slapd.restore()
    assert slapd.accepts(BOB) and not slapd.accepts(changed)


def test_directory_that_is_down_is_an_internal_error_until_it_is_back(httpd, slapd):
    start_stock(httpd, slapd)
    with slapd.down():
        assert httpd.request("GET", "/app/", [basic(ALICE)]).status == 500
    assert httpd.request("GET", "/app/", [basic(ALICE)]).status == 200


def test_browser_sends_its_password_by_itself_into_a_directory_it_has_not_visited(httpd, slapd):
    start_stock(httpd, slapd)
    browser = httpd.browser()
    assert browser.visit("/app/", typing=ALICE).status == 200
    assert len(browser.prompts) == 1
    page = browser.visit("/reports/")
    assert (page.status, page.prompts) == (200, 0)
    assert [with_password for _, _, with_password in browser.requests] == [False, True, False, True]
    assert browser.visit("/reports/").status == 200
    assert browser.requests[-1] == ("GET", httpd.origin + "/reports/", True)


def test_browser_asks_again_when_the_password_it_kept_is_refused(httpd, slapd):
    start_stock(httpd, slapd, "LDAPCacheTTL 0\nLDAPOpCacheTTL 0\n")
    browser = httpd.browser()
    assert browser.visit("/app/", typing=ALICE).status == 200
    changed = slapd.set_password(ALICE, "through the looking-glass")
    httpd.graceful()
    httpd.expect_log(WRONG_PASSWORD)
    page = browser.visit("/app/")
    assert page.asks_for_password and page.prompts == 1
    assert not browser.remembers_password()
    assert browser.typed(changed).user == "alice"


def test_browser_that_is_told_of_another_scheme_prompts_nobody(httpd, slapd):
    start_stock(httpd, slapd, '<Location "/out">\nRequire all granted\n</Location>\n'
                'RedirectMatch 401 "^/out"\nHeader always set WWW-Authenticate Epoch '
                '"expr=%{REQUEST_URI} =~ m#^/out#"\n')
    for engine, keeps in (("chromium", False), ("firefox", True)):
        browser = httpd.browser(engine)
        browser.visit("/", typing=ALICE)
        page = browser.visit("/out")
        assert (page.status, page.prompts) == (401, 0)
        assert browser.remembers_password() is keeps


@pytest.mark.http2
def test_https_and_http2_are_served(httpd, slapd, tools):
    start_stock(httpd, slapd, "Protocols h2 http/1.1\n", modules=["http2"], https=True)
    assert httpd.browser(https=True).visit("/app/", typing=ALICE).user == "alice"
    version = tools.curl("--http2", "-o", "/dev/null", "-w", "%{http_version} %{http_code}",
                         "-u", "alice:wonderland", httpd.tls_origin + "/app/", check=True).stdout
    assert version == "2 200"
    assert ":status: 200" in tools.nghttp("-v", httpd.tls_origin + "/public/",
                                          "-H", "authorization: " + basic(ALICE)[1].decode()).stdout


def test_raw_bytes_reach_httpd_as_they_are(httpd, slapd):
    start_stock(httpd, slapd)
    with httpd.connection() as connection:
        assert connection.request("GET", "/app/", [("Cookie", b"a=\xff\x80")]).status == 401
        assert connection.request("GET", "/app/", [("Cookie", "x" * 8000)]).status == 401
        assert connection.request("GET", "/app/", [basic(ALICE)]).status == 200


def test_configtest_says_what_is_wrong(httpd, slapd):
    status, text = httpd.configtest("AuthEpochNoSuchDirective On\n", auth_epoch=False)
    assert status == 1
    assert "Invalid command 'AuthEpochNoSuchDirective'" in text
    status, text = httpd.configtest(STOCK.format(slapd=slapd), auth_epoch=False)
    assert (status, text) == (0, "Syntax OK\n")


def test_unexpected_error_line_is_a_problem_and_so_is_an_expectation_that_nothing_met(httpd, slapd):
    start_stock(httpd, slapd)
    httpd.expect_log(WRONG_PASSWORD)
    httpd.request("GET", "/app/", [basic(ALICE.mistyped)])
    httpd.wait_for_log(WRONG_PASSWORD)
    log = ErrorLog(httpd.error_log.path)
    (problem,) = log.problems()
    assert problem.startswith("unexpected: ") and "AH01617" in problem
    log.expect(WRONG_PASSWORD)
    assert log.problems() == []
    log.expect("a line that never comes")
    assert log.problems() == ["expected, but not logged: a line that never comes"]


def test_child_that_died_is_a_problem_though_httpd_goes_on(httpd, slapd):
    start_stock(httpd, slapd)
    pid = min(httpd.children())
    httpd.expect_log(rf"AH00052: child pid {pid} exit signal Segmentation fault")
    os.kill(pid, signal.SIGSEGV)
    httpd.wait_for_log("AH00052")
    assert any("AH00052" in problem for problem in ErrorLog(httpd.error_log.path).problems())
    wait_until(lambda: len(httpd.children() - {pid}) >= 2, "httpd replaces the child")


@pytest.mark.smoke
@pytest.mark.every_mpm
def test_module_loads_and_signs_in_once(httpd, slapd):
    httpd.start(ldap_site(slapd))
    browser = httpd.browser()
    page = browser.visit("/app/", typing=ALICE)
    assert (page.status, page.user, page.event) == (200, "alice", "login")
    assert browser.visit("/app/").event == "admit"
    assert len(browser.prompts) == 1


LEAKS = """==7==ERROR: LeakSanitizer: detected memory leaks

Direct leak of 80 byte(s) in 1 object(s) allocated from:
    #0 0x1 in calloc
    #1 0x2 in theirs

Indirect leak of 64 byte(s) in 1 object(s) allocated from:
    #0 0x1 in malloc
    #1 0x2 in {other}
"""


@pytest.mark.parametrize("said, tolerated, counts", [
    ("==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x1", "theirs", True),
    ("a.cpp:7:7: runtime error: signed integer overflow", "theirs", True),
    (LEAKS.format(other="ours"), "theirs", True),
    (LEAKS.format(other="theirs"), "theirs", False),
    (LEAKS.format(other="theirs"), "nobody's", True),
    ("==7==LeakSanitizer has encountered a fatal error.", "theirs", False),
])
def test_what_a_sanitizer_says_is_a_problem_unless_only_what_is_tolerated_leaks(
        tmp_path, said, tolerated, counts):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "sanitizer.7").write_text(said)
    assert len(reports(tmp_path, [tolerated])) == counts
