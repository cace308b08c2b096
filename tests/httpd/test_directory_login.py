"""A login means a real bind: what the directory says now is what counts, not mod_ldap's cache.

Most tests run two servers side by side: `httpd` with the module and `stock` without it. What the
module must not change is compared, not written down.
"""

import threading

import pytest

from harness.error_log import HTTPDS_OWN
from harness.parallel import all_at_once
from harness.people import ALICE, BOB, CAROL, DORA, STAFF, Person
from harness.proxy import Proxy
from harness.requests import CLOSE, basic, cookie_of
from harness.site import bound, ldap_area, outcome, provider_alias, shown, start_file_site
from harness.slapd import FAILURES_TO_LOCK, entry_of
from harness.waiting import wait_until

STRANGER = Person("stranger", "danger")
ATTRIBUTES = "uid,mail,cn,displayName"
MOST_WORKERS = 64  # of harness/httpd.py


def sign_in(server, person, path="/app/"):
    """A prompt, and the person's answer. Without the module, there is no cookie in it."""
    challenged = server.request("GET", path, [CLOSE])
    assert challenged.asks_for_password
    cookie = [cookie_of(challenged)] if challenged.set_cookies else []
    return server.request("GET", path, [CLOSE, basic(person), *cookie])


def start_both(httpd, stock, site, modules=()):
    httpd.tolerate_log(HTTPDS_OWN)
    httpd.start(site, modules=modules)
    stock.start(site, modules=modules, auth_epoch=False)


# ---- the reason for it all

@pytest.mark.every_mpm
def test_a_changed_password_counts_at_the_next_login_though_mod_ldap_has_cached_the_old_one(
        httpd, stock, directory):
    start_both(httpd, stock, "LDAPCacheTTL 600\n" + ldap_area(directory.url))
    for server in (httpd, stock):
        assert sign_in(server, ALICE).status == 200
    changed = directory.set_password(ALICE, "changed")
    assert not directory.accepts(ALICE) and directory.accepts(changed)

    assert sign_in(stock, ALICE).status == 200, "what stock httpd does"
    assert sign_in(httpd, ALICE).status == 401
    assert sign_in(httpd, changed).status == 200
    assert sign_in(httpd, ALICE).status == 401, "still"


def test_a_login_follows_each_of_many_changes(httpd, directory):
    httpd.tolerate_log(HTTPDS_OWN)
    httpd.start("LDAPCacheTTL 600\n" + ldap_area(directory.url))
    now = ALICE
    for number in range(10):
        assert sign_in(httpd, now).status == 200
        before, now = now, directory.set_password(now, f"number {number}")
        assert sign_in(httpd, before).status == 401
    assert sign_in(httpd, now).status == 200


# ---- whatever the directives

def initial_bind(directory):
    return ("AuthLDAPInitialBindAsUser On\n"
            f'AuthLDAPInitialBindPattern "(.+)" "uid=$1,{directory.people}"\n')


def trusting(tls):
    return f"LDAPTrustedGlobalCert CA_BASE64 {tls.ca}\n"


