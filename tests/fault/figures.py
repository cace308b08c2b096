"""How much these tests do, and what they have counted.

EPOCH_FAULT_SCALE multiplies the work; EPOCH_FAULT_FIGURES names a file that the figures are added
to.
"""

import os

SCALE = int(os.environ.get("EPOCH_FAULT_SCALE", "1"))
_FILE = os.environ.get("EPOCH_FAULT_FIGURES")


def record(name, value):
    """Adds a line to the figures, where somebody wants them."""
    if _FILE:
        with open(_FILE, "a", encoding="utf-8") as file:
            file.write(f"{name}: {value}\n")
