"""A store whose disk is full, read-only, failing or cut short while people sign in and out."""

import errno
import os
import shutil

import pytest

import figures
from harness.httpd import BUILD, CHILDREN
from harness.people import ALICE, BOB, CAROL
from harness.processes import ServerDied
from harness.requests import SAME_ORIGIN, cookie_of, new_session, sign_in
from harness.site import is_unavailable, start_file_site
from harness.waiting import wait_until
from disk_load import Load, visit

LIBRARY = BUILD / "tests" / "fault" / "disk" / "trouble.so"
# Each request that it concerns says so.
CANNOT_ANSWER = r"the store cannot answer|could not be (opened|written|read)|cannot be answered"
FULL = "the disk is full. Make room on it"
READ_ONLY = "the file system is read-only. Mount it writable"
BROKEN = "input/output error. See the kernel's log and check the disk"
ENOUGH = 20 * figures.SCALE

FAULTS = {
    "the disk is full": ({"write": errno.ENOSPC}, FULL),
    "the quota is used up": ({"write": errno.EDQUOT}, FULL),
    "the disk is full at the last page": ({"meta": errno.ENOSPC}, FULL),
    "mounted read-only": ({"write": errno.EROFS, "open": errno.EROFS}, READ_ONLY),
    "writing fails": ({"write": errno.EIO}, BROKEN),
    "writing the last page fails": ({"meta": errno.EIO}, BROKEN),
    "syncing fails": ({"sync": errno.EIO}, BROKEN),
}


class Disk:
    def __init__(self, httpd):
        self._httpd = httpd
        self._orders = httpd.scratch / "orders"
        # Beside the module, where httpd can read it.
        library = shutil.copy(LIBRARY, httpd.scratch / LIBRARY.name)
        httpd.environment = {"LD_PRELOAD": library, "EPOCH_FAULT_ORDERS": self._orders}
        self.give_orders()

    def give_orders(self, **errors):
        """From now on, whole: the old orders or the new ones."""
        text = "".join(f"{call} {number}\n" for call, number in errors.items())
        new = self._orders.with_suffix(".new")
        new.write_text(text)
        new.chmod(0o644)
        new.rename(self._orders)

    def is_well_again(self):
        self.give_orders()


@pytest.fixture
def disk(httpd):
    return Disk(httpd)


def start(httpd, **options):
    httpd.tolerate_log(CANNOT_ANSWER)
    start_file_site(httpd, ALICE, BOB, CAROL, **options)


def log_out(httpd, cookie):
    return httpd.request("POST", "/logout", [cookie, SAME_ORIGIN])


def is_live(httpd, cookie, person=CAROL):
    answer = visit(httpd, person, cookie)
    return (answer.status, answer.event) == (200, "admit")


@pytest.mark.parametrize("fault", FAULTS)
def test_while_nothing_can_be_written_who_is_in_stays_and_who_is_out_stays_out(httpd, disk, fault):
    errors, says = FAULTS[fault]
    httpd.expect_log(says)
    start(httpd)
    kept = [new_session(httpd, CAROL) for _ in range(3)]
    out = new_session(httpd, CAROL)
    assert log_out(httpd, out).status == 401
    with Load(httpd) as load:
        wait_until(lambda: load.signed_out >= 5, "people come and go")
        disk.give_orders(**errors)
        before = load.turned_away
        wait_until(lambda: load.turned_away >= before + ENOUGH, "people are turned away")
        for cookie in kept:
            assert is_live(httpd, cookie)
            assert is_unavailable(log_out(httpd, cookie))
            assert is_live(httpd, cookie)
        assert visit(httpd, CAROL, out).status == 401
        disk.is_well_again()
        before = load.signed_out
        wait_until(lambda: load.signed_out >= before + ENOUGH, "people come and go again")
    load.lost_nothing()
    assert all(is_live(httpd, cookie) for cookie in kept)
    assert log_out(httpd, kept[0]).status == 401 and not is_live(httpd, kept[0])
    figures.record(f"httpd, {fault}: turned away, signed out", (load.turned_away, load.signed_out))


