"""The time of day as httpd sees it, which a test may set. What counts monotonically is not moved,
as no setting of a clock moves it."""

import os
import subprocess

HOUR = 3600
MINUTE = 60
DAY = 24 * HOUR


class Clock:
    """To be made before httpd is started. The whole httpd goes by it, and nothing else does."""

    def __init__(self, httpd):
        self._file = httpd.scratch / "conf" / "clock"
        self.offset = 0
        self.set(0)
        httpd.environment |= {"LD_PRELOAD": _library(), "FAKETIME_TIMESTAMP_FILE": str(self._file),
                              "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                              "NO_FAKE_STAT": "1"}

    def set(self, offset):
        """So many seconds from the real time."""
        self.offset = offset
        # At once, as no process may read half of it.
        new = self._file.with_suffix(".new")
        new.write_text(f"{offset:+d}\n")
        new.chmod(0o644)
        os.replace(new, self._file)

    def step(self, seconds):
        self.set(self.offset + seconds)


def _library():
    files = subprocess.run(["dpkg", "-L", "libfaketime"], check=True, capture_output=True,
                           text=True).stdout.split()
    return next(each for each in files if each.endswith("/libfaketimeMT.so.1"))
