"""Many requests at once, and the processor time that they take httpd."""

import dataclasses
import json
import os
import pathlib
import statistics
import subprocess

SCRIPT = pathlib.Path(__file__).with_name("load.lua")
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
TIMEOUT = "30s"


@dataclasses.dataclass(frozen=True)
class Load:
    requests: int
    seconds: float
    median_ms: float
    p99_ms: float
    max_ms: float
    used: int  # requests that were built; of a file in order, as many lines
    closed: int  # connections by httpd, a request on its way, which was sent again
    cpu_seconds: float  # user and system, of httpd's children

    @property
    def rate(self):
        return self.requests / self.seconds

    @property
    def cpu_us(self):
        """By request."""
        return 1e6 * self.cpu_seconds / self.requests


def loaded(httpd, path, headers=(), seconds=2, connections=8, sessions=None, in_order=False,
           method="GET", may_close=False):
    """What wrk and the kernel say of that long a time. Every answer must be good. `sessions` is a file
    for load.lua. httpd closes connections that are kept alive when no worker is idle: `may_close`."""
    lua = [method, *([sessions] if sessions else []), *(["in-order"] if in_order else [])]
    fields = [part for name, value in headers for part in ("-H", f"{name}: {_text(value)}")]
    before = cpu_seconds(httpd.children())
    done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", TIMEOUT,
                           "-s", SCRIPT, *fields,
                           "-H", f"Host: localhost:{httpd.port}",
                           f"http://127.0.0.1:{httpd.port}{path}", "--", *lua],
                          capture_output=True, text=True, check=True)
    spent = cpu_seconds(httpd.children()) - before
    said = json.loads(done.stdout.splitlines()[-1])
    bad = said.pop("failed"), said.pop("refused")
    assert bad == (0, 0), f"{bad[0]} requests failed and {bad[1]} were refused:\n{done.stdout}"
    assert may_close or not said["closed"], f"connections were closed:\n{done.stdout}"
    return Load(**said, cpu_seconds=spent)


def cpu_seconds(pids):
    """User and system time of the processes, all their threads."""
    return sum(_ticks(pid) for pid in pids) / TICKS_A_SECOND


def spread(values):
    """Median and, in brackets, the least and the most."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _ticks(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _text(value):
    return value.decode() if isinstance(value, bytes) else value