SETUPS = {
    "plain": lambda d, tls: ldap_area(d.url_of(ATTRIBUTES)),
    "reader": lambda d, tls: ldap_area(d.url_of(ATTRIBUTES), more=bound()),
    "filter": lambda d, tls: ldap_area(d.url_of(ATTRIBUTES, "(employeeType=staff)")),
    "alias": lambda d, tls: (provider_alias(d.url_of(ATTRIBUTES))
                             + ldap_area("", provider="people")),
    "alias-reader": lambda d, tls: (provider_alias(d.url_of(ATTRIBUTES), more=bound())
                                    + ldap_area("", provider="people")),
    "remote-user-attribute": lambda d, tls: ldap_area(
        d.url_of(ATTRIBUTES), more="AuthLDAPRemoteUserAttribute displayName"),
    "remote-user-several": lambda d, tls: ldap_area(
        d.url_of(ATTRIBUTES), more="AuthLDAPRemoteUserAttribute mail"),
    "remote-user-is-dn": lambda d, tls: ldap_area(
        d.url_of(ATTRIBUTES), more="AuthLDAPRemoteUserIsDN On"),
    "initial-bind": lambda d, tls: ldap_area(d.url_of(ATTRIBUTES), more=initial_bind(d)),
    "as-user": lambda d, tls: ldap_area(
        d.url_of(ATTRIBUTES), require=f"ldap-group {d.staff}",
        more=initial_bind(d) + "AuthLDAPSearchAsUser On\nAuthLDAPCompareAsUser On"),
    "group": lambda d, tls: ldap_area(
        d.url_of(ATTRIBUTES), require=f"ldap-group {d.staff}"),
    "ldaps": lambda d, tls: trusting(tls) + ldap_area(d.url_of(ATTRIBUTES, scheme="ldaps")),
    "starttls": lambda d, tls: trusting(tls) + ldap_area(d.url_of(ATTRIBUTES) + " STARTTLS"),
    "starttls-everywhere": lambda d, tls: (trusting(tls) + "LDAPTrustedMode STARTTLS\n"
                                           + ldap_area(d.url_of(ATTRIBUTES))),
}


@pytest.fixture(params=SETUPS)
def setup(request, directory, tls):
    for person in (ALICE, BOB, CAROL):  # for AuthLDAPInitialBindPattern
        directory.rename(person, f"uid={person.user}")
    directory.modify(directory.staff, member=[directory.dn(person) for person in STAFF])
    return SETUPS[request.param](directory, tls)


def test_a_login_ends_as_without_the_module(httpd, stock, directory, setup):
    start_both(httpd, stock, setup)
    people = [ALICE, CAROL, ALICE.mistyped, ALICE.with_password(""), STRANGER]
    for again in (False, True):
        for person in people:
            assert outcome(sign_in(httpd, person)) == outcome(sign_in(stock, person)), (
                f"{person}, {'again' if again else 'for the first time'}")
    assert sign_in(httpd, ALICE).status == 200
    assert ALICE.password not in httpd.error_log.text()


def test_a_changed_password_counts_at_the_next_login_whatever_the_directives(
        httpd, stock, directory, setup):
    start_both(httpd, stock, setup)
    for server in (httpd, stock):
        assert sign_in(server, ALICE).status == 200
    changed = directory.set_password(ALICE, "changed")
    stock.restart()  # and so with nothing cached
    for person in (ALICE, changed, ALICE):
        assert outcome(sign_in(httpd, person)) == outcome(sign_in(stock, person)), person
    assert sign_in(httpd, changed).status == 200
    log = directory.log
    assert sign_in(httpd, changed).status == 200
    assert sign_in(httpd, BOB).status == 200
    assert log.failed_binds() == []


# ---- several providers

def two_directories(make_directory, more=""):
    first, second = make_directory(), make_directory(suffix="dc=example,dc=com")
    site = (provider_alias(first.url_of(ATTRIBUTES), "first", more)
            + provider_alias(second.url_of(ATTRIBUTES), "second", more)
            + ldap_area("", provider="first second"))
    return first, second, site


def test_of_two_directories_the_one_that_knows_the_user_decides(httpd, stock, make_directory):
    first, second, site = two_directories(make_directory)
    second.add(DORA, mail="dora@example.com")
    start_both(httpd, stock, site)
    for _ in range(2):
        for person in (DORA, DORA.mistyped, ALICE, STRANGER):
            assert outcome(sign_in(httpd, person)) == outcome(sign_in(stock, person)), person
    log = first.log
    changed = second.set_password(DORA, "changed")
    assert sign_in(stock, DORA).status == 200
    assert sign_in(httpd, DORA).status == 401
    assert shown(sign_in(httpd, changed))["AUTHENTICATE_MAIL"] == "dora@example.com"
    assert log.failed_binds() == [], "the first directory never heard of her"


def test_a_password_that_is_wrong_in_both_directories_is_refused_with_the_binds_of_stock(
        httpd, stock, make_directory):
    first, second, site = two_directories(make_directory)
    start_both(httpd, stock, site)
    for server in (httpd, stock):
        logs = [each.log for each in (first, second)]
        assert sign_in(server, ALICE.mistyped).status == 401
        assert [log.binds(each.dn(ALICE)) for log, each in zip(logs, (first, second))] == [
            ["failed"], []], "the first one is authoritative"


