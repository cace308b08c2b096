"""The store's life: restarts, crashes, damage, full disks."""

import contextlib
import http.client
import os
import pwd
import re
import stat
import subprocess
import tempfile

import pytest

from harness.httpd import CHILDREN
from harness.people import ALICE, BOB, CAROL
from harness.processes import UNPRIVILEGED, unprivileged
from harness.requests import basic, cookie_of, new_session
from harness.site import is_unavailable, start_file_site
from harness.waiting import wait_until

CANNOT_ANSWER = "the store cannot answer"
# LMDB maps its file, and reading behind the end of a file that somebody has cut kills the process.
DIED_OF_THE_CUT = r"AH00052: child pid \d+ exit signal (Bus error|Segmentation fault)"


def start(httpd, more="", **options):
    start_file_site(httpd, ALICE, BOB, CAROL, more=more, **options)


def visit(httpd, session, person=ALICE):
    return httpd.request("GET", "/app/", [basic(person), session])


def log_out(httpd, session, scope="this", person=ALICE):
    ours = ("Origin", httpd.origin)
    return httpd.request("POST", f"/logout?scope={scope}", [basic(person), session, ours])


def everything(httpd, session):
    """One request of each kind."""
    return [visit(httpd, session), httpd.request("GET", "/app/"),
            httpd.request("GET", "/app/", [basic(ALICE)]),
            httpd.request("GET", "/app/", [session]), log_out(httpd, session),
            httpd.request("GET", "/app/", [("AuthEpoch", "forget")])]


def once_it_answers(ask):
    """Each child looks for a lost store again once a second; returns the first real answer."""
    return wait_until(lambda: (answer := ask()).status != 503 and answer, "the store answers")


def is_live(answer):
    return (answer.status, answer.event) == (200, "admit")


HAPPENINGS = ["graceful", "restart", "kill_children"]


# ---- restarts and crashes

@pytest.mark.every_mpm
@pytest.mark.parametrize("happening", HAPPENINGS)
def test_live_sessions_go_on_and_ended_ones_stay_ended(httpd, happening):
    start(httpd)
    live, ended, swept, bobs = (new_session(httpd, person) for person in (CAROL, BOB, ALICE, BOB))
    log_out(httpd, ended, person=BOB)
    log_out(httpd, new_session(httpd, ALICE), "all", ALICE)
    getattr(httpd, happening)()
    for _ in range(4):  # whichever child answers
        assert is_live(visit(httpd, live, CAROL))
        assert is_live(visit(httpd, bobs, BOB))
        assert visit(httpd, ended, BOB).status == 401
        assert visit(httpd, swept, ALICE).status == 401


def test_a_logout_that_was_answered_survives_the_death_of_everybody(httpd):
    start(httpd)
    session = new_session(httpd)
    with httpd.connection() as connection:
        assert connection.request("POST", "/logout", [basic(ALICE), session,
                                                      ("Origin", httpd.origin)]).status == 401
        httpd.kill_children()
    assert visit(httpd, session).status == 401


def test_a_key_file_that_was_removed_costs_a_prompt_and_no_session(httpd):
    start(httpd)
    session = new_session(httpd)
    challenged = httpd.request("GET", "/app/")
    httpd.stop()
    key_file(httpd).unlink()
    httpd.restart()
    assert is_live(visit(httpd, session))
    refused = httpd.request("GET", "/app/", [basic(ALICE), cookie_of(challenged)])
    assert refused.asks_for_password
    assert httpd.request("GET", "/app/", [basic(ALICE), cookie_of(refused)]).event == "login"


def key_file(httpd):
    return httpd.store.with_name("auth_epoch.key")


# ---- who owns what

def mode_and_owner(path):
    status = path.stat()
    return stat.S_IMODE(status.st_mode), pwd.getpwuid(status.st_uid).pw_name


