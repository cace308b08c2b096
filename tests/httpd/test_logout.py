"""The logout handler: who may ask, what ends, what is answered."""

import re
from urllib.parse import quote

import pytest

from harness.people import ALICE, BOB
from harness.requests import FORGET, SAME_ORIGIN, basic, cookie_of
from harness.site import file_site
from harness.waiting import wait_until

ENGINES = ["chromium", "firefox"]
FORM = ("Content-Type", "application/x-www-form-urlencoded")
EVIL = "evil.example"


def start(httpd, logout="", zone="", more="", **options):
    users = httpd.write_password_file("users", ALICE, BOB)
    return httpd.start(file_site(users, logout=logout, zone=zone, more=more), **options)


def signed_in(httpd, person=ALICE, engine="chromium", https=False):
    browser = httpd.browser(engine, https)
    assert browser.visit("/", typing=person).user == person.user
    return browser


def is_signed_in(browser):
    page = browser.visit("/app/")
    return page.status == 200 and page.prompts == 0


def jar(browser):
    return ("Cookie", "=".join(browser.cookie))


def post(httpd, browser, *headers, target="/logout", body=b""):
    """A POST with the browser's cookie and password and no word on where it comes from."""
    return httpd.request("POST", target, [jar(browser), basic(ALICE), FORM, *headers], body)


def allowed(answer):
    return set(re.split(", *", answer.header("Allow"))) - {"TRACE"}  # httpd's own affair


def is_confirm_page(answer):
    return answer.status == 200 and '<form method="post"' in answer.text


# ---- the three responses


@pytest.mark.parametrize("engine", ENGINES)
def test_page_says_signed_out_and_shows_no_dialog(httpd, engine):
    start(httpd)
    browser = signed_in(httpd, engine=engine)
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
    browser = signed_in(httpd, engine=engine)
    asked = browser.submit("/logout?return=/reports/")
    assert asked.asks_for_password and asked.prompts == 1
    page = browser.typed(BOB)
    assert (page.status, page.user, page.event) == (200, "bob", "login")
    assert page.url == httpd.origin + "/reports/"
    assert len(browser.prompts) == 2  # the first login's and the logout's


def test_answer_to_the_logouts_challenge_is_verified_where_it_leads_and_not_before(httpd):
    start(httpd, "AuthEpochLogoutResponse challenge\nAuthEpochReturn /reports/")
    browser = signed_in(httpd)
    asked = post(httpd, browser, SAME_ORIGIN)
    assert asked.asks_for_password
    answer = httpd.request("POST", "/logout", [cookie_of(asked), basic(BOB), SAME_ORIGIN])
    assert (answer.status, answer.header("Location")) == (303, "/reports/")
    assert answer.set_cookie.value != asked.set_cookie.value
    assert httpd.request("GET", "/reports/", [cookie_of(answer), basic(BOB)]).user == "bob"


def test_challenge_answered_to_a_logout_without_password_logs_nobody_in_at_first(httpd):
    start(httpd, "AuthEpochLogoutResponse challenge")
    browser = signed_in(httpd)
    asked = httpd.request("POST", "/logout", [jar(browser), SAME_ORIGIN])
    assert asked.asks_for_password
    # The password may be the one that the browser had all along.
    assert httpd.request("GET", "/app/", [cookie_of(asked), basic(ALICE)]).status == 401
    again = httpd.request("POST", "/logout", [cookie_of(asked), basic(ALICE), SAME_ORIGIN])
    assert again.asks_for_password


def test_logout_everywhere_that_could_not_be_done_trusts_no_password_it_was_sent_with(httpd):
    start(httpd, "AuthEpochLogoutResponse challenge")
    browser = signed_in(httpd, engine="firefox")
    browser.clear_cookies()
    page = browser.submit("/logout?scope=all")
    assert page.challenge[0] == "Epoch" and browser.remembers_password()
    assert not is_signed_in(browser)


@pytest.mark.parametrize("engine", ENGINES)
def test_redirect_leads_to_its_path_and_signs_out(httpd, engine):
    start(httpd, "AuthEpochLogoutResponse redirect /public/index.html")
    browser = signed_in(httpd, engine=engine)
    page = browser.submit("/logout", follow=False)
    assert (page.status, page.header("Location")) == (303, "/public/index.html")
    assert page.header("Cache-Control") == "private, no-store"
    assert page.set_cookie.value
    assert not is_signed_in(browser)


