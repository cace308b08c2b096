"""The logout handler: what is answered, and what becomes of it in the browser."""

import re
from urllib.parse import quote

import pytest

from harness.browser import ENGINES
from harness.people import ALICE, BOB
from harness.requests import (FORGET, FORM, SAME_ORIGIN, basic, cookie_in, cookie_of, is_signed_in,
                              signed_in_browser)
from harness.site import file_site, is_confirm_page, start_file_site

EVIL = "evil.example"


def start(httpd, logout="", **options):
    return start_file_site(httpd, ALICE, BOB, logout=logout, **options)


# ---- the three responses


@pytest.mark.parametrize("engine", ENGINES)
def test_page_says_signed_out_and_shows_no_dialog(httpd, engine):
    start(httpd)
    browser = signed_in_browser(httpd, engine=engine)
    before = browser.cookie
    page = browser.submit("/logout")
    assert (page.status, page.challenge, page.prompts) == (401, ("Epoch", "Staff"), 0)
    assert "You are signed out" in page.text and 'href="/"' in page.text
    assert page.event == "logout"
    assert page.header("Cache-Control") == "private, no-store"
    assert browser.cookie[0] == before[0] and browser.cookie[1] != before[1]
    assert not is_signed_in(browser)
    assert len(httpd.error_log.lines("session [0-9a-f]{8} of user alice ended: logged out")) == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_challenge_asks_at_once_and_the_answer_signs_in_at_the_return_path(httpd, engine):
    start(httpd, "AuthEpochLogoutResponse challenge")
    browser = signed_in_browser(httpd, engine=engine)
    asked = browser.submit("/logout?return=/reports/")
    assert asked.asks_for_password and asked.prompts == 1
    page = browser.typed(BOB)
    assert (page.status, page.user, page.event) == (200, "bob", "login")
    assert page.url == httpd.origin + "/reports/"
    assert len(browser.prompts) == 2  # the first login's and the logout's


def test_answer_to_the_logouts_challenge_is_verified_where_it_leads_and_not_before(httpd):
    start(httpd, "AuthEpochLogoutResponse challenge\nAuthEpochReturn /reports/")
    browser = signed_in_browser(httpd)
    asked = httpd.request("POST", "/logout",
                          [cookie_in(browser), basic(ALICE), FORM, SAME_ORIGIN])
    assert asked.asks_for_password
    answer = httpd.request("POST", "/logout", [cookie_of(asked), basic(BOB), SAME_ORIGIN])
    assert (answer.status, answer.header("Location")) == (303, "/reports/")
    assert answer.set_cookie.value != asked.set_cookie.value
    assert httpd.request("GET", "/reports/", [cookie_of(answer), basic(BOB)]).user == "bob"


def test_challenge_answered_to_a_logout_without_password_logs_nobody_in_at_first(httpd):
    start(httpd, "AuthEpochLogoutResponse challenge")
    browser = signed_in_browser(httpd)
    asked = httpd.request("POST", "/logout", [cookie_in(browser), SAME_ORIGIN])
    assert asked.asks_for_password
    # The password may be the one that the browser had all along.
    assert httpd.request("GET", "/app/", [cookie_of(asked), basic(ALICE)]).status == 401
    again = httpd.request("POST", "/logout", [cookie_of(asked), basic(ALICE), SAME_ORIGIN])
    assert again.asks_for_password


def test_logout_everywhere_that_could_not_be_done_trusts_no_password_it_was_sent_with(httpd):
    start(httpd, "AuthEpochLogoutResponse challenge")
    browser = signed_in_browser(httpd, engine="firefox")
    browser.clear_cookies()
    page = browser.submit("/logout?scope=all")
    assert page.challenge[0] == "Epoch" and browser.remembers_password()
    assert not is_signed_in(browser)


@pytest.mark.parametrize("engine", ENGINES)
def test_redirect_leads_to_its_path_and_signs_out(httpd, engine):
    start(httpd, "AuthEpochLogoutResponse redirect /public/index.html")
    browser = signed_in_browser(httpd, engine=engine)
    page = browser.submit("/logout", follow=False)
    assert (page.status, page.header("Location")) == (303, "/public/index.html")
    assert page.header("Cache-Control") == "private, no-store"
    assert page.set_cookie.value
    assert not is_signed_in(browser)


def test_redirect_without_a_path_leads_to_the_return_path(httpd):
    start(httpd, "AuthEpochLogoutResponse redirect\nAuthEpochReturn /public/")
    browser = signed_in_browser(httpd)
    assert browser.submit("/logout", follow=False).header("Location") == "/public/"


