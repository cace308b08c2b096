"""AuthEpochLDAPWatch: what changes in the directory ends the sessions it is about, and no others.

"Nothing happened" is never waited for: Carol's password is changed afterwards, and when the watch
has noticed that, it has noticed what was changed before (Watch.catch_up).

The directory's fixture stands before httpd's, so that it is stopped after it: a directory that goes
away is warned of.
"""

import re
import stat

import pytest

from harness.browser import ENGINES
from harness.people import ALICE, BOB, CAROL, DORA, SPACED
from harness.requests import SignedIn, signed_in_browser
from harness.site import bound, file_site, provider_alias
from harness.slapd import FAILURES_TO_LOCK, READER, READER_PASSWORD, entry_of, reconfigure
from harness.watch import (BY_POLLING, BY_SYNC, CANNOT_FOLLOW, CHANGES, ENDED, FOLLOWS, METHODS,
                           Watch, started, unwatched, watched)
from harness.waiting import wait_until

STATUS = """<Location "/server-status">
    SetHandler server-status
    AuthEpoch Off
    Require all granted
</Location>
"""


def states(tools, httpd, person):
    """Of the person's sessions, as epochctl shows them."""
    lines = tools.epochctl("list", "--all", "--store", httpd.store, check=True).stdout.splitlines()
    return [line.split()[1] for line in lines if f" {person.user} " in line]


# ---- each reason

@pytest.mark.every_mpm
@pytest.mark.parametrize("how", METHODS)
@pytest.mark.parametrize("reason", CHANGES)
def test_a_change_ends_that_users_sessions_in_all_zones_and_browsers_and_nobody_elses(
        directory, httpd, tools, reason, how):
    watch = started(httpd, watched(directory.url, how)
                    + unwatched(directory.url, "/reports", "Reports"))
    alices = [signed_in_browser(httpd, ALICE, "/app/", engine) for engine in ENGINES]
    reporting = signed_in_browser(httpd, ALICE, "/reports/")
    bob, other_bob = (signed_in_browser(httpd, BOB, path) for path in ("/app/", "/reports/"))
    dn = directory.dn(ALICE)

    CHANGES[reason](directory, ALICE)
    assert watch.wait_until_ended(dn) == reason
    for browser, path in [(alices[0], "/app/"), (alices[1], "/app/"), (reporting, "/reports/")]:
        answer = browser.visit(path)
        assert (answer.status, answer.prompts) == (401, 1)
    for browser, path in [(bob, "/app/"), (other_bob, "/reports/")]:
        answer = browser.visit(path)
        assert (answer.status, answer.prompts, answer.event) == (200, 0, "admit")
    assert watch.catch_up(directory, CAROL) == [dn]
    assert bob.visit("/app/").event == other_bob.visit("/reports/").event == "admit"
    assert states(tools, httpd, ALICE) == [reason] * 3
    assert states(tools, httpd, BOB) == ["live"] * 2


@pytest.mark.parametrize("how", METHODS)
@pytest.mark.parametrize("change", ["change_password", "reset_password", "set_password"])
def test_a_login_with_the_new_password_right_after_works_and_stays(directory, httpd, change, how):
    watch = started(httpd, watched(directory.url, how))
    alice = signed_in_browser(httpd, ALICE, "/app/")
    changed = getattr(directory, change)(ALICE, "changed")
    assert watch.wait_until_ended(directory.dn(ALICE)) == "password-changed"
    answer = alice.visit("/app/", typing=changed)
    assert (answer.status, answer.prompts) == (200, 1)
    assert watch.catch_up(directory, CAROL) == [directory.dn(ALICE)]
    again = alice.visit("/app/")
    assert (again.status, again.prompts, again.event) == (200, 0, "admit")


