"""The handler auth-epoch-sessions: people see their own sessions in the zone, and end them."""

import datetime
import re

import pytest

from harness.audit import FILE, AuditLog
from harness.browser import ENGINES
from harness.error_log import HTTPDS_OWN, WRONG_PASSWORD
from harness.page_client import FIREFOX, JSON, PageClient, ids_of, notice_in, token_in
from harness.people import ALICE, BOB, Person
from harness.requests import (CLOSE, CROSS_SITE_LINK, FORM, NAVIGATION, SAME_ORIGIN, SCRIPT, basic,
                              cookie_in, cookie_of, is_signed_in, log_out, signed_in_browser)
from harness.site import is_unavailable, ldap_site, start_file_site
from harness.waiting import wait_until

SESSIONS = '<Location "/sessions">\n    SetHandler auth-epoch-sessions\n    {}\n</Location>\n'
CHROME = ("User-Agent", "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
          "Chrome/126.0.0.0 Mobile Safari/537.36")
CURL = ("User-Agent", "curl/8.5.0")


def start(httpd, *people, sessions="", more="", **options):
    start_file_site(httpd, *(people or (ALICE, BOB)), more=SESSIONS.format(sessions) + more,
                    **options)


# ---- what is shown


@pytest.mark.every_mpm
@pytest.mark.smoke
def test_people_see_their_own_sessions_and_this_one_first(httpd):
    start(httpd)
    phone = PageClient(httpd, agent=CHROME)
    PageClient(httpd, BOB, CURL)
    here = PageClient(httpd, agent=FIREFOX)
    page = here.get()
    assert (page.status, page.header("Content-Type")) == (200, "text/html; charset=utf-8")
    assert page.header("Cache-Control") == "private, no-store"
    headings = re.findall(r"<h2>(.*?)</h2>", page.text)
    assert headings == ['Firefox on Linux <span class="badge">This browser</span>',
                        "Chrome on Android"]
    assert page.text.count("<dd>127.0.0.1</dd>") == 2
    assert f'value="{phone.id}"' in page.text and f'value="{here.id}"' in page.text
    assert here.cookie[1].split("=", 1)[1] not in page.text


def test_json_says_the_same_for_programs(httpd):
    start(httpd)
    here = PageClient(httpd)
    there = PageClient(httpd, agent=CURL)
    answer = here.list()
    assert set(answer) == {"sessions", "token", "next"} and answer["next"] is None
    mine, other = answer["sessions"]
    assert (mine["current"], mine["browser"], mine["system"]) == (True, "Firefox", "Linux")
    assert (other["current"], other["browser"], other["system"]) == (False, "curl", None)
    assert other["session"] == there.id and other["user_agent"] == CURL[1]
    assert other["address"] == "127.0.0.1"
    signed_in, expires = (datetime.datetime.fromisoformat(other[name].replace("Z", "+00:00"))
                          for name in ("signed_in", "expires"))
    assert expires - signed_in == datetime.timedelta(hours=12)
    assert other["last_seen"] >= other["signed_in"]


@pytest.mark.parametrize("accept, is_json", [
    (None, False), ("*/*", False), ("application/json", True),
    ("text/html,application/xhtml+xml,*/*;q=0.8", False), ("application/json, text/html", False),
    ("text/html;q=0.8, application/json;q=0.9", True)])
def test_json_is_for_those_who_prefer_it(httpd, accept, is_json):
    start(httpd)
    page = PageClient(httpd).get(headers=[("Accept", accept)] if accept else [])
    assert page.header("Content-Type").startswith("application/json" if is_json else "text/html")


def test_what_is_over_is_not_shown(httpd):
    start(httpd)
    gone = PageClient(httpd)
    here = PageClient(httpd)
    log_out(httpd, gone.cookie)
    assert ids_of(here.list()) == [here.id]