def test_redirect_without_a_path_leads_to_the_return_path(httpd):
    start(httpd, "AuthEpochLogoutResponse redirect\nAuthEpochReturn /public/")
    browser = signed_in(httpd)
    assert browser.submit("/logout", follow=False).header("Location") == "/public/"


# ---- who may ask, by GET


def test_link_on_our_page_and_typed_address_log_out(httpd):
    start(httpd)
    for site in ("same-origin", "none"):
        browser = signed_in(httpd)
        page = browser.visit("/logout", site=site)
        assert page.status == 401 and "You are signed out" in page.text
        assert not is_signed_in(browser)


def test_get_that_need_not_be_a_persons_will_only_asks(httpd):
    start(httpd)
    browser = signed_in(httpd)
    session = browser.cookie
    asked = [browser.visit("/logout", site="cross-site"),
             browser.image("/logout"),
             browser.fetch("/logout"),
             browser.visit("/logout", headers=[("Sec-Purpose", "prefetch")]),
             browser.visit("/logout", headers=[("Sec-Purpose", "prefetch;prerender")]),
             httpd.request("GET", "/logout", [jar(browser), basic(ALICE)]),
             httpd.request("GET", "/logout", [jar(browser), basic(ALICE),
                                              ("Referer", httpd.origin + "/app/")])]
    for answer in asked:
        assert is_confirm_page(answer) and answer.set_cookie is None
        assert answer.header("Cache-Control") == "private, no-store"
    browser.image("/logout", site="cross-site")
    assert browser.cookie == session and is_signed_in(browser)


@pytest.mark.parametrize("scope", ["", "all", "others"])
def test_form_of_the_confirm_page_carries_out_what_was_asked_for(httpd, scope):
    start(httpd)
    browser, other = signed_in(httpd), signed_in(httpd)
    page = browser.visit("/logout?return=/reports/" + (f"&scope={scope}" if scope else ""),
                         site="cross-site")
    action = re.search(r'<form method="post" action="([^"]+)"', page.text)[1].replace("&amp;", "&")
    done = browser.submit(action, follow=False)
    if scope == "others":
        assert (done.status, done.header("Location")) == (303, "/reports/")
    else:
        assert done.status == 401 and 'href="/reports/"' in done.text
    assert is_signed_in(browser) is (scope == "others")
    assert is_signed_in(other) is (scope == "")


def test_confirm_asks_whoever_comes_by_get(httpd):
    start(httpd, "AuthEpochLogoutGet confirm")
    browser = signed_in(httpd)
    for site in ("same-origin", "none", "cross-site"):
        assert is_confirm_page(browser.visit("/logout", site=site))
    assert is_signed_in(browser)
    browser.submit("/logout")
    assert not is_signed_in(browser)


def test_get_off_takes_post_alone(httpd):
    start(httpd, "AuthEpochLogoutGet Off")
    browser = signed_in(httpd)
    for site in ("same-origin", "none"):
        page = browser.visit("/logout", site=site)
        assert page.status == 405 and allowed(page) == {"POST"}
    assert is_signed_in(browser)
    assert browser.submit("/logout").status == 401
    assert not is_signed_in(browser)


def test_other_methods_are_not_allowed_and_head_changes_nothing(httpd):
    start(httpd)
    browser = signed_in(httpd)
    headers = [jar(browser), basic(ALICE), SAME_ORIGIN]
    for method in ("PUT", "DELETE", "OPTIONS", "PROPFIND"):
        answer = httpd.request(method, "/logout", headers)
        assert answer.status == 405 and allowed(answer) == {"GET", "HEAD", "POST"}
    head = httpd.request("HEAD", "/logout", headers)
    assert (head.status, head.body) == (200, b"")
    assert is_signed_in(browser)


# ---- who may ask, by POST


