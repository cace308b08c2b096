"""Server processes that run as nobody in particular, and end with the tests."""

import itertools
import os
import pathlib
import pwd
import random
import re
import signal
import socket
import subprocess

from harness.waiting import wait_until

UNPRIVILEGED = "www-data"
TCP_LISTEN = "0A"
WORKERS = 16  # at most, side by side
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_OURS = range(15000 + WORKER % WORKERS, 32000, WORKERS)
_ports = itertools.cycle(random.sample(_OURS, len(_OURS)))


def is_root():
    return os.geteuid() == 0


def unprivileged(command):
    """The command, run as www-data where the tests run as root, and ended when they end."""
    drop = ["--reuid", UNPRIVILEGED, "--regid", UNPRIVILEGED, "--clear-groups"] if is_root() else []
    return ["setpriv", *drop, "--pdeathsig", "TERM", *map(str, command)]


def give_to_unprivileged(path):
    """Everything under the path belongs to whom the servers run as."""
    if not is_root():
        return
    account = pwd.getpwnam(UNPRIVILEGED)
    os.chown(path, account.pw_uid, account.pw_gid)
    for directory, directories, files in os.walk(path):
        for name in directories + files:
            os.chown(pathlib.Path(directory, name), account.pw_uid, account.pw_gid,
                     follow_symlinks=False)


def free_port():
    """A port of the loopback address that nobody listens on, outside the range the kernel hands to
    clients, so that none of them takes it before the server does. Tests that run side by side draw
    from ports of their own, for the same reason, and no port comes again before all others have."""
    for port in _ports:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def children_of(pid):
    children = set()
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        state, parent = stat.rpartition(")")[2].split()[:2]
        if int(parent) == pid and state != "Z":
            children.add(int(entry.name))
    return children


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def has_open_connections(ports):
    """Whether a process still holds a connection to one of these ports from the server's side."""
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state, *rest = line.split()
        port, inode = int(local.rpartition(":")[2], 16), rest[5]
        if port in ports and state != TCP_LISTEN and inode != "0":
            return True
    return False


def end(process, number=signal.SIGTERM, seconds=15):
    """Asks the process to end, and makes it if it does not."""
    if process.poll() is not None:
        return
    process.send_signal(number)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise AssertionError(f"{process.args[-1]} did not end within {seconds} s") from None


def state_of(pid, thread=None):
    """As in proc(5): T for one that stands still, Z for a zombie; None where there is none."""
    path = f"/proc/{pid}/stat" if thread is None else f"/proc/{pid}/task/{thread}/stat"
    try:
        stat = pathlib.Path(path).read_text()
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[0]


def stand_still(pid):
    """Returns when every thread does: one of them may still take a connection when the first has
    stopped."""
    def stopped():
        return all(state_of(pid, thread) in ("T", None) for thread in os.listdir(f"/proc/{pid}/task"))

    os.kill(pid, signal.SIGSTOP)
    wait_until(stopped, f"the process {pid} stands still")


def measured(pid):
    """What a process of httpd has: numbers by name. The store, mapped into memory, is not anonymous."""
    process = pathlib.Path(f"/proc/{pid}")
    maps = (process / "maps").read_text()
    rollup = (process / "smaps_rollup").read_text()
    return {"descriptors": len(list((process / "fd").iterdir())),
            "threads": len(list((process / "task").iterdir())),
            "mapped files of ours": len(re.findall(r"mod_auth_epoch\.so|auth_epoch/", maps)),
            "our shared mappings": len(re.findall(r"^\S+ \S+s .*/dev/zero", maps, re.M)),
            "anonymous kB": int(re.search(r"Anonymous: +(\d+)", rollup)[1])}


def wait_until_gone(pids):
    wait_until(lambda: all(state_of(pid) in (None, "Z", "X") for pid in pids),
               f"the processes {sorted(pids)} are gone")


def wait_until_listening(process, port, name, output):
    def ready():
        if process.poll() is not None:
            raise ServerDied(f"{name} ended with status {process.returncode}: {output()}")
        return listens(port)

    wait_until(ready, f"{name} listens on port {port}")


class ServerDied(AssertionError):
    pass
