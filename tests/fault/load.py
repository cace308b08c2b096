"""Clients that sign in, use their sessions and end them, all the time, while something else happens
to httpd; and the ledger of what they were told has ended.

What a client could not find out, because its connection broke, is in no ledger. Its requests are
not noted for the search for secrets (harness/leaks.py), which would take longer than the test.
"""

import base64
import collections
import contextlib
import dataclasses
import hashlib
import http.client
import itertools
import random
import subprocess
import threading

from harness.client import Connection
from harness.httpd import BUILD
from harness.page_client import JSON
from harness.people import Person
from harness.requests import FORM, SAME_ORIGIN, basic, cookie_of
from harness.site import file_site
from harness.waiting import wait_until

CLIENTS = 6
PEOPLE_OF_A_CLIENT = 5
BROKEN = (OSError, http.client.HTTPException)  # what a client sees of a process that dies
# httpd may take half a minute to begin children anew, when many have died in a short time.
PATIENCE_SECONDS = 90
RETRIED_LATER = 20  # of what has ended long ago, at each look

_probes = itertools.count()  # each is found once in the log
# A process that is killed with a login under way leaves it counted as failed.
PAGES = """
<Location "/sessions">
    SetHandler auth-epoch-sessions
</Location>
KeepAliveTimeout 60
CustomLog ${SCRATCH}/logs/children.log "%P %{Probe}i"
"""
ZONE = "AuthEpochFailedLogins 1000 1min"
QUIET = "LogLevel warn auth_epoch:warn\n"


# Nobody's client, for the test itself.
JUDGE = Person("judge", "judges by itself")


def people_of(client):
    return [Person(f"client{client}-{number}", f"of client {client}, number {number}")
            for number in range(PEOPLE_OF_A_CLIENT)]


def site(httpd, more="", zone=""):
    """What the load needs. The passwords are hashed by SHA-1, so that it is about the module."""
    everybody = [JUDGE, *(person for client in range(CLIENTS) for person in people_of(client))]
    lines = (f"{person.user}:{{SHA}}"
             f"{base64.b64encode(hashlib.sha1(person.password.encode()).digest()).decode()}\n"
             for person in everybody)
    users = httpd.write(httpd.scratch / "conf" / "quick", "".join(lines))
    return QUIET + file_site(users, zone=f"{ZONE}\n{zone}", more=PAGES + more)


@dataclasses.dataclass(frozen=True)
class Ended:
    """A session that somebody was told has ended."""
    person: Person
    cookie: tuple
    id: str
    how: str
    followed: bool  # another login followed on its lineage, whose session row 5 may admit


