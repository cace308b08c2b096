"""AuthEpochLDAPWatch when things go wrong: nothing is missed, and nobody's session ends wrongly.

As in test_directory_watch.py, the directory's fixture stands before httpd's. What the watch has done
after the trouble is compared with what has changed, whole: catch_up() returns everybody whom it has
ended, the sentinel apart.
"""

import concurrent.futures
import contextlib
import os
import signal
import threading

import pytest

from harness.people import ALICE, BOB, CAROL, DORA, SPACED, crowd_of
from harness.processes import measured
from harness.proxy import Proxy
from harness.requests import SignedIn
from harness.site import bound
from harness.slapd import READER, READER_PASSWORD, delete_all, reconfigure
from harness.watch import CANNOT_FOLLOW, CHANGES, ENDED, FOLLOWS, METHODS, Watch, started, watched
from harness.waiting import wait_until

PATIENTLY = 60  # seconds; it waits up to 30 between two tries
CROWD = 10_000
BURSTS = 10
MOST_GROWTH_KB = 4096


@contextlib.contextmanager
def noted(httpd, watch):
    """The block is trouble that the watch warns of once, and gets over."""
    httpd.expect_log(CANNOT_FOLLOW)
    follows, warned = len(watch.says(FOLLOWS)), len(watch.says(CANNOT_FOLLOW))
    yield
    again = watch.wait_until_it_says(FOLLOWS, follows + 1, PATIENTLY)[-1]
    assert "it could not since " in again.string
    assert len(watch.says(CANNOT_FOLLOW)) == warned + 1, "a warning an outage, not one a try"


def watching_pid(watch):
    return int(watch.says(FOLLOWS)[-1]["pid"])


# ---- httpd was away

@pytest.mark.parametrize("how", METHODS)
@pytest.mark.parametrize("reason", CHANGES)
def test_what_happens_while_httpd_is_down_is_made_up_for(directory, httpd, reason, how):
    watch = started(httpd, watched(directory.url, how))
    alice, bob, dn = SignedIn(httpd, ALICE), SignedIn(httpd, BOB), directory.dn(ALICE)
    httpd.stop()
    CHANGES[reason](directory, ALICE)
    httpd.restart()
    assert watch.wait_until_ended(dn) == reason
    assert not alice.is_live and bob.is_live
    assert watch.catch_up(directory, CAROL) == [dn]
    assert bob.is_live


@pytest.mark.parametrize("how", METHODS)
def test_a_restart_with_nothing_changed_ends_nothing(directory, httpd, how):
    watch = started(httpd, watched(directory.url, how))
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    for count in (2, 3):
        httpd.restart()
        watch.wait_until_it_follows(count)
    assert watch.catch_up(directory, CAROL) == []
    assert alice.is_live and bob.is_live


@pytest.mark.parametrize("how", METHODS)
def test_more_deletions_than_the_directory_remembers_are_made_up_for(directory, httpd, how):
    crowd = crowd_of(400)
    directory.add_all(crowd)
    watch = started(httpd, watched(directory.url, how))
    alice, bob, last = (SignedIn(httpd, each) for each in (ALICE, BOB, crowd[-1]))
    httpd.stop()
    gone = [ALICE, *crowd[:150]]  # its log keeps 100 changes
    dns = sorted(directory.dn(each) for each in gone)
    delete_all(directory, gone)
    httpd.restart()
    watch.wait_until_it_says(ENDED, len(gone))
    assert sorted(watch.catch_up(directory, CAROL)) == dns
    assert not alice.is_live and bob.is_live and last.is_live


@pytest.mark.parametrize("how", METHODS)
def test_switching_between_sync_and_poll_ends_nothing_and_misses_nothing(directory, httpd, how):
    other = METHODS[1 - METHODS.index(how)]
    watch = started(httpd, watched(directory.url, how))
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    httpd.stop()
    directory.change_password(ALICE, "changed")
    httpd.restart(watched(directory.url, other))
    watch.wait_until_ended(directory.dn(ALICE))
    assert not alice.is_live and bob.is_live
    httpd.restart(watched(directory.url, how))
    watch.wait_until_it_follows(3)
    assert watch.catch_up(directory, CAROL) == [directory.dn(ALICE)]
    assert bob.is_live