def test_the_first_start_makes_a_store_for_httpds_user_and_a_key_file_for_whoever_starts_it(httpd):
    start(httpd, as_root=True)
    new_session(httpd)
    assert mode_and_owner(httpd.store) == (0o700, UNPRIVILEGED)
    for file in httpd.store.iterdir():
        assert mode_and_owner(file) == (0o600, UNPRIVILEGED)
    assert mode_and_owner(key_file(httpd)) == (0o600, "root")
    made = key_file(httpd).read_bytes()
    httpd.restart()
    assert key_file(httpd).read_bytes() == made


# ---- the store cannot be reached

def closed(store):
    mode = stat.S_IMODE(store.stat().st_mode)
    store.chmod(0)
    return lambda: store.chmod(mode)


def moved_away(store):
    parent = store.parent
    away = parent.parent / "away"
    store.rename(away)
    # As in /var/lib, where httpd's User could not make a new one.
    mode = stat.S_IMODE(parent.stat().st_mode)
    parent.chmod(0o555)

    def back():
        parent.chmod(mode)
        away.rename(store)
    return back


def replaced_by_a_file(store):
    away = store.with_name("away")
    store.rename(away)
    store.touch()

    def back():
        store.unlink()
        away.rename(store)
    return back


OUT_OF_REACH = [closed, moved_away, replaced_by_a_file]


@pytest.mark.parametrize("happening", OUT_OF_REACH)
def test_a_store_that_cannot_be_opened_admits_nobody_and_heals_by_itself(httpd, happening):
    start(httpd)
    session = new_session(httpd)
    httpd.expect_log(CANNOT_ANSWER)
    httpd.expect_log(str(httpd.store))
    back = happening(httpd.store)
    httpd.kill_children()
    answers = [answer for _ in range(5) for answer in everything(httpd, session)]
    assert all(is_unavailable(answer) for answer in answers)
    assert not any(answer.user or answer.set_cookie for answer in answers)
    assert httpd.request("GET", "/public/").status == 200
    assert 1 <= len(httpd.error_log.lines(CANNOT_ANSWER)) <= len(httpd.children())
    back()
    assert is_live(once_it_answers(lambda: visit(httpd, session)))
    assert once_it_answers(lambda: log_out(httpd, session)).status == 401
    assert once_it_answers(lambda: visit(httpd, session)).status == 401


@pytest.mark.parametrize("happening", OUT_OF_REACH)
def test_a_store_that_goes_away_under_running_children_pretends_no_logout(httpd, happening):
    start(httpd)
    ended, live = new_session(httpd), new_session(httpd, BOB)
    log_out(httpd, ended)
    httpd.expect_log(str(httpd.store))
    back = happening(httpd.store)
    assert is_unavailable(log_out(httpd, live, person=BOB))
    until_every_child(CANNOT_ANSWER, httpd, lambda: visit(httpd, live, BOB))
    assert is_unavailable(visit(httpd, live, BOB)) and is_unavailable(visit(httpd, ended))
    back()
    assert is_live(once_it_answers(lambda: visit(httpd, live, BOB)))
    assert once_it_answers(lambda: visit(httpd, ended)).status == 401


def test_a_store_that_was_removed_is_begun_anew_by_all_children_together(httpd):
    start(httpd)
    session = new_session(httpd)
    httpd.expect_log("was removed while it was in use")
    httpd.store.rename(httpd.store.with_name("away"))
    until_every_child("refuse ", httpd, lambda: visit(httpd, session))
    assert mode_and_owner(httpd.store)[0] == 0o700
    assert visit(httpd, session).status == 401
    assert is_live(visit(httpd, new_session(httpd, BOB), BOB))


