"""kill -9, at any moment and to any process, while sessions are opened and ended.

What somebody was told has ended is accepted by no process ever again, the store opens again, nobody
waits for what a dead process held, and nothing of the dead piles up.
"""

import contextlib
import os
import random
import re
import signal
import threading

import pytest

import figures
from harness.httpd import CHILDREN
from harness.people import BOB, CAROL, crowd_of
from harness.processes import stand_still, wait_until_gone
from harness.requests import SAME_ORIGIN, SignedIn, basic, cookie_of, new_session
from harness.slapd import LONG_AGO
from harness.waiting import wait_until
from harness.watch import FOLLOWS, started, watched
from lmdb_lock import LockFile
from load import JUDGE, Load, one_each, site

ROUNDS = 10 * figures.SCALE
# Some more children than the harness has, so that there are survivors.
THREADED = ("StartServers 4\nServerLimit 6\nThreadsPerChild 8\nMaxRequestWorkers 48\n"
            "MinSpareThreads 24\nMaxSpareThreads 48\n")
MPM = {
    "event": THREADED,
    "worker": THREADED,
    "prefork": "StartServers 12\nServerLimit 12\nMaxRequestWorkers 12\nMinSpareServers 12\n"
               "MaxSpareServers 13\n",
}
FEWEST = {"event": 2, "worker": 2, "prefork": 10}
# What httpd's modules say when it begins where another has ended without a word.
AFTER_A_CRASH = (r"AH00098: pid file .* overwritten|AH1039[23]: children are killed successively|"
                 r"AH00046: child process \d+ still did not exit|"
                 r"server (reached|is within MinSpareThreads of) MaxRequestWorkers|"
                 r"scoreboard is full, not at MaxRequestWorkers")


# Writers that are met with the lock in their hands.
WRITERS = 3 * figures.SCALE
# Kills of all that read but one.
READERS = 6 * figures.SCALE
# Changes of passwords that fall between a process that watches and its end.
CHANGES = 4 * figures.SCALE
PATIENTLY = 60  # seconds; as in test_directory_watch_trouble.py


class Killer:
    """Kills, and has httpd serve again. Each way returns how many processes it has killed."""

    def __init__(self, httpd, configuration, source):
        self._httpd = httpd
        self._configuration = configuration
        self._source = source

    def one_child(self):
        return self._kill_children(1)

    def several_children(self):
        return self._kill_children(self._source.randint(2, 3))

    def children_one_after_the_other(self):
        """Those that have just begun, too."""
        return sum(self._kill_children(1) for _ in range(4))

    def all_children(self):
        children = self._httpd.children()
        return self._kill(*children)

    def the_parent(self):
        """Its children go on, until whoever starts httpd again ends them."""
        orphans = self._httpd.kill_parent()
        try:
            wait_until(self._httpd.answers, "the orphans answer")
        finally:
            for pid in orphans:
                os.kill(pid, signal.SIGKILL)
        wait_until_gone(orphans)
        self._httpd.start(self._configuration)
        return 1 + len(orphans)

    def everything(self):
        killed = 1 + len(self._httpd.children())
        self._httpd.kill_everything()
        self._httpd.start(self._configuration)
        return killed

    def a_child_that_stands_still(self):
        (pid,) = self._some_children(1)
        os.kill(pid, signal.SIGSTOP)
        return self._kill(pid)

    def a_child_that_is_asked_to_end(self):
        """httpd's own way to end a child, overtaken."""
        (pid,) = self._some_children(1)
        self._httpd.tolerate_log(rf"AH00052: child pid {pid} exit signal Killed")
        os.kill(pid, signal.SIGTERM)
        return self._kill(pid)

    def _some_children(self, count):
        children = sorted(self._httpd.children())
        return self._source.sample(children, min(count, len(children)))

    def _kill_children(self, count):
        return self._kill(*self._some_children(count))

    def _kill(self, *pids):
        self._httpd.kill(*pids)
        self._httpd.wait_until_served(pids)
        # In prefork, the clients could occupy all that there are by now.
        wait_until(lambda: len(self._httpd.children()) >= FEWEST[self._httpd.mpm],
                   "there are children enough")
        return len(pids)


WAYS_TO_KILL = [Killer.one_child, Killer.several_children, Killer.children_one_after_the_other,
                Killer.all_children, Killer.the_parent, Killer.everything,
                Killer.a_child_that_stands_still, Killer.a_child_that_is_asked_to_end]


@pytest.mark.every_mpm
def test_what_has_ended_is_never_accepted_whoever_is_killed(httpd):
    source = random.Random()
    configuration = MPM[httpd.mpm] + site(httpd)
    httpd.tolerate_log(AFTER_A_CRASH)
    httpd.start(configuration)
    killer = Killer(httpd, configuration, source)
    killed = 0
    with Load(httpd) as load:
        load.go_on()
        files = files_of(httpd)
        for number in range(ROUNDS):
            # Each way comes about as often as the others.
            if number % len(WAYS_TO_KILL) == 0:
                ways = source.sample(WAYS_TO_KILL, len(WAYS_TO_KILL))
            killed += ways[number % len(WAYS_TO_KILL)](killer)
            before = load.counted("ends")
            load.go_on()
            with load.paused(), one_each(httpd) as connections:
                load.retry(connections, 40)
                assert_each_opens_and_ends(connections)
        load.stop()
        with one_each(httpd) as connections:
            load.retry(connections, 1000)
        assert load.counted("ends") > before
    assert files_of(httpd) == files
    for what in ("requests", "ends", "retried", "broken off"):
        figures.record(f"kills, {httpd.mpm}: {what}", load.counted(what))
    figures.record(f"kills, {httpd.mpm}: processes killed", killed)
    figures.record(f"kills, {httpd.mpm}: accepted", len(load.accepted))