def test_another_zone_has_a_list_of_its_own(httpd):
    other = '<Location "/other">\nAuthName "Other"\n</Location>\n'
    httpd.write("other/index.html", "<title>other</title>")
    start(httpd, more=other + SESSIONS.format("").replace("/sessions", "/other/sessions"))
    here = PageClient(httpd)
    there = PageClient(httpd, path="/other/")
    assert ids_of(here.list()) == [here.id]
    elsewhere = there.get("/other/sessions", [JSON]).json
    assert len(elsewhere["sessions"]) == 1 and ids_of(elsewhere) != [here.id]
    # And this list's token is worth nothing there.
    refused = httpd.request("POST", "/other/sessions",
                            [basic(ALICE), there.cookie, FORM, SAME_ORIGIN, JSON],
                            f"action=all&token={here.token}")
    assert refused.status == 403 and here.is_live and there.get("/other/").status == 200


def test_spellings_that_the_directory_takes_for_one_person_share_a_list(httpd, slapd):
    httpd.start(ldap_site(slapd, more=SESSIONS.format("")))
    here = PageClient(httpd)
    there = PageClient(httpd, Person("Alice", ALICE.password))
    bob = PageClient(httpd, BOB)
    assert ids_of(here.list()) == [here.id, there.id] and ids_of(bob.list()) == [bob.id]
    assert there.act("end", here.id).header("Location") == "/sessions?done=end"
    assert not here.is_live and there.is_live


def test_many_sessions_come_in_pages(httpd):
    start(httpd, zone="AuthEpochMaxSessions 200")
    here = PageClient(httpd)
    with httpd.connection() as connection:
        for _ in range(101):
            challenged = connection.request("GET", "/app/")
            answered = connection.request("GET", "/app/", [basic(ALICE), cookie_of(challenged)])
            assert answered.status == 200
    first = here.list()
    assert len(first["sessions"]) == 100 and first["next"]
    second = here.get(f"/sessions?from={first['next']}", [JSON]).json
    assert len(second["sessions"]) == 2 and second["next"] is None
    assert not set(ids_of(first)) & set(ids_of(second))
    assert f'href="/sessions?from={first["next"]}"' in here.get().text
    # What somebody makes up, or brings from another list, begins anew.
    for made_up in ("x", "%00", "a" * 400, "..%2f"):
        assert ids_of(here.get(f"/sessions?from={made_up}", [JSON]).json) == ids_of(first)
    last = second["sessions"][-1]["session"]
    assert here.act("end", last).header("Location") == "/sessions?done=end"
    assert here.act("others").status == 303
    assert ids_of(here.list()) == [here.id]


def test_nothing_that_a_client_says_becomes_markup(httpd):
    eve = Person("<script>alert(1)</script>", "secret")
    start(httpd, eve)
    agent = ("User-Agent", '"><img src=x onerror=alert(2)>')
    page = PageClient(httpd, eve, agent).get("/sessions?done=<script>alert(3)</script>")
    assert page.status == 200
    assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>" in page.text
    assert "<bdi>&quot;&gt;&lt;img src=x onerror=alert(2)&gt;</bdi>" in page.text
    assert "<script>alert" not in page.text and "<img" not in page.text
    assert notice_in(page) is None


def test_page_runs_only_what_carries_the_nonce_of_this_answer(httpd):
    start(httpd)
    page = PageClient(httpd).get()
    policy = page.header("Content-Security-Policy")
    nonce = re.search(r"script-src 'nonce-([\w-]{22})'", policy)[1]
    tags = re.findall(r"<(?:script|style)[^>]*>", page.text)
    assert len(tags) == 2 and all(f'nonce="{nonce}"' in tag for tag in tags)
    assert "unsafe" not in policy and "default-src 'none'" in policy
    assert page.header("X-Content-Type-Options") == "nosniff"


# ---- what is ended


@pytest.mark.parametrize("engine", ENGINES)
def test_another_browser_is_signed_out_and_this_one_stays(httpd, engine):
    start(httpd)
    other = signed_in_browser(httpd, engine=engine)
    here = signed_in_browser(httpd, engine=engine)
    page = here.visit("/sessions")
    ids = re.findall(r'name="session" value="(\w+)"', page.text)
    done = here.submit("/sessions", {"token": token_in(page), "session": ids[1], "action": "end"})
    assert (done.status, done.prompts) == (200, 0)
    assert notice_in(done) == "That session has been ended."
    assert ids[0] in done.text and ids[1] not in done.text
    assert is_signed_in(here) and not is_signed_in(other)
    assert len(httpd.error_log.lines("session [0-9a-f]{8} of user alice ended: logged out")) == 1
    again = here.submit("/sessions", {"token": token_in(page), "session": ids[1], "action": "end"})
    assert notice_in(again) == "That session was over already."