# ---- where it leads

GOOD_PATHS = ["/", "/reports/", "/app/index.html?a=b&c=d", "/a%20b", "/100%25", "/caf%C3%A9#end"]
BAD_PATHS = [f"//{EVIL}", f"/\\{EVIL}", f"https:{EVIL}", f"https://{EVIL}/", f"\\\\{EVIL}",
             f"/\r\nX-{EVIL}: 1", f"/%0d%0aX-{EVIL}: 1", f"/%250d%250aX-{EVIL}: 1", f"/%2f{EVIL}",
             f"%2f%2f{EVIL}", f"/%5c{EVIL}", f"/%252f{EVIL}", f"user:pass@{EVIL}", f"@{EVIL}",
             f"/app\\..\\{EVIL}", f"/\t/{EVIL}", f"\t//{EVIL}", f"/\x7f{EVIL}", f"/{EVIL}%00",
             f"javascript:{EVIL}", f" //{EVIL}", f"{EVIL}", f"?{EVIL}", f"/%zz{EVIL}",
             "/" + EVIL * 300, ""]


def test_good_return_path_is_where_the_page_and_the_redirect_lead(httpd):
    start(httpd, "AuthEpochLogoutResponse redirect /public/")
    for path in GOOD_PATHS:
        answer = httpd.request("POST", "/logout?return=" + quote(path, safe=""), [SAME_ORIGIN])
        assert (answer.status, answer.header("Location")) == (303, path)


@pytest.mark.parametrize("response", ["page", "redirect /public/", "challenge"])
def test_return_path_that_may_lead_elsewhere_is_ignored(httpd, response):
    start(httpd, f"AuthEpochLogoutResponse {response}\nAuthEpochReturn /public/")
    raw = [f"/logout?return=//{EVIL}", f"/logout?return=/\\{EVIL}", f"/logout?return=%2f%2f{EVIL}",
           f"/logout?return=/%0d%0aX-{EVIL}:1", f"/logout?return=https:{EVIL}"]
    targets = raw + ["/logout?return=" + quote(path, safe="") for path in BAD_PATHS]
    with httpd.connection() as connection:
        for target in targets:
            answer = connection.request("POST", target, [SAME_ORIGIN])
            assert EVIL not in answer.text and EVIL not in str(answer.headers), target
            assert answer.header("Location") in (None, "/public/")
            asked = connection.request("GET", target, [])
            assert is_confirm_page(asked) and EVIL not in asked.text, target
        for path in BAD_PATHS:
            body = "return=" + quote(path, safe="")
            answer = connection.request("POST", "/logout", [SAME_ORIGIN, FORM], body)
            assert EVIL not in answer.text and EVIL not in str(answer.headers), path


def test_return_path_of_the_configuration_counts_where_the_request_names_none(httpd):
    start(httpd, "AuthEpochReturn /reports/?from=logout")
    browser = signed_in_browser(httpd)
    assert 'href="/reports/?from=logout"' in browser.submit("/logout").text
    assert 'href="/app/"' in browser.submit("/logout?return=/app/").text


# ---- what goes along


@pytest.mark.parametrize("setting, field", [("", '"cache"'),
                                            ("AuthEpochClearSiteData Off", None),
                                            ('AuthEpochClearSiteData "storage"', '"storage"'),
                                            ('AuthEpochClearSiteData "cache, storage"',
                                             '"cache", "storage"')])
def test_browser_is_told_what_to_throw_away_over_https_and_at_home(httpd, setting, field):
    start(httpd, setting, https=True)
    for https in (False, True):
        browser = signed_in_browser(httpd, https=https)
        assert browser.submit("/logout").header("Clear-Site-Data") == field
    # Browsers ignore it over plain http from anywhere else.
    host = ("Host", f"intranet.test:{httpd.port}")
    elsewhere = httpd.request("POST", "/logout", [host, SAME_ORIGIN])
    assert elsewhere.status == 401 and elsewhere.header("Clear-Site-Data") is None


