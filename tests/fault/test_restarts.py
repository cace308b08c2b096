"""One graceful restart after the other, while sessions are opened, used and ended: nobody's request
is lost, sessions go on, and httpd does not grow."""

import collections
import http.client
import threading

import pytest

import figures
from harness import sanitizers
from harness.client import Connection
from harness.people import BOB, CAROL
from harness.processes import measured
from harness.requests import CLOSE, SignedIn, basic, new_session
from harness.watch import Watch, watched
from load import JUDGE, Load, site

WARM_UP = 4
RESTARTS = 10 * figures.SCALE
# Which pages the parent has of its own, and which it shares with its children, differs by a few. A
# leak of a page a restart is found. A sanitizer's own memory grows with what it has seen.
MOST_GROWTH_KB = 100_000 if sanitizers.KIND else 32


class Steady:
    """Uses a session all the time, with a connection for each request, none of which may break."""

    def __init__(self, httpd, session):
        self._httpd = httpd
        self._fields = [CLOSE, basic(JUDGE), session]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.answers = collections.Counter()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _run(self):
        while not self._over.is_set():
            try:
                with Connection(self._httpd.port) as connection:
                    answer = connection.request("GET", "/app/", self._fields)
                self.answers[answer.status, answer.event] += 1
            except (OSError, http.client.HTTPException) as lost:
                self.answers[repr(lost)] += 1


@pytest.mark.every_mpm
def test_restarts_lose_no_request_and_no_session_and_leave_nothing_behind(directory, httpd):
    httpd.start(site(httpd, more=watched(directory.url, path="/reports", realm="Reports",
                                         more="AuthEpochZone reports")
                     + "LogLevel auth_epoch:info\n"))
    watch = Watch(httpd)
    watch.wait_until_it_follows()
    session = new_session(httpd, JUDGE)
    bob = SignedIn(httpd, BOB, "/reports/")
    with Load(httpd) as load, Steady(httpd, session) as steady:
        for number in range(WARM_UP + RESTARTS):
            if number == WARM_UP:
                before = measured(httpd.pid)
            httpd.graceful()
            load.go_on(5)
    after = measured(httpd.pid)
    assert set(steady.answers) == {(200, "admit")}, steady.answers
    assert bob.is_live
    assert watch.catch_up(directory, CAROL) == [] and bob.is_live
    grown = after.pop("anonymous kB") - before.pop("anonymous kB")
    assert after == before
    assert grown <= MOST_GROWTH_KB, f"{grown} kB in {RESTARTS} restarts"
    for child in httpd.children():
        assert measured(child)["our shared mappings"] == after["our shared mappings"]
    figures.record(f"restarts, {httpd.mpm}: graceful restarts", RESTARTS)
    figures.record(f"restarts, {httpd.mpm}: requests meanwhile, each answered",
                   steady.answers.total())
    figures.record(f"restarts, {httpd.mpm}: the parent's own memory grew by kB", grown)
    figures.record(f"restarts, {httpd.mpm}: its descriptors, before and after",
                   f"{before['descriptors']}, {after['descriptors']}")