def test_all_others_are_signed_out_and_nobody_else(httpd):
    start(httpd)
    others = [PageClient(httpd), PageClient(httpd, agent=CURL)]
    here, bob = PageClient(httpd), PageClient(httpd, BOB)
    done = here.act("others")
    assert (done.status, done.header("Location")) == (303, "/sessions?done=others")
    assert notice_in(here.get("/sessions?done=others")) == "All other browsers have been signed out."
    assert here.is_live and bob.is_live and not any(other.is_live for other in others)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("action", ["all", "end"])
def test_signing_out_this_browser_is_answered_as_a_logout_is(httpd, engine, action):
    start(httpd)
    other = PageClient(httpd)
    here = signed_in_browser(httpd, engine=engine)
    page = here.visit("/sessions")
    own = re.search(r'name="session" value="(\w+)"', page.text)[1]
    out = here.submit("/sessions", {"token": token_in(page), "session": own, "action": action})
    assert (out.status, out.challenge, out.prompts) == (401, ("Epoch", "Staff"), 0)
    assert "You are signed out" in out.text and out.event == "logout"
    assert out.header("Clear-Site-Data") == '"cache"'
    assert other.is_live == (action == "end")
    # Not even in a browser that has kept the password, as Firefox has.
    assert not is_signed_in(here)
    forgotten = here.run_forget_script("/sessions")
    assert forgotten.asks_for_password and not here.remembers_password()
    assert here.visit("/app/", typing=ALICE).user == "alice"


@pytest.mark.parametrize("response, status, location", [
    ("challenge", 401, None), ("redirect /public/", 303, "/public/"),
    ("redirect", 303, "/app/")])
def test_the_answer_to_a_logout_fits_the_page(httpd, response, status, location):
    start(httpd, zone=f"AuthEpochLogoutResponse {response}\nAuthEpochReturn /app/")
    client = PageClient(httpd)
    out = client.act("all")
    # A challenge would bring the form here once more, with the answer to the prompt.
    assert (out.status, out.header("Location"), out.asks_for_password) == (status, location, False)
    assert not client.is_live


def test_programs_are_answered_in_json(httpd):
    start(httpd)
    here, there = PageClient(httpd), PageClient(httpd)
    json = (SAME_ORIGIN, JSON)
    done = here.act("end", there.id, json)
    assert (done.status, done.json) == (200, {"done": "end"})
    over = here.act("end", "0" * 32, json)
    assert over.status == 404 and over.json["title"] == "Over already"
    assert here.act("others", headers=json).json == {"done": "others"} and here.is_live
    out = here.act("all", headers=json)
    assert (out.status, out.json) == (200, {"done": "all"}) and out.set_cookie
    assert not here.is_live


def test_nobody_ends_another_users_session_and_cannot_even_tell_that_it_is_there(httpd):
    start(httpd)
    alice, bob = PageClient(httpd), PageClient(httpd, BOB)
    json = (SAME_ORIGIN, JSON)
    gone = PageClient(httpd)
    of_gone = gone.id
    log_out(httpd, gone.cookie)
    answers = [bob.act("end", session, json) for session in (alice.id, of_gone, "f" * 32, "x", "\0")]
    assert {(answer.status, answer.body) for answer in answers} == {(404, answers[0].body)}
    assert bob.act("end", alice.id).header("Location") == "/sessions?done=over"
    for action in ("others", "all"):
        assert bob.act(action, headers=json).status == 200
    assert alice.is_live and not bob.is_live


# ---- what is refused