# ---- the process that watches

@contextlib.contextmanager
def another_takes_over(directory, httpd, how):
    """The block, which is given the id of the process that watches, makes an end of that process
    and changes Alice's password."""
    watch = started(httpd, watched(directory.url, how))
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    before = watching_pid(watch)
    yield before
    watch.wait_until_it_follows(2, PATIENTLY)
    assert watching_pid(watch) != before
    watch.wait_until_ended(directory.dn(ALICE))
    assert not alice.is_live and bob.is_live
    assert watch.catch_up(directory, CAROL) == [directory.dn(ALICE)]


@pytest.mark.every_mpm
@pytest.mark.parametrize("how", METHODS)
def test_after_a_graceful_restart_another_process_watches_and_has_missed_nothing(
        directory, httpd, how):
    with another_takes_over(directory, httpd, how), \
            concurrent.futures.ThreadPoolExecutor(1) as threads:
        restarted = threads.submit(httpd.graceful)
        directory.change_password(ALICE, "changed")
        restarted.result()


@pytest.mark.every_mpm
@pytest.mark.parametrize("how", METHODS)
def test_when_the_process_that_watches_is_killed_another_takes_over_and_misses_nothing(
        directory, httpd, how):
    with another_takes_over(directory, httpd, how) as watching:
        httpd.tolerate_log(rf"AH00052: child pid {watching} exit signal Killed")
        os.kill(watching, signal.SIGKILL)
        directory.change_password(ALICE, "changed")


def test_when_every_process_is_killed_again_and_again_the_watch_goes_on(directory, httpd):
    watch = started(httpd, watched(directory.url))
    bob, now = SignedIn(httpd, BOB), ALICE
    for number in range(3):
        alice = SignedIn(httpd, now)
        httpd.kill_children()
        now = directory.change_password(now, f"number {number}")
        wait_until(lambda: len(watch.ended()) == number + 1, "the password's change is noticed",
                   PATIENTLY)
        assert not alice.is_live and bob.is_live


# ---- the directory was away

@pytest.mark.parametrize("how", METHODS)
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_directory_that_goes_away_ends_nothing_and_is_followed_again(directory, httpd, end, how):
    watch = started(httpd, watched(directory.url, how))
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    with noted(httpd, watch):
        getattr(directory, end)()
        watch.wait_until_it_says(CANNOT_FOLLOW)
        assert alice.is_live and bob.is_live
        directory.start()
    directory.change_password(ALICE, "changed")
    watch.wait_until_ended(directory.dn(ALICE))
    assert not alice.is_live and bob.is_live
    assert watch.catch_up(directory, CAROL) == [directory.dn(ALICE)]


@pytest.fixture
def roomy(directory):
    """The directory, where one search may find them all."""
    reconfigure(directory, "database mdb", "sizelimit unlimited\ndatabase mdb")
    return directory


@pytest.fixture
def proxied(directory):
    """The directory's URL, by way of a proxy, and the proxy."""
    with Proxy(directory.port) as proxy:
        yield directory.url_of(port=proxy.port), proxy


# That a poll is never answered is known when the time for an operation is over.
@pytest.mark.parametrize("reason, how", [*((reason, "sync") for reason in CHANGES),
                                         ("password-changed", "poll 1s")])
def test_what_happens_while_the_connection_is_cut_is_made_up_for(
        directory, proxied, httpd, reason, how):
    url, proxy = proxied
    watch = started(httpd, watched(url, how))
    alice, bob, dn = SignedIn(httpd, ALICE), SignedIn(httpd, BOB), directory.dn(ALICE)
    with noted(httpd, watch):
        with proxy.stalled():
            proxy.drop()
            watch.wait_until_it_says(CANNOT_FOLLOW, seconds=PATIENTLY)
            CHANGES[reason](directory, ALICE)
            assert alice.is_live and bob.is_live
    assert watch.wait_until_ended(dn) == reason
    assert not alice.is_live and bob.is_live
    assert watch.catch_up(directory, CAROL) == [dn]


