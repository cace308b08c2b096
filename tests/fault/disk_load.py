"""People who sign in, look around and sign out, all the time, and what they were told.

Unlike those of load.py, to whom every answer is yes or no, these may be told "not now" by a store in
trouble, and so know not only what must have ended but also what must still live."""

import contextlib
import http.client
import itertools
import threading

from harness.people import ALICE, BOB
from harness.requests import SAME_ORIGIN, basic, cookie_of

PEOPLE = itertools.cycle([ALICE, BOB])


class Load:
    """A context manager: clients come and go within it. What must never be is a problem, and fails
    the test at the end: an ended session that was admitted, a live one that was refused, an answer
    that is neither yes nor no nor "not now"."""

    def __init__(self, httpd, clients=4, deaths=False):
        """`deaths`: children may die, and their connections with them."""
        self._httpd = httpd
        self._deaths = deaths
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._come_and_go, args=(next(PEOPLE),))
                         for _ in range(clients)]
        self.problems = []
        self.ended = []  # (person, cookie): the logout was answered with yes
        self.alive = []  # those whose logout was not
        self.signed_in = self.signed_out = self.turned_away = 0

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()
        if kind is None:
            assert not self.problems, "\n".join(self.problems[:10])

    def lost_nothing(self, wiped=False):
        """After the fault: each session is what its person was last told. With `wiped`, the store
        was begun anew."""
        for person, cookie in self.ended:
            answer = visit(self._httpd, person, cookie)
            assert answer.status == 401, f"an ended session is answered with {answer.status}"
        for person, cookie in self.alive:
            answer = visit(self._httpd, person, cookie)
            if wiped:
                assert answer.status in {200, 401}
            else:
                assert (answer.status, answer.event) == (200, "admit"), "a live session is lost"

    def _come_and_go(self, person):
        while not self._over.is_set():
            try:
                self._one_life(person)
            except (OSError, http.client.HTTPException) as error:
                if not self._deaths:
                    self._problem(f"no answer: {error!r}")
                    return

    def _one_life(self, person):
        cookie = self._sign_in(person)
        if cookie is None:
            return
        for _ in range(2):
            self._look_around(person, cookie)
        answer = self._httpd.request("POST", "/logout", [cookie, SAME_ORIGIN])
        if answer.status != 401:
            self._not_now(answer, "a logout")
            with self._lock:
                self.alive.append((person, cookie))
            return
        with self._lock:
            self.signed_out += 1
            self.ended.append((person, cookie))
            older = self.ended[len(self.ended) // 2]
        for each in ((person, cookie), older):
            answer = visit(self._httpd, *each)
            if answer.status == 200:
                self._problem(f"an ended session was admitted: {each}")
            elif answer.status != 401:
                self._not_now(answer, "a visit after the logout")

    def _sign_in(self, person):
        challenged = self._httpd.request("GET", "/app/")
        if challenged.status != 401:
            self._not_now(challenged, "a first visit")
            return None
        answer = visit(self._httpd, person, cookie_of(challenged))
        if (answer.status, answer.event) != (200, "login"):
            self._not_now(answer, "a login")
            return None
        with self._lock:
            self.signed_in += 1
        return cookie_of(answer)

    def _look_around(self, person, cookie):
        with contextlib.suppress(OSError, http.client.HTTPException):
            answer = visit(self._httpd, person, cookie)
            if (answer.status, answer.event) != (200, "admit"):
                self._not_now(answer, "a visit")

    def _not_now(self, answer, what):
        with self._lock:
            self.turned_away += 1
        if answer.status != 503 and not (self._deaths and answer.status == 401):
            self._problem(f"{what} was answered with {answer.status} {answer.event}")

    def _problem(self, text):
        with self._lock:
            self.problems.append(text)


def visit(httpd, person, cookie):
    return httpd.request("GET", "/app/", [basic(person), cookie])
