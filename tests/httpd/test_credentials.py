"""Odd names, passwords and Authorization fields: with AuthEpoch, httpd answers as it does without.

One httpd has both: /stock is protected by mod_authnz_ldap alone, /app by AuthEpoch too, where the
field comes with an armed challenge, as if a person had typed it.
"""

import dataclasses

import pytest

from harness import people
from harness.error_log import UNKNOWN_USER, WRONG_PASSWORD
from harness.people import ALICE, BOB
from harness.requests import basic, cookie_of, encoded, new_session
from harness.site import ldap_site
from harness.slapd import dn_of

# Stock httpd and the module say so of what these tests send.
COMPLAINTS = ["AH01614", WRONG_PASSWORD, UNKNOWN_USER]
UNCACHED = "LDAPCacheTTL 0\nLDAPOpCacheTTL 0\n"


def start(httpd, slapd, more=""):
    httpd.write("stock/index.html", "x")
    httpd.start(ldap_site(slapd, more='<Location "/stock">\nAuthEpoch Off\n</Location>\n' + more))
    for complaint in COMPLAINTS:
        httpd.tolerate_log(complaint)


@dataclasses.dataclass(frozen=True)
class Outcome:
    status: int
    user: bytes  # REMOTE_USER, which need not be UTF-8


def outcome(answer):
    return Outcome(answer.status, (answer.header("X-User") or "").encode("latin-1"))


def without(httpd, *fields):
    return outcome(httpd.request("GET", "/stock/", fields))


def typed(httpd, *fields):
    challenged = httpd.request("GET", "/app/")
    return outcome(httpd.request("GET", "/app/", [cookie_of(challenged), *fields]))


# ---- side by side

@pytest.mark.parametrize("person", people.ODD, ids=lambda person: person.user[:12])
def test_odd_names_and_passwords_sign_in_under_the_same_name(httpd, slapd, person):
    start(httpd, slapd)
    accepted = Outcome(200, person.user.encode())
    assert without(httpd, basic(person)) == typed(httpd, basic(person)) == accepted
    session = new_session(httpd, person)
    assert httpd.request("GET", "/app/", [basic(person), session]).event == "admit"
    altered = person.with_password(person.password + "x")
    assert httpd.request("GET", "/app/", [basic(altered), session]).status == 401


FIELDS = {
    "empty user": b"Basic " + encoded(":wonderland"),
    "empty password": b"Basic " + encoded("alice:"),
    "neither": b"Basic " + encoded(":"),
    "no colon": b"Basic " + encoded("alice"),
    "nothing in it": b"Basic " + encoded(""),
    "no parameter": b"Basic",
    "wildcard": b"Basic " + encoded("*:wonderland"),
    "wildcard in the name": b"Basic " + encoded("ali*:wonderland"),
    "filter injection": b"Basic " + encoded("alice)(objectClass=*:wonderland"),
    "DN instead of a name": b"Basic " + encoded(f"{dn_of(ALICE)}:wonderland"),
    "other case": b"Basic " + encoded("ALICE:wonderland"),
    "space before the name": b"Basic " + encoded(" alice:wonderland"),
    "space behind the name": b"Basic " + encoded("alice :wonderland"),
    "tab in the name": b"Basic " + encoded("ali\tce:wonderland"),
    "NUL in the name": b"Basic " + encoded(b"alice\0x:wonderland"),
    "NUL in the password": b"Basic " + encoded(b"alice:wonderland\0x"),
    "Latin-1 instead of UTF-8": b"Basic " + encoded("zoë:pässwörd".encode("latin-1")),
    "password too long": b"Basic " + encoded("alice:" + "x" * 4000),
    "no padding": b"Basic " + encoded("alice:wonderland").rstrip(b"="),
    "too much padding": b"Basic " + encoded("alice:wonderland") + b"==",
    "noise behind the padding": b"Basic " + encoded("alice:wonderland") + b"!?",
    "noise within": b"Basic YWxpY2U6!d29uZGVybGFuZA==",
    "URL-safe alphabet": b"Basic YWxpY2U6____",
    "8-bit noise": b"Basic \xff\xfe\xfd",
    "tab before the parameter": b"Basic\t" + encoded("alice:wonderland"),
    "several spaces": b"Basic    " + encoded("alice:wonderland"),
    "space behind": b"Basic " + encoded("alice:wonderland") + b" ",
    "lower-case scheme": b"basic " + encoded("alice:wonderland"),
    "upper-case scheme": b"BASIC " + encoded("alice:wonderland"),
    "another scheme": b"Bearer " + encoded("alice:wonderland"),
    "Digest": b'Digest username="alice", realm="Staff"',
    "longer scheme": b"Basics " + encoded("alice:wonderland"),
    "empty field": b"",
}


