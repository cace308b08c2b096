"""The product in one file: log in, log out, log in again."""

import pytest

from harness.browser import ENGINES
from harness.error_log import WRONG_PASSWORD
from harness.people import ALICE, BOB
from harness.requests import basic, cookie_in, cookie_of, signed_in_browser
from harness.site import ldap_site, start_file_site


@pytest.mark.smoke
@pytest.mark.every_mpm
def test_the_story_as_a_client_with_a_cookie_file_sees_it(httpd, slapd):
    httpd.start(ldap_site(slapd))
    httpd.expect_log(WRONG_PASSWORD)
    ours = ("Origin", httpd.origin)

    challenged = httpd.request("GET", "/app/", [basic(ALICE)])
    assert challenged.status == 401 and challenged.asks_for_password
    wrong = httpd.request("GET", "/app/", [basic(ALICE.mistyped),
                                           cookie_of(challenged)])
    assert wrong.status == 401 and wrong.set_cookie is None

    signed_in = httpd.request("GET", "/app/", [basic(ALICE), cookie_of(challenged)])
    assert (signed_in.status, signed_in.user) == (200, "alice")
    session = cookie_of(signed_in)
    again = httpd.request("GET", "/app/", [basic(ALICE), session])
    assert (again.status, again.set_cookie) == (200, None)

    out = httpd.request("POST", "/logout", [basic(ALICE), session, ours])
    assert out.status == 401 and out.challenge == ("Epoch", "Staff")
    refused = httpd.request("GET", "/app/", [basic(ALICE), cookie_of(out)])
    assert refused.status == 401 and refused.asks_for_password
    assert httpd.request("GET", "/app/", [basic(ALICE), cookie_of(refused)]).status == 200

    httpd.graceful()
    assert is_over(httpd, session)
    httpd.restart()
    assert is_over(httpd, session)
    httpd.kill_children()
    assert is_over(httpd, session)


def is_over(httpd, session):
    """With a wrong password, without one, and with another user's; the right one belongs to the
    live successor (row 5)."""
    answers = [httpd.request("GET", "/app/", [session, *credentials])
               for credentials in ([basic(ALICE.mistyped)], [], [basic(BOB)])]
    return all(answer.status == 401 for answer in answers)


@pytest.mark.every_mpm
def test_the_cookie_from_before_the_logout_is_refused_for_ever(httpd, slapd):
    httpd.start(ldap_site(slapd))
    browser = httpd.browser()
    browser.visit("/app/", typing=ALICE)
    before = cookie_in(browser)
    browser.submit("/logout")
    for happening in (lambda: None, httpd.graceful, httpd.restart, httpd.kill_children):
        happening()
        assert httpd.request("GET", "/app/", [basic(ALICE), before]).status == 401


@pytest.mark.parametrize("engine", ENGINES)
def test_a_person_is_asked_once_for_a_login_and_once_after_a_logout(httpd, slapd, engine):
    httpd.start(ldap_site(slapd))
    browser = httpd.browser(engine)
    assert browser.visit("/app/", typing=ALICE).prompts == 1
    for page in ("/app/", "/reports/", "/admin/"):
        visit = browser.visit(page)
        assert (visit.status, visit.prompts) == (200, 0)
    assert browser.submit("/logout").prompts == 0
    browser.run_forget_script("/logout")
    assert not browser.remembers_password()
    back = browser.visit("/app/", typing=ALICE)
    assert (back.status, back.prompts) == (200, 1)


def logged_out_browser(httpd, slapd, engine):
    """No script of the signed-out page has run in it."""
    httpd.start(ldap_site(slapd))
    browser = signed_in_browser(httpd, ALICE, "/app/", engine)
    browser.submit("/logout")
    return browser


@pytest.mark.parametrize("engine", ENGINES)
def test_without_scripts_the_automatic_resend_is_refused_and_prompts(httpd, slapd, engine):
    browser = logged_out_browser(httpd, slapd, engine)
    page = browser.visit("/app/")
    assert page.asks_for_password and page.prompts == 1
    assert browser.typed(ALICE).user == "alice"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_directory_not_visited_before_the_logout_is_no_way_back(httpd, slapd, engine):
    browser = logged_out_browser(httpd, slapd, engine)
    for page in ("/reports/", "/admin/"):
        assert browser.visit(page).status == 401


def test_other_browsers_and_other_people_do_not_notice(httpd, slapd):
    httpd.start(ldap_site(slapd))
    laptop, phone, bobs = httpd.browser(), httpd.browser("firefox"), httpd.browser()
    laptop.visit("/app/", typing=ALICE)
    phone.visit("/app/", typing=ALICE)
    bobs.visit("/app/", typing=BOB)
    laptop.submit("/logout")
    assert phone.visit("/app/").user == "alice"
    assert bobs.visit("/app/").user == "bob"
    laptop.visit("/app/", typing=ALICE)
    laptop.submit("/logout?scope=all")
    assert phone.visit("/app/").status == 401
    assert bobs.visit("/app/").user == "bob"


def test_ten_requests_with_one_answer_open_one_session(httpd):
    start_file_site(httpd, ALICE)
    challenged = httpd.request("GET", "/app/")
    answers = [httpd.request("GET", "/app/", [basic(ALICE), cookie_of(challenged)])
               for _ in range(10)]
    assert {answer.status for answer in answers} == {200}
    assert len({answer.set_cookie.value for answer in answers}) == 1
    assert len(httpd.error_log.lines("session .* opened")) == 1


def test_two_tabs_may_answer_as_two_people_and_the_last_one_stays(httpd):
    start_file_site(httpd, ALICE, BOB)
    challenged = httpd.request("GET", "/app/")
    alices = httpd.request("GET", "/app/", [basic(ALICE), cookie_of(challenged)])
    bobs = httpd.request("GET", "/app/", [basic(BOB), cookie_of(challenged)])
    assert httpd.request("GET", "/app/", [basic(BOB), cookie_of(bobs)]).user == "bob"
    assert httpd.request("GET", "/app/", [basic(ALICE), cookie_of(alices)]).status == 401
