"""epochctl beside a running httpd, and without one. What it makes of its arguments is tested in
tests/unit/cli."""

import json
import os
import pwd
import re
import shutil
import subprocess

import pytest

from harness.httpd import BUILD
from harness.parallel import all_at_once, have_workers
from harness.people import ALICE, BOB, CAROL, Person
from harness.processes import UNPRIVILEGED, is_root, unprivileged
from harness.requests import basic, cookie_of, log_out, new_session, sign_in
from harness.site import start_file_site

TOP = BUILD.parent
REASON = "ended-by-administrator"
AT_ONCE = 8


def start(httpd, **options):
    start_file_site(httpd, ALICE, BOB, CAROL, **options)


def epochctl(tools, httpd, *arguments, **options):
    return tools.epochctl(*arguments, "--store", httpd.store, **{"check": True, **options}).stdout


def listed(tools, httpd, *arguments):
    lines = epochctl(tools, httpd, "list", "--json", *arguments).splitlines()
    return [json.loads(line) for line in lines]


def id_of(tools, httpd, person):
    (session,) = listed(tools, httpd, "--user", person.user)
    return session["session"]


def answers_everywhere(httpd, session, person):
    """Of as many requests at once as make several processes answer."""
    return all_at_once(httpd, AT_ONCE, "/app/", [basic(person), session])


def is_live(httpd, session, person):
    events = {(each.status, each.event) for each in answers_everywhere(httpd, session, person)}
    assert events in ({(200, "admit")}, {(401, "refuse")}), events
    return events == {(200, "admit")}


def owners(httpd):
    return {pwd.getpwuid(path.stat().st_uid).pw_name
            for path in [httpd.store, *httpd.store.iterdir()]}


# ---- ending sessions

@pytest.mark.every_mpm
def test_what_was_ended_is_refused_with_the_next_request_by_every_process(httpd, tools):
    start(httpd)
    have_workers(httpd, AT_ONCE)
    alices = [new_session(httpd), new_session(httpd)]
    bobs = new_session(httpd, BOB)
    assert is_live(httpd, alices[0], ALICE) and is_live(httpd, bobs, BOB)

    said = epochctl(tools, httpd, "end", "--user", "alice")
    assert said == "Ended 2 live sessions of alice\n"
    for session in alices:
        assert not is_live(httpd, session, ALICE)
    assert is_live(httpd, bobs, BOB)
    assert {each["state"] for each in listed(tools, httpd, "--all", "--user", "alice")} == {REASON}

    again = sign_in(httpd)
    assert (again.status, again.event) == (200, "login")
    assert is_live(httpd, cookie_of(again), ALICE)


@pytest.mark.every_mpm
def test_one_session_ends_by_its_id_and_the_same_users_other_goes_on(httpd, tools):
    start(httpd)
    have_workers(httpd, AT_ONCE)
    ended = new_session(httpd)
    session = id_of(tools, httpd, ALICE)
    other = new_session(httpd)
    assert epochctl(tools, httpd, "end", session[:8]) == f"Ended session {session[:8]} of alice\n"
    assert not is_live(httpd, ended, ALICE)
    assert is_live(httpd, other, ALICE)


def test_a_zone_ends_but_for_the_exception(httpd, tools):
    start(httpd)
    kept, ended = new_session(httpd), new_session(httpd, BOB)
    session = id_of(tools, httpd, ALICE)
    (zone,) = {each["zone"] for each in listed(tools, httpd)}
    epochctl(tools, httpd, "end", "--zone", zone, "--except", session)
    assert is_live(httpd, kept, ALICE)
    assert not is_live(httpd, ended, BOB)
    epochctl(tools, httpd, "end", "--all")
    assert not is_live(httpd, kept, ALICE)


def test_what_was_ended_while_httpd_was_stopped_stays_ended(httpd, tools):
    start(httpd)
    ended, kept = new_session(httpd), new_session(httpd, BOB)
    httpd.stop()
    epochctl(tools, httpd, "end", "--user", "alice")
    httpd.restart()
    assert not is_live(httpd, ended, ALICE)
    assert is_live(httpd, kept, BOB)


