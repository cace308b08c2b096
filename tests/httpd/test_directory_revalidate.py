"""AuthEpochRevalidate: within it a live session needs no provider; past it the directory is asked,
for real and once.

mod_ldap would answer from its cache in most of these, and nobody could tell; so most of them switch
that off (LDAPCacheEntries 0): every request that reaches mod_authnz_ldap shows in slapd's log.
"""

import contextlib
import shlex
import subprocess
import time

import pytest

from harness.error_log import HTTPDS_OWN
from harness.httpd import apxs
from harness.parallel import all_at_once, have_workers
from harness.people import ALICE, BOB, CAROL
from harness.proxy import Proxy
from harness.requests import CLOSE, SignedIn, basic, cookie_of
from harness.site import (bound, is_unavailable, ldap_area, outcome, provider_alias, shown,
                          start_file_site)
from harness.waiting import wait_until

ATTRIBUTES = "uid,mail,cn,displayName,employeeType"
UNCACHED = "LDAPCacheEntries 0\n"
LONG = "AuthEpochRevalidate 10min"
SHORT = "AuthEpochRevalidate 3s"
SHORT_SECONDS = 3
OUR_TROUBLE = r"\] \[auth_epoch:(?:warn|error|crit)\]"


def wait_until_due():
    """Waits until AuthEpochRevalidate 3s has passed, whenever before this call a session was
    verified. Requests have a clock of whole seconds."""
    due = time.time() + SHORT_SECONDS + 1
    wait_until(lambda: time.time() > due, "the sessions are due to be verified again")


def as_stock(stock, person, path):
    return outcome(stock.request("GET", path, [CLOSE, basic(person)]))


# ---- inside the window

@pytest.mark.every_mpm
def test_within_the_window_the_directory_is_not_asked_at_all(httpd, directory):
    httpd.start(UNCACHED + ldap_area(directory.url_of(ATTRIBUTES), epoch=LONG))
    alice = SignedIn(httpd, ALICE)
    log = directory.log
    for _ in range(20):
        again = alice.get()
        assert (again.status, again.event, again.user) == (200, "admit", "alice")
    assert log.operations() == []
    with directory.down():
        assert alice.get().status == 200


def test_without_it_every_request_reaches_the_provider_as_today(httpd, directory):
    httpd.start(UNCACHED + ldap_area(directory.url) + '<Location "/admin">\n' + LONG
                + '\n</Location>\n<Location "/admin/all">\nAuthEpochRevalidate Off\n</Location>\n')
    httpd.write("admin/all/index.html", "all")
    alice = SignedIn(httpd, ALICE)
    for path, binds in (("/app/", ["ok"]), ("/admin/", []), ("/admin/all/", ["ok"])):
        for _ in range(3):
            log = directory.log
            assert alice.get(path).status == 200
            assert log.binds(directory.dn(ALICE)) == binds, path


# What may be required, about alice (of the staff), bob (of the staff) and carol (not).
REQUIREMENTS = [
    "valid-user", "user alice", "ldap-user alice bob", "ldap-group {staff}",
    "not-ldap-group {staff}", "ldap-dn {alice}", "ldap-attribute displayName=Alice",
    "ldap-attribute employeeType=chief", "ldap-filter employeeType=chief",
    "ldap-filter |(displayName=Alice)(uid=bob)", "ldap-filter uid=nobody",
    "ldap-filter (there is no such filter", "ldap-group {missing}",
    "ldap-search (&(uid=%{{REMOTE_USER}})(employeeType=chief))",
]