@pytest.mark.parametrize("how", METHODS)
def test_an_account_that_wrong_passwords_lock_loses_its_sessions_and_not_before(
        directory, httpd, how):
    watch = started(httpd, watched(directory.url, how))
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    for _ in range(FAILURES_TO_LOCK - 1):
        assert not directory.accepts(ALICE.mistyped)
    assert watch.catch_up(directory, CAROL) == []
    assert alice.is_live
    assert not directory.accepts(ALICE.mistyped)
    assert watch.wait_until_ended(directory.dn(ALICE)) == "account-barred"
    assert watch.says(r"has ended all sessions of .* \(pwdAccountLockedTime\)\.$")
    assert not alice.is_live and bob.is_live


def test_who_is_locked_and_unlocked_signs_in_again_and_stays(directory, httpd):
    watch = started(httpd, watched(directory.url))
    alice = signed_in_browser(httpd, ALICE, "/app/")
    directory.lock(ALICE)
    watch.wait_until_ended(directory.dn(ALICE))
    directory.unlock(ALICE)
    assert alice.visit("/app/", typing=ALICE).status == 200
    assert watch.catch_up(directory, CAROL) == [directory.dn(ALICE)]
    assert alice.visit("/app/").event == "admit"


@pytest.mark.parametrize("how", METHODS)
def test_who_comes_to_the_directory_later_is_watched_too(directory, httpd, how):
    watch = started(httpd, watched(directory.url, how))
    directory.add(DORA)
    dora = SignedIn(httpd, DORA)
    assert watch.catch_up(directory, CAROL) == []
    assert dora.is_live
    directory.change_password(DORA, "changed")
    watch.wait_until_ended(directory.dn(DORA))
    assert not dora.is_live


@pytest.mark.parametrize("how", METHODS)
def test_who_is_deleted_and_made_anew_has_to_sign_in_again(directory, httpd, how):
    watch = started(httpd, watched(directory.url, how))
    directory.add(DORA)
    dora, dn = SignedIn(httpd, DORA), directory.dn(DORA)
    assert watch.catch_up(directory, CAROL) == []
    directory.delete(DORA)
    assert watch.wait_until_ended(dn) == "account-gone"
    directory.add_entries(f"dn: {dn}\nobjectClass: inetOrgPerson\nsn: dora\nuid: dora\n"
                          "userPassword: explorer\n")
    assert not dora.is_live
    again = SignedIn(httpd, DORA)
    watch.forget()
    assert watch.catch_up(directory, BOB) == []
    assert again.is_live and not dora.is_live


@pytest.mark.parametrize("how", METHODS)
def test_names_that_need_escapes_are_followed(directory, httpd, how):
    directory.rename(SPACED, r"cn=dora\, may \2b\20")
    watch = started(httpd, watched(directory.url, how))
    dora = SignedIn(httpd, SPACED)
    directory.change_password(SPACED, "changed")
    watch.wait_until_it_says(ENDED)
    assert not dora.is_live
    assert len(watch.ended()) == 1


# ---- what the URL finds

@pytest.mark.parametrize("how", METHODS)
def test_leaving_the_filter_ends_the_sessions(directory, httpd, how):
    watch = started(httpd, watched(directory.url_of(search_filter="(employeeType=staff)"), how))
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    directory.modify(ALICE, employeeType="former")
    assert watch.wait_until_ended(directory.dn(ALICE)) == "account-gone"
    assert not alice.is_live and bob.is_live
    watch.forget()
    directory.modify(ALICE, employeeType="staff")
    again = SignedIn(httpd, ALICE)
    assert watch.catch_up(directory, CAROL) == []
    assert again.is_live and not alice.is_live


@pytest.mark.parametrize("how", METHODS)
def test_moving_out_of_the_base_ends_the_sessions(directory, httpd, how):
    watch = started(httpd, watched(directory.url, how))
    alice, bob, dn = SignedIn(httpd, ALICE), SignedIn(httpd, BOB), directory.dn(ALICE)
    directory.rename(ALICE, "cn=person-0", f"ou=elsewhere,{directory.suffix}")
    assert watch.wait_until_ended(dn) == "account-gone"
    assert not alice.is_live and bob.is_live