def test_post_that_cannot_show_that_it_is_ours_leaves_the_session_alone(httpd):
    start(httpd)
    browser = signed_in(httpd)
    strangers = [[],
                 [("Sec-Fetch-Site", "cross-site")],
                 [("Sec-Fetch-Site", "same-site")],
                 [("Sec-Fetch-Site", "none")],
                 [("Sec-Fetch-Site", "cross-site"), ("Origin", httpd.origin)],
                 [("Origin", "null")],
                 [("Origin", f"http://{EVIL}")],
                 [("Origin", f"{httpd.origin}.{EVIL}")],
                 [("Origin", httpd.origin.replace("http:", "https:"))],
                 [("Origin", "http://localhost")],
                 [("Origin", f"http://{EVIL}"), ("Referer", httpd.origin + "/app/")],
                 [("Referer", f"http://{EVIL}/{httpd.origin}/")],
                 [("Referer", f"{httpd.origin}@{EVIL}/")]]
    for headers in strangers:
        answer = post(httpd, browser, *headers)
        assert answer.status == 403, headers
        assert answer.set_cookie is None
        assert answer.header("Content-Type") == "application/problem+json"
        assert answer.json["status"] == 403
    assert is_signed_in(browser)


def test_origin_or_referer_of_ours_is_enough_where_browsers_send_no_metadata(httpd):
    start(httpd)
    for headers in ([("Origin", httpd.origin)], [("Referer", httpd.origin + "/app/page?x=1")],
                    [("Origin", httpd.origin.upper().replace("HTTP", "http"))]):
        browser = signed_in(httpd)
        assert post(httpd, browser, *headers).status == 401
        assert not is_signed_in(browser)


def test_form_on_another_site_does_not_log_out(httpd):
    start(httpd)
    browser = signed_in(httpd)
    assert browser.submit("/logout", site="cross-site").status == 403
    assert is_signed_in(browser)


# ---- what ends


def test_scope_says_whose_sessions_end(httpd):
    start(httpd)
    for scope, this_lives, other_lives in (("this", False, True), ("others", True, False),
                                           ("all", False, False)):
        browser, other, bobs = signed_in(httpd), signed_in(httpd), signed_in(httpd, BOB)
        browser.submit("/logout", {"scope": scope})
        assert is_signed_in(browser) is this_lives
        assert is_signed_in(other) is other_lives
        assert is_signed_in(bobs)


def test_logging_out_the_other_browsers_leads_back_and_keeps_the_cookie(httpd):
    start(httpd)
    browser = signed_in(httpd)
    page = browser.submit("/logout?scope=others&return=/reports/", follow=False)
    assert (page.status, page.header("Location")) == (303, "/reports/")
    assert page.set_cookie is None and page.header("Clear-Site-Data") is None


def test_unknown_scope_is_refused_and_nothing_ends(httpd):
    start(httpd)
    browser = signed_in(httpd)
    for scope in ("everything", "ALL", "this,all", "<script>"):
        answer = browser.submit("/logout", {"scope": scope})
        assert answer.status == 400
        assert "`this`, `others` or `all`" in answer.json["detail"]
        assert "<script>" not in answer.text
        assert browser.visit("/logout?scope=" + quote(scope)).status == 400
    assert is_signed_in(browser)


def test_field_of_the_form_counts_over_the_query(httpd):
    start(httpd)
    browser, other = signed_in(httpd), signed_in(httpd)
    page = browser.submit("/logout?scope=all&return=/admin/",
                          {"scope": "this", "return": "/reports/"})
    assert 'href="/reports/"' in page.text and "/admin/" not in page.text
    assert is_signed_in(other) and not is_signed_in(browser)


def test_logging_out_everywhere_without_a_session_says_that_others_may_still_be_signed_in(httpd):
    start(httpd)
    other = signed_in(httpd)
    answer = httpd.request("POST", "/logout?scope=all", [basic(ALICE), SAME_ORIGIN])
    assert (answer.status, answer.challenge) == (401, ("Epoch", "Staff"))
    assert "You are signed out here" in answer.text
    assert is_signed_in(other)


