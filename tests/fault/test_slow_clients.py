"""Clients that take their time over what they send to the pages that read forms, or send more than
those want: others are served, nothing is done by half, and the store is not held meanwhile."""

import contextlib
import http.client
import random
import socket

import pytest

import figures
from harness.people import ALICE, BOB, CAROL
from harness.processes import measured
from harness.requests import FORM, SAME_ORIGIN, SignedIn, basic, cookie_of, sign_in
from harness.site import start_file_site
from harness.waiting import wait_until
from lmdb_lock import LockFile

WORKERS = 600 * min(figures.SCALE, 4)
CLIENTS = WORKERS // 2
# As much as stock httpd has by default, so that there is room for others beside all of the clients.
MPM = (f"ThreadsPerChild 60\nMaxRequestWorkers {WORKERS}\nServerLimit {WORKERS // 60}\n"
       f"StartServers {WORKERS // 60}\nMinSpareThreads {WORKERS // 3}\nMaxSpareThreads {WORKERS}\n")
TIMEOUTS = "RequestReadTimeout handshake=0 header={header} body={body}\n"
PAGES = """
<Location "/sessions">
    SetHandler auth-epoch-sessions
</Location>
<Location "/administration">
    SetHandler auth-epoch-admin
    Require user alice
</Location>
"""
FORM_PAGES = ["/logout", "/sessions", "/administration"]
LONGEST = 8192  # of a form; see src/httpd/form.cpp
FORMS = 300 * figures.SCALE
MOST_GROWTH_KB = 2048


def start(httpd, header="30", body="30", mpm=""):
    start_file_site(httpd, ALICE, BOB, CAROL, modules=["reqtimeout"],
                    more=mpm + TIMEOUTS.format(header=header, body=body) + PAGES)