@pytest.fixture
def branch(directory):
    """The DN of a branch in which Dora is; see in_branch()."""
    dn = f"ou=branch,{directory.people}"
    directory.add_entries(f"dn: {dn}\nobjectClass: organizationalUnit\nou: branch\n\n"
                          + entry_of(DORA, in_branch(dn)))
    return dn


def in_branch(branch):
    return f"cn=dora,{branch}"


def move_branch(directory, branch):
    """Returns its new DN."""
    directory.add_entries(f"dn: {branch}\nchangetype: modrdn\nnewrdn: ou=moved\n"
                          "deleteoldrdn: 1\n")
    return f"ou=moved,{directory.people}"


# By polling: OpenLDAP synchronises the entry that is moved, and says nothing of those below it.
def test_a_branch_that_moves_takes_along_those_who_are_in_it(directory, branch, httpd):
    watch = started(httpd, watched(directory.url, "poll 1s"))
    dora, bob = SignedIn(httpd, DORA), SignedIn(httpd, BOB)
    move_branch(directory, branch)
    assert watch.catch_up(directory, CAROL) == [in_branch(branch)]
    assert not dora.is_live and bob.is_live


def test_who_was_moved_unnoticed_and_signs_in_again_is_watched_as_what_they_are_now(
        directory, branch, httpd):
    watch = started(httpd, watched(directory.url))
    moved = in_branch(move_branch(directory, branch))
    dora = SignedIn(httpd, DORA)
    directory.modify(moved, userPassword="changed")
    watch.catch_up(directory, CAROL)
    assert not dora.is_live


def test_who_is_renamed_signs_in_again_and_changes_the_password_before_the_next_poll(
        directory, httpd):
    watch = started(httpd, watched(directory.url, "poll 1h"))
    directory.rename(ALICE, "cn=renamed")
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    directory.change_password(ALICE, "changed")
    httpd.graceful()  # and so polls
    watch.wait_until_it_follows(2)
    assert not alice.is_live and bob.is_live


@pytest.mark.parametrize("how", METHODS)
def test_what_the_url_does_not_find_ends_nothing(directory, httpd, how):
    watch = started(httpd, watched(directory.url_of(search_filter="(!(uid=bob))"), how)
                    + watched(directory.url_of(search_filter="(uid=bob)"), "Off", "/reports",
                              "Reports"))
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB, "/reports/")
    directory.change_password(BOB, "changed")
    assert watch.catch_up(directory, CAROL) == []
    assert alice.is_live and bob.is_live


# ---- what changes nothing

UNRELATED = {
    "mail": lambda directory: directory.modify(ALICE, mail="new@example.org"),
    "no mail": lambda directory: directory.modify(ALICE, mail=None),
    "the name shown": lambda directory: directory.modify(ALICE, displayName="Alice №1 \n\\"),
    "a wrong password": lambda directory: directory.accepts(ALICE.mistyped),
    "a login elsewhere": lambda directory: directory.accepts(ALICE),
    "a group": lambda directory: directory.modify(directory.staff, member=directory.dn(BOB)),
    "the case of the DN": lambda directory: directory.rename(ALICE, "cn=PERSON-0"),
    "being unlocked without having been locked": lambda directory: directory.unlock(ALICE),
}


@pytest.mark.parametrize("how", METHODS)
@pytest.mark.parametrize("what", UNRELATED)
def test_an_unrelated_change_ends_nothing(directory, httpd, what, how):
    watch = started(httpd, watched(directory.url, how))
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    UNRELATED[what](directory)
    assert watch.catch_up(directory, CAROL) == []
    assert alice.is_live and bob.is_live
    directory.change_password(ALICE, "changed")
    watch.wait_until_it_says(ENDED, 2)
    assert not alice.is_live, "a change that counts is still noticed"


