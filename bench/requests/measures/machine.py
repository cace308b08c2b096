"""What the figures were taken on: its kind, not its name."""

import datetime
import os
import pathlib
import re
import subprocess

from harness.httpd import program


def taken():
    """A sentence for the head of the tables."""
    about = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*:\s*(.*)$", about, re.M)
    sha = "with" if re.search(r"^flags\s*:.*\bsha_ni\b", about, re.M) else "without"
    return (f"Taken on {datetime.date.today()}: {os.cpu_count()} cores"
            f"{f' ({model[1].strip()})' if model else ''} {sha} SHA instructions, "
            f"{_first_line(program(), '-v')}, {_first_line('openssl', 'version')}.\n")


def _first_line(*command):
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return re.sub(r"^Server version: | \(Library.*", "", said.splitlines()[0])
