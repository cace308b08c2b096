"""The handler auth-epoch-admin: administrators see everybody's sessions, and end them."""

import concurrent.futures
import re
from urllib.parse import quote

import pytest

from harness.audit import FILE, AuditLog
from harness.error_log import HTTPDS_OWN
from harness.page_client import FIREFOX, JSON, PageClient, ids_of, notice_in, token_in
from harness.people import ALICE, BOB, CAROL, Person
from harness.requests import (CROSS_SITE_LINK, FORM, NAVIGATION, SAME_ORIGIN, SCRIPT, basic,
                              cookie_in, signed_in_browser)
from harness.site import is_unavailable, ldap_site, start_file_site
from harness.waiting import wait_until

ADMIN = """
<Location "/admin/sessions">
    SetHandler auth-epoch-admin
    Require {require}
    {inside}
</Location>
<Location "/sessions">
    SetHandler auth-epoch-sessions
</Location>
<Location "/other">
    AuthName "Other"
</Location>
"""
WHY = "left the company"
NOTHING = "the admin URL /admin/sessions shows nothing"
# To look takes no fresh login, to act does.
FRESH_TO_ACT = "<If \"%{REQUEST_METHOD} == 'POST'\">\nAuthEpochFreshLogin 1s\n</If>"
GROUP = "ldap-group cn=staff,ou=groups,dc=example,dc=org"
REASON = "ended-by-administrator"


class Admin(PageClient):
    page = "/admin/sessions"

    def end(self, what, session=None, **fields):
        return self.act(f"end-{what}", session, **{"reason": WHY, **fields})


def start(httpd, require="user carol", inside="", more="", people=(ALICE, BOB, CAROL), **options):
    httpd.write("other/index.html", "other")
    start_file_site(httpd, *people, more=ADMIN.format(require=require, inside=inside) + more,
                    **options)


def users_of(answer):
    return [each["user"] for each in answer["sessions"]]


# ---- what is shown

@pytest.mark.every_mpm
@pytest.mark.smoke
def test_administrators_see_everybodys_sessions_in_all_zones(httpd):
    start(httpd)
    bob, alice = PageClient(httpd, BOB), PageClient(httpd, path="/other/")
    carol = Admin(httpd, CAROL)
    listed = carol.list()
    assert users_of(listed) == ["alice", "bob", "carol"] and listed["next"] is None
    first, second, own = listed["sessions"]
    assert first["zone"].endswith('"Other"') and second["zone"].endswith('"Staff"')
    assert second["session"] == bob.id and own["session"] == carol.id and own["current"]
    assert (second["browser"], second["address"]) == ("Firefox", "127.0.0.1")

    page = carol.get()
    assert (page.status, page.header("Cache-Control")) == (200, "private, no-store")
    assert re.findall(r"<h2><bdi>(\w+)</bdi>", page.text) == ["alice", "bob", "carol"]
    policy = page.header("Content-Security-Policy")
    assert "unsafe" not in policy and "default-src 'none'" in policy
    for client in (alice, bob, carol):
        assert client.cookie[1].split("=", 1)[1] not in page.text


@pytest.mark.parametrize("query, found", [
    ("?user=al", ["Alan", "alice"]), ("?user=ALICE", ["alice"]), ("?user=b", ["bob"]),
    ("?address=127.0.0.", ["Alan", "alice", "bob", "carol"]), ("?address=192.0.2.1", []),
    ("?hours=1", []), ("?hours=0", ["Alan", "alice", "bob", "carol"]),
    ("?hours=soon&user=bob", ["bob"]), ("?zone=nowhere", []), ("?user=%20bob%20", ["bob"]),
    ("?user=nobody", []), ("?from=AAAA", ["Alan", "alice", "bob", "carol"]),
    ("?from=%21%21", ["Alan", "alice", "bob", "carol"])])
def test_search_finds_by_user_address_zone_and_age(httpd, query, found):
    people = (ALICE, BOB, CAROL, Person("Alan", "turing"))
    start(httpd, people=people)
    for person in people[:-2] + people[-1:]:
        PageClient(httpd, person)
    assert users_of(Admin(httpd, CAROL).list(query)) == found


