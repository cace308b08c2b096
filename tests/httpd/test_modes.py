"""What the directives make of the same requests: reporting, stateless clients, other sites, fresh
logins, timeouts, and the providers that verify."""

import time

import pytest

from harness.browser import ENGINES
from harness.error_log import WRONG_PASSWORD
from harness.people import ALICE, BOB, CAROL
from harness.requests import (CROSS_SITE_IMAGE, CROSS_SITE_LINK, IMAGE, NAVIGATION, SCRIPT,
                              basic, cookie_of, log_out, new_session, sign_in)
from harness.site import asks, file_site, ldap_site, start_file_site
from harness.waiting import wait_until

TELL_ALL = "".join(f'Header always set X-{name} "%{{AUTH_EPOCH_{name.upper()}}}e"\n'
                   for name in ("Reason", "Session", "Auth_Time", "Expires"))


def start(httpd, zone="", more="", **options):
    start_file_site(httpd, ALICE, BOB, zone=zone, more=TELL_ALL + more, **options)


def told(response, name):
    value = response.header(f"X-{name}")
    return None if value == "(null)" else value


# ---- AuthEpoch Report

def test_report_refuses_nothing_and_says_what_would_have_been_refused(httpd):
    start(httpd, epoch="Report")
    first = httpd.request("GET", "/app/", [basic(ALICE)])
    assert (first.status, first.user, first.event) == (200, "alice", "refuse")
    assert told(first, "Reason") == "no-cookie" and told(first, "Session")
    assert httpd.wait_for_log(r"Report: would refuse \(no-cookie, row 17\)")
    again = httpd.request("GET", "/app/", [basic(ALICE), cookie_of(first)])
    assert (again.status, again.event) == (200, "admit")

    out = log_out(httpd, cookie_of(first))
    after = httpd.request("GET", "/app/", [basic(ALICE), cookie_of(out)])
    assert (after.status, after.event, told(after, "Reason")) == (200, "refuse",
                                                                  "challenge-unarmed")
    assert httpd.wait_for_log(r"Report: would refuse \(challenge-unarmed, row 8\)")
    assert httpd.error_log.sessions_opened() == 2

    forged = httpd.request("POST", "/app/", [basic(ALICE), *CROSS_SITE_LINK], b"a=b")
    assert (forged.event, told(forged, "Reason")) == ("forbid", "cross-site")
    assert forged.status != 403


def test_report_leaves_wrong_passwords_and_prompts_to_the_provider(httpd):
    start(httpd, epoch="Report")
    httpd.expect_log(WRONG_PASSWORD)
    assert asks(httpd.request("GET", "/app/"))
    assert asks(httpd.request("GET", "/app/", [basic(ALICE.mistyped)]))
    assert httpd.error_log.sessions_opened() == 0


def test_report_lets_on_while_the_store_is_away(httpd):
    start(httpd, epoch="Report")
    session = cookie_of(httpd.request("GET", "/app/", [basic(ALICE)]))
    for file in httpd.store.iterdir():
        file.chmod(0)
    httpd.expect_log(r"auth_epoch:error")
    httpd.kill_children()
    for headers in ([basic(ALICE)], [basic(ALICE), session]):
        page = httpd.request("GET", "/app/", headers)
        assert (page.status, page.user, page.event) == (200, "alice", "unavailable")
        assert told(page, "Reason") == "store-unavailable" and page.set_cookie is None


# ---- AuthEpochStateless

@pytest.mark.parametrize("policy, agent, lets_on", [
    ("Off", "svn/1.14", False), ("On", "svn/1.14", True), ("On", "Mozilla/5.0", True),
    ('"expr=%{HTTP_USER_AGENT} =~ m#^svn/#"', "svn/1.14", True),
    ('"expr=%{HTTP_USER_AGENT} =~ m#^svn/#"', "Mozilla/5.0", False)])
def test_credentials_alone_are_enough_where_stateless_holds(httpd, policy, agent, lets_on):
    start(httpd, zone=f"AuthEpochStateless {policy}")
    answer = httpd.request("GET", "/app/", [basic(ALICE), ("User-Agent", agent)])
    if lets_on:
        assert (answer.status, answer.event, answer.set_cookie) == (200, "stateless", None)
        assert httpd.error_log.sessions_opened() == 0
    else:
        assert asks(answer) and answer.set_cookie
    # With a cookie, stateless means nothing.
    session = new_session(httpd)
    log_out(httpd, session)
    assert asks(httpd.request("GET", "/app/", [basic(ALICE), session, ("User-Agent", agent)]))


# ---- AuthEpochCrossSite

def test_what_another_site_starts_is_refused_unless_it_is_a_link(httpd):
    start(httpd)
    for method, kind, status in (("POST", CROSS_SITE_LINK, 403), ("GET", CROSS_SITE_IMAGE, 403),
                                 ("POST", [("Origin", "http://other.test")], 403),
                                 ("GET", CROSS_SITE_LINK, 401)):
        answer = httpd.request(method, "/app/", [basic(ALICE), *kind])
        assert answer.status == status and (answer.set_cookie is None) is (status == 403)


