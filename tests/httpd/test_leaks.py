"""The search for secrets at the end of every test (harness/leaks.py) finds what was planted. And
what httpd's processes may leave of their memory."""

import os
import pathlib
import subprocess
import sys

import pytest

from harness.leaks import Secrets, decoded
from harness.people import ALICE, UTF8, Person
from harness.requests import basic, encoded, log_out, new_session, sign_in
from harness.site import start_file_site
from harness.slapd import READER_PASSWORD
from harness.waiting import wait_until

PLANTED = "planted.log"


def basic_field(person):
    name, value = basic(person)
    return name.encode(), value


def found_when_planted(httpd, content, place="logs"):
    """What the search says of a file with this content, which then is taken away again."""
    path = httpd.scratch / place / PLANTED
    path.write_bytes(b"before " + content + b" behind")
    problems = httpd.secrets.problems(httpd.scratch)
    path.unlink()
    return problems


def test_nothing_is_found_where_nothing_was_planted(httpd):
    start_file_site(httpd, ALICE)
    log_out(httpd, new_session(httpd))
    httpd.stop()
    assert (httpd.store / "data.mdb").exists()
    assert httpd.secrets.problems(httpd.scratch) == []
    assert found_when_planted(httpd, b"alice has signed in") == []


@pytest.mark.parametrize("place", ["logs", "run/auth_epoch", "htdocs", "conf"])
def test_a_password_is_found_wherever_it_stands(httpd, place):
    start_file_site(httpd, ALICE)
    new_session(httpd)
    httpd.stop()
    assert found_when_planted(httpd, ALICE.password.encode(), place) == [
        f"leaked: the password of alice stands in {place}/{PLANTED}"]


# A password as short as this may stand anywhere; what it is sent as may not.
SENT = {
    "a password": (UTF8, UTF8.password.encode(), "the password of zoë"),
    "a short one, with its user": (Person("zoë", "x-1"), "zoë:x-1".encode(),
                                   "user and password of zoë"),
    "the parameter of Basic": (Person("zoë", "x-1"), encoded("zoë:x-1").rstrip(b"="),
                               "the parameter of Basic"),
}


@pytest.mark.parametrize("how", SENT)
def test_what_a_client_has_sent_is_found_though_it_was_refused(httpd, how):
    person, content, name = SENT[how]
    start_file_site(httpd, ALICE)
    httpd.request("GET", "/app/", [basic(person)])
    httpd.stop()
    assert f"leaked: {name} stands in logs/{PLANTED}" in found_when_planted(httpd, content)


@pytest.mark.parametrize("how", ["as it was sent", "its bytes", "in hexadecimal", "the id alone"])
def test_a_cookie_is_found_in_every_spelling(httpd, how):
    start_file_site(httpd, ALICE)
    challenge = httpd.request("GET", "/app/").set_cookie
    session = sign_in(httpd).set_cookie
    httpd.stop()
    for cookie in (challenge, session):
        content = decoded(cookie.value.encode())
        planted = {"as it was sent": cookie.value.encode(), "its bytes": content,
                   "in hexadecimal": content.hex().encode(), "the id alone": content[1:]}[how]
        problems = found_when_planted(httpd, planted, "run/auth_epoch")
        assert problems and all(f"a cookie {cookie.name}" in each for each in problems)


def test_a_signing_key_is_found_outside_its_file(httpd):
    start_file_site(httpd, ALICE)
    httpd.stop()
    key = (httpd.scratch / "run" / "auth_epoch.key").read_text().split()[-1]
    for content in (key.encode(), decoded(key.encode())):
        (problem,) = found_when_planted(httpd, content)
        assert "a signing key" in problem


def test_the_password_that_httpd_binds_with_is_found_in_a_log(httpd):
    start_file_site(httpd, ALICE)
    httpd.stop()
    (problem,) = found_when_planted(httpd, READER_PASSWORD.encode())
    assert problem.startswith("leaked: the password that httpd itself binds with stands in logs/")