VARIANTS = {
    "plain": lambda directory: {},
    "reader": lambda directory: {"more": bound()},
    "remote-user-attribute": lambda directory: {"more": "AuthLDAPRemoteUserAttribute displayName"},
    "remote-user-several": lambda directory: {"more": "AuthLDAPRemoteUserAttribute mail"},
    "remote-user-is-dn": lambda directory: {"more": "AuthLDAPRemoteUserIsDN On"},
    "group-of-names": lambda directory: {"more": "AuthLDAPGroupAttributeIsDN Off\n"
                                                 "AuthLDAPGroupAttribute description"},
    "compare-on-server": lambda directory: {"more": "AuthLDAPCompareDNOnServer On"},
    "as-user": lambda directory: {"more": "AuthLDAPSearchAsUser On\nAuthLDAPCompareAsUser On"},
    "alias": lambda directory: {"provider": "people"},
    "alias-with-url": lambda directory: {"provider": "people",
                                         "url": directory.url_of(ATTRIBUTES)},
}

# As the reference says: there authorization needs what the provider finds on each request.
WITHOUT_WINDOW = {"as-user", "remote-user-is-dn"}


def required(number, requirement):
    if requirement.startswith("not-"):
        requirement = (f"<RequireAll>\nRequire valid-user\nRequire not {requirement[4:]}\n"
                       "</RequireAll>")
    else:
        requirement = f"Require {requirement}"
    return f'<Location "/case/{number}/">\n{requirement}\n</Location>\n'


def requirements_of(directory):
    directory.modify(ALICE, displayName="Alice")
    directory.modify(CAROL, employeeType=["staff", "chief"])
    directory.modify(directory.staff, description=["alice", "bob"])
    return [each.format(staff=directory.staff, alice=directory.dn(ALICE),
                        missing=f"cn=missing,ou=groups,{directory.suffix}")
            for each in REQUIREMENTS]