def test_where_cross_site_is_allowed_another_sites_request_is_like_any(httpd):
    start(httpd, zone="AuthEpochCrossSite allow")
    for method, kind in (("POST", CROSS_SITE_LINK), ("GET", CROSS_SITE_IMAGE)):
        answer = httpd.request(method, "/app/", [basic(ALICE), *kind])
        assert asks(answer) and answer.set_cookie


@pytest.mark.parametrize("policy, status", [("refuse", 403), ("allow", 200)])
def test_a_cookie_for_all_sites_does_not_open_the_door_to_them(httpd, policy, status):
    start(httpd, zone=f"AuthEpochCookieSameSite None\nAuthEpochCrossSite {policy}", https=True)
    login = sign_in(httpd, https=True)
    assert login.set_cookie["samesite"] == "None" and "secure" in login.set_cookie
    session = [basic(ALICE), cookie_of(login)]
    embedded = httpd.request("GET", "/app/", [*session, *CROSS_SITE_IMAGE], https=True)
    assert (embedded.status, embedded.set_cookie) == (status, None)
    for kind in (CROSS_SITE_LINK, NAVIGATION):
        answer = httpd.request("GET", "/app/", [*session, *kind], https=True)
        assert (answer.status, answer.event) == (200, "admit")


# ---- AuthEpochFreshLogin

FRESH = '<Location "/admin">\nAuthEpochFreshLogin 1s\n</Location>\n'


def test_an_area_that_wants_a_fresh_login_asks_again_and_the_rest_goes_on(httpd):
    start(httpd, more=FRESH)
    login = sign_in(httpd, path="/admin/")
    assert login.status == 200
    session = [basic(ALICE), cookie_of(login)]

    def too_old():
        answer = httpd.request("GET", "/admin/", [*session, *NAVIGATION])
        return answer if answer.status != 200 else None

    refusal = wait_until(too_old, "the login is too old for /admin")
    assert asks(refusal) and refusal.set_cookie
    for kind in (SCRIPT, IMAGE):
        answer = httpd.request("GET", "/admin/", [*session, *kind])
        assert (answer.status, answer.challenge, answer.set_cookie) == (403, None, None)
    assert httpd.request("GET", "/app/", session).event == "admit"
    # Other areas go on with the old session, until its successor opens.
    renewed = httpd.request("GET", "/admin/", [basic(ALICE), cookie_of(refusal), *NAVIGATION])
    assert (renewed.status, renewed.event) == (200, "login")
    assert httpd.request("GET", "/app/", [basic(ALICE), cookie_of(renewed)]).event == "admit"
    bobs = httpd.request("GET", "/app/", [basic(BOB), cookie_of(login)])
    assert asks(bobs), "the old one has ended"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_fresh_login_costs_a_person_one_prompt(httpd, engine):
    start(httpd, more=FRESH)
    browser = httpd.browser(engine)
    browser.visit("/app/", typing=ALICE)
    opened = time.time()
    wait_until(lambda: time.time() > opened + 1.1, "the login is older than a second")
    page = browser.visit("/admin/", typing=ALICE)
    assert (page.status, page.user, page.prompts) == (200, "alice", 1)
    assert browser.visit("/app/").prompts == 0


# ---- how long a session lasts

@pytest.mark.parametrize("limit", ["AuthEpochIdleTimeout 1s", "AuthEpochMaxAge 1s"])
def test_a_session_that_has_lasted_too_long_has_ended_for_good(httpd, limit):
    site = file_site(httpd.write_password_file("users", ALICE), zone=limit, more=TELL_ALL)
    httpd.start(site)
    login = sign_in(httpd)
    assert login.status == 200
    session = cookie_of(login)
    out = wait_until(lambda: over(httpd, session), "the session is over")
    assert asks(out)
    httpd.graceful(site.replace(limit, ""))
    refused = httpd.request("GET", "/app/", [basic(ALICE), session])
    assert asks(refused), "a longer limit revives nothing"
    assert httpd.request("GET", "/app/", [basic(ALICE), cookie_of(refused)]).status == 200


def over(httpd, session):
    """Looks without credentials, which does not keep a session alive. A live one passes."""
    answer = httpd.request("GET", "/app/", [session, *IMAGE])
    return answer if told(answer, "Reason") == "session-ended" else None


def test_requests_keep_a_session_from_falling_idle_but_not_from_growing_old(httpd):
    start(httpd, zone="AuthEpochIdleTimeout 2s\nAuthEpochMaxAge 4s")
    login = sign_in(httpd)
    opened, expires = int(told(login, "Auth_Time")), int(told(login, "Expires"))
    assert expires == opened + 4
    admitted = []

    def refused():
        answer = httpd.request("GET", "/app/", [basic(ALICE), cookie_of(login)])
        if answer.status == 200:
            admitted.append(time.time())
        return answer if answer.status != 200 else None

    refusal = wait_until(refused, "the session is too old")
    assert asks(refusal) and told(refusal, "Reason") == "session-ended"
    assert opened + 3 < admitted[-1] < expires + 1