@pytest.mark.parametrize("how", METHODS)
@pytest.mark.parametrize("count", [1, 200, 2_000, 20_000, 100_000])
def test_a_connection_that_is_cut_in_the_middle_of_the_refresh_misses_and_ends_nothing_wrongly(
        roomy, proxied, httpd, count, how):
    crowd = crowd_of(1000)
    roomy.add_all(crowd)
    url, proxy = proxied
    watch = started(httpd, watched(url, how))
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    httpd.stop()
    roomy.modify_all(crowd, mail="all@example.org")
    roomy.change_password(ALICE, "changed")
    proxy.drop_after(count)
    with noted(httpd, watch):
        httpd.start(watched(url, how))
        wait_until(lambda: proxy.has_dropped, "the proxy has cut the connection")
    watch.wait_until_ended(roomy.dn(ALICE))
    assert watch.catch_up(roomy, CAROL) == [roomy.dn(ALICE)]
    assert not alice.is_live and bob.is_live


@pytest.mark.parametrize("count", [1, 500, 5_000, 50_000])
def test_a_connection_that_is_cut_in_the_middle_of_the_very_first_refresh_ends_nothing(
        roomy, proxied, httpd, count):
    crowd = crowd_of(1000)
    roomy.add_all(crowd)
    url, proxy = proxied
    proxy.drop_after(count)
    httpd.expect_log(CANNOT_FOLLOW)
    watch = started(httpd, watched(url))
    assert proxy.has_dropped
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    roomy.change_password(ALICE, "changed")
    watch.wait_until_ended(roomy.dn(ALICE))
    assert watch.catch_up(roomy, CAROL) == [roomy.dn(ALICE)]
    assert not alice.is_live and bob.is_live


def test_a_directory_that_falls_silent_while_it_is_followed_is_noticed(directory, proxied, httpd):
    url, proxy = proxied
    watch = started(httpd, watched(url))
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    with noted(httpd, watch):
        with proxy.stalled():
            directory.change_password(ALICE, "changed")
            said = watch.wait_until_it_says(CANNOT_FOLLOW, seconds=PATIENTLY)[0]
    assert "did not answer within" in said.string
    assert watch.wait_until_ended(directory.dn(ALICE)) == "password-changed"
    assert not alice.is_live and bob.is_live


def test_a_directory_that_hangs_keeps_nobody_waiting_and_httpd_stops_in_time(
        directory, proxied, httpd):
    url, proxy = proxied
    watch = started(httpd, watched(url))
    alice = SignedIn(httpd, ALICE)
    httpd.expect_log(CANNOT_FOLLOW)
    with proxy.stalled():
        proxy.drop()
        watch.wait_until_it_says(CANNOT_FOLLOW)
        assert alice.is_live
        httpd.stop()  # fails where it takes too long


# ---- what cannot be followed

@pytest.mark.parametrize("how", METHODS)
@pytest.mark.parametrize("dn, password", [(READER, "wrong"), ("cn=nobody,dc=example,dc=org", "x")])
def test_a_bind_that_is_refused_is_one_warning_and_httpd_serves(
        directory, httpd, tools, dn, password, how):
    # mod_authnz_ldap itself cannot bind either, so people sign in elsewhere.
    users = httpd.write_password_file("users", ALICE)
    httpd.expect_log(CANNOT_FOLLOW)
    httpd.start(watched(directory.url, how, path="/reports", realm="Reports",
                        more=bound(dn, password))
                + f'<Location "/app">\nAuthType Basic\nAuthName "Files"\nAuthBasicProvider file\n'
                  f'AuthUserFile "{users}"\nRequire valid-user\nAuthEpoch On\n</Location>\n')
    watch = Watch(httpd)
    (warning,) = watch.wait_until_it_says(CANNOT_FOLLOW)
    assert f"refuses to bind {dn}" in warning.string
    alice = SignedIn(httpd, ALICE)
    log = directory.log
    wait_until(lambda: len(log.failed_binds()) >= 3, "it has tried again and again", PATIENTLY)
    assert alice.is_live
    assert len(watch.says(CANNOT_FOLLOW)) == 1 and not watch.says(FOLLOWS)
    assert httpd.request("GET", "/reports/").status == 401