def refused_bodies(alice, bob, other, old_token):
    """Forms without a token that is good here."""
    return [{"action": action, "session": other.id, **token}
            for action in ("end", "others", "all")
            for token in ({}, {"token": ""}, {"token": "x"}, {"token": bob.token},
                          {"token": other.token}, {"token": old_token}, {"token": alice.id})]


def test_a_form_without_the_sessions_own_token_ends_nothing(httpd):
    start(httpd)
    bob, other, before = PageClient(httpd, BOB), PageClient(httpd), PageClient(httpd)
    old_token = before.token
    log_out(httpd, before.cookie)
    alice = PageClient(httpd)
    for body in refused_bodies(alice, bob, other, old_token):
        page = alice.post(body)
        assert (page.status, page.set_cookie) == (403, None)
        assert notice_in(page).startswith("Nothing was changed")
        assert token_in(page) == alice.token  # the next attempt works
        problem = alice.post(body, (SAME_ORIGIN, JSON))
        assert problem.status == 403 and problem.json["title"] == "Nothing was done"
    assert alice.is_live and bob.is_live and other.is_live


def test_a_form_that_no_page_of_this_site_sent_ends_nothing(httpd):
    start(httpd)
    alice, other = PageClient(httpd), PageClient(httpd)
    origins = [[], [("Origin", "https://evil.example")], [("Sec-Fetch-Site", "cross-site")],
               [("Sec-Fetch-Site", "same-site")], [("Sec-Fetch-Site", "none")],
               [("Referer", "https://evil.example/")]]
    for origin in origins:
        for action in ("end", "others", "all"):
            answer = alice.act(action, other.id, origin)
            assert (answer.status, answer.set_cookie) == (403, None), (origin, action)
    assert alice.is_live and other.is_live
    for origin in ([("Origin", httpd.origin)], [("Referer", httpd.origin + "/sessions")]):
        assert alice.act("end", "0" * 32, origin).status == 303


def test_a_get_ends_nothing(httpd):
    start(httpd)
    alice, other = PageClient(httpd), PageClient(httpd)
    for action in ("end", "others", "all"):
        target = f"/sessions?action={action}&session={other.id}&token={alice.token}"
        for kind in ([], NAVIGATION, CROSS_SITE_LINK, SCRIPT):
            assert alice.get(target, kind).status == 200
    # Nor does a POST that says it all in the URL.
    target = f"/sessions?action=all&token={alice.token}"
    assert alice.get(target, [SAME_ORIGIN], "POST").status == 403
    assert alice.is_live and other.is_live


def test_requests_that_make_no_sense_are_told_so(httpd):
    start(httpd)
    alice, other = PageClient(httpd), PageClient(httpd)
    for method in ("PUT", "DELETE"):
        wrong = alice.get(method=method)
        assert wrong.status == 405 and {"GET", "POST"} <= set(wrong.header("Allow").split(","))
    assert alice.act("explode").status == 400
    assert alice.post({"token": alice.token}).status == 400
    assert alice.act("end").status == 400
    body = f"action=all&token={alice.token}"
    assert alice.post(body, type_=("Content-Type", "text/plain")).status == 415
    assert alice.post(body + "&x=" + "y" * 9000).status == 413
    assert alice.is_live and other.is_live


def test_without_a_login_there_is_a_prompt_and_no_list(httpd):
    start(httpd)
    alice = PageClient(httpd)
    assert httpd.request("GET", "/sessions").asks_for_password
    assert httpd.request("GET", "/sessions", [alice.cookie]).asks_for_password
    bobs = httpd.request("GET", "/sessions", [alice.cookie, basic(BOB.mistyped)])
    assert bobs.status == 401 and alice.id not in bobs.text
    httpd.tolerate_log(WRONG_PASSWORD)


# ---- requests that have no session, and sessions that have just ended


@pytest.mark.parametrize("mode", [{"zone": "AuthEpochStateless On"}, {"epoch": "Report"}])
def test_a_request_without_a_session_is_told_so(httpd, mode):
    start(httpd, **mode)
    page = httpd.request("GET", "/sessions", [basic(ALICE)])
    assert page.status == 409 and "let in without a session" in notice_in(page)
    assert "<button" not in page.text
    problem = httpd.request("POST", "/sessions", [basic(ALICE), JSON, SAME_ORIGIN])
    assert problem.status == 409 and problem.json["title"] == "No session"