def test_where_a_bind_is_not_authoritative_the_next_directory_is_asked(
        httpd, stock, make_directory):
    first, second, site = two_directories(make_directory, "AuthLDAPBindAuthoritative Off")
    elsewhere = second.set_password(ALICE, "elsewhere")
    start_both(httpd, stock, site)
    for person, binds in ((elsewhere, [["failed"], ["ok"]]), (ALICE, [["ok"], []]),
                          (ALICE.mistyped, [["failed"], ["failed"]])):
        outcomes = []
        for server in (httpd, stock):
            logs = [each.log for each in (first, second)]
            outcomes.append(outcome(sign_in(server, person)))
            assert [log.binds(each.dn(ALICE)) for log, each in zip(logs, (first, second))] == binds
        assert outcomes[0] == outcomes[1], person
    changed = second.set_password(ALICE, "changed")
    for person, status in ((elsewhere, 401), (changed, 200)):
        assert sign_in(httpd, person).status == status


def test_where_a_bind_is_not_authoritative_a_password_file_may_know_better(
        httpd, stock, directory):
    in_the_file = ALICE.with_password("from the file")
    users = httpd.write_password_file("users", in_the_file, DORA)
    start_both(httpd, stock, ldap_area(
        directory.url_of(ATTRIBUTES), provider="ldap file",
        more=f'AuthLDAPBindAuthoritative Off\nAuthUserFile "{users}"'))
    for person in (ALICE, in_the_file, DORA, ALICE.mistyped, STRANGER):
        binds = []
        outcomes = []
        for server in (httpd, stock):
            log = directory.log
            outcomes.append(outcome(sign_in(server, person)))
            binds.append(log.binds(directory.dn(ALICE)))
        assert outcomes[0] == outcomes[1], person
        assert binds[0] == binds[1], person
    changed = directory.set_password(ALICE, "changed")
    for person, status in ((ALICE, 401), (in_the_file, 200), (changed, 200)):
        assert sign_in(httpd, person).status == status, person


def test_without_mod_ldap_a_password_file_works_and_nobody_speaks_of_directories(
        httpd, monkeypatch):
    loaded = [each for each in httpd_modules() if each not in ("ldap", "authnz_ldap")]
    monkeypatch.setattr("harness.httpd.MODULES", loaded)
    start_file_site(httpd, ALICE)
    login = sign_in(httpd, ALICE)
    assert (login.status, login.event) == (200, "login")
    again = httpd.request("GET", "/app/", [basic(ALICE), cookie_of(login)])
    assert (again.status, again.event) == (200, "admit")
    httpd.graceful()
    assert httpd.request("GET", "/app/", [basic(ALICE), cookie_of(login)]).status == 200
    assert httpd.error_log.lines(r"\] \[(?:authnz_)?ldap:") == []
    assert httpd.error_log.lines(r"(?i)\] \[auth_epoch:.*(?:ldap|directory)") == []


def httpd_modules():
    import harness.httpd  # pylint: disable=import-outside-toplevel
    return harness.httpd.MODULES


# ---- entries that are not what they were

@pytest.mark.parametrize("more", ["", "AuthLDAPRemoteUserIsDN On"])
def test_a_renamed_entry_signs_in_under_its_new_name(httpd, stock, directory, more):
    start_both(httpd, stock, ldap_area(directory.url_of(ATTRIBUTES), more=more))
    assert sign_in(httpd, ALICE).status == 200
    renamed = directory.rename(ALICE, "cn=alice-liddell")
    log = directory.log
    assert outcome(sign_in(httpd, ALICE))[1]["REMOTE_USER"] == (renamed if more else "alice")
    assert log.binds(renamed) == ["ok"] and log.failed_binds() == []
    assert sign_in(httpd, ALICE).status == sign_in(stock, ALICE).status == 200


