"""The logout handler: who may ask, and what ends."""

import re
from urllib.parse import quote

import pytest

from harness.people import ALICE, BOB
from harness.requests import (FORGET, FORM, SAME_ORIGIN, basic, cookie_in, cookie_of, is_signed_in,
                              sign_in, signed_in_browser)
from harness.site import is_confirm_page, start_file_site
from harness.waiting import wait_until

EVIL = "evil.example"


def start(httpd, logout="", **options):
    return start_file_site(httpd, ALICE, BOB, logout=logout, **options)


def post(httpd, browser, *headers):
    """With the browser's cookie and password, and no word of its own on where it comes from."""
    return httpd.request("POST", "/logout", [cookie_in(browser), basic(ALICE), FORM, *headers])


def allowed(answer):
    return set(re.split(", *", answer.header("Allow"))) - {"TRACE"}  # httpd's own affair


# ---- who may ask, by GET


def test_link_on_our_page_and_typed_address_log_out(httpd):
    start(httpd)
    for site in ("same-origin", "none"):
        browser = signed_in_browser(httpd)
        page = browser.visit("/logout", site=site)
        assert page.status == 401 and "You are signed out" in page.text
        assert not is_signed_in(browser)


def test_get_that_need_not_be_a_persons_will_only_asks(httpd):
    start(httpd)
    browser = signed_in_browser(httpd)
    session = browser.cookie
    asked = [browser.visit("/logout", site="cross-site"),
             browser.image("/logout"),
             browser.fetch("/logout"),
             browser.visit("/logout", headers=[("Sec-Purpose", "prefetch")]),
             browser.visit("/logout", headers=[("Sec-Purpose", "prefetch;prerender")]),
             httpd.request("GET", "/logout", [cookie_in(browser), basic(ALICE)]),
             httpd.request("GET", "/logout", [cookie_in(browser), basic(ALICE),
                                              ("Referer", httpd.origin + "/app/")])]
    for answer in asked:
        assert is_confirm_page(answer) and answer.set_cookie is None
        assert answer.header("Cache-Control") == "private, no-store"
    browser.image("/logout", site="cross-site")
    assert browser.cookie == session and is_signed_in(browser)


@pytest.mark.parametrize("scope", ["", "all", "others"])
def test_form_of_the_confirm_page_carries_out_what_was_asked_for(httpd, scope):
    start(httpd)
    browser, other = signed_in_browser(httpd), signed_in_browser(httpd)
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
    browser = signed_in_browser(httpd)
    for site in ("same-origin", "none", "cross-site"):
        assert is_confirm_page(browser.visit("/logout", site=site))
    assert is_signed_in(browser)
    browser.submit("/logout")
    assert not is_signed_in(browser)


def test_get_off_takes_post_alone(httpd):
    start(httpd, "AuthEpochLogoutGet Off")
    browser = signed_in_browser(httpd)
    for site in ("same-origin", "none"):
        page = browser.visit("/logout", site=site)
        assert page.status == 405 and allowed(page) == {"POST"}
    assert is_signed_in(browser)
    assert browser.submit("/logout").status == 401
    assert not is_signed_in(browser)


def test_other_methods_are_not_allowed_and_head_changes_nothing(httpd):
    start(httpd)
    browser = signed_in_browser(httpd)
    headers = [cookie_in(browser), basic(ALICE), SAME_ORIGIN]
    for method in ("PUT", "DELETE", "OPTIONS", "PROPFIND"):
        answer = httpd.request(method, "/logout", headers)
        assert answer.status == 405 and allowed(answer) == {"GET", "HEAD", "POST"}
    head = httpd.request("HEAD", "/logout", headers)
    assert (head.status, head.body) == (200, b"")
    assert is_signed_in(browser)


# ---- who may ask, by POST