class SlowClient:
    """Sends the head of a form and, once httpd has begun to read it, its first byte."""

    def __init__(self, httpd, page, fields):
        self._connection = httpd.connection()
        self._connection.send("POST", page, [*fields, FORM, SAME_ORIGIN, ("Content-Length", "20"),
                                             ("Expect", "100-continue")])

    def wait_until_read(self):
        assert self._connection.receive_raw(len(CONTINUE)) == CONTINUE
        self._connection.send_raw(b"s")

    def close(self):
        self._connection.close()

    def half_close(self):
        self._connection.end_sending()

    def answer(self):
        """Its status; None where httpd has just closed."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self._connection.receive().status
        return None


CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def test_forms_that_never_come_to_an_end_hold_nothing_keep_nobody_out_and_end_nothing(httpd):
    start(httpd, body="6", mpm=MPM)
    alice, bob = SignedIn(httpd, ALICE), SignedIn(httpd, BOB)
    clients = [SlowClient(httpd, FORM_PAGES[number % 3], alice.headers[1:])
               for number in range(CLIENTS)]
    for client in clients:
        client.wait_until_read()
    lock = LockFile(httpd.store)
    wait_until(lambda: lock.readers_at_work() == 0, "nobody reads the store")
    assert lock.writing_process() is None
    for _ in range(10):
        assert alice.is_live and bob.is_live
        carol = SignedIn(httpd, CAROL)
        out = httpd.request("POST", "/logout", [cookie_of(carol.login), SAME_ORIGIN])
        assert out.challenge[0] == "Epoch" and not carol.is_live
    statuses = set()
    for number, client in enumerate(clients):
        # The others are told by httpd that it has waited long enough.
        if number % 3 == 0:
            client.close()
        elif number % 3 == 1:
            client.half_close()
    for number, client in enumerate(clients):
        if number % 3 != 0:
            statuses.add(client.answer())
            client.close()
    assert statuses <= {400, 408, None}, statuses
    assert alice.is_live, "a form that did not come to its end has ended a session"
    assert bob.is_live
    figures.record("slow clients: at once", CLIENTS)


@pytest.mark.parametrize("page", FORM_PAGES)
def test_a_head_that_comes_a_byte_at_a_time_keeps_nobody_out(httpd, page):
    start(httpd, mpm=MPM)
    alice = SignedIn(httpd, ALICE)
    head = f"POST {page} HTTP/1.1\r\nHost: localhost".encode()
    with contextlib.ExitStack() as connections:
        slow = [connections.enter_context(httpd.connection()) for _ in range(CLIENTS // 4)]
        for byte in head:
            for connection in slow:
                connection.send_raw(bytes([byte]))
            assert alice.is_live
    assert alice.is_live


@pytest.mark.parametrize("page", FORM_PAGES)
@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in chunks"])
def test_a_form_that_is_too_long_is_refused_and_ends_nothing(httpd, page, announced):
    start(httpd)
    alice = SignedIn(httpd, ALICE)
    for length in (LONGEST + 1, 1 << 20):
        with httpd.connection() as connection:
            fields = [*alice.headers[1:], FORM, SAME_ORIGIN]
            body = b"scope=all&x=" + b"y" * length
            if not announced:
                fields.append(("Transfer-Encoding", "chunked"))
                body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
            # Of the longer one, httpd may answer and close before it has all.
            status = None
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection.send("POST", page, fields, body)
                status = connection.receive().status
            assert status == 413 or (status is None and length > LONGEST + 1)
        assert alice.is_live


def test_forms_without_end_do_not_make_httpd_grow(httpd):
    start(httpd)
    alice = SignedIn(httpd, ALICE)
    grown = {}
    for number in range(60):
        before = {pid: measured(pid)["anonymous kB"] for pid in httpd.children()}
        with httpd.connection() as connection:
            connection.send("POST", FORM_PAGES[number % 3],
                            [*alice.headers[1:], FORM, SAME_ORIGIN,
                             ("Transfer-Encoding", "chunked")])
            # More than the buffers of sockets hold.
            with contextlib.suppress(OSError):
                connection.send_raw(b"2\r\nx=\r\n")
                for _ in range(128):
                    connection.send_raw(b"20000\r\n" + b"a" * 0x20000 + b"\r\n")
            for pid, size in before.items():
                if number >= 10:  # by then each child has come to its size
                    grown[pid] = max(grown.get(pid, 0), measured(pid)["anonymous kB"] - size)
    assert alice.is_live
    assert max(grown.values()) <= MOST_GROWTH_KB, grown


def test_forms_of_any_kind_end_nobody_elses_session_and_are_never_too_much_for_httpd(httpd):
    start(httpd)
    bob, source = SignedIn(httpd, BOB), random.Random()
    alice = SignedIn(httpd, ALICE)
    for number in range(FORMS):
        if not alice.is_live:
            alice = SignedIn(httpd, ALICE)
        page, body, kind = FORM_PAGES[number % 3], random_form(source), source.choice(TYPES)
        answer = httpd.request("POST", page, [*alice.headers[1:], SAME_ORIGIN,
                                              ("Content-Type", kind)], body)
        assert answer.status < 500, (page, kind, body)
        if kind not in TYPES[:2]:
            assert answer.status in (401, 415), (page, kind, body)
        assert bob.is_live, (page, kind, body)
    assert bob.is_live
    figures.record("bad forms sent", FORMS)


TYPES = ["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-7",
         "multipart/form-data; boundary=x", "text/plain", "application/json", "application/x-www",
         "x"]
PIECES = [b"scope=", b"all", b"others", b"this", b"action=", b"end", b"session=", b"token=", b"&",
          b"=", b"%", b"%00", b"%zz", b"%ff%fe", b"+", b";", b"\0", b"\r\n", b"\xc3\x28",
          b"--x\r\nContent-Disposition: form-data; name=\"scope\"\r\n\r\nall\r\n--x--\r\n",
          b"return=//evil.test", b"user=bob", b"zone=", b"f" * 32, b"&" * 40, b"a" * 3000]


def random_form(source):
    if source.random() < 0.2:
        return source.randbytes(source.randrange(1, 200))
    return b"".join(source.choices(PIECES, k=source.randrange(1, 12)))
