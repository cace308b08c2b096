"""What `make bench` is made of; it starts its servers with the tests' harness."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tests"))
