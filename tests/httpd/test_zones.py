"""Zones: where one login is worth something, and where it is worth nothing."""

import pytest

from harness.browser import ENGINES
from harness.error_log import UNKNOWN_USER, WRONG_PASSWORD
from harness.people import ALICE, BOB
from harness.requests import basic, cookie_of, log_out, new_session, sign_in
from harness.site import asks, file_site, ldap_site, start_file_site

OTHER_ALICE = ALICE.with_password("another world")
HOSTS = ("one.test", "two.test")


def host(httpd, name):
    return ("Host", f"{name}:{httpd.port}")


# ---- virtual hosts

def start_two_hosts(httpd, zone=""):
    """The same AuthName in two virtual hosts; alice has another password in each, bob the same."""
    people = {"one.test": (ALICE, BOB), "two.test": (OTHER_ALICE, BOB)}
    httpd.start("".join(
        f'<VirtualHost 127.0.0.1:{httpd.port}>\nServerName {name}:{httpd.port}\n'
        f'{file_site(httpd.write_password_file(name, *people[name]), zone=zone)}\n</VirtualHost>\n'
        for name in HOSTS))


def test_virtual_hosts_with_the_same_auth_name_share_nothing(httpd):
    start_two_hosts(httpd)
    one, two = (host(httpd, name) for name in HOSTS)
    here, there = sign_in(httpd, BOB, headers=[one]), sign_in(httpd, BOB, headers=[two])
    assert here.set_cookie.name != there.set_cookie.name
    for request, stranger in ((two, here), (one, there)):
        assert asks(httpd.request("GET", "/app/", [request, basic(BOB), cookie_of(stranger)]))
    renamed = ("Cookie", f"{there.set_cookie.name}={here.set_cookie.value}")
    refused = httpd.request("GET", "/app/", [two, basic(BOB), renamed])
    assert asks(refused), "a session under the other zone's name opens nothing either"
    log_out(httpd, cookie_of(here), "/logout", [one])
    log_out(httpd, cookie_of(here), "/logout?scope=all", [one])
    assert httpd.request("GET", "/app/", [two, basic(BOB), cookie_of(there)]).event == "admit"


def test_a_logout_everywhere_stays_in_its_virtual_host(httpd):
    start_two_hosts(httpd)
    one, two = (host(httpd, name) for name in HOSTS)
    laptop, phone = (sign_in(httpd, BOB, headers=[one]) for _ in range(2))
    there = sign_in(httpd, BOB, headers=[two])
    log_out(httpd, cookie_of(laptop), "/logout?scope=all", [one])
    assert httpd.request("GET", "/app/", [one, basic(BOB), cookie_of(phone)]).status == 401
    assert httpd.request("GET", "/app/", [two, basic(BOB), cookie_of(there)]).status == 200


def test_a_shared_zone_shares_sessions_and_logouts_but_not_passwords(httpd):
    start_two_hosts(httpd, zone='AuthEpochZone "company"\nAuthEpochCookieDomain test')
    one, two = (host(httpd, name) for name in HOSTS)
    bobs = sign_in(httpd, BOB, headers=[one])
    assert bobs.set_cookie["domain"] == "test"
    assert httpd.request("GET", "/app/", [two, basic(BOB), cookie_of(bobs)]).event == "admit"

    alices = sign_in(httpd, ALICE, headers=[one])
    httpd.expect_log(WRONG_PASSWORD)
    assert asks(httpd.request("GET", "/app/", [two, basic(ALICE), cookie_of(alices)]))

    log_out(httpd, cookie_of(bobs), "/logout", [two])
    for where in (one, two):
        assert asks(httpd.request("GET", "/app/", [where, basic(BOB), cookie_of(bobs)]))
    assert httpd.request("GET", "/app/", [one, basic(ALICE), cookie_of(alices)]).user == "alice"


def test_an_armed_challenge_arms_for_its_own_origin_alone(httpd):
    start_two_hosts(httpd, zone='AuthEpochZone "company"\nAuthEpochCookieDomain test')
    one, two = (host(httpd, name) for name in HOSTS)
    armed = cookie_of(httpd.request("GET", "/app/", [one]))
    refused = httpd.request("GET", "/app/", [two, basic(BOB), armed])
    assert asks(refused) and httpd.wait_for_log(r"challenge-elsewhere, row 12")
    assert httpd.request("GET", "/app/", [two, basic(BOB), cookie_of(refused)]).status == 200


# ---- another port: browsers file cookies by host, but credentials by origin

def test_an_armed_challenge_of_another_port_arms_nothing(httpd):
    start_file_site(httpd, ALICE, https=True,
                    zone='AuthEpochZone "company"\nAuthEpochCookieSecure Off')
    armed = cookie_of(httpd.request("GET", "/app/"))
    refused = httpd.request("GET", "/app/", [basic(ALICE), armed], https=True)
    assert asks(refused) and httpd.wait_for_log(r"challenge-elsewhere, row 12")
    typed = httpd.request("GET", "/app/", [basic(ALICE), cookie_of(refused)], https=True)
    assert (typed.status, typed.user) == (200, "alice")