def test_a_form_of_a_session_that_has_just_ended_prompts_and_then_tells(httpd):
    start(httpd)
    other = PageClient(httpd)
    here = signed_in_browser(httpd)
    page = here.visit("/sessions")
    log_out(httpd, cookie_in(here))
    fields = {"token": token_in(page), "session": other.id, "action": "end"}
    asked = here.submit("/sessions", fields)
    assert asked.asks_for_password and asked.prompts == 1 and other.is_live
    done = here.typed(ALICE)
    assert notice_in(done) == "That session has been ended." and not other.is_live


# ---- AuthEpochFreshLogin


# To look takes no fresh login, to act does.
FRESH_TO_ACT = "<If \"%{REQUEST_METHOD} == 'POST'\">\nAuthEpochFreshLogin 1s\n</If>"


def old_page(httpd, engine):
    """A page of sessions whose session has meanwhile grown too old to act on it."""
    start(httpd, sessions=FRESH_TO_ACT)
    other = PageClient(httpd)
    here = signed_in_browser(httpd, engine=engine)
    page = here.visit("/sessions")
    assert (page.status, page.prompts) == (200, 0)
    by_script = [basic(ALICE), cookie_in(here), FORM, *SCRIPT]
    wait_until(lambda: "fresh login" in httpd.request("POST", "/sessions", by_script, "a=b").text,
               "the login is too old to act")
    return here, page, other


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("action", ["others", "end"])
def test_a_fresh_login_is_asked_for_once_and_then_the_form_is_carried_out(httpd, engine, action):
    here, page, other = old_page(httpd, engine)
    fields = {"token": token_in(page), "session": other.id, "action": action}
    asked = here.submit("/sessions", fields)
    assert asked.asks_for_password and asked.prompts == 1 and other.is_live
    done = here.typed(ALICE)
    assert (done.status, done.prompts) == (200, 0) and notice_in(done).endswith("ended.") == (
        action == "end")
    assert not other.is_live and is_signed_in(here)


def test_this_browser_is_signed_out_by_the_name_its_session_had_before_the_fresh_login(httpd):
    here, page, other = old_page(httpd, "firefox")
    own = re.search(r'name="session" value="(\w+)"', page.text)[1]
    here.submit("/sessions", {"token": token_in(page), "session": own, "action": "end"})
    out = here.typed(ALICE)
    assert (out.status, out.challenge[0]) == (401, "Epoch") and "You are signed out" in out.text
    assert not is_signed_in(here) and other.is_live


def test_everything_is_signed_out_with_the_session_of_the_fresh_login(httpd):
    here, page, other = old_page(httpd, "firefox")
    here.submit("/sessions", {"token": token_in(page), "action": "all"})
    assert "You are signed out" in here.typed(ALICE).text
    assert not is_signed_in(here) and not other.is_live


def test_somebody_else_who_answers_the_prompt_ends_nothing(httpd):
    here, page, other = old_page(httpd, "chromium")
    bob = PageClient(httpd, BOB)
    here.submit("/sessions", {"token": token_in(page), "session": bob.id, "action": "all"})
    refused = here.typed(BOB)
    assert refused.status == 403 and notice_in(refused).startswith("Nothing was changed")
    assert "<bdi>bob</bdi>" in refused.text and bob.is_live and other.is_live


def test_a_planted_challenge_lends_nobody_a_token(httpd):
    start(httpd)
    other = PageClient(httpd)
    challenge = httpd.request("GET", "/app/")
    # Whoever asked for it can read what it stands for, but not make a token of it.
    planted = challenge.set_cookie.value
    answer = httpd.request("POST", "/sessions",
                           [basic(ALICE), cookie_of(challenge), FORM, SAME_ORIGIN, *NAVIGATION],
                           f"action=others&token={planted}")
    assert (answer.status, answer.event) == (403, "login") and other.is_live


# ---- the store, the logs, the numbers