def test_password_of_an_expired_session_is_enough_to_log_out_everywhere(httpd):
    start(httpd, more='<Location "/admin">\nAuthEpochMaxAge 1s\n</Location>')
    browser, other = signed_in(httpd), signed_in(httpd)
    old = jar(browser)
    wait_until(lambda: httpd.request("GET", "/admin/", [old, basic(ALICE)]).status == 401,
               "the session is too old for the admin area")
    nobodys = httpd.request("POST", "/logout?scope=all",
                            [old, basic(ALICE.with_password("wrong")), SAME_ORIGIN])
    assert "You are signed out here" in nobodys.text and is_signed_in(other)
    alices = httpd.request("POST", "/logout?scope=all", [old, basic(ALICE), SAME_ORIGIN])
    assert "You are signed out<" in alices.text
    assert not is_signed_in(other)


def test_logging_out_twice_is_fine(httpd):
    start(httpd)
    browser = signed_in(httpd)
    old = jar(browser)
    for _ in range(3):
        page = browser.submit("/logout")
        assert page.status == 401 and "You are signed out" in page.text
    late = httpd.request("POST", "/logout", [old, basic(ALICE), SAME_ORIGIN])
    assert late.status == 401 and "You are signed out" in late.text
    stranger = httpd.request("POST", "/logout", [SAME_ORIGIN])
    assert stranger.status == 401 and "You are signed out" in stranger.text
    assert not is_signed_in(browser)


def test_logout_with_the_cookie_from_before_the_login_ends_that_login(httpd):
    start(httpd)
    challenged = httpd.request("GET", "/app/")
    login = httpd.request("GET", "/app/", [cookie_of(challenged), basic(ALICE)])
    httpd.request("POST", "/logout", [cookie_of(challenged), basic(ALICE), SAME_ORIGIN])
    for cookie in (cookie_of(login), cookie_of(challenged)):
        assert httpd.request("GET", "/app/", [cookie, basic(ALICE)]).status == 401


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
    browser = signed_in(httpd)
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
        browser = signed_in(httpd, https=https)
        assert browser.submit("/logout").header("Clear-Site-Data") == field
    # Browsers ignore it over plain http from anywhere else.
    host = ("Host", f"intranet.test:{httpd.port}")
    elsewhere = httpd.request("POST", "/logout", [host, SAME_ORIGIN])
    assert elsewhere.status == 401 and elsewhere.header("Clear-Site-Data") is None


def test_pages_run_only_what_carries_the_nonce_of_this_answer(httpd):
    start(httpd)
    browser = signed_in(httpd)
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


# ---- forms of every kind


def test_form_that_is_too_long_is_refused_and_nothing_ends(httpd):
    start(httpd)
    browser = signed_in(httpd)
    with httpd.connection() as connection:
        headers = [jar(browser), basic(ALICE), SAME_ORIGIN, FORM]
        huge = connection.request("POST", "/logout", headers, b"return=/" + b"a" * 20000)
        assert huge.status == 413
    fields = "&".join(f"a{i}=b" for i in range(100)).encode()
    assert httpd.request("POST", "/logout", headers, fields).status == 413
    assert is_signed_in(browser)


def test_form_in_chunks_is_read(httpd):
    start(httpd)
    browser, other = signed_in(httpd), signed_in(httpd)
    chunks = b"5\r\nscope\r\n4\r\n=all\r\n0\r\n\r\n"
    with httpd.connection() as connection:
        connection.send("POST", "/logout", [jar(browser), basic(ALICE), SAME_ORIGIN, FORM,
                                            ("Transfer-Encoding", "chunked")])
        connection.send_raw(chunks)
        assert connection.receive("POST").status == 401
        assert connection.request("GET", "/public/").status == 200
    assert not is_signed_in(other)


def test_body_that_is_no_form_is_refused_and_not_half_obeyed(httpd):
    start(httpd)
    browser, other = signed_in(httpd), signed_in(httpd)
    with httpd.connection() as connection:
        for content_type in ("application/json", "multipart/form-data; boundary=x", ""):
            fields = [("Content-Type", content_type)] if content_type else []
            answer = connection.request("POST", "/logout", [
                jar(browser), basic(ALICE), SAME_ORIGIN, *fields], b'{"scope": "all"}&scope=all')
            assert answer.status == 415 and "form" in answer.json["detail"]
        assert connection.request("GET", "/public/").status == 200
    assert is_signed_in(other) and is_signed_in(browser)