def test_what_is_not_there_is_named_and_ends_nothing(httpd, tools):
    start(httpd)
    session = new_session(httpd)
    for arguments in (["end", "--user", "eve"], ["end", "--zone", "nowhere"], ["end", "0" * 8],
                      ["show", "0" * 8]):
        done = tools.epochctl(*arguments, "--store", httpd.store)
        assert (done.returncode, done.stdout) == (3, "")
        assert arguments[-1] in done.stderr
    assert is_live(httpd, session, ALICE)


def test_after_an_end_the_browser_is_asked_once(httpd, tools):
    start(httpd)
    browser = httpd.browser()
    assert browser.visit("/app/", typing=ALICE).user == "alice"
    epochctl(tools, httpd, "end", "--user", "alice")
    page = browser.visit("/app/", typing=ALICE)
    assert (page.user, page.prompts) == ("alice", 1)


# ---- whoever runs it, and when

def test_sessions_are_listed_while_httpd_runs_and_while_it_is_stopped(httpd, tools):
    start(httpd)
    new_session(httpd)
    log_out(httpd, new_session(httpd, BOB), headers=[basic(BOB)])
    for stop in (lambda: None, httpd.stop):
        stop()
        head, alices = epochctl(tools, httpd, "list").splitlines()
        assert head.split()[:2] == ["SESSION", "STATE"]
        assert " live " in alices and " alice " in alices and "127.0.0.1" in alices
        (bobs,) = listed(tools, httpd, "--all", "--user", "bob")
        assert bobs["state"] == "logged-out" and not bobs["live"]
    assert owners(httpd) == {httpd.store.owner()} != {"root"}
    httpd.restart()
    assert is_live(httpd, new_session(httpd), ALICE)


EVERY_COMMAND = [["list"], ["stats"], ["purge"], ["check"], ["end", "--all"]]


@pytest.mark.parametrize("command", EVERY_COMMAND, ids=lambda command: command[0])
def test_whoever_runs_a_command_on_a_stopped_httpd_locks_nobody_out(httpd, tools, command):
    start(httpd)
    httpd.stop()
    (httpd.store / "lock.mdb").unlink()
    epochctl(tools, httpd, *command)
    assert UNPRIVILEGED in owners(httpd) if is_root() else True
    assert len(owners(httpd)) == 1
    as_httpds_user = subprocess.run(
        unprivileged([BUILD / "epochctl", *command, "--store", httpd.store]),
        capture_output=True, text=True, check=False)
    assert as_httpds_user.returncode == 0, as_httpds_user.stderr
    httpd.restart()
    assert is_live(httpd, new_session(httpd), ALICE)


def test_a_running_httpd_goes_on_serving_through_check_and_purge(httpd, tools):
    start(httpd)
    session = new_session(httpd)
    assert epochctl(tools, httpd, "check") == f"{httpd.store}/data.mdb is sound\n"
    assert epochctl(tools, httpd, "purge") == "Removed 0 records\n"
    stats = json.loads(epochctl(tools, httpd, "stats", "--json"))
    assert (stats["live"], stats["users"], stats["ended"]) == (1, 1, 0)
    assert is_live(httpd, session, ALICE)


def test_a_damaged_store_is_told_by_the_exit_status_and_left_alone(httpd, tools):
    start(httpd)
    new_session(httpd)
    httpd.stop()
    data = httpd.store / "data.mdb"
    content = data.read_bytes()
    damaged = content[:100] + os.urandom(len(content) - 100)
    data.write_bytes(damaged)
    done = tools.epochctl("check", "--store", httpd.store)
    assert done.returncode == 4 and done.stdout == ""
    assert f"{data} is damaged" in done.stderr
    assert data.read_bytes() == damaged


def test_control_characters_in_names_are_written_as_text(httpd, tools):
    evil = Person("\x1b[2Jeve\x07\x7f", "secret")
    start_file_site(httpd, evil, more="Header unset X-User\nHeader always unset X-User\n")
    new_session(httpd, evil)
    shown = epochctl(tools, httpd, "list").splitlines()[1]
    (session,) = listed(tools, httpd)
    details = epochctl(tools, httpd, "show", session["session"])
    for text in (shown, details.replace("\n", "")):
        assert "\\x1b[2Jeve\\x07\\x7f" in text
        assert not re.search(r"[\x00-\x1f\x7f]", text)