def test_pages_run_only_what_carries_the_nonce_of_this_answer(httpd):
    start(httpd)
    browser = signed_in_browser(httpd)
    nonces = set()
    pages = [browser.submit("/logout"), browser.submit("/logout"),
             browser.visit("/logout", site="cross-site"), browser.submit("/logout?scope=all")]
    for page in pages:
        policy = page.header("Content-Security-Policy")
        nonce = re.search(r"script-src 'nonce-([\w-]{22})'", policy)[1]
        assert f"style-src 'nonce-{nonce}'" in policy and "default-src 'none'" in policy
        assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
        tags = re.findall(r"<(?:script|style)[^>]*>", page.text)
        assert tags and all(f'nonce="{nonce}"' in tag for tag in tags)
        assert not re.search(r"\son\w+=|javascript:", page.text)
        assert page.header("X-Content-Type-Options") == "nosniff"
        nonces.add(nonce)
    assert len(nonces) == len(pages)


# ---- what the pages' script does


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("at", ["/logout", "/app/"])
def test_script_of_the_signed_out_page_makes_the_browser_forget(httpd, engine, at):
    start(httpd)
    browser = signed_in_browser(httpd, engine=engine)
    browser.submit("/logout")
    forgotten = browser.run_forget_script(at)
    assert forgotten.asks_for_password and not browser.remembers_password()
    page = browser.visit("/app/", typing=ALICE)
    assert (page.user, page.prompts) == ("alice", 1)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("at", ["/logout", "/app/"])
def test_forget_request_leaves_a_live_session_alone(httpd, engine, at):
    start(httpd)
    browser = signed_in_browser(httpd, engine=engine)
    session = browser.cookie
    browser.run_forget_script(at)
    assert browser.cookie == session
    with_password = httpd.request("GET", "/app/", [cookie_in(browser), basic(ALICE)])
    assert (with_password.status, with_password.user) == (200, "alice")


@pytest.mark.parametrize("at", ["/logout", "/app/"])
def test_forget_request_arms_only_if_it_carries_credentials(httpd, at):
    start(httpd)
    browser = signed_in_browser(httpd)
    browser.submit("/logout")
    without = httpd.request("GET", at, [*FORGET, cookie_in(browser)])
    assert without.asks_for_password and without.set_cookie is None
    made_up = httpd.request("GET", at, [*FORGET, cookie_in(browser), basic(BOB.with_password("x"))])
    assert made_up.asks_for_password
    assert httpd.request("GET", "/app/", [cookie_of(made_up), basic(ALICE)]).user == "alice"


# ---- the pages


def test_administrators_page_takes_the_place_of_ours(httpd):
    httpd.write(httpd.scratch / "conf" / "bye.html",
                "<!doctype html><title>Bye</title><style nonce={{nonce}}></style>"
                '<p>{{realm}} says <a href="{{return_path}}">good-bye</a>.')
    start(httpd, more="AuthEpochPage signed-out conf/bye.html", zone='AuthName "R&D"')
    browser = signed_in_browser(httpd)
    page = browser.submit('/logout?return=/app/%3Fa=1%26b="')
    assert 'R&amp;D says <a href="/app/?a=1&amp;b=%22">good-bye</a>.' in page.text
    assert page.header("Content-Security-Policy")


@pytest.mark.parametrize("content, complaint", [
    ("<p>{{user_name}}</p>", r"line 1: \{\{user_name\}\} is not known in this page; known are .*"
                             r"\{\{return_path\}\}"),
    ("<p>\n{{realm\n", r"line 2: a placeholder begins with \{\{ and has no \}\}"),
    ("{{#realm}}<p>", r"line 1: the section \{\{#realm\}\} is never closed"),
    ("", "cannot be read, or is empty")])
def test_mistake_in_a_page_is_found_by_configtest(httpd, content, complaint):
    page = httpd.write(httpd.scratch / "conf" / "bye.html", content)
    users = httpd.write_password_file("users", ALICE)
    status, text = httpd.configtest(file_site(users, more="AuthEpochPage signed-out conf/bye.html"))
    assert status != 0
    assert re.search(f"AuthEpochPage .*{re.escape(str(page))}.*{complaint}", text), text


def test_page_that_is_missing_or_unknown_is_found_by_configtest(httpd):
    users = httpd.write_password_file("users", ALICE)
    status, text = httpd.configtest(file_site(users, more="AuthEpochPage sign-in conf/none.html"))
    assert status != 0 and "conf/none.html cannot be read" in text
    httpd.write(httpd.scratch / "conf" / "page.html", "<p>")
    status, text = httpd.configtest(file_site(users, more="AuthEpochPage goodbye conf/page.html"))
    assert status != 0
    assert "no page `goodbye`; the pages are signed-out, sign-in, confirm" in text