@pytest.mark.parametrize("caching, window", [("", LONG), (UNCACHED, LONG), (UNCACHED, "")],
                         ids=["cached", "uncached", "without"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_users_variables_and_authorization_are_those_of_the_provider(
        httpd, stock, directory, variant, caching, window):
    httpd.tolerate_log(HTTPDS_OWN)
    requirements = requirements_of(directory)
    section = {"url": "" if variant == "alias" else directory.url_of(ATTRIBUTES),
               **VARIANTS[variant](directory)}
    site = (caching + provider_alias(directory.url_of(ATTRIBUTES))
            + ldap_area(**section, epoch=window)
            + 'AliasMatch "^/case/" "${SCRATCH}/htdocs/app/index.html"\n'
            + "".join(required(*each) for each in enumerate(requirements)))
    httpd.start(site)
    stock.start(site, auth_epoch=False)
    if window:  # of `Require ldap-search` at least
        assert_told_that_it_saves_nothing(httpd)
    differences = []
    for person in (ALICE, BOB, CAROL):
        session = SignedIn(httpd, person)
        assert outcome(session.login) == as_stock(stock, person, "/app/")
        for number, requirement in enumerate(requirements):
            path = f"/case/{number}/"
            for _ in range(2):
                ours, theirs = outcome(session.get(path)), as_stock(stock, person, path)
                if ours != theirs:
                    differences.append(f"{person.user}, Require {requirement}: {ours[0]}, but "
                                       f"without the module {theirs[0]}; {ours[1]}, {theirs[1]}")
    assert not differences, "\n".join(dict.fromkeys(differences))


def assert_told_that_it_saves_nothing(httpd):
    """Which stands on standard error when httpd starts, and is no complaint of the test's."""
    stderr = httpd.scratch / "logs" / "stderr.log"
    said = stderr.read_text().splitlines()
    assert said and all("AuthEpochRevalidate saves nothing here" in line for line in said)
    stderr.write_text("")


@pytest.mark.every_mpm
def test_a_group_costs_no_more_than_the_compares_of_stock(httpd, stock, directory):
    site = UNCACHED + ldap_area(directory.url, require=f"ldap-group {directory.staff}", epoch=LONG)
    httpd.start(site)
    stock.start(site, auth_epoch=False)
    log = directory.log
    alice = SignedIn(httpd, ALICE)
    for _ in range(10):
        assert alice.get().status == 200
    ours = log.compares()
    assert log.binds(directory.dn(ALICE)) == ["ok"] and len(log.searches()) == 1
    log = directory.log
    for _ in range(11):
        assert as_stock(stock, ALICE, "/app/")[0] == 200
    assert ours == log.compares()


def test_who_is_taken_out_of_a_group_is_out_as_soon_as_without_it(httpd, directory):
    httpd.tolerate_log(HTTPDS_OWN)
    httpd.start(UNCACHED + "LDAPOpCacheEntries 0\n"
                + ldap_area(directory.url, require=f"ldap-group {directory.staff}", epoch=LONG))
    alice = SignedIn(httpd, ALICE)
    assert alice.get().status == 200
    directory.modify(directory.staff, member=directory.dn(BOB))
    assert alice.get().status == 401


def test_within_the_window_a_session_is_still_worth_nothing_without_its_password(
        httpd, directory):
    httpd.tolerate_log(HTTPDS_OWN)
    httpd.start(UNCACHED + ldap_area(directory.url, epoch=LONG))
    alice = SignedIn(httpd, ALICE)
    log = directory.log
    for credentials in ([], [basic(ALICE.mistyped)],
                        [basic(ALICE.with_password(""))], [basic(CAROL.mistyped)]):
        refused = httpd.request("GET", "/app/", [CLOSE, *credentials, cookie_of(alice.login)])
        assert refused.status == 401
    assert log.binds(directory.dn(ALICE)) == ["failed"]
    assert log.binds(directory.dn(CAROL)) == ["failed"]
    assert alice.get().status == 200


# ---- where there is no window

def test_where_another_verifier_decides_the_session_is_verified_there(httpd, directory):
    httpd.tolerate_log(HTTPDS_OWN)
    directory.modify(ALICE, employeeType="former")
    httpd.write("admin/chief/index.html", "chief")
    httpd.start(UNCACHED + ldap_area(directory.url, epoch=LONG)
                + ldap_area(directory.url_of("uid", "(employeeType=staff)"), path="/admin")
                + ldap_area(directory.url, path="/reports", more=bound()))
    for person, status in ((ALICE, 401), (BOB, 200)):
        session = SignedIn(httpd, person)
        log = directory.log
        for _ in range(3):
            assert session.get("/admin/").status == status
        assert len(log.searches("(employeeType=staff)")) == 3
        log = directory.log
        for _ in range(3):
            assert session.get("/reports/").status == 200
        assert log.binds(directory.dn(person)) == ["ok"] * 3, "another AuthLDAPBindDN"
        assert session.get("/app/").status == 200, "and none the worse for it"


@pytest.mark.parametrize("more", ["AuthLDAPSearchAsUser On", "AuthLDAPCompareAsUser On",
                                  "AuthLDAPRemoteUserIsDN On"])
def test_where_authorization_needs_the_provider_every_request_is_verified(
        httpd, directory, more):
    httpd.start(UNCACHED + ldap_area(directory.url, require=f"ldap-group {directory.staff}",
                                     more=more, epoch=LONG))
    assert_told_that_it_saves_nothing(httpd)
    alice = SignedIn(httpd, ALICE)
    for _ in range(3):
        log = directory.log
        assert alice.get().status == 200
        assert "ok" in log.binds(directory.dn(ALICE)) and log.failed_binds() == []


UNKNOWN_PROVIDER = r"""
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <http_request.h>
#include <ap_provider.h>
#include <mod_auth.h>
#include <string.h>

module AP_MODULE_DECLARE_DATA authn_parrot_module;
APLOG_USE_MODULE(authn_parrot);

static authn_status check_password(request_rec *r, const char *user, const char *password)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "the parrot was asked");
    return strcmp(user, password) == 0 ? AUTH_GRANTED : AUTH_DENIED;
}

static const authn_provider parrot = {&check_password, NULL};

static void register_hooks(apr_pool_t *pool)
{
    ap_register_auth_provider(pool, AUTHN_PROVIDER_GROUP, "parrot", AUTHN_PROVIDER_VERSION,
                              &parrot, AP_AUTH_INTERNAL_PER_CONF);
}

module AP_MODULE_DECLARE_DATA authn_parrot_module = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks
};
"""


def compile_unknown_provider(httpd):
    """Somebody else's provider: takes whose password is their name. Returns its LoadModule line."""
    source = httpd.write(httpd.scratch / "conf" / "parrot.c", UNKNOWN_PROVIDER)
    library = source.with_suffix(".so")
    flags = [f"-I{apxs('INCLUDEDIR')}", f"-I{apxs('APR_INCLUDEDIR')}",
             *shlex.split(apxs("EXTRA_CPPFLAGS"))]
    subprocess.run(["cc", "-shared", "-fPIC", *flags, "-o", library, source], check=True,
                   capture_output=True)
    library.chmod(0o755)
    return f"LoadModule authn_parrot_module {library}\n"


@pytest.mark.parametrize("provider", ["parrot", "file parrot", "polly"])
def test_a_provider_that_nobody_knows_is_asked_every_time(httpd, provider):
    parrot = ALICE.with_password("alice")
    users = httpd.write_password_file("users", BOB)
    httpd.start(compile_unknown_provider(httpd)
                + "<AuthnProviderAlias parrot polly>\n</AuthnProviderAlias>\n"
                + ldap_area("", provider=provider, more=f'AuthUserFile "{users}"', epoch=LONG))
    assert_told_that_it_saves_nothing(httpd)
    alice = SignedIn(httpd, parrot)
    for _ in range(5):
        assert alice.get().status == 200
    assert len(httpd.error_log.lines("the parrot was asked")) == 6


# ---- past the window

@pytest.mark.every_mpm
@pytest.mark.parametrize("caching", ["LDAPCacheTTL 600\n", UNCACHED], ids=["cached", "uncached"])
def test_past_the_window_ten_requests_cost_one_bind(httpd, directory, caching):
    with Proxy(directory.port) as proxy:
        httpd.start(caching + ldap_area(directory.url_of(ATTRIBUTES, port=proxy.port),
                                        epoch=SHORT))
        have_workers(httpd, 10)
        alice = SignedIn(httpd, ALICE)
        for _ in range(2):
            wait_until_due()
            log = directory.log
            seen = len(httpd.error_log.lines(r" admit \("))
            with contextlib.ExitStack() as stall:
                stall.enter_context(proxy.stalled())

                def go_on():
                    httpd.wait_for_log(r" admit \(", seen + 10)
                    stall.close()

                answers = all_at_once(httpd, 10, "/app/", alice.headers, go_on)
            assert [outcome(each) for each in answers] == [outcome(alice.login)] * 10
            assert log.binds(directory.dn(ALICE)) == ["ok"]
            assert alice.get().status == 200
            assert log.binds(directory.dn(ALICE)) == ["ok"], "and the window is open again"


@pytest.mark.every_mpm
def test_a_changed_password_ends_the_session_when_it_is_verified_again(httpd, directory):
    httpd.tolerate_log(HTTPDS_OWN)
    httpd.start("LDAPCacheTTL 600\n" + ldap_area(directory.url, epoch=SHORT))
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    changed = directory.set_password(ALICE, "changed")
    wait_until_due()
    log = directory.log
    answers = all_at_once(httpd, 10, "/app/", alice.headers)
    assert {each.status for each in answers} == {401}
    assert log.binds(directory.dn(ALICE)) == ["failed"]
    ended = httpd.wait_for_log(r"session \w+ of user alice ended")
    assert len(ended) == 1 and "password-refused" in ended[0]
    assert alice.get().status == 401
    directory.set_password(changed, ALICE.password)
    assert alice.get().status == 401, "an ended session is ended for good"
    assert log.binds(directory.dn(ALICE)) == ["failed"]
    assert bob.get().status == 200
    changed = directory.set_password(ALICE, "changed again")
    assert SignedIn(httpd, changed).get().status == 200


@pytest.mark.parametrize("leave", [
    lambda directory: directory.lock(ALICE),
    lambda directory: directory.expire_password(ALICE),
    lambda directory: directory.modify(ALICE, employeeType="former"),
    lambda directory: directory.rename(ALICE, "cn=alice", f"ou=elsewhere,{directory.suffix}"),
    lambda directory: directory.rename(ALICE, "cn=alice-liddell"),
    lambda directory: directory.delete(ALICE),
], ids=["locked", "expired", "out of the filter", "out of the base", "renamed", "deleted"])
def test_whom_the_directory_no_longer_has_as_they_were_is_out_past_the_window(
        httpd, directory, leave):
    httpd.tolerate_log(HTTPDS_OWN)
    httpd.start("LDAPCacheTTL 600\n"
                + ldap_area(directory.url_of("uid", "(employeeType=staff)"), epoch=SHORT))
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    leave(directory)
    wait_until_due()
    assert alice.get().status == 401
    assert len(httpd.error_log.lines(r"session \w+ of user alice ended")) == 1
    assert alice.get().status == 401
    assert bob.get().status == 200


def test_variables_are_those_of_the_last_verification(httpd, directory):
    httpd.start(UNCACHED
                + ldap_area(directory.url_of(ATTRIBUTES), epoch=SHORT))
    alice = SignedIn(httpd, ALICE)
    before = shown(alice.login)["AUTHENTICATE_DISPLAYNAME"]
    directory.modify(ALICE, displayName="Alice Liddell")
    wait_until_due()
    assert before != "Alice Liddell"
    for _ in range(3):
        assert shown(alice.get())["AUTHENTICATE_DISPLAYNAME"] == "Alice Liddell"


def test_a_password_file_is_asked_again_too(httpd):
    httpd.tolerate_log(HTTPDS_OWN)
    start_file_site(httpd, ALICE, BOB, zone=SHORT)
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    httpd.write_password_file("users", ALICE.with_password("changed"), BOB)
    wait_until_due()
    assert alice.get().status == 401
    assert len(httpd.error_log.lines(r"user alice ended.*password-refused")) == 1
    assert bob.get().status == 200


# ---- when the directory cannot be asked

@pytest.mark.every_mpm
def test_past_the_window_a_directory_that_is_away_means_503_said_once_and_no_login_afterwards(
        httpd, directory):
    httpd.tolerate_log(HTTPDS_OWN)
    httpd.expect_log(OUR_TROUBLE + ".*directory")
    httpd.start("LDAPCacheTTL 600\n" + ldap_area(directory.url, epoch=SHORT))
    alice = SignedIn(httpd, ALICE)
    wait_until_due()
    with directory.down():
        assert all(is_unavailable(each) for each in all_at_once(httpd, 10, "/app/", alice.headers))
        assert all(is_unavailable(alice.get()) for _ in range(10))
        assert alice.get().set_cookies == []
        assert len(httpd.error_log.lines(OUR_TROUBLE)) == 1
    again = wait_until(lambda: ok(alice.get()), "the directory is asked again")
    assert (again.event, again.user) == ("admit", "alice")
    assert len(httpd.error_log.lines(OUR_TROUBLE)) == 1
    assert httpd.error_log.lines(r"session \w+ of user alice ended") == []


def ok(response):
    return response if response.status == 200 else None


@pytest.mark.every_mpm
def test_sessions_go_on_for_as_long_as_authepochondirectoryerror_says(httpd, directory):
    httpd.tolerate_log(HTTPDS_OWN)
    httpd.expect_log(OUR_TROUBLE + ".*directory")
    httpd.start("LDAPCacheTTL 600\nAuthEpochOnDirectoryError stale 1h\n"
                + ldap_area(directory.url_of(ATTRIBUTES), epoch=SHORT))
    alice = SignedIn(httpd, ALICE)
    wait_until_due()
    with directory.down():
        together = all_at_once(httpd, 10, "/app/", alice.headers)
        for again in [*together, *(alice.get() for _ in range(10))]:
            assert (again.status, again.event) == (200, "admit")
            assert outcome(again) == outcome(alice.login)
        assert len(httpd.error_log.lines(OUR_TROUBLE)) == 1
        wrong = [CLOSE, basic(ALICE.mistyped), cookie_of(alice.login)]
        assert httpd.request("GET", "/app/", wrong).status == 500, "nobody else gets in"
    log = directory.log

    def asked():
        assert alice.get().status == 200
        return log.binds(directory.dn(ALICE))

    assert wait_until(asked, "the directory is asked again") == ["ok"]
    assert len(httpd.error_log.lines(OUR_TROUBLE)) == 1


def test_what_is_stale_for_too_long_is_admitted_no_more(httpd, directory):
    httpd.tolerate_log(HTTPDS_OWN)
    httpd.expect_log(OUR_TROUBLE + ".*directory")
    httpd.start("AuthEpochOnDirectoryError stale 3s\n" + ldap_area(directory.url, epoch=SHORT))
    alice = SignedIn(httpd, ALICE)
    with directory.down():
        wait_until_due()
        statuses = [alice.get().status]

        def refused():
            statuses.append(alice.get().status)
            return statuses[-1] != 200

        wait_until(refused, "the session is too stale")
        assert statuses[0] == 200 and statuses[-1] == 503
    assert wait_until(lambda: ok(alice.get()), "the directory is asked again").event == "admit"


def test_a_changed_password_counts_after_an_outage(httpd, directory):
    httpd.tolerate_log(HTTPDS_OWN)
    httpd.expect_log(OUR_TROUBLE + ".*directory")
    httpd.start("LDAPCacheTTL 600\nAuthEpochOnDirectoryError stale 1h\n"
                + ldap_area(directory.url, epoch=SHORT))
    alice = SignedIn(httpd, ALICE)
    directory.set_password(ALICE, "changed")
    wait_until_due()
    with directory.down():
        assert alice.get().status == 200
    wait_until(lambda: alice.get().status == 401, "the directory is asked again")
    assert len(httpd.error_log.lines(r"user alice ended.*password-refused")) == 1


# ---- requests within requests

PAGE = ('user=<!--#echo var="REMOTE_USER" --> mail=<!--#echo var="AUTHENTICATE_MAIL" -->\n'
        '<!--#include virtual="/reports/part.shtml" -->\n')
PART = 'part: user=<!--#echo var="REMOTE_USER" --> mail=<!--#echo var="AUTHENTICATE_MAIL" -->\n'
INNER = """
Options +Includes
AddOutputFilter INCLUDES .shtml
ErrorDocument 404 /app/page.shtml
<Directory ${SCRATCH}/htdocs/app>
    RewriteEngine On
    RewriteRule ^jump$ /reports/part.shtml [L]
    RewriteRule ^gone$ - [G]
    DirectoryIndex page.shtml
</Directory>
"""


@pytest.mark.parametrize("variant", ["plain", "remote-user-is-dn", "remote-user-attribute",
                                     "alias"])
def test_sub_requests_and_internal_redirects_have_the_right_user(
        httpd, stock, directory, variant):
    site = (UNCACHED + provider_alias(directory.url_of(ATTRIBUTES))
            + ldap_area(**{"url": directory.url_of(ATTRIBUTES), **VARIANTS[variant](directory)},
                        epoch=LONG) + INNER)
    for server, ours in ((httpd, True), (stock, False)):
        server.write("app/page.shtml", PAGE)
        server.write("reports/part.shtml", PART)
        server.start(site, modules=["rewrite", "include"], auth_epoch=ours)
    if variant in WITHOUT_WINDOW:
        assert_told_that_it_saves_nothing(httpd)
    alice = SignedIn(httpd, ALICE, "/reports/")
    log = directory.log
    for path in ("/app/", "/app/page.shtml", "/app/missing", "/app/jump", "/reports/part.shtml",
                 "/missing", "/app/gone"):
        ours = alice.get(path)
        assert variant in WITHOUT_WINDOW or log.operations() == [], path
        theirs = stock.request("GET", path, [CLOSE, basic(ALICE)])
        assert (outcome(ours), ours.text) == (outcome(theirs), theirs.text), path
        log = directory.log
