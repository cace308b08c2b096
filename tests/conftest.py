"""The fixtures: a directory, an httpd, and tools. harness/ has what they are made of.

A test that must hold whatever the MPM is marked `every_mpm` and runs on each of those that --mpm
names; every other test runs on the first.
"""

import contextlib
import shutil

import pytest

from harness.error_log import HTTPDS_OWN
from harness.httpd import Httpd, MPM, make_scratch
from harness.slapd import Slapd
from harness.tls import Tls
from harness.tools import Tools


def pytest_addoption(parser):
    parser.addoption("--mpm", default="event,worker,prefork",
                     help="the MPMs to run on, with commas between them")
    parser.addoption("--keep-scratch", action="store_true",
                     help="leave the servers' directories behind, and say where they are")


def pytest_configure(config):
    config.addinivalue_line("markers", "http2: needs HTTP/2, which httpd does not speak on prefork")
    config.addinivalue_line("markers", "every_mpm: runs on each MPM, not on the first alone")
    config.addinivalue_line("markers", "smoke: quick, and tells whether anything works at all")


def pytest_generate_tests(metafunc):
    if "mpm" not in metafunc.fixturenames:
        return
    chosen = metafunc.config.getoption("--mpm").split(",")
    unknown = [mpm for mpm in chosen if mpm not in MPM]
    if unknown:
        raise pytest.UsageError(f"--mpm={','.join(unknown)}: known are {', '.join(MPM)}")
    everywhere = metafunc.definition.get_closest_marker("every_mpm") is not None
    metafunc.parametrize("mpm", chosen if everywhere else chosen[:1])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that fails shows what httpd had to say."""
    outcome = yield
    report = outcome.get_result()
    httpd = getattr(item, "funcargs", {}).get("httpd")
    if report.failed and httpd is not None:
        lines = httpd.error_log.lines()
        report.sections.append(("error_log, its end", "\n".join(lines[-60:])))


@pytest.fixture(scope="session")
def scratch(request):
    path = make_scratch("auth-epoch-test-")
    yield path
    if request.config.getoption("--keep-scratch"):
        print(f"\nscratch directories: {path}")
    else:
        shutil.rmtree(path)


@pytest.fixture(scope="session")
def tls(scratch):
    return Tls(scratch / "tls")


@pytest.fixture(scope="session")
def directory_server(scratch):
    server = Slapd(scratch / "slapd")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def slapd(directory_server):
    """The directory, with everybody's password as in harness/people.py."""
    yield directory_server
    directory_server.restore()


@pytest.fixture
def make_directory(scratch, tls):
    """Makes directories that belong to the test alone, so that it may do to them what it likes:
    with content synchronisation, password policies, TLS and a log of what they are asked. The
    arguments are Slapd's."""
    made = []

    def make(**options):
        options = {"overlays": ("syncprov", "ppolicy"), "tls": tls, "stats": True, **options}
        made.append(Slapd(scratch / f"{len(list(scratch.iterdir()))}-slapd", **options))
        made[-1].start()
        return made[-1]

    yield make
    for server in made:
        server.stop()
        shutil.rmtree(server.scratch)


@pytest.fixture
def directory(make_directory):
    return make_directory()


@contextlib.contextmanager
def served(mpm, scratch, tls, request):
    # Short, as sockets stand in there, and by number, as names that are cut short may be the same.
    name = "".join(c if c.isalnum() else "-" for c in request.node.name)[:32]
    server = Httpd(mpm, scratch / f"{len(list(scratch.iterdir()))}-{name}", tls)
    yield server
    server.stop()
    problems = server.problems()
    if not request.config.getoption("--keep-scratch"):
        shutil.rmtree(server.scratch)
    assert not problems, "\n".join(problems)


@pytest.fixture
def httpd(mpm, scratch, tls, request):
    """An httpd that has not been started. Whatever it logs at level warning or worse, and the test
    has not declared with expect_log or tolerate_log, fails the test."""
    with served(mpm, scratch, tls, request) as server:
        yield server


@pytest.fixture
def stock(mpm, scratch, tls, request):
    """A second httpd, to be started with auth_epoch=False: what it does is what ours is compared
    with. What its own modules say of passwords and directories is its own affair."""
    with served(mpm, scratch, tls, request) as server:
        server.tolerate_log(HTTPDS_OWN)
        yield server


@pytest.fixture
def tools(tmp_path, tls):
    return Tools(tmp_path, tls)
