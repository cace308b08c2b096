"""System calls of a request: strace counts them for one process, twice, as callgrind does instructions."""

import collections
import re
import shutil

from measures.lean_httpd import LeanHttpd

from harness.waiting import wait_until

FEW = 50
_LINE = re.compile(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$")


def measure(configuration, world, scratch, requests=500):
    """Counter: calls of a request, by name."""
    few, many = (_run(configuration, world, scratch, count) for count in (FEW, FEW + requests))
    return collections.Counter({name: (many[name] - few[name]) / requests
                                for name in many.keys() | few})


def _run(configuration, world, scratch, count):
    output = scratch / "logs" / "strace.out"
    # With -D the process that we end is httpd, not strace.
    httpd = LeanHttpd(scratch)
    httpd.watch(["strace", "-D", "-f", "-qq", "-c", "-o", output])
    try:
        headers = configuration.start(httpd, world)
        with httpd.connection() as connection:
            for _ in range(count):
                httpd.page(connection, headers)
        httpd.stop()
        httpd.assert_untroubled()
        wait_until(lambda: output.exists() and "total" in output.read_text(), "strace has counted")
        return collections.Counter({match[2]: int(match[1])
                                    for line in output.read_text().splitlines()
                                    if (match := _LINE.match(line)) and match[2] != "total"})
    finally:
        httpd.stop()
        shutil.rmtree(scratch)