def test_odd_authorization_fields_are_answered_as_by_mod_authnz_ldap_alone(httpd, slapd):
    start(httpd, slapd)
    alone = {name: without(httpd, ("Authorization", field)) for name, field in FIELDS.items()}
    with_us = {name: typed(httpd, ("Authorization", field)) for name, field in FIELDS.items()}
    assert with_us == alone
    # The comparison has both kinds in it.
    assert {each.status for each in alone.values()} >= {200, 401}


def test_two_authorization_fields_are_answered_as_by_mod_authnz_ldap_alone(httpd, slapd):
    start(httpd, slapd)
    for first, second in ((ALICE, BOB), (ALICE, ALICE)):
        fields = [basic(first), basic(second)]
        assert typed(httpd, *fields) == without(httpd, *fields)


def test_an_answer_that_makes_no_sense_leaves_the_challenge_good_for_the_next_one(httpd, slapd):
    start(httpd, slapd)
    challenged = httpd.request("GET", "/app/")
    for name in ("empty user", "empty password", "no colon", "another scheme", "8-bit noise"):
        answer = httpd.request("GET", "/app/",
                               [("Authorization", FIELDS[name]), cookie_of(challenged)])
        assert answer.status == 401
    assert httpd.error_log.sessions_opened() == 0
    assert httpd.request("GET", "/app/", [basic(ALICE), cookie_of(challenged)]).event == "login"


# ---- one browser, several answers

def test_another_persons_password_takes_the_browser_over(httpd, slapd):
    start(httpd, slapd)
    alices = new_session(httpd, ALICE)
    bobs = httpd.request("GET", "/app/", [basic(BOB), alices])
    assert (bobs.status, bobs.user, bobs.event) == (200, "bob", "login")
    assert httpd.request("GET", "/app/", [basic(BOB), cookie_of(bobs)]).event == "admit"
    assert httpd.request("GET", "/app/", [basic(ALICE), alices]).status == 401


def test_a_wrong_password_keeps_the_live_session(httpd, slapd):
    start(httpd, slapd)
    alices = new_session(httpd, ALICE)
    for person in (ALICE.mistyped, BOB.mistyped):
        wrong = httpd.request("GET", "/app/", [basic(person), alices])
        assert wrong.status == 401 and wrong.set_cookie is None
    assert httpd.request("GET", "/app/", [basic(ALICE), alices]).event == "admit"


def test_a_password_changed_in_the_directory_leads_to_a_new_session(httpd, slapd):
    start(httpd, slapd, UNCACHED)
    before = new_session(httpd, ALICE)
    changed = slapd.set_password(ALICE, "through the looking-glass")
    assert httpd.request("GET", "/app/", [basic(ALICE), before]).status == 401
    answer = httpd.request("GET", "/app/", [basic(changed), before])
    assert (answer.status, answer.event) == (200, "login")
    assert httpd.request("GET", "/app/", [basic(changed), cookie_of(answer)]).event == "admit"
    slapd.restore()
    assert httpd.request("GET", "/app/", [basic(ALICE), before]).status == 401