class Client:
    """One person after the other, each of whom nobody else is at the moment."""

    def __init__(self, httpd, load, number):
        self._httpd = httpd
        self._load = load
        self._source = random.Random()
        self._people = people_of(number)
        self._open = collections.defaultdict(list)  # by person: [(cookie, id)]
        self._connection = None
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            while not self._load.is_over:
                try:
                    self._load.wait_while_paused(self._disconnect)
                    self._round(self._source.choice(self._people))
                except TimeoutError:
                    self._load.count("hung")
                    self._disconnect()
                except BROKEN:
                    self._load.count("broken off")
                    self._disconnect()
                    wait_until(self._can_connect, "somebody listens again", 120)
        except Exception as failure:  # pylint: disable=broad-except
            self._load.failures.append(repr(failure))
        finally:
            self._disconnect()

    def _round(self, person):
        for _ in range(self._source.randint(1, 2)):
            self._sign_in(person)
        for _ in range(self._source.randint(0, 3)):
            cookie, id_ = self._source.choice(self._open[person])
            answer = self._ask("GET", "/app/", [basic(person), cookie])
            # A session whose end nobody has acknowledged may be over or not.
            self._load.check(answer.status in (200, 401), "using", answer)
        how = self._source.choice(list(WAYS))
        WAYS[how](self, person, how)

    def _sign_in(self, person, before=(), followed=()):
        """Answers one prompt. `before` is the cookie of a session that was there before."""
        headers = list(before)
        asked = self._ask("GET", "/app/", [*headers, *([basic(person)] if before else [])])
        self._load.check(asked.status == 401 and asked.set_cookie, "asking", asked)
        answer = self._ask("GET", "/app/", [basic(person), cookie_of(asked)])
        # With what follows on a lineage, an earlier login whose answer was lost may live.
        self._load.check(answer.status == 200, "signing in", answer)
        self._open[person].append((cookie_of(answer), answer.session))

    # ---- ways to end; each notes what it was told has ended

    def log_out(self, person, how):
        session = self._open[person].pop()
        answer = self._ask("POST", "/logout", [session[0], SAME_ORIGIN])
        self._load.check(answer.status == 401, how, answer)
        self._ended(person, [session], how)

    def log_out_and_in_again(self, person, how):
        session = self._open[person].pop()
        answer = self._ask("POST", "/logout", [session[0], SAME_ORIGIN])
        self._load.check(answer.status == 401, how, answer)
        self._ended(person, [session], how, followed=True)
        self._sign_in(person, [cookie_of(answer)])

    def log_out_everywhere(self, person, how):
        session = self._open[person][-1]
        answer = self._ask("POST", "/logout?scope=all", [session[0], SAME_ORIGIN])
        self._load.check(answer.status == 401, how, answer)
        self._all_ended(person, how)

    def end_all_on_the_page(self, person, how):
        own = [basic(person), self._open[person][-1][0]]
        page = self._ask("GET", "/sessions", [*own, JSON])
        self._load.check(page.status == 200, how, page)
        answer = self._ask("POST", "/sessions", [*own, JSON, FORM, SAME_ORIGIN],
                           f"action=all&token={page.json['token']}".encode())
        self._load.check(answer.status == 200 and answer.json == {"done": "all"}, how, answer)
        self._all_ended(person, how)

    def end_all_by_epochctl(self, person, how):
        done = subprocess.run([BUILD / "epochctl", "end", "--user", person.user, "--store",
                               self._httpd.store], capture_output=True, text=True, check=False)
        self._load.check(done.returncode == 0, how, done)
        self._all_ended(person, how)

    # ---- internals

    def _all_ended(self, person, how):
        ended, self._open[person] = self._open[person], []
        self._ended(person, ended, how)

    def _ended(self, person, sessions, how, followed=False):
        for cookie, id_ in sessions:
            ended = Ended(person, cookie, id_, how, followed)
            self._load.note(ended)
            for _ in range(2):
                self._load.judge(ended, self._ask("GET", "/app/", [basic(person), cookie]))

    def _ask(self, *request):
        if self._connection is None:
            self._connection = Connection(self._httpd.port, patience=PATIENCE_SECONDS)
        self._load.count("requests")
        return self._connection.request(*request)

    def _disconnect(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _can_connect(self):
        with contextlib.suppress(OSError), Connection(self._httpd.port):
            return True
        return self._load.is_over


WAYS = {
    "a logout": Client.log_out,
    "a logout with a login on its lineage": Client.log_out_and_in_again,
    "a logout everywhere": Client.log_out_everywhere,
    "ending all on the page of sessions": Client.end_all_on_the_page,
    "epochctl end --user": Client.end_all_by_epochctl,
}


class Load:
    """`with Load(httpd) as load:` has the clients at work. At its end, whatever was wrong
    fails the test."""

    def __init__(self, httpd):
        self._httpd = httpd
        self._lock = threading.Lock()
        self._ledger = []
        self._ended_ids = set()
        self._counts = collections.Counter()
        self._source = random.Random()
        self._unexpected = []
        self._paused = threading.Event()
        self._resting = threading.Condition()
        self._rest = 0
        self.accepted = []
        self.failures = []
        self.is_over = False
        self._clients = [Client(httpd, self, number) for number in range(CLIENTS)]

    def __enter__(self):
        for client in self._clients:
            client.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stop()
        if kind is None:
            self.assert_sound()

    def stop(self):
        """The clients end what they are at."""
        self.is_over = True
        for client in self._clients:
            client.thread.join()

    def assert_sound(self):
        assert not self.accepted, f"what had ended was accepted: {self.accepted[:3]}"
        assert not self.failures, self.failures[:3]
        assert not self._unexpected, self._unexpected[:3]
        assert self._counts["hung"] == 0, "requests were never answered"
        assert self._counts["ends"] and self._counts["retried"]

    # ---- for the clients

    def wait_while_paused(self, disconnect):
        if not self._paused.is_set():
            return
        disconnect()
        with self._resting:
            self._rest += 1
            self._resting.notify_all()
            self._resting.wait_for(lambda: not self._paused.is_set())
            self._rest -= 1

    def count(self, what, by=1):
        with self._lock:
            self._counts[what] += by

    def counted(self, what):
        return self._counts[what]

    def check(self, as_expected, doing, answer):
        if as_expected:
            return
        told = answer if not hasattr(answer, "status") else (answer.status, answer.text[:300])
        self._unexpected.append(f"{doing}: {told}")
        raise ConnectionAbortedError(f"an unexpected answer to {doing}")

    def note(self, ended):
        with self._lock:
            self._ledger.append(ended)
            self._ended_ids.add(ended.id)
            self._counts["ends"] += 1

    def judge(self, ended, answer):
        """Whether the answer to the cookie of an ended session admits as what has ended."""
        self.count("retried")
        if answer.status != 200:
            self.check(answer.status == 401, f"trying again after {ended.how}", answer)
        elif not ended.followed or answer.session in self._ended_ids:
            self.accepted.append((ended, answer.event, answer.session))

    # ---- for the test

    def go_on(self, rounds=20):
        """Returns when the clients have been told of so many more ends."""
        goal = self._counts["ends"] + rounds
        wait_until(lambda: self._counts["ends"] >= goal or self._cannot_go_on(),
                   "sessions are opened and ended", 60)
        self.assert_sound()

    @contextlib.contextmanager
    def paused(self):
        """No client asks anything or has a connection, which in prefork occupies a child."""
        self._paused.set()
        try:
            with self._resting:
                self._resting.wait_for(self._rest_all, 120)
            yield
        finally:
            self._paused.clear()
            with self._resting:
                self._resting.notify_all()

    def _rest_all(self):
        return self._rest == sum(client.thread.is_alive() for client in self._clients)

    def _cannot_go_on(self):
        return bool(self.failures or self._unexpected or self.accepted)

    def retry(self, connections, latest):
        """Every child (see one_each()) refuses the latest that have ended, and some from before."""
        with self._lock:
            some = self._ledger[-latest:]
            earlier = self._ledger[:-latest]
            some = some + self._source.sample(earlier, min(RETRIED_LATER, len(earlier)))
        for ended in some:
            for connection in connections:
                self.judge(ended, connection.request("GET", "/app/",
                                                     [basic(ended.person), ended.cookie]))


@contextlib.contextmanager
def one_each(httpd):
    """Connections such that every child of httpd has one of them."""
    log = httpd.scratch / "logs" / "children.log"
    opened, reached = [], {}

    def reach_all():
        connection = Connection(httpd.port)
        opened.append(connection)
        probe = str(next(_probes))
        connection.request("GET", "/public/", [("Probe", probe)])
        pid = wait_until(lambda: _served_by(log, probe), "httpd has logged the request")
        reached.setdefault(pid, connection)
        return set(reached) >= httpd.children()

    try:
        wait_until(reach_all, "every child has answered", 60)
        children = httpd.children()
        yield [connection for pid, connection in reached.items() if pid in children]
    finally:
        for connection in opened:
            connection.close()


def _served_by(log, probe):
    with log.open("rb") as lines:
        lines.seek(max(0, log.stat().st_size - 20_000))
        for line in lines.read().decode().splitlines():
            pid, _, given = line.partition(" ")
            if given == probe:
                return int(pid)
    return None