def test_a_name_that_has_passed_to_somebody_else_is_theirs_at_the_next_login(
        httpd, stock, directory):
    start_both(httpd, stock, ldap_area(directory.url_of(ATTRIBUTES)))
    assert sign_in(httpd, ALICE).status == 200
    directory.modify(ALICE, uid="liddell")
    heiress = Person("alice", "another password")
    directory.add(heiress, mail="heiress@example.org")
    assert sign_in(httpd, ALICE).status == 401
    assert outcome(sign_in(httpd, heiress)) == outcome(sign_in(stock, heiress))
    assert sign_in(httpd, heiress).status == 200


@pytest.mark.parametrize("leave", [
    lambda directory: directory.modify(ALICE, employeeType="former"),
    lambda directory: directory.modify(ALICE, uid="liddell"),
    lambda directory: directory.rename(ALICE, "cn=alice", f"ou=elsewhere,{directory.suffix}"),
    lambda directory: directory.delete(ALICE),
], ids=["the filter", "the name", "the base", "the directory"])
def test_who_has_left_cannot_sign_in_though_mod_ldap_still_knows_them(
        httpd, stock, directory, leave):
    start_both(httpd, stock,
               ldap_area(directory.url_of(ATTRIBUTES, "(employeeType=staff)")))
    for server in (httpd, stock):
        assert sign_in(server, ALICE).status == 200
    leave(directory)
    assert sign_in(stock, ALICE).status == 200, "what stock httpd does"
    log = directory.log
    assert sign_in(httpd, ALICE).status == 401
    assert log.failed_binds() == []
    assert sign_in(httpd, BOB).status == 200


def test_referrals_and_aliases_are_followed_as_without_the_module(
        httpd, stock, make_directory):
    directory = make_directory()
    remote = f"ou=remote,{directory.people}"
    other = make_directory(suffix=remote, overlays=(), content=(
        f"dn: {remote}\nobjectClass: organizationalUnit\nou: remote\n\n"
        + entry_of(DORA, f"cn=dora,{remote}")))
    elsewhere = f"cn=eve,ou=elsewhere,{directory.suffix}"
    eve = Person("eve", "apple")
    directory.add_entries(
        f"dn: {remote}\nobjectClass: referral\nobjectClass: extensibleObject\nou: remote\n"
        f"ref: {other.uri}/{remote}\n\n" + entry_of(eve, elsewhere) + "\n"
        f"dn: cn=eve,{directory.people}\nobjectClass: alias\nobjectClass: extensibleObject\n"
        f"cn: eve\naliasedObjectName: {elsewhere}\n")
    for referrals in ("", "LDAPReferrals Off\n"):
        for server in (httpd, stock):
            server.stop()
        start_both(httpd, stock, ldap_area(directory.url_of(ATTRIBUTES), more=referrals))
        for _ in range(2):
            for person in (ALICE, eve, DORA, ALICE.mistyped, STRANGER):
                assert outcome(sign_in(httpd, person)) == outcome(sign_in(stock, person)), person
        assert sign_in(httpd, eve).status == 200


# ---- what the directory has to say about an account

def locked(directory):
    directory.lock(ALICE)
    return ALICE


def expired(directory):
    directory.expire_password(ALICE)
    return ALICE


def must_change(directory):
    directory.apply_policy(ALICE, "strict")
    return directory.reset_password(ALICE, "change me")


def locked_out(directory):
    for _ in range(FAILURES_TO_LOCK):
        assert not directory.accepts(ALICE.mistyped)
    return ALICE


@pytest.mark.parametrize("cached", [False, True], ids=["unknown", "cached"])
@pytest.mark.parametrize("bar", [locked, expired, must_change, locked_out])
def test_an_account_that_is_barred_is_answered_as_by_stock_httpd_that_has_nothing_cached(
        httpd, stock, directory, bar, cached):
    start_both(httpd, stock, ldap_area(directory.url_of(ATTRIBUTES)))
    if cached:
        assert sign_in(httpd, ALICE).status == 200
    person = bar(directory)
    for _ in range(2):
        assert outcome(sign_in(httpd, person)) == outcome(sign_in(stock, person))
        assert outcome(sign_in(httpd, BOB)) == outcome(sign_in(stock, BOB)), "the same connection"
    log = directory.log
    for _ in range(4):
        assert sign_in(httpd, BOB).status == 200
    assert log.failed_binds() == []