@pytest.mark.parametrize("how", METHODS)
def test_the_time_of_the_last_login_ends_nothing(directory, httpd, tools, how):
    reconfigure(directory, "overlay ppolicy", "lastbind on\noverlay ppolicy")
    watch = started(httpd, watched(directory.url, how))
    alice = SignedIn(httpd, ALICE)
    assert directory.accepts(ALICE)
    seen = tools.run("ldapsearch", "-x", "-LLL", "-H", directory.uri, "-b", directory.people,
                     "(uid=alice)", "authTimestamp", "pwdLastSuccess", check=True).stdout
    assert re.search("authTimestamp|pwdLastSuccess", seen)
    assert watch.catch_up(directory, CAROL) == []
    assert alice.is_live


# ---- without a password policy

READABLE = ("access to attrs=userPassword by self =xw",
            f'access to attrs=userPassword by dn.exact="{READER}" read by self =xw')


@pytest.mark.parametrize("how", METHODS)
def test_without_a_password_policy_a_readable_password_tells(make_directory, httpd, how):
    directory = make_directory(overlays=("syncprov",))
    reconfigure(directory, *READABLE)
    watch = started(httpd, watched(directory.url, how, more=bound()))
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    changed = directory.change_password(ALICE, "changed")
    assert watch.wait_until_ended(directory.dn(ALICE)) == "password-changed"
    assert not alice.is_live and bob.is_live
    again = SignedIn(httpd, changed)
    directory.modify(ALICE, mail="new@example.org")
    assert watch.catch_up(directory, CAROL) == [directory.dn(ALICE)]
    assert again.is_live and bob.is_live


# ---- how it follows

@pytest.mark.parametrize("how, overlays, way", [
    ("auto", ("syncprov", "ppolicy"), BY_SYNC), ("auto", ("ppolicy",), BY_POLLING),
    ("auto 1s", ("ppolicy",), BY_POLLING), ("sync", ("syncprov", "ppolicy"), BY_SYNC),
    ("poll 1s", ("syncprov", "ppolicy"), BY_POLLING), ("poll 1s", ("ppolicy",), BY_POLLING)])
def test_auto_synchronises_where_the_directory_offers_it(make_directory, httpd, how, overlays, way):
    directory = make_directory(overlays=overlays)
    watch = started(httpd, watched(directory.url, how))
    (line,) = watch.says(FOLLOWS)
    assert line["url"] == directory.url and way in line.string
    if how == "auto" and way == BY_POLLING:
        return  # every 30 seconds
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    directory.change_password(ALICE, "changed")
    watch.wait_until_ended(directory.dn(ALICE))
    assert not alice.is_live and bob.is_live


def test_sync_where_the_directory_does_not_offer_it_is_warned_of_and_sessions_go_on(
        make_directory, httpd):
    directory = make_directory(overlays=("ppolicy",))
    httpd.expect_log(CANNOT_FOLLOW)
    httpd.start(watched(directory.url, "sync"))
    Watch(httpd).wait_until_it_says(CANNOT_FOLLOW)
    assert SignedIn(httpd, ALICE).is_live


@pytest.mark.parametrize("how", METHODS)
def test_an_alias_of_the_provider_is_watched_where_it_stands(directory, httpd, how):
    site = (provider_alias(directory.url, more=f"{bound()}AuthEpochLDAPWatch {how}")
            + unwatched("", "/", "Staff").replace("AuthBasicProvider ldap",
                                                  "AuthBasicProvider people"))
    watch = started(httpd, site)
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    directory.change_password(ALICE, "changed")
    watch.wait_until_ended(directory.dn(ALICE))
    assert not alice.is_live and bob.is_live


SECURED = {
    "ldaps": lambda d: ("", d.url_of(scheme="ldaps")),
    "STARTTLS": lambda d: ("", f"{d.url} STARTTLS"),
    "TLS": lambda d: ("", f"{d.url} TLS"),
    "LDAPTrustedMode": lambda d: ("LDAPTrustedMode STARTTLS\n", d.url),
}


