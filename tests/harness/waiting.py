"""Waiting for what others do: always for a condition, always with a deadline."""

import time

POLL_SECONDS = 0.01


def wait_until(condition, what, seconds=15):
    """Returns the first true value of condition(); fails, saying what it waited for."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(POLL_SECONDS)