def test_it_says_clearly_that_there_is_no_store(tools):
    for directory in (tools.home / "nowhere", tools.home):
        done = tools.epochctl("list", "--store", directory)
        assert done.returncode == 1 and done.stdout == ""
        assert done.stderr.startswith(f"epochctl: there is no store in {directory}")
    assert not (tools.home / "data.mdb").exists()


def test_it_tells_its_version(tools):
    spoken = tools.epochctl("version", check=True).stdout
    assert re.fullmatch(r"epochctl \d+\.\d+\.\d+\S*\n", spoken)
    assert tools.epochctl("--version", check=True).stdout == spoken


# ---- from one store to another

def test_an_imported_session_goes_on_and_an_ended_one_stays_ended(httpd, tools):
    start(httpd)
    live, ended, swept = (new_session(httpd, person) for person in (ALICE, BOB, CAROL))
    epochctl(tools, httpd, "end", id_of(tools, httpd, BOB))
    epochctl(tools, httpd, "end", "--user", "carol")
    exported = tools.home / "exported"
    exported.write_text(epochctl(tools, httpd, "export"))
    exported.chmod(0o600)  # root's, whom epochctl does not stay
    for secret in (ALICE.password, live[1].split("=")[1]):
        assert secret not in exported.read_text()
    httpd.stop()
    shutil.rmtree(httpd.store)
    httpd.restart()
    assert not is_live(httpd, live, ALICE)
    assert epochctl(tools, httpd, "import", exported).startswith("Imported ")
    assert is_live(httpd, live, ALICE)
    assert not is_live(httpd, ended, BOB) and not is_live(httpd, swept, CAROL)
    again = tools.epochctl("import", exported, "--store", httpd.store)
    assert again.returncode == 1 and "has sessions already" in again.stderr
    assert is_live(httpd, new_session(httpd, BOB), BOB)


# ---- keys

def test_a_rotated_key_signs_from_the_restart_on_and_old_challenges_still_count(httpd, tools):
    start(httpd, as_root=True)
    session = new_session(httpd)
    challenged = httpd.request("GET", "/app/")
    file = httpd.store.with_name("auth_epoch.key")
    before = file.stat()
    keys = json.loads(epochctl(tools, httpd, "keys", "rotate", "--json"))["keys"]
    assert [key["signs"] for key in keys] == [False, True]
    after = file.stat()
    assert after.st_ino != before.st_ino
    assert ((after.st_uid, after.st_gid, after.st_mode)
            == (before.st_uid, before.st_gid, before.st_mode))
    httpd.graceful()
    assert is_live(httpd, session, ALICE)
    answered = httpd.request("GET", "/app/", [basic(ALICE), cookie_of(challenged)])
    assert (answered.status, answered.event) == (200, "login")
    assert is_live(httpd, new_session(httpd), ALICE)


# ---- what is said of it

def commands(tools, *names):
    """Those that the help names, as lists of words."""
    text = tools.epochctl(*names, "--help", check=True).stdout
    if "Subcommands:" not in text:
        return [list(names)]
    found = re.findall(r"^  (\w+) ", text.split("Subcommands:")[1], re.MULTILINE)
    return [each for name in found for each in commands(tools, *names, name)]


def options(tools, names):
    text = tools.epochctl(*names, "--help", check=True).stdout
    return set(re.findall(r"--[a-z]+", text.split("Options:")[1]))


def completed(tools, *words):
    """What bash offers for the last word."""
    script = f"""
        source "{TOP}/conf/epochctl.bash-completion"
        COMP_WORDS=("$@"); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _epochctl; printf '%s\\n' "${{COMPREPLY[@]}}" """
    done = tools.run("bash", "-c", script, "bash", "epochctl", *words, check=True)
    return set(done.stdout.split())


def test_each_command_and_option_is_in_the_manual_page_and_completed(tools):
    page = tools.run("groff", "-mdoc", "-ww", "-Tascii", "-P-cbou", TOP / "docs" / "epochctl.8",
                     check=True)
    assert page.stderr == ""
    manual = " ".join(page.stdout.split())
    known = commands(tools)
    assert ["end"] in known and ["keys", "rotate"] in known
    for names in known:
        assert " ".join(["epochctl", *names]) in manual
        assert names[-1] in completed(tools, *names[:-1], "")
        if names == ["version"]:
            continue
        for option in options(tools, names):
            assert option in manual
            assert option in completed(tools, *names, "--"), (names, option)