def assert_each_opens_and_ends(connections):
    """No child waits for ever for what a dead one held."""
    for connection in connections:
        asked = connection.request("GET", "/app/")
        opened = connection.request("GET", "/app/", [basic(JUDGE), cookie_of(asked)])
        assert (opened.status, opened.event) == (200, "login")
        session = cookie_of(opened)
        assert connection.request("POST", "/logout", [session, SAME_ORIGIN]).status == 401
        for other in connections:
            assert other.request("GET", "/app/", [basic(JUDGE), session]).status == 401


def files_of(httpd):
    """What httpd and the module have put down beside the store, names without process ids."""
    return sorted(re.sub(r"\d+", "N", str(path.relative_to(httpd.scratch)))
                  for path in (httpd.scratch / "run").rglob("*"))


# ---- the table of readers

@pytest.mark.every_mpm
def test_the_slots_of_readers_that_were_killed_are_taken_again(httpd):
    """LMDB's table of them is of fixed size. It is cleared where nobody has the store open; so one
    process lives all the time."""
    httpd.tolerate_log(AFTER_A_CRASH)
    httpd.start(MPM[httpd.mpm] + site(httpd))
    lock, survivor = LockFile(httpd.store), min(httpd.children())
    live = [basic(JUDGE), new_session(httpd, JUDGE)]
    used = []
    for _ in range(READERS):
        with one_each(httpd) as connections:
            for connection in connections:
                assert connection.request("GET", "/app/", live).status == 200
        assert set(lock.reading_processes()) == httpd.children()
        used.append(lock.slots_used())
        dying = httpd.children() - {survivor}
        httpd.kill(*dying)
        httpd.wait_until_served(dying)
    assert survivor in httpd.children()
    # What is killed keeps its slots until somebody looks, and meanwhile others take new ones.
    assert used[-1] <= 3 * used[1], used
    figures.record(f"kills, {httpd.mpm}: slots of readers, after the first and the last kill",
                   f"{used[1]}, {used[-1]}")


# ---- the writer's lock

@pytest.mark.every_mpm
@pytest.mark.parametrize("then", [signal.SIGCONT, signal.SIGKILL])
def test_who_stands_still_with_the_writers_lock_keeps_no_reader_out_and_no_writer_for_ever(
        httpd, then):
    httpd.tolerate_log(AFTER_A_CRASH)
    httpd.start(MPM[httpd.mpm] + site(httpd))
    live = new_session(httpd, JUDGE)
    with Load(httpd) as load:
        load.go_on()
        for _ in range(WRITERS):
            ending = new_session(httpd, JUDGE)
            with writer_stopped(httpd) as pid, httpd.connection() as logout:
                for _ in range(2 * CHILDREN[httpd.mpm]):
                    answer = httpd.request("GET", "/app/", [basic(JUDGE), live])
                    assert (answer.status, answer.event) == (200, "admit")
                logout.send("POST", "/logout", [ending, SAME_ORIGIN])
                if then == signal.SIGKILL:
                    httpd.kill(pid)
                else:
                    os.kill(pid, signal.SIGCONT)
                assert logout.receive().status == 401
            assert httpd.request("GET", "/app/", [basic(JUDGE), ending]).status == 401
            load.go_on()
    assert httpd.request("GET", "/app/", [basic(JUDGE), live]).event == "admit"
    figures.record(f"kills, {httpd.mpm}: writers met with the lock, then {then.name}", WRITERS)


@contextlib.contextmanager
def writer_stopped(httpd):
    """Stops a child while it writes; goes on with it at the end of the block at the latest."""
    lock, source = LockFile(httpd.store), random.Random()

    def caught():
        pid = source.choice(sorted(httpd.children()))
        stand_still(pid)
        if lock.writing_process() == pid:
            return pid
        os.kill(pid, signal.SIGCONT)
        return None

    pid = wait_until(caught, "a child is met while it writes", 60)
    try:
        yield pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


# ---- the process that watches a directory

@pytest.mark.every_mpm
def test_no_change_of_a_password_is_lost_whenever_the_process_that_watches_is_killed(
        directory, httpd):
    httpd.tolerate_log(AFTER_A_CRASH)
    crowd = crowd_of(CHANGES)
    directory.add_all(crowd)
    for person in crowd:
        # What tells of a change is its time, in seconds: the next must be another.
        directory.modify(person, relax=True, pwdChangedTime=LONG_AGO)
    watch = started(httpd, watched(directory.url))
    bob, source = SignedIn(httpd, BOB), random.Random()
    for number, person in enumerate(crowd):
        session = SignedIn(httpd, person)
        pid = int(watch.says(FOLLOWS)[-1]["pid"])
        # Before the change, during what follows on it, or after it.
        killing = threading.Timer(source.uniform(0, 0.03), httpd.kill, [pid])
        killing.start()
        directory.change_password(person, "changed")
        killing.join()
        watch.wait_until_it_says(FOLLOWS, number + 2, PATIENTLY)
        # Who has noticed may have been killed before it could say so.
        wait_until(lambda: not session.is_live, "the change ends the session", PATIENTLY)
        assert bob.is_live
    watch.forget()
    assert watch.catch_up(directory, CAROL) == []
    assert bob.is_live
    figures.record(f"kills, {httpd.mpm}: watching processes killed at a change", CHANGES)