def test_post_that_cannot_show_that_it_is_ours_leaves_the_session_alone(httpd):
    start(httpd)
    browser = signed_in_browser(httpd)
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
        browser = signed_in_browser(httpd)
        assert post(httpd, browser, *headers).status == 401
        assert not is_signed_in(browser)


def test_form_on_another_site_does_not_log_out(httpd):
    start(httpd)
    browser = signed_in_browser(httpd)
    assert browser.submit("/logout", site="cross-site").status == 403
    assert is_signed_in(browser)


def test_page_of_a_host_named_by_its_ipv6_address_may_log_out(httpd):
    start(httpd)
    host = ("Host", f"[::1]:{httpd.port}")
    session = cookie_of(sign_in(httpd, headers=[host]))
    ours = ("Origin", f"http://[::1]:{httpd.port}")
    out = httpd.request("POST", "/logout", [host, session, ours])
    assert out.status == 401 and out.set_cookie


# ---- what ends


def test_scope_says_whose_sessions_end(httpd):
    start(httpd)
    for scope, this_lives, other_lives in (("this", False, True), ("others", True, False),
                                           ("all", False, False)):
        browser, other, bobs = (signed_in_browser(httpd, each) for each in (ALICE, ALICE, BOB))
        browser.submit("/logout", {"scope": scope})
        assert is_signed_in(browser) is this_lives
        assert is_signed_in(other) is other_lives
        assert is_signed_in(bobs)


def test_logging_out_the_other_browsers_leads_back_and_keeps_the_cookie(httpd):
    start(httpd)
    browser = signed_in_browser(httpd)
    page = browser.submit("/logout?scope=others&return=/reports/", follow=False)
    assert (page.status, page.header("Location")) == (303, "/reports/")
    assert page.set_cookie is None and page.header("Clear-Site-Data") is None


def test_unknown_scope_is_refused_and_nothing_ends(httpd):
    start(httpd)
    browser = signed_in_browser(httpd)
    for scope in ("everything", "ALL", "this,all", "<script>"):
        answer = browser.submit("/logout", {"scope": scope})
        assert answer.status == 400
        assert "`this`, `others` or `all`" in answer.json["detail"]
        assert "<script>" not in answer.text
        assert browser.visit("/logout?scope=" + quote(scope)).status == 400
    assert is_signed_in(browser)


def test_field_of_the_form_counts_over_the_query(httpd):
    start(httpd)
    browser, other = signed_in_browser(httpd), signed_in_browser(httpd)
    page = browser.submit("/logout?scope=all&return=/admin/",
                          {"scope": "this", "return": "/reports/"})
    assert 'href="/reports/"' in page.text and "/admin/" not in page.text
    assert is_signed_in(other) and not is_signed_in(browser)


def test_logging_out_everywhere_without_a_session_says_that_others_may_still_be_signed_in(httpd):
    start(httpd)
    other = signed_in_browser(httpd)
    answer = httpd.request("POST", "/logout?scope=all", [basic(ALICE), SAME_ORIGIN])
    assert (answer.status, answer.challenge) == (401, ("Epoch", "Staff"))
    assert "You are signed out here" in answer.text
    assert is_signed_in(other)


def test_password_of_an_expired_session_is_enough_to_log_out_everywhere(httpd):
    start(httpd, more='<Location "/admin">\nAuthEpochMaxAge 1s\n</Location>')
    browser, other = signed_in_browser(httpd), signed_in_browser(httpd)
    old = cookie_in(browser)
    wait_until(lambda: httpd.request("GET", "/admin/", [old, basic(ALICE)]).status == 401,
               "the session is too old for the admin area")
    nobodys = httpd.request("POST", "/logout?scope=all",
                            [old, basic(ALICE.mistyped), SAME_ORIGIN])
    assert "You are signed out here" in nobodys.text and is_signed_in(other)
    alices = httpd.request("POST", "/logout?scope=all", [old, basic(ALICE), SAME_ORIGIN])
    assert "You are signed out<" in alices.text
    assert not is_signed_in(other)