def test_a_store_that_goes_away_ends_nothing_and_says_so(httpd):
    start(httpd, more="AuthEpochOnStoreError stale 2min\n")
    here, other = PageClient(httpd), PageClient(httpd)
    token, session = here.token, other.id
    admitted = f"admit .* session {here.id[:8]}"

    def children_that(said):
        return {int(re.search(r"\[pid (\d+)", line)[1]) for line in httpd.error_log.lines(said)}

    wait_until(lambda: here.is_live and children_that(admitted) >= httpd.children(),
               "every child has seen the session")
    httpd.expect_log("the store cannot answer")
    httpd.expect_log(str(httpd.store))
    mode = httpd.store.stat().st_mode
    httpd.store.chmod(0)
    wait_until(lambda: httpd.request("GET", "/app/", [CLOSE]).status == 503
               and children_that("the store cannot answer") >= httpd.children(),
               "every child has lost the store")
    # The session is admitted, as it was a moment ago; its list cannot be read.
    assert here.is_live
    assert is_unavailable(here.get())
    for action in ("end", "others", "all"):
        form = {"action": action, "session": session, "token": token}
        answer = here.post(form)
        assert is_unavailable(answer) and answer.set_cookie is None
    httpd.store.chmod(mode)
    wait_until(lambda: here.get().status == 200, "the store answers")
    wait_until(lambda: other.is_live, "the store answers everybody")


def test_logs_and_metrics_tell_who_ended_what(httpd):
    start(httpd, more=FILE + '<Location "/metrics">\nSetHandler auth-epoch-metrics\n'
          "AuthEpoch Off\nRequire local\n</Location>\n")
    here, there = PageClient(httpd), PageClient(httpd)
    session = there.id
    here.act("end", session)
    here.act("others")
    own = here.id
    here.act("all")
    log = AuditLog(httpd)
    told = {"event": "session-revoked", "reason": "logged-out", "initiator": "user",
            "user": "alice"}
    assert log.of("session-revoked") == [
        {**told, "session": session}, {**told, "scope": "others"},
        {**told, "scope": "this", "session": own}, {**told, "scope": "all"}]
    metrics = httpd.request("GET", "/metrics").text
    assert 'auth_epoch_sessions_ended_total{reason="logged-out"} 2' in metrics
    assert 'auth_epoch_logouts_total{scope="others"} 1' in metrics
    assert 'auth_epoch_logouts_total{scope="all"} 1' in metrics


# ---- where it stands


def test_an_internal_redirect_to_it_works_as_the_url_itself(httpd):
    start(httpd, more='<Location "/me">\nRewriteEngine On\nRewriteRule ^ /sessions [L]\n'
          "</Location>\n", modules=["rewrite"])
    httpd.tolerate_log(HTTPDS_OWN)
    here = PageClient(httpd)
    page = here.get("/me")
    assert page.status == 200 and 'action="/sessions"' in page.text
    assert token_in(page) == here.token


def test_a_url_with_two_slashes_leads_nowhere_else(httpd):
    start(httpd, more="MergeSlashes Off\n" + SESSIONS.format("").replace(
        '<Location "/sessions">', '<LocationMatch "^/+evil.example">').replace(
            "</Location>", "</LocationMatch>"))
    here = PageClient(httpd)
    page = here.get("//evil.example")
    assert page.status == 200 and 'action="/evil.example"' in page.text
    answer = httpd.request("POST", "//evil.example",
                           [basic(ALICE), here.cookie, FORM, SAME_ORIGIN],
                           f"action=others&token={here.token}")
    assert answer.header("Location") == "/evil.example?done=others"


def test_administrators_pages_take_the_place_of_ours(httpd):
    httpd.write(httpd.scratch / "conf" / "list.html",
                "<!doctype html><title>S</title><ul>{{entries}}</ul>")
    httpd.write(httpd.scratch / "conf" / "one.html", "<li>{{browser}} {{session}}")
    start(httpd, more="AuthEpochPage sessions conf/list.html\n"
          "AuthEpochPage session-entry conf/one.html\n")
    here = PageClient(httpd)
    assert f"<ul><li>Firefox on Linux {here.id}</ul>" in here.get().text