def test_stale_admits_who_was_just_seen_and_nobody_else(httpd):
    start(httpd, "AuthEpochOnStoreError stale 2min\n")
    seen, unseen = new_session(httpd), new_session(httpd, BOB)
    # Each child remembers what itself has seen.
    until_every_child("admit ", httpd, lambda: visit(httpd, seen))
    httpd.expect_log(CANNOT_ANSWER)
    httpd.expect_log(str(httpd.store))
    back = closed(httpd.store)
    until_every_child(CANNOT_ANSWER, httpd, lambda: httpd.request("GET", "/app/"))
    for _ in range(4):
        assert (visit(httpd, seen).status, visit(httpd, seen).user) == (200, "alice")
        for fields in ([basic(BOB), unseen], [basic(ALICE.mistyped), seen], [seen],
                       [basic(ALICE)], []):
            assert is_unavailable(httpd.request("GET", "/app/", fields))
    assert is_unavailable(log_out(httpd, seen))
    back()
    assert is_live(once_it_answers(lambda: visit(httpd, unseen, BOB)))
    assert once_it_answers(lambda: log_out(httpd, seen)).status == 401
    assert once_it_answers(lambda: visit(httpd, seen)).status == 401


def until_every_child(says, httpd, ask):
    """Asks until every child has said so in the log."""
    def all_have():
        ask()
        said = {int(re.search(r"\[pid (\d+)", line)[1]) for line in httpd.error_log.lines(says)}
        return said >= httpd.children()

    wait_until(all_have, f"every child says {says}")


# ---- damage

def cut(file):
    os.truncate(file, file.stat().st_size // 2)


def overwrite(file):
    size = file.stat().st_size
    file.write_bytes(b"\xa5" * size)


def write_half_over(file):
    with file.open("r+b") as data:
        data.seek(8192)
        data.write(b"\xa5" * (file.stat().st_size - 8192))


def set_aside(httpd, tag):
    return list(httpd.store.glob(f"data.mdb.{tag}-*"))


@pytest.mark.parametrize("damage", [cut, overwrite, write_half_over])
def test_a_store_that_is_damaged_at_the_start_is_set_aside_and_everybody_logs_in_again(
        httpd, damage):
    start(httpd)
    session = new_session(httpd)
    httpd.stop()
    damage(httpd.store / "data.mdb")
    damaged = (httpd.store / "data.mdb").read_bytes()
    httpd.expect_log("was set aside as .*everybody logs in again")
    httpd.restart()
    refused = visit(httpd, session)
    assert refused.asks_for_password
    new = httpd.request("GET", "/app/", [basic(ALICE), cookie_of(refused)])
    assert new.event == "login" and is_live(visit(httpd, cookie_of(new)))
    assert len(httpd.error_log.lines("was set aside")) == 1
    (kept,) = set_aside(httpd, "damaged")
    assert kept.read_bytes() == damaged


def test_a_store_that_is_cut_while_in_use_admits_nobody_and_is_begun_anew(httpd):
    start(httpd)
    session = new_session(httpd)
    httpd.tolerate_log(DIED_OF_THE_CUT)
    httpd.tolerate_log(CANNOT_ANSWER)
    httpd.expect_log("was set aside as .*everybody logs in again")
    os.truncate(httpd.store / "data.mdb", 4096)
    answers = []

    def has_healed():
        # The connection of a child that dies is cut, too.
        with contextlib.suppress(OSError, http.client.HTTPException):
            answers.append(visit(httpd, session))
            return answers[-1].asks_for_password
        return False

    wait_until(has_healed, "a new store is begun")
    assert {answer.status for answer in answers} <= {401, 503}
    assert set_aside(httpd, "damaged")
    wait_until(lambda: len(httpd.children()) >= CHILDREN[httpd.mpm], "the dead are replaced")
    assert is_live(once_it_answers(lambda: visit(httpd, new_session(httpd, BOB), BOB)))


def test_a_store_of_another_format_version_is_set_aside(httpd, tools):
    start(httpd)
    session = new_session(httpd)
    httpd.stop()
    change_format_version(tools, httpd.store)
    httpd.expect_log("has another format version than this mod_auth_epoch.*was set aside")
    httpd.restart()
    assert visit(httpd, session).asks_for_password
    assert len(set_aside(httpd, "version-99")) == 1


def change_format_version(tools, store):
    """With LMDB's own tools: all is dumped, one value changed, and loaded into a new file."""
    dump = tools.run("mdb_dump", "-a", store, check=True).stdout
    key = b"format".hex()
    changed, count = re.subn(rf"^( {key}\n) [0-9a-f]{{8}}$", r"\g<1> 63000000", dump, flags=re.M)
    assert count == 1
    (tools.home / "dump").write_text(changed)
    owner = (store / "data.mdb").stat()
    for name in ("data.mdb", "lock.mdb"):
        (store / name).unlink()
    tools.run("mdb_load", "-f", tools.home / "dump", store, check=True)
    for name in ("data.mdb", "lock.mdb"):
        os.chown(store / name, owner.st_uid, owner.st_gid)


# ---- the disk is full

class FullTmpfs:
    """A file system of its own for the store, small, with a file that takes all that is left."""

    SAYS = "the disk is full"

    def __init__(self, httpd):
        self._httpd = httpd
        self._filler = httpd.store / "filler"
        httpd.store.mkdir()
        mount_tmpfs(httpd.store)

    def fill(self):
        with contextlib.suppress(OSError), self._filler.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 512)

    def empty(self):
        self._filler.unlink()

    def close(self):
        self._httpd.stop()
        subprocess.run(["umount", self._httpd.store], check=True)