# ---- two zones in one host

TWO_ZONES = """
<Location "/admin">
    AuthName "Admin"
</Location>
<Location "/admin/logout">
    SetHandler auth-epoch-logout
    Require all granted
</Location>
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_two_zones_have_a_prompt_a_cookie_and_a_logout_each(httpd, engine):
    start_file_site(httpd, ALICE, BOB, more=TWO_ZONES)
    browser = httpd.browser(engine)
    assert browser.visit("/app/", typing=ALICE).user == "alice"
    admin = browser.visit("/admin/", typing=BOB)
    assert (admin.user, admin.prompts) == ("bob", 1)
    assert len(browser.cookies) == 2

    browser.submit("/admin/logout")
    browser.run_forget_script("/admin/logout")
    staff = browser.visit("/app/")
    assert (staff.user, staff.event, staff.prompts) == ("alice", "admit", 0)
    back = browser.visit("/admin/", typing=BOB)
    assert (back.user, back.prompts) == ("bob", 1)

    browser.submit("/logout")
    assert browser.visit("/admin/").user == "bob"
    assert browser.visit("/app/").status == 401


def test_neither_the_session_nor_the_challenge_of_a_zone_is_worth_anything_in_another(httpd):
    start_file_site(httpd, ALICE, more=TWO_ZONES)
    armed, session = httpd.request("GET", "/app/"), sign_in(httpd)
    name = httpd.request("GET", "/admin/").set_cookie.name
    for cookie in (armed.set_cookie, session.set_cookie):
        forged = ("Cookie", f"{name}={cookie.value}")
        assert asks(httpd.request("GET", "/admin/", [basic(ALICE), forged]), "Admin")
    log_out(httpd, ("Cookie", f"{name}={session.set_cookie.value}"), "/admin/logout")
    assert httpd.request("GET", "/app/", [basic(ALICE), cookie_of(session)]).event == "admit"


# ---- the same zone, but another judge of passwords

def meets_only_its_own_passwords(httpd, inner):
    """Outside, alice and bob; in `inner`, bob alone, and alice with another password."""
    outside = sign_in(httpd, ALICE)
    assert asks(httpd.request("GET", inner, [basic(ALICE), cookie_of(outside)]))
    assert httpd.request("GET", "/app/", [basic(ALICE), cookie_of(outside)]).event == "admit"

    within = sign_in(httpd, OTHER_ALICE, inner)
    assert (within.status, within.user) == (200, "alice")
    assert asks(httpd.request("GET", "/app/", [basic(OTHER_ALICE), cookie_of(within)]))
    again = httpd.request("GET", inner, [basic(OTHER_ALICE), cookie_of(within)])
    assert (again.status, again.event) == (200, "admit")

    bobs = sign_in(httpd, BOB)
    for page in ("/app/", inner):
        assert httpd.request("GET", page, [basic(BOB), cookie_of(bobs)]).event == "admit"


def test_a_location_with_its_own_password_file_takes_no_session_for_a_password(httpd):
    outside = httpd.write_password_file("outside", ALICE, BOB)
    within = httpd.write_password_file("within", OTHER_ALICE, BOB)
    httpd.start(file_site(outside, more=f'<Location "/admin">\nAuthUserFile "{within}"\n'
                                        '</Location>\n'))
    httpd.expect_log(WRONG_PASSWORD)
    meets_only_its_own_passwords(httpd, "/admin/")


def test_an_htaccess_with_its_own_password_file_takes_no_session_for_a_password(httpd):
    outside = httpd.write_password_file("outside", ALICE, BOB)
    within = httpd.write_password_file("within", OTHER_ALICE, BOB)
    httpd.write("reports/.htaccess", f'AuthUserFile "{within}"\n')
    httpd.start(file_site(outside).replace('<Location "/">', f'<Directory "{httpd.htdocs}">')
                .replace("</Location>", "</Directory>", 1))
    httpd.expect_log(WRONG_PASSWORD)
    meets_only_its_own_passwords(httpd, "/reports/")


def test_a_location_with_a_narrower_directory_filter_lets_in_whom_it_finds(httpd, slapd):
    narrow = f'<Location "/admin">\nAuthLDAPURL "{slapd.url}?one?(uid=alice)"\n</Location>\n'
    httpd.start(ldap_site(slapd, more=narrow))
    httpd.expect_log(UNKNOWN_USER)
    for person, may_enter in ((ALICE, True), (BOB, False)):
        session = new_session(httpd, person)
        within = httpd.request("GET", "/admin/", [basic(person), session])
        assert within.status == (200 if may_enter else 401)
        assert httpd.request("GET", "/app/", [basic(person), session]).event == "admit"
    assert sign_in(httpd, BOB, "/admin/").status == 401
    assert httpd.error_log.sessions_opened() == 2
