"""The handler auth-epoch-status: one's own session as JSON, and the script that asks for it."""

import stat

import pytest

from harness.people import ALICE, BOB
from harness.requests import (FORGET, NAVIGATION, SCRIPT, basic, cookie_in, cookie_of,
                              fetch_metadata, log_out, new_session, sign_in, signed_in_browser)
from harness.site import is_unavailable, section, start_file_site
from harness.waiting import wait_until

STATUS = section("SetHandler auth-epoch-status\nRequire all granted", "/session")


def start(httpd, more="", **options):
    start_file_site(httpd, ALICE, BOB, more=STATUS + more, **options)


def ask(httpd, *headers, path="/session", method="GET"):
    return httpd.request(method, path, [*SCRIPT, *headers])


def told(httpd, *headers, **options):
    answer = ask(httpd, *headers, **options)
    assert answer.status == 200 and answer.set_cookie is None
    assert answer.header("Content-Type") == "application/json"
    assert answer.header("Cache-Control") == "private, no-store"
    return answer.json


# ---- what is told


@pytest.mark.smoke
@pytest.mark.every_mpm
def test_a_live_session_is_told_how_long_it_lasts(httpd):
    start(httpd, zone="AuthEpochIdleTimeout 8min\nAuthEpochMaxAge 1h")
    status = told(httpd, new_session(httpd))
    assert status.keys() == {"state", "idle_seconds_left", "absolute_seconds_left", "person"}
    assert status["state"] == "live"
    assert 0 < status["idle_seconds_left"] <= 9 * 60
    assert 0 < status["absolute_seconds_left"] <= 60 * 60


def test_who_has_no_session_is_told_so(httpd):
    start(httpd)
    challenge = cookie_of(httpd.request("GET", "/app/"))
    assert told(httpd) == told(httpd, challenge) == {"state": "none"}
    assert told(httpd, basic(ALICE)) == {"state": "none"}, "a password is not looked at"


def test_an_ended_session_is_told_why(httpd):
    start(httpd)
    first, second = new_session(httpd), new_session(httpd)
    log_out(httpd, first)
    assert told(httpd, first) == {"state": "ended", "reason": "logged-out"}
    log_out(httpd, second, "/logout?scope=all")
    assert told(httpd, second)["state"] == "ended"
    third = new_session(httpd)
    assert httpd.request("GET", "/app/", [basic(BOB), third]).event == "login"
    assert told(httpd, third) == {"state": "ended", "reason": "superseded"}


def test_the_word_for_a_person_tells_people_apart_and_names_nobody(httpd):
    start(httpd)
    alices = [told(httpd, new_session(httpd)) for _ in range(2)]
    bobs = told(httpd, new_session(httpd, BOB))
    assert alices[0]["person"] == alices[1]["person"] != bobs["person"]
    assert "alice" not in str(alices[0])


@pytest.mark.every_mpm
def test_asking_does_not_keep_the_session_alive(httpd):
    start(httpd, zone="AuthEpochIdleTimeout 2s")
    session = new_session(httpd)
    seen = []

    def over():
        status = told(httpd, session, basic(ALICE))
        seen.append(status.get("idle_seconds_left"))
        return status if status["state"] != "live" else None

    assert wait_until(over, "the session is over") == {"state": "ended", "reason": "idle-timeout"}
    assert seen[:-1] == sorted(seen[:-1], reverse=True), "no answer gives more time than before"
    assert httpd.request("GET", "/app/", [basic(ALICE), session]).status == 401


def test_a_request_gives_more_time(httpd):
    start(httpd, zone="AuthEpochIdleTimeout 8s")
    login = sign_in(httpd)
    session = cookie_of(login)

    def left():
        return told(httpd, session)["idle_seconds_left"]

    wait_until(lambda: left() <= 6, "some of the time has passed")
    assert httpd.request("GET", "/app/", [basic(ALICE), session]).event == "admit"
    # Each process writes what it has seen every second at the latest.
    wait_until(lambda: left() > 6, "all processes know of the request")


def test_a_store_that_cannot_be_read_ends_nothing(httpd):
    start(httpd)
    session = new_session(httpd)
    httpd.expect_log("the store cannot answer")
    httpd.expect_log(str(httpd.store))
    mode = stat.S_IMODE(httpd.store.stat().st_mode)
    httpd.store.chmod(0)
    httpd.kill_children()
    answer = ask(httpd, session)
    assert is_unavailable(answer) and answer.challenge is None and answer.set_cookie is None
    assert answer.header("Content-Type") == "application/problem+json"
    assert str(httpd.store) not in answer.text
    httpd.store.chmod(mode)
    wait_until(lambda: ask(httpd, session).status == 200, "the store answers")
    assert told(httpd, session)["state"] == "live"


# ---- who may ask, and how


def test_other_sites_are_refused(httpd):
    start(httpd)
    session = new_session(httpd)
    for site in ("cross-site", "same-site"):
        for mode, destination in (("cors", "empty"), ("no-cors", "image"), ("navigate", "document")):
            answer = httpd.request("GET", "/session",
                                   [session, *fetch_metadata(site, mode, destination)])
            assert (answer.status, answer.set_cookie) == (403, None)
            assert answer.header("Content-Type") == "application/problem+json"
    assert httpd.request("GET", "/session", [session, ("Origin", "http://evil.example")]).status == 403