class FileSizeLimit:
    """No file of httpd's may grow beyond what the store needs now."""

    SAYS = "the file may not grow any further"

    def __init__(self, httpd):
        self._httpd = httpd

    def fill(self):
        self._limit((self._httpd.store / "data.mdb").stat().st_size)

    def empty(self):
        self._limit("unlimited")

    def close(self):
        pass

    def _limit(self, size):
        for child in self._httpd.children():
            # By the children's user, who may change the soft limit; root in a container may not.
            subprocess.run(unprivileged(["prlimit", f"--pid={child}", f"--fsize={size}:"]),
                           check=True)


def mount_tmpfs(path):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "none", path], check=True,
                   capture_output=True)


def full_disks():
    """Mounting takes root, and in some containers that is not enough."""
    with tempfile.TemporaryDirectory() as directory:
        try:
            mount_tmpfs(directory)
        except subprocess.CalledProcessError:
            return [FileSizeLimit]
        subprocess.run(["umount", directory], check=True)
    return [FileSizeLimit, FullTmpfs]


@pytest.fixture(params=full_disks())
def disk(request, httpd):
    with contextlib.closing(request.param(httpd)) as disk:
        yield disk


def test_a_full_disk_lets_nobody_in_and_keeps_who_is_in(httpd, disk):
    # Its log must stay smaller than the store, for the limit's sake.
    start(httpd, "LogLevel notice auth_epoch:notice\n")
    sessions = [new_session(httpd, CAROL) for _ in range(4)]
    disk.fill()
    httpd.expect_log(disk.SAYS)
    refused = wait_until(lambda: login_refused_by_the_store(httpd), "the free pages are used up")
    assert is_unavailable(refused) and refused.set_cookie is None
    for session in sessions:
        assert is_live(visit(httpd, session, CAROL))
    for session in sessions:
        out = log_out(httpd, session, person=CAROL)
        assert is_unavailable(out) or out.status == 401
        assert is_live(visit(httpd, session, CAROL)) == is_unavailable(out)
    disk.empty()
    assert is_live(once_it_answers(lambda: visit(httpd, new_session(httpd, BOB), BOB)))


def login_refused_by_the_store(httpd):
    challenged = httpd.request("GET", "/app/")
    answer = httpd.request("GET", "/app/", [basic(ALICE), cookie_of(challenged)])
    return answer if answer.status == 503 else None