@pytest.mark.parametrize("secured", SECURED)
def test_it_follows_as_securely_as_mod_authnz_ldap_asks(directory, httpd, tls, secured):
    # The harness itself comes over a socket in the file system, which is as good as it is told to be.
    reconfigure(directory, "database mdb", "localSSF 128\nsecurity ssf=128\ndatabase mdb")
    mode, url = SECURED[secured](directory)
    watch = started(httpd, f"LDAPTrustedGlobalCert CA_BASE64 {tls.ca}\n{mode}" + watched(url))
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    directory.modify(ALICE, pwdAccountLockedTime="000001010000Z")
    watch.wait_until_ended(directory.dn(ALICE))
    assert not alice.is_live and bob.is_live


@pytest.mark.parametrize("secured", ["ldaps", "STARTTLS"])
def test_a_certificate_that_is_not_trusted_is_not_followed(directory, httpd, secured):
    httpd.expect_log(CANNOT_FOLLOW)
    httpd.start(watched(SECURED[secured](directory)[1]) + "LDAPConnectionTimeout 3\n")
    (warning,) = Watch(httpd).wait_until_it_says(CANNOT_FOLLOW)
    assert "LDAPTrustedGlobalCert" in warning.string
    assert httpd.request("GET", "/app/").status == 401


