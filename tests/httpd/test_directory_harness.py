"""What the tests of the directory stand on: a directory that can be changed, counted and broken."""

import socket

import pytest

from harness.client import TIMEOUT_SECONDS
from harness.people import ALICE, BOB, CAROL, DORA, crowd_of
from harness.proxy import Proxy
from harness.slapd import FAILURES_TO_LOCK, READER, READER_PASSWORD, dn_of

MANY = 10_000


def ask(directory, *arguments, tools, uri=None, check=True):
    return tools.run("ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H", uri or directory.uri,
                     "-b", directory.suffix, *arguments, check=check)


def whoami(directory, person, tools, uri=None, *arguments):
    return tools.run("ldapwhoami", "-x", "-H", uri or directory.uri, "-D", directory.dn(person),
                     "-w", person.password, *arguments, LDAPTLS_CACERT=str(tools.tls.ca))


def test_passwords_change_by_modification_by_extended_operation_and_by_the_administrator(directory):
    changed = directory.set_password(ALICE, "one")
    assert directory.accepts(changed) and not directory.accepts(ALICE)
    again = directory.change_password(changed, "two")
    assert directory.accepts(again) and not directory.accepts(changed)
    reset = directory.reset_password(again, "three")
    assert directory.accepts(reset) and not directory.accepts(again)


def test_people_are_locked_unlocked_expired_renamed_and_deleted(directory):
    directory.lock(ALICE)
    assert not directory.accepts(ALICE) and directory.accepts(BOB)
    directory.unlock(ALICE)
    assert directory.accepts(ALICE)
    directory.expire_password(ALICE)
    assert not directory.accepts(ALICE)
    assert directory.rename(BOB, "cn=robert") == f"cn=robert,{directory.people}"
    assert directory.accepts(BOB)
    moved = directory.rename(BOB, "cn=bob", f"ou=elsewhere,{directory.suffix}")
    assert moved == f"cn=bob,ou=elsewhere,{directory.suffix}" and directory.accepts(BOB)
    directory.delete(CAROL)
    assert not directory.accepts(CAROL)
    directory.add(DORA, mail=["dora@example.org"])
    assert directory.accepts(DORA)


def test_too_many_wrong_passwords_lock_an_account(directory):
    for _ in range(FAILURES_TO_LOCK):
        assert directory.accepts(ALICE)
        assert not directory.accepts(ALICE.mistyped)
    for _ in range(FAILURES_TO_LOCK):
        assert not directory.accepts(ALICE.mistyped)
    assert not directory.accepts(ALICE)


def test_what_must_be_changed_is_told(directory, tools):
    directory.apply_policy(ALICE, "strict")
    reset = directory.reset_password(ALICE, "changeme")
    told = whoami(directory, reset, tools, None, "-e", "ppolicy")
    assert told.returncode == 0 and "must be changed" in told.stderr


def test_the_reader_sees_everything_but_passwords(directory, tools):
    seen = ask(directory, "-D", READER, "-w", READER_PASSWORD, "(uid=alice)", tools=tools).stdout
    assert "uid: alice" in seen and "mail: " in seen and "userPassword" not in seen


@pytest.mark.parametrize("arguments, scheme", [((), "ldaps"), (("-ZZ",), "ldap")])
def test_it_speaks_tls(directory, tools, arguments, scheme):
    port = directory.tls_port if scheme == "ldaps" else directory.port
    assert whoami(directory, ALICE, tools, f"{scheme}://127.0.0.1:{port}",
                  *arguments).returncode == 0


def test_the_log_counts_what_comes_over_tcp_and_nothing_of_the_harness(directory, tools):
    log = directory.log
    assert directory.accepts(ALICE)
    directory.set_password(BOB, "changed")
    assert (log.operations(), log.most_connections(), log.connections()) == ([], 0, 0)
    whoami(directory, ALICE, tools)
    whoami(directory, ALICE.mistyped, tools)
    ask(directory, "(uid=alice)", tools=tools)
    assert log.binds(dn_of(ALICE)) == ["ok", "failed"]
    assert log.binds() == ["ok", "failed", "ok"], "the search's is anonymous"
    assert log.failed_binds() == [dn_of(ALICE)]
    assert log.searches() == ["(uid=alice)"]
    assert (log.connections(), log.most_connections()) == (3, 1)
    assert directory.log.operations() == []
    directory.stop()
    directory.start()
    whoami(directory, ALICE, tools)
    assert log.binds(dn_of(ALICE)) == ["ok", "failed", "ok"], "also after a restart"


def test_data_survive_a_kill_go_back_to_a_snapshot_and_are_rebuilt(directory, tools):
    def uuid():
        return ask(directory, "(uid=alice)", "entryUUID", tools=tools).stdout

    directory.snapshot()
    changed, before = directory.set_password(ALICE, "after the snapshot"), uuid()
    directory.kill()
    directory.start()
    assert directory.accepts(changed) and uuid() == before
    directory.rebuild()
    assert directory.accepts(changed) and "entryUUID: " in uuid() and uuid() != before
    directory.restore_snapshot()
    assert directory.accepts(ALICE) and uuid() == before


def test_several_directories_run_side_by_side(make_directory):
    one, other = make_directory(), make_directory(suffix="dc=example,dc=com")
    changed = other.set_password(ALICE, "elsewhere")
    assert one.accepts(ALICE) and not one.accepts(changed)
    assert other.accepts(changed) and not other.accepts(ALICE)


def test_many_entries_change_in_one_burst(make_directory, tools):
    directory = make_directory()
    crowd = crowd_of(MANY)
    directory.add_all(crowd)
    directory.modify_all(crowd, mail="all@example.org")
    found = ask(directory, "(mail=all@example.org)", "1.1", "-z", "max", tools=tools, check=False)
    assert found.stdout.count("dn: ") >= 500, "slapd's own limit stands in the way of all"


# ---- the proxy

def connected(proxy):
    return socket.create_connection(("127.0.0.1", proxy.port), TIMEOUT_SECONDS)


@pytest.fixture
def proxied():
    """A listening socket, and a proxy in front of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with Proxy(listener.getsockname()[1]) as proxy:
            yield listener, proxy


def test_a_proxy_carries_both_ways_and_drops_and_takes_new_ones(proxied):
    listener, proxy = proxied
    client = connected(proxy)
    server, _ = listener.accept()
    client.sendall(b"question")
    assert server.recv(100) == b"question"
    server.sendall(b"answer")
    assert client.recv(100) == b"answer"
    proxy.drop()
    assert client.recv(100) == b"" and server.recv(100) == b""
    with connected(proxy) as again:
        server, _ = listener.accept()
        again.sendall(b"again")
        assert server.recv(100) == b"again" and proxy.accepted == 2


def test_a_proxy_cuts_in_the_middle_of_an_answer(proxied):
    listener, proxy = proxied
    with connected(proxy) as client:
        server, _ = listener.accept()
        proxy.drop_after(10)
        server.sendall(b"12345")
        assert client.recv(100) == b"12345" and not proxy.has_dropped
        server.sendall(b"67890")
        assert client.recv(100) == b"" and proxy.has_dropped


def test_a_stalled_proxy_carries_nothing_until_it_flows_again(proxied):
    listener, proxy = proxied
    with connected(proxy) as client:
        server, _ = listener.accept()
        server.setblocking(False)
        with proxy.stalled():
            client.sendall(b"late")
            with pytest.raises(BlockingIOError):
                server.recv(100)
        server.setblocking(True)
        assert server.recv(100) == b"late"
