"""Runs httpd under callgrind: instructions repeat where times do not.

One process, twice, with a few and with many requests on one connection: the difference is what the
requests cost. callgrind's processor has no SHA instructions, so hashing looks dearer than it is.
"""

import shutil

from measures.call_profile import CallProfile
from measures.lean_httpd import PAGE, LeanHttpd

SHARE_OF_FEW = 5
WARMING = 1000  # requests, so that those of all users are among them
HANDLES = "ap_run_process_connection"


def measure(configuration, world, scratch, requests=None, keep=None):
    """The CallProfile of one request. `keep` is a directory for what callgrind wrote."""
    def run(count):
        httpd = LeanHttpd(scratch)
        try:
            profile = _profile(httpd, lambda: [configuration.start(httpd, world)] * count)
            if keep:
                shutil.copy(_output(httpd), keep / f"callgrind.{configuration.number}.{count}.out")
            return profile
        finally:
            httpd.stop()
            shutil.rmtree(scratch)

    return _difference(run, requests or configuration.requests)


def measure_store(store, requests):
    """Instructions of a request of one of the sessions of a Seeded, at random; those that httpd spends
    while it handles the connection. Its httpd serves nobody else from then on.

    One run, as httpd takes long to read a large store through before it serves. An OPTIONS sets
    the counters to nought when every cache is warm."""
    httpd = store.httpd
    httpd.stop()
    httpd.watch([*_watcher(httpd), "--zero-before=ap_send_http_options"])
    httpd.restart()
    with httpd.connection() as connection:
        for headers in store.draw(WARMING):
            httpd.page(connection, headers)
        assert connection.request("OPTIONS", PAGE, headers).status == 200
        for headers in store.draw(requests):
            httpd.page(connection, headers)
    httpd.stop()
    httpd.assert_untroubled()
    return CallProfile.read(_output(httpd)).inclusive["apache2", HANDLES] / requests


def _difference(run, many):
    few = max(1, many // SHARE_OF_FEW)
    less, more = run(few), run(few + many)
    return more.less(less, many)


def _profile(httpd, start):
    """`start` starts httpd and returns the header fields of each request."""
    httpd.watch(_watcher(httpd))
    requests = start()
    with httpd.connection() as connection:
        for headers in requests:
            httpd.page(connection, headers)
    httpd.stop()
    httpd.assert_untroubled()
    return CallProfile.read(_output(httpd))


def _watcher(httpd):
    return ["valgrind", "--tool=callgrind", "--quiet", f"--callgrind-out-file={_output(httpd)}"]


def _output(httpd):
    return httpd.scratch / "logs" / "callgrind.out"
