"""Stores with many sessions in them, and requests of all of these."""

import dataclasses
import pathlib
import random
import shutil
import subprocess
import time

from measures.lean_httpd import PAGE

from harness.httpd import BUILD
from harness.people import crowd_of
from harness.processes import unprivileged
from harness.requests import basic, cookie_of, sign_in

FILL = BUILD / "bench" / "sessions" / "fill"
# Few enough that mod_ldap keeps all of them.
CROWD = crowd_of(100)
SAMPLES = 50


@dataclasses.dataclass
class Seeded:
    """A httpd that has just been started on a store with many sessions."""
    httpd: object
    path: pathlib.Path  # of the header fields of their requests, for load.lua
    disk_bytes: int
    start_seconds: float
    taken: int = 0

    def draw(self, count):
        """The header fields of so many sessions at random."""
        return _parsed(random.choices(self.path.read_text().splitlines(), k=count))

    def sent(self, count):
        """The header fields of some of those that were sent first, in order."""
        # wrk asks for one request before the first, and looks at it only.
        lines = self.path.read_text().splitlines()[1:count]
        return _parsed(lines[::max(1, count // SAMPLES)])

    def take(self, count):
        """A file for load.lua with so many sessions that no other such file has."""
        lines = self.path.read_text().splitlines()[self.taken:self.taken + count]
        assert len(lines) == count, "there are too few sessions"
        path = self.path.with_name(f"sessions-from-{self.taken}")
        path.write_text("\n".join(lines) + "\n")
        self.taken += count
        return path

    def mapped_bytes(self):
        """What the children have of the store in memory, shared by them."""
        return sum(_mapped_bytes(pid, self.httpd.store) for pid in self.httpd.children())


def seeded(httpd, sections, modules, **kinds):
    """Starts httpd with so many sessions of the crowd of each kind; see bench/sessions/fill.cpp."""
    httpd.start(sections, modules)
    cookie = [cookie_of(sign_in(httpd, person, PAGE)) for person in CROWD][-1]
    name = cookie[1].partition("=")[0]
    httpd.stop()
    template = httpd.scratch / "run" / "template"
    httpd.store.rename(template)
    # httpd's user may not be able to read the tree it was built in.
    fill = shutil.copy(FILL, httpd.scratch)
    filled = subprocess.run(
        unprivileged([fill, template, httpd.store, CROWD[0].password,
                      *(word for kind in kinds.items() for word in kind)]),
        check=True, capture_output=True, text=True)
    path = httpd.scratch / "sessions"
    _write_requests(path, filled.stdout, name)
    data = (httpd.store / "data.mdb").stat()
    begun = time.monotonic()
    httpd.start(sections, modules)
    return Seeded(httpd, path, data.st_blocks * 512, time.monotonic() - begun)


def _parsed(lines):
    return [[tuple(field.split(": ", 1)) for field in line.split("\t")] for line in lines]


def _write_requests(path, said, cookie_name):
    fields = {person.user: f"Authorization: {basic(person)[1].decode()}" for person in CROWD}
    with path.open("w") as out:
        for line in said.splitlines():
            user, value = line.split()
            out.write(f"{fields[user]}\tCookie: {cookie_name}={value}\n")


def _mapped_bytes(pid, store):
    """Proportional: a page that two processes share counts half in each."""
    total = 0
    inside = False
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if "-" in line.split(" ", 1)[0]:
            inside = line.endswith(f"{store}/data.mdb")
        elif inside and line.startswith("Pss:"):
            total += 1024 * int(line.split()[1])
    return total
