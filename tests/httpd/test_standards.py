"""What standards ask for and no other test is about; docs/standards.md says which."""

import re

import pytest

from harness.error_log import WRONG_PASSWORD
from harness.people import ALICE, BOB
from harness.requests import (CROSS_SITE_LINK, FORGET, NAVIGATION, SAME_ORIGIN, SCRIPT, basic,
                              cookie_of, log_out, new_session, sign_in)
from harness.site import is_confirm_page, section, start_file_site

ENDPOINTS = (section("SetHandler auth-epoch-sessions", "/sessions")
             + section("SetHandler auth-epoch-status\nRequire all granted", "/status"))


def every_kind_of_answer(httpd):
    """What the module itself answers, by what the request was."""
    ended = new_session(httpd)
    out = log_out(httpd, ended)
    session = new_session(httpd)
    return {
        "a new client": httpd.request("GET", "/app/"),
        "a password without a cookie": httpd.request("GET", "/app/", [basic(ALICE)]),
        "a wrong password": sign_in(httpd, ALICE.mistyped),
        "a session without its password": httpd.request("GET", "/app/", [session]),
        "a logout": out,
        "a session that has ended": httpd.request("GET", "/app/", [ended, basic(ALICE)]),
        "the sign-in page": httpd.request("GET", "/app/", [ended, *NAVIGATION]),
        "a script": httpd.request("GET", "/app/", [ended, *SCRIPT]),
        "a script with a password": httpd.request("GET", "/app/", [ended, basic(ALICE), *SCRIPT]),
        "to forget": httpd.request("GET", "/app/", [*FORGET, basic(BOB)]),
        "another site": httpd.request("POST", "/app/", [basic(ALICE), *CROSS_SITE_LINK]),
        "speculation": httpd.request("GET", "/app/", [ended, ("Sec-Purpose", "prefetch"),
                                                      *NAVIGATION]),
        "a logout by GET": httpd.request("GET", "/logout", [session]),
        "a logout by another site": httpd.request("POST", "/logout", [session, *CROSS_SITE_LINK]),
        "a logout by PUT": httpd.request("PUT", "/logout", [session, SAME_ORIGIN]),
        "one's sessions": httpd.request("GET", "/sessions", [session, basic(ALICE)]),
    }


@pytest.fixture
def answers(httpd):
    start_file_site(httpd, ALICE, BOB, more=ENDPOINTS)
    httpd.expect_log(WRONG_PASSWORD)
    return every_kind_of_answer(httpd)


# ---- RFC 9110


def test_each_401_has_one_challenge_with_the_realm_and_no_other_answer_has_any(answers):
    statuses = {answer.status for answer in answers.values()}
    assert statuses == {200, 401, 403, 405}
    for what, answer in answers.items():
        if answer.status == 401:
            assert answer.challenge in (("Basic", "Staff"), ("Epoch", "Staff")), what
        else:
            assert answer.header("WWW-Authenticate") is None, what


def test_a_405_names_the_methods_there_are(answers):
    refused = answers["a logout by PUT"]
    assert refused.status == 405
    assert {"GET", "POST"} <= set(re.split(r",\s*", refused.header("Allow")))


def test_a_realm_with_quotes_is_one_quoted_string(httpd):
    users = httpd.write_password_file("users", ALICE)
    httpd.start(f"""
<Location "/">
    AuthType Basic
    AuthName 'The "inner" room'
    AuthBasicProvider file
    AuthUserFile "{users}"
    AuthEpoch On
    Require valid-user
</Location>
<Location "/logout">
    SetHandler auth-epoch-logout
    Require all granted
</Location>
""")
    asked = httpd.request("GET", "/app/")
    out = log_out(httpd, new_session(httpd))
    for answer, scheme in ((asked, "Basic"), (out, "Epoch")):
        assert answer.challenge == (scheme, 'The "inner" room')
        assert r'realm="The \"inner\" room"' in answer.header("WWW-Authenticate")


# ---- RFC 9111 and ASVS 14.3.2


def test_no_answer_of_the_module_may_be_stored(answers):
    for what, answer in answers.items():
        if answer.status != 405:  # httpd's own page, to a method whose answers nobody stores
            assert answer.all("Cache-Control") == ["private, no-store"], what


# ---- ASVS 7.1.1, 7.3 and SP 800-63B


def test_unless_told_otherwise_a_session_lasts_half_an_hour_idle_and_twelve_hours_at_most(httpd):
    start_file_site(httpd, ALICE, more=ENDPOINTS)
    told = httpd.request("GET", "/status", [*SCRIPT, new_session(httpd), basic(ALICE)]).json
    # What is left counts the minute of last-seen times that are not written yet, and the time that
    # has gone by since.
    assert 30 * 60 - 30 < told["idle_seconds_left"] <= 31 * 60
    assert 12 * 3600 - 30 < told["absolute_seconds_left"] <= 12 * 3600


# ---- ASVS 7.2.4


def test_a_login_has_a_cookie_of_its_own_and_the_one_before_opens_nothing(httpd):
    start_file_site(httpd, ALICE)
    first = sign_in(httpd)
    log_out(httpd, cookie_of(first))
    second = sign_in(httpd)
    assert first.set_cookie.value != second.set_cookie.value
    assert first.session != second.session
    assert httpd.request("GET", "/app/", [cookie_of(first), basic(ALICE)]).event == "refuse"
    assert httpd.request("GET", "/app/", [cookie_of(second), basic(ALICE)]).event == "admit"


# ---- ASVS 3.5.3


def test_no_get_that_a_page_of_another_site_starts_ends_anything(httpd):
    start_file_site(httpd, ALICE)
    session = new_session(httpd)
    for path in ("/logout", "/logout?scope=all", "/logout?return=/public/"):
        assert is_confirm_page(httpd.request("GET", path, [session, *CROSS_SITE_LINK]))
    assert httpd.request("GET", "/app/", [session, basic(ALICE)]).event == "admit"