def test_a_long_list_comes_in_pages_that_keep_the_search(httpd):
    start(httpd)
    for _ in range(60):
        PageClient(httpd)
    PageClient(httpd, BOB)
    carol = Admin(httpd, CAROL)
    first = carol.list("?user=alice")
    assert len(first["sessions"]) == 50 and first["next"]
    second = carol.list(f"?user=alice&from={first['next']}")
    assert len(second["sessions"]) == 10 and second["next"] is None
    assert len(set(ids_of(first) + ids_of(second))) == 60

    page = carol.get("/admin/sessions?user=alice&address=127")
    further = re.search(r'href="([^"]*)">Look further', page.text)[1].replace("&amp;", "&")
    assert further.startswith("/admin/sessions?user=alice&address=127&from=")
    page = carol.get(further)
    assert page.text.count("<h2>") == 10 and "Look further" not in page.text
    assert 'href="/admin/sessions?user=alice&amp;address=127">Back to the first' in page.text


def test_what_users_and_browsers_call_themselves_is_text(httpd):
    evil = Person("<b>mallory", "secret")
    agent = ("User-Agent", "<script>alert(1)</script>\"'&")
    start(httpd, people=(ALICE, CAROL, evil))
    PageClient(httpd, evil, agent)
    carol = Admin(httpd, CAROL)
    page = carol.get('/admin/sessions?user=%22%3E%3Cscript%3E&zone=%27"')
    assert "<script>" not in page.text and 'value="&quot;&gt;&lt;script&gt;"' in page.text
    page = carol.get()
    assert "<b>mallory" not in page.text and "&lt;b&gt;mallory" in page.text
    assert "<script>alert" not in page.text and "&lt;script&gt;alert" in page.text
    (session,) = carol.list("?user=%3Cb")["sessions"]
    question = carol.get(f"/admin/sessions?confirm=user&session={session['session']}")
    assert "<b>mallory" not in question.text and "&lt;b&gt;mallory" in question.text


# ---- ending

@pytest.mark.every_mpm
def test_one_session_ends_on_every_process_after_a_question(httpd):
    start(httpd)
    alice, other, carol = PageClient(httpd), PageClient(httpd), Admin(httpd, CAROL)
    question = carol.get(f"/admin/sessions?confirm=session&session={alice.id}", NAVIGATION)
    assert question.status == 200 and "End this session?" in question.text
    assert "Keep my own session" not in question.text
    done = carol.post({"action": "end-session", "session": alice.id, "reason": WHY,
                       "token": token_in(question)})
    assert (done.status, done.header("Location")) == (303, "/admin/sessions?done=end-session")
    assert notice_in(carol.get(done.header("Location"))) == "That session has been ended."
    assert all(not alice.is_live for _ in range(8))
    assert other.is_live and carol.is_live
    assert httpd.error_log.lines(r"session \w+ of user alice ended by carol")


def test_all_of_a_user_end_in_that_zone_and_nobody_elses(httpd):
    start(httpd)
    here, there = PageClient(httpd), PageClient(httpd)
    elsewhere, bob = PageClient(httpd, path="/other/"), PageClient(httpd, BOB)
    carol = Admin(httpd, CAROL)
    question = carol.get(f"/admin/sessions?confirm=user&session={here.id}")
    assert "End all sessions of this user?" in question.text
    assert carol.end("user", here.id).header("Location") == "/admin/sessions?done=end-user"
    assert not here.is_live and not there.is_live
    assert elsewhere.is_live and bob.is_live and carol.is_live


def test_all_of_a_zone_end_but_for_ones_own_if_wanted(httpd):
    start(httpd)
    alice, elsewhere = PageClient(httpd), PageClient(httpd, path="/other/")
    carol = Admin(httpd, CAROL)
    zone = carol.list("?user=carol")["sessions"][0]["zone"]
    question = carol.get("/admin/sessions?confirm=zone&zone=" + quote(zone))
    assert "End all sessions of this zone?" in question.text
    assert "Keep my own session" in question.text
    assert carol.end("zone", zone=zone, keep="own").status == 303
    assert not alice.is_live and elsewhere.is_live
    assert carol.is_live
    assert carol.end("zone", zone=zone).status == 303
    assert not carol.is_live


def test_everything_ends_but_for_ones_own_if_wanted(httpd):
    start(httpd)
    alice, elsewhere = PageClient(httpd), PageClient(httpd, path="/other/")
    carol = Admin(httpd, CAROL)
    assert "End everybody" in carol.get("/admin/sessions?confirm=all").text
    assert carol.end("all", keep="own").header("Location") == "/admin/sessions?done=end-all"
    assert not alice.is_live and not elsewhere.is_live and carol.is_live
    assert carol.end("all", headers=(SAME_ORIGIN, JSON)).json == {"done": "end-all"}
    assert not carol.is_live