def test_a_bind_password_that_a_program_tells_is_used_and_the_program_run_as_often_as_said(
        directory, httpd):
    runs = httpd.write(httpd.scratch / "conf" / "runs", "")
    program = httpd.write(httpd.scratch / "conf" / "password",
                          f"#!/bin/sh\necho run >> {runs}\necho {READER_PASSWORD}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    log = directory.log
    watch = started(httpd, watched(directory.url, more=bound(password=f"exec:{program}")))
    assert log.binds(READER) == ["ok"]
    alice = SignedIn(httpd, ALICE)
    directory.change_password(ALICE, "changed")
    watch.wait_until_ended(directory.dn(ALICE))
    assert not alice.is_live
    # httpd reads its configuration twice, and mod_authnz_ldap runs the program each time.
    assert runs.read_text().count("run") == 3
    assert READER_PASSWORD not in httpd.error_log.text()


# ---- one watch each

def virtual_host(httpd, name, content):
    return f"<VirtualHost *:{httpd.port}>\nServerName {name}\n{content}\n</VirtualHost>\n"


def test_two_virtual_hosts_with_the_same_url_are_one_watch(directory, httpd):
    site = "".join(virtual_host(httpd, name, watched(directory.url, more=bound()) + STATUS)
                   for name in ("one.test", "two.test"))
    watch = started(httpd, site, modules=("status",))
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    directory.change_password(ALICE, "changed")
    watch.wait_until_ended(directory.dn(ALICE))
    assert watch.catch_up(directory, CAROL) == [directory.dn(ALICE)], "ended once, not twice"
    assert not alice.is_live and bob.is_live
    assert len(watch.says(FOLLOWS)) == 1
    assert told_by_status(httpd, 0) and not told_by_status(httpd, 1)


def test_two_urls_are_two_watches(make_directory, httpd):
    one, other = make_directory(), make_directory(suffix="dc=example,dc=com")
    watch = started(httpd, watched(one.url, path="/app", realm="One")
                    + watched(other.url, "poll 1s", path="/reports", realm="Other"), follows=2)
    assert {match["url"] for match in watch.says(FOLLOWS)} == {one.url, other.url}
    in_one, in_other = SignedIn(httpd, ALICE), SignedIn(httpd, ALICE, "/reports/")
    one.change_password(ALICE, "changed")
    watch.wait_until_ended(one.dn(ALICE))
    assert not in_one.is_live
    watch.forget()
    assert watch.catch_up(other, CAROL) == []
    assert in_other.is_live
    other.delete(ALICE)
    watch.wait_until_ended(other.dn(ALICE))
    assert not in_other.is_live


def test_of_two_urls_for_the_same_entries_each_ends_its_own_sessions(directory, httpd):
    staff = directory.url_of(search_filter="(employeeType=staff)")
    watch = started(httpd, watched(directory.url, path="/app", realm="One")
                    + watched(staff, path="/reports", realm="Other"), follows=2)
    everybody, only_staff = SignedIn(httpd, ALICE), SignedIn(httpd, ALICE, "/reports/")
    directory.modify(ALICE, employeeType="former")
    watch.wait_until_ended(directory.dn(ALICE))
    assert everybody.is_live and not only_staff.is_live
    watch.forget()
    directory.change_password(ALICE, "changed")
    watch.wait_until_ended(directory.dn(ALICE))
    assert not everybody.is_live


# ---- what is wrong

@pytest.mark.parametrize("where", ["beside another provider", "inside the section with the URL"])
def test_a_watch_without_a_url_beside_it_is_refused_in_a_sentence(directory, httpd, where):
    users = httpd.write_password_file("users", ALICE)
    site = {
        "beside another provider": file_site(users, zone="AuthEpochLDAPWatch auto"),
        "inside the section with the URL": watched(directory.url) + '<Location "/app">\n'
                                           "AuthEpochLDAPWatch poll\n</Location>\n",
    }[where]
    status, said = httpd.configtest(site)
    assert status != 0
    assert "AuthEpochLDAPWatch" in said and "no AuthLDAPURL stands here" in said


@pytest.mark.parametrize("arguments, said", [
    ("", "takes 1-2 arguments"), ("On", "`On` "), ("sync 5s", "only poll and auto take a time"),
    ("poll 0", "`0`"), ("poll -1", "`-1`"), ("poll 1ms", "`1ms`"), ("poll 30s 40s", "argument"),
    ("auto never", "`never`")])
def test_arguments_that_mean_nothing_are_refused_in_a_sentence(directory, httpd, arguments, said):
    status, told = httpd.configtest(watched(directory.url, arguments))
    assert status != 0 and "AuthEpochLDAPWatch" in told and said in told, told


def test_off_is_off(directory, httpd):
    log = directory.log
    httpd.start(watched(directory.url, "Off", more=bound()) + STATUS, modules=("status",))
    assert "AuthEpochWatch" not in httpd.request("GET", "/server-status?auto").text
    assert SignedIn(httpd, ALICE).is_live
    assert not Watch(httpd).says("AuthEpochLDAPWatch")
    assert log.connections() == 1


# ---- mod_status

def told_by_status(httpd, number=0):
    """?auto's values by name."""
    text = httpd.request("GET", "/server-status?auto").text
    return dict(re.findall(rf"^AuthEpochWatch{number}(\w+): (.*)$", text, re.M))


@pytest.mark.parametrize("how", METHODS)
def test_mod_status_shows_what_is_followed_and_what_was_ended(directory, httpd, how):
    watch = started(httpd, watched(directory.url, how) + STATUS, modules=("status",))
    told = wait_until(lambda: (now := told_by_status(httpd)).get("State") == "following" and now,
                      "mod_status says following")
    assert told["Directory"] == directory.url and told["Method"] == how.split()[0]
    assert int(told["Since"]) <= int(told["CurrentAsOf"]) and told["Ended"] == "0"
    directory.change_password(ALICE, "changed")
    watch.wait_until_ended(directory.dn(ALICE))
    wait_until(lambda: told_by_status(httpd)["Ended"] == "1", "mod_status has counted it")
    page = httpd.request("GET", "/server-status").text
    assert directory.url.replace("&", "&amp;") in page
    assert "<b>following</b>" in page and "1 accounts ended" in page


def test_mod_status_shows_that_a_directory_cannot_be_followed_and_why(directory, httpd):
    watch = started(httpd, watched(directory.url) + STATUS, modules=("status",))
    httpd.expect_log(CANNOT_FOLLOW)
    with directory.down():
        watch.wait_until_it_says(CANNOT_FOLLOW)
        wait_until(lambda: told_by_status(httpd)["State"] == "failing", "mod_status says failing")
        page = httpd.request("GET", "/server-status").text
        assert "<b>failing</b> since " in page
    wait_until(lambda: told_by_status(httpd)["State"] == "following", "mod_status says following")
