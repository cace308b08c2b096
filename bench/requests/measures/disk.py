"""How fast the disk is that the stores stand on."""

import os
import statistics
import time

BLOCK = b"x" * 4096
BLOCKS = 256
SECONDS = 1


def sync_times(directory):
    """Seconds that each of many small writes took until it was on the disk (fdatasync)."""
    path = directory / "synced"
    times = []
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT)
        os.pwrite(file, BLOCK * BLOCKS, 0)
        os.fsync(file)
        end = time.monotonic() + SECONDS
        while (begun := time.monotonic()) < end:
            os.pwrite(file, BLOCK, len(times) % BLOCKS * len(BLOCK))
            os.fdatasync(file)
            times.append(time.monotonic() - begun)
        os.close(file)
    finally:
        path.unlink()
    return times


def percentile(values, share):
    return statistics.quantiles(values, n=100)[round(100 * share) - 1]
