"""AuthEpochRevalidate: whose yes counts, what is a no and what an outage, and what else may have a
say about a request."""

import pytest

from harness.error_log import HTTPDS_OWN
from harness.people import ALICE, BOB, CAROL
from harness.requests import SignedIn
from harness.site import bound, is_unavailable, ldap_area, outcome, provider_alias, section
from harness.slapd import READER_PASSWORD
from test_directory_revalidate import (ATTRIBUTES, LONG, SHORT, UNCACHED, as_stock,
                                       assert_told_that_it_saves_nothing, wait_until_due)


def test_a_user_without_the_attribute_that_names_them_is_refused_as_without_the_module(
        httpd, stock, directory):
    for server in (httpd, stock):
        server.tolerate_log(HTTPDS_OWN)
        server.tolerate_log("AH00027")
    site = ldap_area(directory.url_of(ATTRIBUTES), epoch=SHORT,
                     more="AuthLDAPRemoteUserAttribute displayName")
    directory.modify(ALICE, displayName="Alice")
    httpd.start(UNCACHED + site)
    stock.start(UNCACHED + site, auth_epoch=False)
    alice = SignedIn(httpd, ALICE)
    directory.modify(ALICE, displayName=[])
    wait_until_due()
    assert alice.get().status == as_stock(stock, ALICE, "/app/")[0] != 200
    children = httpd.children()
    assert alice.get().status != 200
    assert httpd.children() == children, "nobody has died of it"


@pytest.mark.every_mpm
def test_a_service_account_that_cannot_bind_ends_nobodys_session(httpd, directory):
    httpd.tolerate_log(HTTPDS_OWN)
    site = ldap_area(directory.url, epoch=SHORT, more=bound())
    httpd.start("LDAPConnectionPoolTTL 0\n" + site)
    alice = SignedIn(httpd, ALICE)
    httpd.graceful("LDAPConnectionPoolTTL 0\n" + site.replace(READER_PASSWORD, "rotated"))
    httpd.expect_log("the directory cannot be asked")
    wait_until_due()
    assert is_unavailable(alice.get())
    httpd.graceful("LDAPConnectionPoolTTL 0\n" + site)
    httpd.tolerate_log("the directory answers again")
    again = alice.get()
    assert (again.status, again.event) == (200, "admit")


def test_somebody_else_of_that_name_is_never_let_in_by_an_authorization_alias(httpd, stock,
                                                                               directory):
    httpd.tolerate_log(HTTPDS_OWN)
    stock.tolerate_log(HTTPDS_OWN)
    directory.modify(ALICE, displayName="carol")
    by_display_name = (f"<AuthzProviderAlias ldap-group staff-by-name {directory.staff}>\n"
                       f"AuthLDAPURL {directory.url_of('displayName')}\n</AuthzProviderAlias>\n")
    site = (UNCACHED + by_display_name + ldap_area(directory.url_of(ATTRIBUTES), epoch=LONG)
            + section("Require staff-by-name", "/admin"))
    httpd.expect_log("AuthEpochRevalidate saves nothing, because an <AuthzProviderAlias>")
    httpd.start(site)
    stock.start(site, auth_epoch=False)
    carol = SignedIn(httpd, CAROL)
    assert carol.get("/admin/").status == as_stock(stock, CAROL, "/admin/")[0] == 401


@pytest.mark.parametrize("directive", [
    "AuthLDAPGroupAttributeIsDN Off", "AuthLDAPMaxSubGroupDepth 3", "AuthLDAPBindPassword other",
    "AuthLDAPGroupAttribute member", "AuthLDAPCompareDNOnServer On"])
def test_a_section_that_replaces_the_directorys_has_a_verifier_of_its_own(httpd, stock, directory,
                                                                          directive):
    httpd.tolerate_log(HTTPDS_OWN)
    stock.tolerate_log(HTTPDS_OWN)
    site = (UNCACHED + ldap_area(directory.url_of(ATTRIBUTES), epoch=LONG)
            + section(directive, "/admin"))
    httpd.start(site)
    stock.start(site, auth_epoch=False)
    alice = SignedIn(httpd, ALICE)
    assert alice.get("/admin/").status == as_stock(stock, ALICE, "/admin/")[0] != 200
    assert alice.get().status == 200


def test_an_alias_for_another_directory_than_the_sections_asks_every_time(httpd, stock, directory,
                                                                          make_directory):
    httpd.tolerate_log(HTTPDS_OWN)
    other = make_directory()
    site = (UNCACHED + provider_alias(directory.url_of(ATTRIBUTES))
            + ldap_area(other.url_of("uid,mail"), provider="people", epoch=LONG,
                        require=f"ldap-group {directory.staff}"))
    httpd.start(site)
    stock.start(site, auth_epoch=False)
    assert_told_that_it_saves_nothing(httpd)
    bob = SignedIn(httpd, BOB)
    log = directory.log
    for _ in range(2):
        assert outcome(bob.get()) == as_stock(stock, BOB, "/app/")
    assert len(log.binds(directory.dn(BOB))) == 4, "two of them ours"
