"""Requests, logins and epoch increments that race with a logout."""

import base64
import hashlib
import itertools
import subprocess
import threading

import pytest

from harness.people import ALICE, BOB, Person
from harness.requests import basic, cookie_of, new_session
from harness.site import file_site

ROUNDS = 10_000
CLIENTS = 6


def quickly_checked_password_file(httpd, *people):
    """SHA-1, so that the rounds are about the module and not about hashing."""
    lines = (f"{person.user}:{{SHA}}"
             f"{base64.b64encode(hashlib.sha1(person.password.encode()).digest()).decode()}\n"
             for person in people)
    return httpd.write(httpd.scratch / "conf" / "quick", "".join(lines))


def slowly_checked_password_file(httpd, *people):
    """bcrypt, so that a login is under way for long enough."""
    lines = (subprocess.run(["htpasswd", "-nbB", "-C", "12", person.user, person.password],
                            check=True, capture_output=True, text=True).stdout.strip() + "\n"
             for person in people)
    return httpd.write(httpd.scratch / "conf" / "slow", "".join(lines))


class Client:
    """Plays rounds on connections of its own; keeps what was accepted and should not have been."""

    def __init__(self, httpd, person, rounds):
        self.person = person
        self.rounds = rounds
        self.httpd = httpd
        self.accepted = []
        self.played = 0
        self.failure = None

    def run(self):
        try:
            with self.httpd.connection() as before, self.httpd.connection() as meanwhile, \
                    self.httpd.connection() as logout:
                for _ in range(self.rounds):
                    self._round(before, meanwhile, logout)
                    self.played += 1
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure

    def _round(self, before, meanwhile, logout):
        challenge = before.request("GET", "/app/")
        opened = before.request("GET", "/app/", [basic(self.person), cookie_of(challenge)])
        assert opened.status == 200, opened.status
        session = cookie_of(opened)

        # All at once: a request of the session, somebody else's login on it, and the logout.
        before.send("GET", "/app/", [basic(self.person), session])
        meanwhile.send("GET", "/app/", [basic(BOB), session])
        logout.send("POST", "/logout", [session, ("Origin", self.httpd.origin)])
        done = logout.receive()
        assert done.status == 401, done.status
        # What is sent from here on, httpd begins to process after it has processed the logout.
        logout.send("GET", "/app/", [basic(self.person), session])
        after = [logout.receive()]
        before.receive()
        successor = meanwhile.receive()

        after.append(before.request("GET", "/app/", [basic(BOB), session]))
        after.append(before.request("GET", "/app/", [basic(self.person), cookie_of(challenge)]))
        if successor.set_cookie is not None and successor.status == 200:
            after.append(meanwhile.request("GET", "/app/", [basic(BOB), cookie_of(successor)]))
        self.accepted += [answer for answer in after if answer.status != 401]


@pytest.mark.every_mpm
def test_nothing_is_accepted_after_the_logout_was_processed(httpd):
    people = [Person(f"person{number}", f"password{number}") for number in range(CLIENTS)]
    httpd.start(file_site(quickly_checked_password_file(httpd, BOB, *people))
                + "LogLevel warn auth_epoch:warn\n")
    clients = [Client(httpd, person, ROUNDS // CLIENTS + 1) for person in people]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [client.failure for client in clients] == [None] * CLIENTS
    assert sum(client.played for client in clients) >= ROUNDS
    assert list(itertools.chain(*(client.accepted for client in clients))) == []


class LoginUnderWay:
    """A login whose password is being verified: the module has decided, the provider is at work."""

    def __init__(self, httpd, person, headers):
        seen = len(httpd.error_log.lines(r" login \("))
        self.connection = httpd.connection()
        self.connection.send("GET", "/app/", [basic(person), *headers])
        httpd.wait_for_log(r" login \(", seen + 1)

    def answer(self):
        with self.connection:
            return self.connection.receive()


@pytest.mark.every_mpm
def test_a_login_verified_before_a_logout_everywhere_does_not_live_after_it(httpd):
    httpd.start(file_site(slowly_checked_password_file(httpd, ALICE)))
    for _ in range(5):
        elsewhere = new_session(httpd)
        challenge = cookie_of(httpd.request("GET", "/app/"))
        login = LoginUnderWay(httpd, ALICE, [challenge])
        swept = httpd.request("POST", "/logout?scope=all",
                              [elsewhere, ("Origin", httpd.origin)])
        assert swept.status == 401
        answer = login.answer()
        if answer.status == 200:  # it was opened before the increment, and is over now
            answer = httpd.request("GET", "/app/", [basic(ALICE), cookie_of(answer)])
        assert answer.status == 401
        assert httpd.request("GET", "/app/", [basic(ALICE), elsewhere]).status == 401


@pytest.mark.every_mpm
def test_a_login_under_way_at_a_second_logout_opens_nothing(httpd):
    httpd.start(file_site(slowly_checked_password_file(httpd, ALICE)))
    ours = ("Origin", httpd.origin)
    session = new_session(httpd)
    unarmed = cookie_of(httpd.request("POST", "/logout", [session, ours]))
    armed = cookie_of(httpd.request("GET", "/app/", [basic(ALICE), unarmed]))
    login = LoginUnderWay(httpd, ALICE, [armed])
    assert httpd.request("POST", "/logout", [armed, ours]).status == 401
    answer = login.answer()
    assert answer.status == 401 and answer.asks_for_password
    assert httpd.request("GET", "/app/", [basic(ALICE), armed]).status == 401
    # The browser may hold by now what was typed under another prompt before the logout, so that
    # this refusal, which was overtaken, does not arm; the next one does.
    answer = httpd.request("GET", "/app/", [basic(ALICE), cookie_of(answer)])
    assert answer.status == 401 and answer.asks_for_password
    assert httpd.request("GET", "/app/", [basic(ALICE), cookie_of(answer)]).status == 200