def test_our_pages_typed_addresses_and_old_browsers_are_answered(httpd):
    start(httpd)
    session = new_session(httpd)
    for headers in (SCRIPT, NAVIGATION, fetch_metadata("none", "navigate", "document"), [],
                    [("Origin", httpd.origin)], [("Referer", httpd.origin + "/app/")]):
        answer = httpd.request("GET", "/session", [session, *headers])
        assert (answer.status, answer.json["state"]) == (200, "live")


def test_nothing_that_is_asked_here_prompts(httpd):
    start(httpd)
    ended = new_session(httpd)
    log_out(httpd, ended)
    for headers in ([], [basic(ALICE)], [basic(ALICE.mistyped)], [ended],
                    [ended, basic(ALICE)], FORGET, [*FORGET, basic(ALICE)],
                    fetch_metadata("cross-site", "cors", "empty")):
        for path in ("/session", "/session/watch.js", "/session/else"):
            for method in ("GET", "POST"):
                answer = httpd.request(method, path, headers)
                assert answer.challenge is None and answer.set_cookie is None
                assert answer.status in (200, 403, 404, 405)


@pytest.mark.parametrize("engine", ["chromium", "firefox"])
def test_a_page_may_ask_whatever_the_browser_remembers(httpd, engine):
    start(httpd)
    browser = signed_in_browser(httpd, engine=engine)
    assert browser.fetch("/session").json["state"] == "live"
    browser.submit("/logout")
    browser.run_forget_script("/logout")
    asked = browser.fetch("/session")
    assert (asked.status, asked.prompts, asked.json) == (200, 0, {"state": "none"})
    assert browser.visit("/app/", typing=ALICE).prompts == 1
    assert httpd.request("GET", "/session", [cookie_in(browser)]).json["state"] == "live"


def test_only_get_and_head_are_answered(httpd):
    start(httpd)
    session = new_session(httpd)
    for path in ("/session", "/session/watch.js"):
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            refused = ask(httpd, session, path=path, method=method)
            assert (refused.status, "GET" in refused.header("Allow")) == (405, True)
        head = ask(httpd, session, path=path, method="HEAD")
        assert (head.status, head.body) == (200, b"")


# ---- where it stands


def test_what_follows_the_location_says_what_is_asked_for(httpd):
    start(httpd)
    assert told(httpd, path="/session/") == told(httpd, path="/session?x=1") == {"state": "none"}
    for path in ("/session/other", "/session/watch.js/", "/session/watch.jsx", "/session//x"):
        assert ask(httpd, path=path).status == 404


def test_what_the_url_is_mapped_to_does_not_matter(httpd):
    httpd.write("application.cgi", "# an application")
    httpd.write("real/session", "a file of that name")
    start(httpd, 'Alias "/wsgi" "${SCRATCH}/htdocs/application.cgi"\n'
          + "".join(section("SetHandler auth-epoch-status\nRequire all granted", path)
                    for path in ("/wsgi/session/", "/real/session")))
    for path in ("/wsgi/session", "/real/session"):
        script = ask(httpd, path=f"{path}/watch.js")
        assert (script.status, "watchSession" in script.text) == (200, True)
    assert told(httpd, path="/wsgi/session/") == {"state": "none"}


def test_each_area_tells_of_its_own_zone(httpd):
    users = httpd.write_password_file("others", BOB)
    start(httpd, section(f'AuthName "Other"\nAuthUserFile "{users}"', "/reports")
          + section("SetHandler auth-epoch-status\nRequire all granted", "/reports/session"))
    session = new_session(httpd)
    assert told(httpd, session)["state"] == "live"
    assert told(httpd, session, path="/reports/session")["state"] == "none"


def test_in_an_htaccess_file_it_is_an_error_in_the_log(httpd):
    httpd.start("")
    httpd.write("app/.htaccess", "SetHandler auth-epoch-status\n")
    httpd.expect_log("the status URL /app/.* must stand in a <Location>")
    assert httpd.request("GET", "/app/").status == 500


# ---- the script


def test_the_script_is_a_module_that_any_cache_may_keep(httpd):
    start(httpd, zone="AuthEpochNoStore On\nAuthEpochStrip cookie authorization")
    script = ask(httpd, new_session(httpd), basic(ALICE), path="/session/watch.js")
    assert script.status == 200 and script.set_cookie is None
    assert script.header("Content-Type") == "text/javascript; charset=utf-8"
    assert script.header("Cache-Control") == "public, max-age=3600"
    assert script.header("X-Content-Type-Options") == "nosniff"
    assert "export function watchSession" in script.text
    known = [("If-None-Match", script.header("ETag"))]
    assert ask(httpd, *known, path="/session/watch.js").status == 304
    assert ask(httpd, ("If-None-Match", '"other"'), path="/session/watch.js").status == 200