def test_an_account_that_is_unlocked_signs_in_again(httpd, directory):
    httpd.tolerate_log(HTTPDS_OWN)
    httpd.start(ldap_area(directory.url))
    assert sign_in(httpd, ALICE).status == 200
    directory.lock(ALICE)
    assert sign_in(httpd, ALICE).status == 401
    directory.unlock(ALICE)
    assert sign_in(httpd, ALICE).status == 200


# ---- what it costs

@pytest.mark.every_mpm
def test_a_first_login_costs_what_stock_costs_and_a_cached_one_a_bind_more(
        httpd, stock, directory):
    start_both(httpd, stock, ldap_area(directory.url))
    for person in (ALICE, BOB):
        for server in (httpd, stock):
            log = directory.log
            assert sign_in(server, person).status == 200
            assert log.binds(directory.dn(person)) == ["ok"]
            assert len(log.searches()) == 1
    for _ in range(5):
        log = directory.log
        assert sign_in(stock, ALICE).status == 200
        assert log.operations() == []
        assert sign_in(httpd, ALICE).status == 200
        assert log.binds(directory.dn(ALICE)) == ["ok"]
        assert log.failed_binds() == []


@pytest.mark.every_mpm
def test_a_request_of_a_live_session_costs_nothing(httpd, directory):
    httpd.start(ldap_area(directory.url))
    login = sign_in(httpd, ALICE)
    log = directory.log
    for _ in range(20):
        again = httpd.request("GET", "/app/", [CLOSE, basic(ALICE), cookie_of(login)])
        assert (again.status, again.event) == (200, "admit")
    assert log.operations() == []


def test_what_needs_no_directory_does_not_ask_it(httpd, directory):
    httpd.tolerate_log(HTTPDS_OWN)
    httpd.start(ldap_area(directory.url))
    log = directory.log
    challenged = httpd.request("GET", "/app/")
    unasked = httpd.request("GET", "/app/", [basic(ALICE)])
    assert (challenged.status, unasked.status) == (401, 401)
    assert httpd.request("GET", "/app/", [basic(ALICE.with_password("")),
                                          cookie_of(challenged)]).status == 401
    assert log.failed_binds() == [] and log.binds(directory.dn(ALICE)) == []


@pytest.mark.every_mpm
@pytest.mark.parametrize("cached", [False, True], ids=["unknown", "cached"])
def test_ten_requests_that_wait_on_one_wrong_password_cost_one_failed_bind(
        httpd, directory, cached):
    httpd.tolerate_log(HTTPDS_OWN)
    httpd.start(ldap_area(directory.url))
    if cached:
        assert sign_in(httpd, ALICE).status == 200
    challenged = httpd.request("GET", "/app/", [CLOSE])
    log = directory.log
    wrong = ALICE.mistyped
    answers = all_at_once(httpd, 10, "/app/", [CLOSE, basic(wrong), cookie_of(challenged)])
    assert [answer.status for answer in answers] == [401] * 10
    assert log.binds(directory.dn(ALICE)) == ["failed"]
    assert directory.accepts(ALICE), "the account is not locked"
    assert httpd.request("GET", "/app/", [basic(ALICE), cookie_of(challenged)]).status == 200


@pytest.mark.every_mpm
def test_ten_requests_that_wait_on_one_right_password_cost_one_bind(httpd, directory):
    httpd.start(ldap_area(directory.url))
    assert sign_in(httpd, ALICE).status == 200
    challenged = httpd.request("GET", "/app/", [CLOSE])
    log = directory.log
    answers = all_at_once(httpd, 10, "/app/", [CLOSE, basic(ALICE), cookie_of(challenged)])
    assert [answer.status for answer in answers] == [200] * 10
    assert log.binds(directory.dn(ALICE)) == ["ok"]