def test_what_was_over_already_is_said_and_changes_nothing(httpd):
    start(httpd)
    alice, carol = PageClient(httpd), Admin(httpd, CAROL)
    session, token = alice.id, carol.token
    assert carol.end("session", session).status == 303
    again = carol.end("session", session)
    assert again.header("Location") == "/admin/sessions?done=over"
    assert "was over already" in notice_in(carol.get(again.header("Location")))
    program = carol.end("session", session, headers=(SAME_ORIGIN, JSON))
    assert (program.status, program.json["title"]) == (404, "Over already")
    assert carol.end("session", "0" * 32).header("Location") == "/admin/sessions?done=over"
    assert carol.get(f"/admin/sessions?confirm=user&session={'0' * 32}").status == 303
    late = carol.end("user", session)
    assert late.header("Location").endswith("done=end-user"), "who they were is still known"
    assert carol.token == token and carol.is_live


def test_two_administrators_at_once_end_a_session_once(httpd):
    start(httpd, require="user bob carol", more=FILE)
    alice = PageClient(httpd)
    admins = [Admin(httpd, person) for person in (BOB, CAROL) for _ in range(4)]
    session = alice.id
    with concurrent.futures.ThreadPoolExecutor(len(admins)) as threads:
        answers = list(threads.map(lambda admin: admin.end("session", session), admins))
    ends = [each.header("Location").split("=")[1] for each in answers]
    assert sorted(ends) == ["end-session"] + ["over"] * (len(admins) - 1)
    lines = [each for each in AuditLog(httpd).events() if each.get("reason") == REASON]
    assert len(lines) == 1


# ---- who may, and how

@pytest.mark.parametrize("fields, headers, status", [
    ({"token": None}, (SAME_ORIGIN,), 403),
    ({"token": "x"}, (SAME_ORIGIN,), 403),
    ({"token": "bob's"}, (SAME_ORIGIN,), 403),
    ({}, (), 403),
    ({}, CROSS_SITE_LINK, 403),
    ({"reason": None}, (SAME_ORIGIN,), 400),
    ({"reason": "  "}, (SAME_ORIGIN,), 400),
    ({"reason": "x" * 201}, (SAME_ORIGIN,), 400),
    ({"action": "end-everything"}, (SAME_ORIGIN,), 400),
    ({"action": None}, (SAME_ORIGIN,), 400),
    ({"action": "end-zone"}, (SAME_ORIGIN,), 400)], ids=str)
@pytest.mark.parametrize("accept", [(), (JSON,)], ids=["html", "json"])
def test_what_is_not_a_form_of_our_page_ends_nothing(httpd, fields, headers, status, accept):
    start(httpd, require="user bob carol")
    alice, bob, carol = PageClient(httpd), Admin(httpd, BOB), Admin(httpd, CAROL)
    sent = {"action": "end-session", "session": alice.id, "reason": WHY, "token": carol.token,
            **fields}
    if sent["token"] == "bob's":
        sent["token"] = bob.token
    answer = carol.post({name: value for name, value in sent.items() if value is not None},
                        (*headers, *accept))
    assert answer.status == status and answer.set_cookies == []
    assert alice.is_live and carol.is_live


def test_a_get_ends_nothing(httpd):
    start(httpd)
    alice, carol = PageClient(httpd), Admin(httpd, CAROL)
    query = f"?action=end-session&session={alice.id}&reason=x&token={carol.token}"
    assert carol.get("/admin/sessions" + query, [SAME_ORIGIN]).status == 200
    assert alice.is_live
    refused = carol.get(method="PUT")
    assert refused.status == 405 and "PUT" not in refused.header("Allow")


def test_who_is_no_administrator_sees_nothing(httpd):
    start(httpd)
    httpd.tolerate_log(HTTPDS_OWN)
    alice = Admin(httpd)
    assert alice.get().status in (401, 403)
    assert alice.post({"action": "end-all", "reason": WHY}).status in (401, 403)
    assert httpd.request("GET", "/admin/sessions").asks_for_password


@pytest.mark.parametrize("require", ["valid-user", "expr \"%{REMOTE_USER} != 'x'\"",
                                     "valid-user\n    Require user carol"])
def test_a_place_that_lets_everybody_in_shows_nothing(httpd, require):
    start(httpd, require=require)
    httpd.expect_log(NOTHING + ": its `Require` lets in every user who can log in; require admin")
    alice, carol = PageClient(httpd), Admin(httpd, CAROL)
    for answer in (carol.get(), carol.post({"action": "end-all", "reason": WHY})):
        assert answer.status == 403 and "sessions" not in answer.text
    assert alice.is_live
    assert not httpd.error_log.lines("any:user"), "what was asked on nobody's behalf is not logged"


