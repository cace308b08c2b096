"""Runs httpd under callgrind: instructions repeat where times do not.

One process, twice, with a few and with many requests on one connection: the difference is what the
requests cost. callgrind's processor has no SHA instructions, so hashing looks dearer than it is.
"""

import shutil

from measures.call_profile import CallProfile
from measures.lean_httpd import WatchedHttpd

SHARE_OF_FEW = 5


def measure(configuration, world, scratch, requests=None, keep=None):
    """The CallProfile of one request. `keep` is a directory for what callgrind wrote."""
    many = requests or configuration.requests
    few = max(1, many // SHARE_OF_FEW)
    profiles = [_run(configuration, world, scratch, count, keep) for count in (few, few + many)]
    return profiles[1].less(profiles[0], many)


def _run(configuration, world, scratch, count, keep):
    output = scratch / "logs" / "callgrind.out"
    httpd = WatchedHttpd(scratch, ["valgrind", "--tool=callgrind", "--quiet",
                                   f"--callgrind-out-file={output}"])
    try:
        headers = configuration.start(httpd, world)
        with httpd.connection() as connection:
            for _ in range(count):
                httpd.page(connection, headers)
        httpd.stop()
        httpd.assert_untroubled()
        if keep:
            shutil.copy(output, keep / f"callgrind.{configuration.number}.{count}.out")
        return CallProfile.read(output)
    finally:
        httpd.stop()
        shutil.rmtree(scratch)