# ---- what applications are told

def test_the_environment_names_session_time_event_and_reason(httpd):
    before = int(time.time())
    start(httpd)
    login = sign_in(httpd)
    assert (login.event, told(login, "Reason")) == ("login", None)
    assert len(told(login, "Session")) >= 32 and told(login, "Session") not in cookie_of(login)[1]
    assert before <= int(told(login, "Auth_Time")) <= time.time()
    assert int(told(login, "Expires")) == int(told(login, "Auth_Time")) + 12 * 3600
    admitted = httpd.request("GET", "/app/", [basic(ALICE), cookie_of(login)])
    assert admitted.event == "admit" and told(admitted, "Session") == told(login, "Session")
    out = log_out(httpd, cookie_of(login))
    assert out.event == "logout"
    for headers, event, reason in (([], "challenge", "new-client"),
                                   ([basic(ALICE)], "refuse", "no-cookie"),
                                   ([basic(ALICE), cookie_of(login)], "refuse", "session-ended"),
                                   ([cookie_of(login), *SCRIPT], "challenge", "session-ended"),
                                   ([basic(ALICE), cookie_of(login), *SCRIPT], "forbid", "script")):
        answer = httpd.request("GET", "/app/", headers)
        assert (answer.event, told(answer, "Reason")) == (event, reason)


# ---- passwords over plain http

@pytest.mark.every_mpm
def test_a_password_over_plain_http_from_elsewhere_is_warned_of_once_per_virtual_host(httpd):
    users = httpd.write_password_file("users", ALICE)
    hosts = "".join(f"<VirtualHost 127.0.0.1:{httpd.port}>\nServerName {name}\n{file_site(users)}"
                    "</VirtualHost>\n" for name in ("one.test", "two.test"))
    httpd.start("RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1\n" + hosts,
                modules=["remoteip"])
    warning = r"auth_epoch:warn.*a password came over plain http from 203\.0\.113\.9"
    elsewhere = ("X-Forwarded-For", "203.0.113.9")
    for name in ("one.test", "two.test"):
        for headers in ([], [elsewhere], [basic(ALICE)]):
            httpd.request("GET", "/app/", [("Host", name), *headers])
    assert httpd.error_log.lines(warning) == []
    httpd.expect_log(warning)
    for name in ("one.test", "two.test"):
        for _ in range(10):
            httpd.request("GET", "/app/", [("Host", name), elsewhere, basic(ALICE)])
    assert len(httpd.wait_for_log(warning, 2)) == 2


# ---- providers

def test_providers_in_a_row_verify_whom_they_know_and_a_session_is_the_same_with_each(httpd, slapd):
    users = httpd.write_password_file("users", ALICE.with_password("from the file"))
    httpd.start(ldap_site(slapd).replace(
        "AuthBasicProvider ldap", f'AuthBasicProvider file ldap\nAuthUserFile "{users}"'))
    for person in (ALICE.with_password("from the file"), BOB, CAROL):
        login = sign_in(httpd, person)
        assert (login.status, login.user, login.event) == (200, person.user, "login")
        again = httpd.request("GET", "/app/", [basic(person), cookie_of(login)])
        assert (again.status, again.event) == (200, "admit")
    httpd.expect_log(WRONG_PASSWORD)
    assert asks(sign_in(httpd, ALICE)), "the file knows alice, and the directory is not asked"
    assert httpd.error_log.sessions_opened() == 3


def test_where_basic_is_not_authoritative_whom_nobody_verified_gets_no_session(httpd):
    start(httpd, zone="AuthBasicAuthoritative Off")
    httpd.expect_log("AH01796: AuthType Basic configured without corresponding module")
    login = sign_in(httpd)
    assert (login.status, login.user) == (200, "alice")
    unknown = sign_in(httpd, CAROL)
    assert unknown.status == 500, "as without us"
    assert unknown.set_cookie is None
    assert httpd.error_log.sessions_opened() == 1


# ---- where areas of one zone differ

def test_what_report_opened_unasked_opens_nothing_where_authepoch_is_on(httpd):
    start(httpd, more='<Location "/reports">\nAuthEpoch Report\n</Location>\n')
    log_out(httpd, new_session(httpd))
    unasked = httpd.request("GET", "/reports/", [basic(ALICE)])
    assert unasked.status == 200 and unasked.set_cookie
    assert asks(httpd.request("GET", "/app/", [basic(ALICE), cookie_of(unasked)]))


@pytest.mark.parametrize("policy", ["AuthEpochStateless On", "AuthEpoch Report"])
def test_a_redirect_out_of_a_looser_area_is_decided_anew(httpd, policy):
    httpd.write("reports/.htaccess", "RewriteEngine On\nRewriteRule ^jump$ /app/index.html [L]\n")
    start(httpd, more=f'<Location "/reports">\n{policy}\n</Location>\n', modules=["rewrite"])
    assert httpd.request("GET", "/reports/", [basic(ALICE)]).status == 200
    jumped = httpd.request("GET", "/reports/jump", [basic(ALICE)])
    assert asks(jumped) and "app/index.html" not in jumped.text