def test_connection_stays_in_step_after_a_refused_post(httpd):
    start(httpd)
    browser = signed_in(httpd)
    body = b"GET /public/ HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20
    with httpd.connection() as connection:
        for target, headers, status in (
                ("/logout", [jar(browser), FORM], 403),
                ("/logout", [*FORGET, FORM], 401),
                ("/app/", [basic(ALICE), FORM, ("Sec-Fetch-Site", "cross-site")], 403),
                ("/app/", [FORM], 401)):
            assert connection.request("POST", target, headers, body).status == status
            page = connection.request("GET", "/public/index.html")
            assert page.status == 200 and "This is public/index.html" in page.text


# ---- what the pages' script does


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("at", ["/logout", "/app/"])
def test_script_of_the_signed_out_page_makes_the_browser_forget(httpd, engine, at):
    start(httpd)
    browser = signed_in(httpd, engine=engine)
    browser.submit("/logout")
    forgotten = browser.run_forget_script(at)
    assert forgotten.asks_for_password and not browser.remembers_password()
    page = browser.visit("/app/", typing=ALICE)
    assert (page.user, page.prompts) == ("alice", 1)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("at", ["/logout", "/app/"])
def test_forget_request_leaves_a_live_session_alone(httpd, engine, at):
    start(httpd)
    browser = signed_in(httpd, engine=engine)
    session = browser.cookie
    browser.run_forget_script(at)
    assert browser.cookie == session
    with_password = httpd.request("GET", "/app/", [jar(browser), basic(ALICE)])
    assert (with_password.status, with_password.user) == (200, "alice")


@pytest.mark.parametrize("at", ["/logout", "/app/"])
def test_forget_request_arms_only_if_it_carries_credentials(httpd, at):
    start(httpd)
    browser = signed_in(httpd)
    browser.submit("/logout")
    without = httpd.request("GET", at, [*FORGET, jar(browser)])
    assert without.asks_for_password and without.set_cookie is None
    made_up = httpd.request("GET", at, [*FORGET, jar(browser), basic(BOB.with_password("x"))])
    assert made_up.asks_for_password
    assert httpd.request("GET", "/app/", [cookie_of(made_up), basic(ALICE)]).user == "alice"


# ---- the pages, and what else is in the configuration


def test_administrators_page_takes_the_place_of_ours(httpd):
    httpd.write(httpd.scratch / "conf" / "bye.html",
                "<!doctype html><title>Bye</title><style nonce={{nonce}}></style>"
                '<p>{{realm}} says <a href="{{return_path}}">good-bye</a>.')
    start(httpd, more="AuthEpochPage signed-out conf/bye.html", zone='AuthName "R&D"')
    browser = signed_in(httpd)
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


def test_logout_of_one_zone_leaves_the_other_zones_alone(httpd):
    users = httpd.write_password_file("users", ALICE)
    httpd.start(file_site(users, more=f"""
<Location "/admin">
    AuthName "Administration"
</Location>
<Location "/admin/logout">
    SetHandler auth-epoch-logout
    Require all granted
</Location>"""))
    browser = httpd.browser()
    browser.visit("/app/", typing=ALICE)
    browser.visit("/admin/", typing=ALICE)
    browser.submit("/admin/logout?scope=all")
    assert browser.visit("/app/").user == "alice"
    assert browser.visit("/admin/").status == 401


def test_upload_that_is_refused_is_not_invited_first(httpd):
    start(httpd)
    with httpd.connection() as connection:
        connection.send_raw(b"POST /app/ HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                            b"Sec-Fetch-Dest: empty\r\nContent-Length: 50\r\n"
                            b"Authorization: Basic YWxpY2U6d29uZGVybGFuZA==\r\n\r\n")
        # Not by receive(), which passes over a `100 Continue`.
        assert connection.receive_raw(12) == b"HTTP/1.1 403"


def test_page_of_a_host_named_by_its_ipv6_address_may_log_out(httpd):
    start(httpd)
    host = ("Host", f"[::1]:{httpd.port}")
    challenged = httpd.request("GET", "/app/", [host])
    session = httpd.request("GET", "/app/", [host, basic(ALICE), cookie_of(challenged)])
    out = httpd.request("POST", "/logout", [host, cookie_of(session),
                                            ("Origin", f"http://[::1]:{httpd.port}")])
    assert out.status == 401 and out.set_cookie