def test_logging_out_twice_is_fine(httpd):
    start(httpd)
    browser = signed_in_browser(httpd)
    old = cookie_in(browser)
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


def test_logout_of_one_zone_leaves_the_other_zones_alone(httpd):
    start(httpd, more="""
<Location "/admin">
    AuthName "Administration"
</Location>
<Location "/admin/logout">
    SetHandler auth-epoch-logout
    Require all granted
</Location>""")
    browser = httpd.browser()
    browser.visit("/app/", typing=ALICE)
    browser.visit("/admin/", typing=ALICE)
    browser.submit("/admin/logout?scope=all")
    assert browser.visit("/app/").user == "alice"
    assert browser.visit("/admin/").status == 401


# ---- forms of every kind


def test_form_that_is_too_long_is_refused_and_nothing_ends(httpd):
    start(httpd)
    browser = signed_in_browser(httpd)
    with httpd.connection() as connection:
        headers = [cookie_in(browser), basic(ALICE), SAME_ORIGIN, FORM]
        huge = connection.request("POST", "/logout", headers, b"return=/" + b"a" * 20000)
        assert huge.status == 413
    fields = "&".join(f"a{i}=b" for i in range(100)).encode()
    assert httpd.request("POST", "/logout", headers, fields).status == 413
    assert is_signed_in(browser)


def test_form_in_chunks_is_read(httpd):
    start(httpd)
    browser, other = signed_in_browser(httpd), signed_in_browser(httpd)
    chunks = b"5\r\nscope\r\n4\r\n=all\r\n0\r\n\r\n"
    with httpd.connection() as connection:
        connection.send("POST", "/logout", [cookie_in(browser), basic(ALICE), SAME_ORIGIN, FORM,
                                            ("Transfer-Encoding", "chunked")])
        connection.send_raw(chunks)
        assert connection.receive("POST").status == 401
        assert connection.request("GET", "/public/").status == 200
    assert not is_signed_in(other)


def test_body_that_is_no_form_is_refused_and_not_half_obeyed(httpd):
    start(httpd)
    browser, other = signed_in_browser(httpd), signed_in_browser(httpd)
    with httpd.connection() as connection:
        for content_type in ("application/json", "multipart/form-data; boundary=x", ""):
            fields = [("Content-Type", content_type)] if content_type else []
            answer = connection.request(
                "POST", "/logout", [cookie_in(browser), basic(ALICE), SAME_ORIGIN, *fields],
                b'{"scope": "all"}&scope=all')
            assert answer.status == 415 and "form" in answer.json["detail"]
        assert connection.request("GET", "/public/").status == 200
    assert is_signed_in(other) and is_signed_in(browser)


def test_connection_stays_in_step_after_a_refused_post(httpd):
    start(httpd)
    browser = signed_in_browser(httpd)
    body = b"GET /public/ HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20
    with httpd.connection() as connection:
        for target, headers, status in (
                ("/logout", [cookie_in(browser), FORM], 403),
                ("/logout", [*FORGET, FORM], 401),
                ("/app/", [basic(ALICE), FORM, ("Sec-Fetch-Site", "cross-site")], 403),
                ("/app/", [FORM], 401)):
            assert connection.request("POST", target, headers, body).status == status
            page = connection.request("GET", "/public/index.html")
            assert page.status == 200 and "This is public/index.html" in page.text


def test_upload_that_is_refused_is_not_invited_first(httpd):
    start(httpd)
    with httpd.connection() as connection:
        connection.send_raw(b"POST /app/ HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                            b"Sec-Fetch-Dest: empty\r\nContent-Length: 50\r\n"
                            b"Authorization: Basic YWxpY2U6d29uZGVybGFuZA==\r\n\r\n")
        # Not by receive(), which passes over a `100 Continue`.
        assert connection.receive_raw(12) == b"HTTP/1.1 403"