@pytest.mark.every_mpm
def test_logins_one_after_the_other_share_mod_ldaps_connections(httpd, directory):
    httpd.start(ldap_area(directory.url))
    log = directory.log
    for _ in range(25):
        for person in (ALICE, BOB):
            assert sign_in(httpd, person).status == 200
    assert log.failed_binds() == []
    assert log.connections() <= len(httpd.children()), "one in each process"


class Login(threading.Thread):
    """Somebody who signs in, with each of the passwords in turn; keeps the statuses."""

    def __init__(self, httpd, attempts):
        super().__init__()
        self._httpd = httpd
        self._attempts = attempts
        self.statuses = []

    def run(self):
        for person in self._attempts:
            self.statuses.append(sign_in(self._httpd, person).status)


@pytest.mark.every_mpm
def test_fifty_parallel_logins_with_right_wrong_and_changed_passwords_each_get_their_answer(
        httpd, directory):
    httpd.tolerate_log(HTTPDS_OWN)
    httpd.start("LDAPCacheTTL 600\n" + ldap_area(directory.url))
    crowd = [Person(f"somebody-{number}", f"password-{number}") for number in range(50)]
    directory.add_all(crowd)
    for person in crowd:
        assert sign_in(httpd, person).status == 200
    logins, expected, failing = [], [], []
    for number, person in enumerate(crowd):
        wrong = person.mistyped
        if number % 3 == 0:
            attempts = [person] * 4
        elif number % 3 == 1:
            attempts = [wrong, person, wrong, person]
        else:
            changed = directory.set_password(person, f"changed-{number}")
            attempts = [person, changed, person, changed]
        logins.append(Login(httpd, attempts))
        expected.append([200] * 4 if number % 3 == 0 else [401, 200] * 2)
        failing += [directory.dn(person)] * (0 if number % 3 == 0 else 2)
    log = directory.log
    for login in logins:
        login.start()
    for login in logins:
        login.join()
    assert [login.statuses for login in logins] == expected
    assert sorted(log.failed_binds()) == sorted(failing), "one for each wrong answer"
    assert log.most_connections() <= MOST_WORKERS
    said = httpd.error_log.text()
    assert [person for person in crowd if person.password in said] == []


# ---- when the directory does not answer

@pytest.mark.parametrize("cached", [False, True], ids=["unknown", "cached"])
def test_a_login_while_the_directory_is_away_fails_as_without_the_module_and_works_afterwards(
        httpd, stock, directory, cached):
    start_both(httpd, stock, ldap_area(directory.url))
    if cached:
        assert sign_in(httpd, ALICE).status == 200
    challenged = httpd.request("GET", "/app/")
    answer = [basic(ALICE), cookie_of(challenged)]
    with directory.down():
        failed = httpd.request("GET", "/app/", answer)
        assert failed.status == sign_in(stock, ALICE).status == 500
        assert failed.set_cookies == [], "what was typed is still worth something"
    assert httpd.request("GET", "/app/", answer).status == 200
    assert sign_in(httpd, ALICE.mistyped).status == 401


@pytest.mark.parametrize("cached", [False, True], ids=["unknown", "cached"])
def test_connections_that_died_in_the_pool_are_replaced_and_nobody_notices(
        httpd, directory, cached):
    with Proxy(directory.port) as proxy:
        httpd.start(ldap_area(directory.url_of(port=proxy.port)))
        for _ in range(4):
            assert sign_in(httpd, ALICE).status == 200
        proxy.drop()
        for _ in range(4):
            assert sign_in(httpd, ALICE if cached else BOB).status == 200
            proxy.drop()


def test_a_directory_that_stalls_is_given_up_as_ldaptimeout_says(httpd, stock, directory):
    with Proxy(directory.port) as proxy:
        start_both(httpd, stock, "LDAPTimeout 1\nLDAPConnectionTimeout 1\nLDAPRetries 1\n"
                   + ldap_area(directory.url_of(port=proxy.port)))
        assert sign_in(httpd, ALICE).status == 200
        with proxy.stalled():
            for person in (ALICE, BOB):
                assert sign_in(httpd, person).status == 500
            assert sign_in(stock, BOB).status == 500
        wait_until(lambda: sign_in(httpd, ALICE).status == 200, "it answers again")