def test_children_that_die_while_nothing_can_be_opened_leave_nobody_in_and_nothing_lost(httpd,
                                                                                        disk):
    """Those that come in their place cannot open the store, nor can they be sure of anybody."""
    httpd.expect_log(READ_ONLY)
    start(httpd)
    kept, out = new_session(httpd, CAROL), new_session(httpd, CAROL)
    assert log_out(httpd, out).status == 401
    with Load(httpd, deaths=True) as load:
        wait_until(lambda: load.signed_out >= 5, "people come and go")
        disk.give_orders(write=errno.EROFS, open=errno.EROFS)
        httpd.kill_children()
        for _ in range(ENOUGH):
            assert is_unavailable(visit(httpd, CAROL, kept))
            assert is_unavailable(visit(httpd, CAROL, out))
        disk.is_well_again()
        wait_until(lambda: is_live(httpd, kept), "the store is open again")
        before = load.signed_out
        wait_until(lambda: load.signed_out >= before + ENOUGH, "people come and go again")
    assert visit(httpd, CAROL, out).status == 401
    load.lost_nothing()


def test_a_disk_that_cannot_be_read_at_the_start_costs_nobody_a_session(httpd, disk):
    start(httpd)
    kept, out = new_session(httpd, CAROL), new_session(httpd, CAROL)
    assert log_out(httpd, out).status == 401
    httpd.stop()
    disk.give_orders(read=errno.EIO)
    httpd.expect_log("AH00020: Configuration Failed")
    with pytest.raises(ServerDied, match=BROKEN):
        httpd.restart()
    (httpd.scratch / "logs" / "stderr.log").unlink()  # where it has said so
    disk.is_well_again()
    httpd.restart()
    assert is_live(httpd, kept)
    assert visit(httpd, CAROL, out).status == 401
    assert not list(httpd.store.glob("data.mdb.*"))


def test_a_store_that_has_reached_its_largest_size_lets_everybody_out(httpd, disk):
    httpd.expect_log("The session store is full")
    disk.give_orders(map=1 << 20)
    start(httpd, zone="AuthEpochMaxSessions 100000")
    out = new_session(httpd, CAROL)
    assert log_out(httpd, out).status == 401
    kept = []
    with Load(httpd) as load:
        def fill():
            answer = sign_in(httpd, CAROL)
            if answer.status == 200:
                kept.append(cookie_of(answer))
            return load.turned_away >= ENOUGH

        wait_until(fill, "no more sessions fit into the store", 120)
        leaving = kept[:20]
        for cookie in leaving:
            assert is_live(httpd, cookie)
            assert log_out(httpd, cookie).status == 401
            assert not is_live(httpd, cookie)
        assert visit(httpd, CAROL, out).status == 401
        disk.is_well_again()
        httpd.graceful()
        before = load.signed_in
        wait_until(lambda: load.signed_in >= before + ENOUGH, "there is room for new sessions")
    load.lost_nothing()
    assert all(is_live(httpd, cookie) for cookie in kept[20:40])
    assert not any(is_live(httpd, cookie) for cookie in leaving)
    figures.record("httpd, the store has reached its largest size: sessions", len(kept))


def test_a_file_that_is_cut_short_under_load_admits_nobody_who_had_left(httpd, disk):
    httpd.tolerate_log(r"AH00052: child pid \d+ exit signal (Bus error|Segmentation fault)")
    httpd.expect_log("was set aside as .*everybody logs in again")
    start(httpd)
    out = new_session(httpd, CAROL)
    assert log_out(httpd, out).status == 401
    data = httpd.store / "data.mdb"
    with Load(httpd, deaths=True) as load:
        wait_until(lambda: load.signed_out >= 5, "people come and go")
        os.truncate(data, 3 * 4096)
        wait_until(lambda: httpd.error_log.lines("was set aside as"), "the store is begun anew", 60)
        before = load.signed_out
        wait_until(lambda: load.signed_out >= before + ENOUGH, "people come and go again", 60)
    load.lost_nothing(wiped=True)
    assert visit(httpd, CAROL, out).status == 401
    wait_until(lambda: len(httpd.children()) >= CHILDREN[httpd.mpm], "the dead are replaced")