@pytest.mark.parametrize("how", METHODS)
def test_a_bind_that_is_refused_from_now_on_leaves_the_sessions(directory, httpd, how):
    watch = started(httpd, watched(directory.url, how, more=bound()))
    alice = SignedIn(httpd, ALICE)
    directory.modify(READER, userPassword="another")
    httpd.expect_log(CANNOT_FOLLOW)
    directory.stop()
    directory.start()
    watch.wait_until_it_says(CANNOT_FOLLOW)
    assert alice.is_live and watch.ended() == []
    directory.modify(READER, userPassword=READER_PASSWORD)
    watch.wait_until_it_follows(2, PATIENTLY)
    assert watch.catch_up(directory, CAROL) == []
    assert alice.is_live


# What the reader may read no longer.
BLINDED = {
    "everything": "access to * by dn.exact={reader} none by * read\n",
    "people": "access to dn.subtree={people} by dn.exact={reader} none by * read\n",
}


@pytest.mark.parametrize("how", METHODS)
@pytest.mark.parametrize("what", BLINDED)
def test_a_watch_that_may_read_nothing_any_more_ends_nothing(directory, httpd, what, how):
    crowd = crowd_of(20)
    directory.add_all(crowd)
    watch = started(httpd, watched(directory.url, how, more=bound()))
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    httpd.stop()
    rule = BLINDED[what].format(reader=f'"{READER}"', people=f'"{directory.people}"')
    reconfigure(directory, "access to attrs=userPassword", rule + "access to attrs=userPassword")
    directory.modify_all(crowd, mail="all@example.org")
    httpd.tolerate_log(CANNOT_FOLLOW)
    httpd.tolerate_log("directory entries have gone at once")
    httpd.restart()
    watch.wait_until_it_says(f"{CANNOT_FOLLOW}|directory entries have gone at once|{FOLLOWS}", 2)
    assert alice.is_live and bob.is_live
    reconfigure(directory, rule, "")
    directory.change_password(ALICE, "changed")
    watch.wait_until_ended(directory.dn(ALICE), PATIENTLY)
    assert watch.catch_up(directory, CAROL) == [directory.dn(ALICE)]
    assert not alice.is_live and bob.is_live


# ---- another database

LONG_BEFORE = "20200101000000Z"


@pytest.mark.parametrize("how", METHODS)
@pytest.mark.parametrize("changed_before", [True, False])
def test_a_directory_that_is_restored_from_a_backup_ends_whose_password_is_another_now(
        directory, httpd, changed_before, how):
    for person in (ALICE, BOB):
        if changed_before:
            directory.modify(person, relax=True, pwdChangedTime=LONG_BEFORE)
    directory.snapshot()
    watch = started(httpd, watched(directory.url, how))
    bob = SignedIn(httpd, BOB)
    changed = directory.change_password(ALICE, "changed")
    watch.wait_until_ended(directory.dn(ALICE))
    alice = SignedIn(httpd, changed)
    watch.forget()
    httpd.tolerate_log(CANNOT_FOLLOW)
    directory.restore_snapshot()
    watch.wait_until_ended(directory.dn(ALICE), PATIENTLY)
    assert not alice.is_live and bob.is_live
    again = SignedIn(httpd, ALICE)
    assert watch.catch_up(directory, CAROL) == [directory.dn(ALICE)]
    assert again.is_live and bob.is_live


@pytest.mark.parametrize("how", METHODS)
def test_a_directory_that_is_restored_while_httpd_is_down_ends_only_what_differs(
        directory, httpd, how):
    directory.snapshot()
    watch = started(httpd, watched(directory.url, how))
    directory.add(DORA)
    alice, bob, dora = (SignedIn(httpd, each) for each in (ALICE, BOB, DORA))
    assert watch.catch_up(directory, CAROL) == []
    watch.forget()
    httpd.stop()
    directory.restore_snapshot()
    httpd.restart()
    # Carol's password went back to what it was as well.
    ended = [directory.dn(DORA), directory.dn(CAROL)]
    for each in ended:
        watch.wait_until_ended(each)
    assert sorted(watch.catch_up(directory, SPACED)) == sorted(ended)
    assert alice.is_live and bob.is_live and not dora.is_live