def test_a_log_that_the_administrator_made_so_is_found(httpd):
    start_file_site(httpd, ALICE, zone="AuthEpochStrip None",
                    more='CustomLog logs/planted.log "%{Authorization}i %{Cookie}i"\n')
    session = new_session(httpd)
    httpd.request("GET", "/app/", [basic(ALICE), session])
    httpd.stop()
    problems = httpd.secrets.problems(httpd.scratch)
    (httpd.scratch / "logs" / PLANTED).unlink()
    assert "leaked: the parameter of Basic stands in logs/planted.log" in problems
    assert any("a cookie epoch-" in problem for problem in problems)


def test_an_answer_that_shows_what_it_was_sent_is_found_unless_the_test_is_about_it(httpd):
    start_file_site(httpd, ALICE, more='Header set X-Echo "expr=%{req:Authorization}"\n')
    assert httpd.secrets.problems(httpd.scratch) == []
    new_session(httpd)
    assert "leaked: the parameter of Basic stands in an answer" in httpd.secrets.problems(
        httpd.scratch)
    httpd.secrets.expect_in_answers("the site shows Authorization")
    assert httpd.secrets.problems(httpd.scratch) == []


@pytest.mark.parametrize("many", [0, 5000])
def test_a_secret_is_found_at_both_ends_of_a_file_and_among_thousands(tmp_path, many):
    secrets = Secrets()
    for number in range(many):
        secrets.note_sent([basic_field(Person("somebody", f"secret no. {number}"))])
    secrets.note_sent([basic_field(Person("alice", "through the looking-glass"))])
    planted = b"through the looking-glass"
    for content in (planted, b"x" + planted, planted + b"x", planted[:-1] + planted):
        (tmp_path / "file").write_bytes(content)
        assert secrets.problems(tmp_path) == ["leaked: the password of alice stands in file"]
    (tmp_path / "file").write_bytes(planted[:-1] + b"x" + planted[1:])
    assert secrets.problems(tmp_path) == []


def test_an_exemption_that_nothing_came_of_is_a_problem(tmp_path):
    secrets = Secrets()
    secrets.expect_in_answers("the site shows Authorization")
    assert secrets.problems(tmp_path) == [
        "no answer shows a secret, though the site shows Authorization"]


def test_the_environment_of_a_process_is_searched(tmp_path):
    secrets = Secrets()
    waits = [sys.executable, "-c", "input()"]
    process = subprocess.Popen(waits, stdin=subprocess.PIPE,
                               env={**os.environ, "PLANTED": ALICE.password})
    environment = pathlib.Path(f"/proc/{process.pid}/environ")
    wait_until(environment.read_bytes, "the process has its environment")
    secrets.note_environment([process.pid])
    process.communicate(b"\n")
    assert secrets.problems(tmp_path) == [
        "leaked: the password of alice stands in the environment of a process"]


# httpd's children have been root. Of such a process the kernel writes no core that others than root
# could read, and shows that by giving what describes it in /proc to root; unless httpd asks for
# cores.
@pytest.mark.every_mpm
@pytest.mark.parametrize("directive, dumps", [
    ("", False), ("CoreDumpDirectory ${SCRATCH}/run", True)], ids=["default", "CoreDumpDirectory"])
def test_children_leave_a_core_only_where_the_administrator_asks_for_one(httpd, directive, dumps):
    start_file_site(httpd, ALICE, more=directive + "\n", as_root=True)
    for child in httpd.children():
        described = pathlib.Path(f"/proc/{child}")
        # A child that was just forked still is root.
        user = wait_until(lambda: described.stat().st_uid, "the child runs as httpd's User")
        if dumps:
            wait_until(lambda: (described / "environ").stat().st_uid == user, "it may leave a core")
        else:
            assert (described / "environ").stat().st_uid == 0
