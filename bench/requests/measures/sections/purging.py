"""Old sessions are removed while requests go on."""

import shutil
import statistics
import subprocess
import time

from measures.configurations import protected
from measures.lean_httpd import PAGE, LeanHttpd
from measures.load import loaded
from measures.seeding import seeded
from measures.sections.storms import EPOCH, LOGOUT
from measures.tables import Table, number

from harness.httpd import BUILD
from harness.processes import end
from harness.requests import SAME_ORIGIN

PAGES = 10_000
LOGOUTS = 3_000  # at most in a second
LIVE = PAGES + 80 * LOGOUTS
SLICE_SECONDS = 1
SLICES_BEFORE = 3


def run(bench):
    old = max(bench.sizes((1_000, 100_000, 1_000_000)))
    httpd = LeanHttpd(bench.scratch / "httpd")
    try:
        store = seeded(httpd, protected(bench.world.directory_url, more="AuthEpoch On") + LOGOUT,
                       EPOCH, seen=LIVE, ended=old)
        pages = store.take(PAGES)
        before = [_slice(store, pages) for _ in range(SLICES_BEFORE)]
        during, seconds = _while_purging(store, pages)
        httpd.assert_untroubled()
    finally:
        httpd.stop()
        shutil.rmtree(httpd.scratch)
    table = Table(f"Requests while `epochctl purge` removes {number(old)} sessions that have ended",
                  ["", "requests/s", "median ms", "p99 ms, worst second", "logouts/s", "median ms",
                   "p99 ms, worst second"],
                  note=f"It took {seconds:.0f} s. Requests come on 8 connections and logouts, one "
                       "after the other, by turns of a second. httpd's own purge, every 30 s, looks "
                       "at 100 000 records at a time in the same way.")
    _add(table, "before", before)
    _add(table, "during", during)
    return [table]


def _while_purging(store, pages):
    begun = time.monotonic()
    purge = subprocess.Popen([BUILD / "epochctl", "purge", "--store", store.httpd.store],
                             stdout=subprocess.PIPE, text=True)
    try:
        slices = []
        while purge.poll() is None:
            slices.append(_slice(store, pages))
        seconds = time.monotonic() - begun
        assert purge.returncode == 0 and slices, purge.stdout.read()
        return slices, seconds
    finally:
        end(purge)
        purge.stdout.close()


def _slice(store, pages):
    """A second of requests and a second of logouts."""
    logouts = loaded(store.httpd, "/logout", [SAME_ORIGIN], SLICE_SECONDS, 1, store.take(LOGOUTS),
                     in_order=True, method="POST")
    assert logouts.used <= LOGOUTS, "there were too few sessions to end"
    return loaded(store.httpd, PAGE, (), SLICE_SECONDS, 8, pages), logouts


def _add(table, when, slices):
    cells = []
    for loads in zip(*slices):
        cells += [number(statistics.median(load.rate for load in loads)),
                  number(statistics.median(load.median_ms for load in loads), 2),
                  number(max(load.p99_ms for load in loads), 2)]
    table.add(when, *cells)