@pytest.mark.parametrize("how", METHODS)
@pytest.mark.parametrize("changed", [False, True], ids=["the same", "one password differs"])
def test_a_database_that_is_built_anew_ends_only_what_differs(directory, httpd, changed, how):
    directory.set_password(BOB, BOB.password)
    watch = started(httpd, watched(directory.url, how))
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    httpd.stop()
    if changed:
        directory.change_password(ALICE, "changed")
    directory.rebuild()
    httpd.restart()
    watch.wait_until_it_follows(2)
    assert watch.catch_up(directory, CAROL) == ([directory.dn(ALICE)] if changed else [])
    assert alice.is_live != changed and bob.is_live


@pytest.mark.parametrize("how", METHODS)
def test_a_database_that_is_built_anew_under_httpd_ends_nothing(directory, httpd, how):
    watch = started(httpd, watched(directory.url, how))
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    with noted(httpd, watch):
        directory.stop()
        watch.wait_until_it_says(CANNOT_FOLLOW)
        directory.rebuild()
    assert watch.catch_up(directory, CAROL) == []
    assert alice.is_live and bob.is_live


# ---- bursts

@pytest.fixture
def crowded(make_directory):
    """A directory of many, and all of them."""
    crowd = crowd_of(CROWD)
    directory = make_directory(stats=False)
    reconfigure(directory, "database mdb", "sizelimit unlimited\ndatabase mdb")
    directory.add_all(crowd)
    return directory, crowd


@contextlib.contextmanager
def answering(sessions):
    """Meanwhile they ask, one after the other, all the time: each must be admitted."""
    over = threading.Event()
    answers = []

    def ask():
        while not over.is_set() or not answers:
            answers.extend(session.is_live for session in sessions)

    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        asking = threads.submit(ask)
        try:
            yield
        finally:
            over.set()
        asking.result()
    assert answers and all(answers)


@pytest.mark.parametrize("how", METHODS)
def test_a_burst_of_unrelated_changes_ends_nothing_while_httpd_answers(crowded, httpd, how):
    directory, crowd = crowded
    watch = started(httpd, watched(directory.url, how), seconds=PATIENTLY)
    sessions = [SignedIn(httpd, each) for each in (ALICE, BOB, crowd[0], crowd[-1])]
    with answering(sessions):
        directory.modify_all(crowd, mail="all@example.org")
        assert watch.catch_up(directory, CAROL, PATIENTLY) == []
    assert all(each.is_live for each in sessions)


@pytest.mark.parametrize("how", METHODS)
def test_in_a_burst_exactly_those_end_whose_passwords_changed(crowded, httpd, how):
    directory, crowd = crowded
    watch = started(httpd, watched(directory.url, how), seconds=PATIENTLY)
    changing = crowd[50:5050:50]
    ending = [SignedIn(httpd, each) for each in changing[:10]]
    staying = [SignedIn(httpd, each) for each in (ALICE, BOB, *crowd[1:10])]
    with answering(staying):
        directory.modify_all(crowd[:5000], mail="all@example.org")
        directory.modify_all(changing, userPassword="changed")
        directory.modify_all(crowd[5000:], mail="all@example.org")
        watch.catch_up(directory, CAROL, PATIENTLY)
        # A poll may have met her before others, but it is done when the next one meets somebody.
        ended = watch.catch_up(directory, crowd[11], PATIENTLY)
    assert sorted(ended) == sorted(directory.dn(each) for each in (CAROL, *changing))
    assert [each.is_live for each in ending] == [False] * len(ending)
    assert all(each.is_live for each in staying)


def test_bursts_do_not_make_the_process_that_watches_grow(crowded, httpd):
    directory, crowd = crowded
    watch = started(httpd, watched(directory.url), seconds=PATIENTLY)
    pid, alice = watching_pid(watch), SignedIn(httpd, ALICE)
    sizes = []
    for number in range(BURSTS + 1):
        directory.modify_all(crowd, mail=f"{number}@example.org")
        watch.forget()
        assert watch.catch_up(directory, CAROL, PATIENTLY) == []
        sizes.append(measured(pid)["anonymous kB"])
    # The first burst has brought it to its size.
    assert sizes[-1] - sizes[0] < MOST_GROWTH_KB, sizes
    assert alice.is_live
