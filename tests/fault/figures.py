"""How much a run of the fault suite does, and the figures it leaves for docs/reliability.md.

EPOCH_FAULT_SCALE multiplies the work: 1 where it is not set, as in CI; large for a recorded run.
EPOCH_FAULT_FIGURES names the file to which each test adds what it has counted. The program of
store/ reads the same two.
"""

import os

SCALE = int(os.environ.get("EPOCH_FAULT_SCALE") or "1")
if SCALE < 1:
    raise ValueError("EPOCH_FAULT_SCALE is a whole number from 1 on")


def record(name, value):
    """Adds one line, "name: value"; tests that run at once may share the file."""
    path = os.environ.get("EPOCH_FAULT_FIGURES")
    if not path:
        return
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(file, f"{name}: {value}\n".encode())
    finally:
        os.close(file)