def test_what_only_one_method_is_asked_for_does_not_count_for_another(httpd):
    start(httpd, more="""<Location "/admin/sessions">
    <Limit GET>
        Require user carol
    </Limit>
    <Limit POST>
        Require valid-user
    </Limit>
</Location>""")
    httpd.expect_log(NOTHING)
    alice = Admin(httpd)
    token = token_in(alice.get("/sessions"))
    answer = alice.post({"action": "end-all", "reason": WHY, "token": token})
    assert answer.status == 403 and alice.is_live


def test_unless_told_otherwise(httpd):
    start(httpd, require="valid-user", inside="AuthEpochAdminAnyUser On")
    assert users_of(Admin(httpd).list()) == ["alice"]


def test_a_group_of_the_directory_is_administrators_enough(directory, httpd):
    httpd.start(ldap_site(directory, more=ADMIN.format(require=GROUP, inside="")))
    carol, alice = PageClient(httpd, CAROL), Admin(httpd, ALICE)
    assert users_of(alice.list()) == ["alice", "carol"]
    assert alice.end("user", carol.id).status == 303
    assert not carol.is_live


def test_htaccess_makes_nobody_an_administrator(httpd):
    start(httpd)
    httpd.write("app/.htaccess", "SetHandler auth-epoch-admin\nRequire user alice\n")
    httpd.expect_log("the admin URL /app/index.html shows nothing: `SetHandler auth-epoch-admin` "
                     "must stand in the server's configuration")
    alice = Admin(httpd, path="/public/../reports/")
    assert alice.get("/app/index.html").status == 403


def test_a_fresh_login_on_the_way_carries_the_form_through(httpd):
    start(httpd, inside=FRESH_TO_ACT)
    alice, browser = PageClient(httpd), signed_in_browser(httpd, CAROL)
    question = browser.visit(f"/admin/sessions?confirm=session&session={alice.id}", typing=CAROL)
    by_script = [basic(CAROL), cookie_in(browser), FORM, *SCRIPT]
    wait_until(lambda: "fresh login" in httpd.request("POST", Admin.page, by_script, "a=b").text,
               "the login is too old to act")
    asked = browser.submit(Admin.page, {"action": "end-session", "session": alice.id,
                                        "reason": WHY, "token": token_in(question)})
    assert asked.asks_for_password and alice.is_live
    done = browser.typed(CAROL)
    assert (done.status, done.prompts) == (200, 0)
    assert notice_in(done) == "That session has been ended." and not alice.is_live


# ---- what is told

def test_the_audit_log_says_who_ended_what_and_why(httpd):
    start(httpd, more=FILE)
    alice, bob, carol = PageClient(httpd), PageClient(httpd, BOB), Admin(httpd, CAROL)
    session = alice.id
    carol.end("session", session, reason='no "longer"\nhere')
    carol.end("user", bob.id)
    carol.end("all", keep="own")
    said = {"event": "session-revoked", "reason": REASON, "initiator": "admin", "actor": "carol"}
    one, user, everything = [each for each in AuditLog(httpd).events()
                             if each["event"] == "session-revoked"]
    assert one == {**said, "reason_admin": 'no "longer"\nhere', "user": "alice",
                   "session": session}
    assert user == {**said, "reason_admin": WHY, "scope": "all", "user": "bob"}
    assert everything == {**said, "reason_admin": WHY, "scope": "others"}


def test_a_store_that_cannot_answer_loses_nothing(httpd):
    start(httpd)
    alice, carol = PageClient(httpd), Admin(httpd, CAROL)
    form = {"action": "end-session", "session": alice.id, "reason": WHY, "token": carol.token}
    aside = httpd.store.with_name("aside")
    httpd.expect_log("was removed while it was in use")
    httpd.expect_log("is not a directory")
    httpd.store.rename(aside)
    httpd.store.write_text("in the way")
    assert is_unavailable(carol.post(form))
    httpd.store.unlink()
    aside.rename(httpd.store)
    # Each process tries again once a second.
    wait_until(lambda: alice.is_live, "nothing was ended")
    done = wait_until(lambda: (answer := carol.post(form)).status != 503 and answer,
                      "the store answers")
    assert done.header("Location").endswith("done=end-session")
    wait_until(lambda: alice.get("/app/").status == 401, "the session has ended")


def test_a_request_without_a_session_gets_a_clear_answer(httpd):
    start(httpd, inside="AuthEpochStateless On")
    answer = httpd.request("GET", "/admin/sessions", [basic(CAROL), FIREFOX])
    assert (answer.status, answer.json["title"]) == (409, "No session")
    assert answer.set_cookies == []
