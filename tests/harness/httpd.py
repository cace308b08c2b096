"""A real httpd in a scratch ServerRoot, run as an ordinary user on free ports."""

import contextlib
import functools
import http.client
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import weakref

from harness.browser import Browser
from harness.client import Connection
from harness.error_log import ErrorLog
from harness.leaks import Secrets
from harness.processes import (ServerDied, children_of, end, free_port, give_to_unprivileged,
                               has_open_connections, is_root, stand_still, unprivileged,
                               wait_until_gone, wait_until_listening)
from harness.sanitizers import KEEP_ALIVE_SECONDS, SLOW_END, reports, wrapped
from harness.waiting import wait_until

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("EPOCH_BUILD", TOP / "build"))
SEARCH_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin"

# What every test's httpd has; `modules=[...]` adds to it.
MODULES = ["unixd", "log_config", "watchdog", "authn_core", "authn_file", "authz_core", "authz_host",
           "authz_user", "auth_basic", "ldap", "authnz_ldap", "alias", "dir", "mime", "env",
           "headers", "setenvif"]

# Few children, so that requests meet all of them, and workers enough for the races. With that many
# spare ones httpd has them again soon after a graceful restart.
THREADED = ("StartServers 2\nServerLimit 4\nThreadsPerChild 16\nMaxRequestWorkers 64\n"
            "MinSpareThreads 20\nMaxSpareThreads 64\n")
MPM = {
    "event": THREADED,
    "worker": THREADED,
    "prefork": "StartServers 4\nServerLimit 64\nMaxRequestWorkers 64\nMinSpareServers 4\n"
               "MaxSpareServers 64\n",
}
CHILDREN = {"event": 2, "worker": 2, "prefork": 4}

# X-User, X-Event and X-Session show what the module told the application; see client.Response.
CONFIGURATION = """\
Define SCRATCH {scratch}
Define PORT {port}
Define TLS_PORT {tls_port}
{modules}
ServerRoot ${{SCRATCH}}
DefaultRuntimeDir ${{SCRATCH}}/run
PidFile ${{SCRATCH}}/run/httpd.pid
Mutex file:${{SCRATCH}}/run default
ServerName localhost
Listen 127.0.0.1:${{PORT}}
{user}
ErrorLog ${{SCRATCH}}/logs/error.log
LogLevel info {log_level}
LogFormat "%h %u \\"%r\\" %>s %{{AUTH_EPOCH_EVENT}}e %{{AUTH_EPOCH_REASON}}e" epoch
CustomLog ${{SCRATCH}}/logs/access.log epoch
{mpm}
KeepAliveTimeout {keep_alive}
MaxKeepAliveRequests 0
Timeout 30
GracefulShutdownTimeout 5
DocumentRoot ${{SCRATCH}}/htdocs
DirectoryIndex index.html
TypesConfig /etc/mime.types
Header always set X-User "expr=%{{REMOTE_USER}}"
Header always set X-Event "%{{AUTH_EPOCH_EVENT}}e"
Header always set X-Session "%{{AUTH_EPOCH_SESSION}}e"
<Directory ${{SCRATCH}}/htdocs>
    Require all granted
    AllowOverride All
</Directory>
{tls}
# ---- what the test says
{test}
"""

TLS = """\
Listen 127.0.0.1:${{TLS_PORT}} https
SSLSessionCache shmcb:${{SCRATCH}}/run/ssl(64000)
<VirtualHost 127.0.0.1:${{TLS_PORT}}>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile {tls.certificate}
    SSLCertificateKeyFile {tls.key}
</VirtualHost>
"""


class Httpd:
    def __init__(self, mpm, scratch, tls):
        self.mpm = mpm
        self.scratch = pathlib.Path(scratch)
        self.htdocs = self.scratch / "htdocs"
        self.error_log = ErrorLog(self.scratch / "logs" / "error.log")
        self.error_log.tolerate(SLOW_END)
        self._tolerated_leaks = []
        self.secrets = Secrets()
        self.port = free_port()
        self.tls_port = free_port()
        self._tls = tls
        self._process = None
        self._arguments = {}
        self._connections = weakref.WeakSet()
        self.environment = {}  # of its processes, beside the tests' own
        for name in ("htdocs", "run", "logs", "conf", "home"):
            (self.scratch / name).mkdir(parents=True)
        # httpd may not be able to read the tree it was built in.
        shutil.copy(BUILD / "mod_auth_epoch.so", self.scratch / "mod_auth_epoch.so")
        for page in ("index.html", "app/index.html", "reports/index.html", "admin/index.html",
                     "public/index.html"):
            self.write(page, f"<!doctype html><title>{page}</title><p>This is {page}.\n")

    # ---- configuration

    @property
    def origin(self):
        return f"http://localhost:{self.port}"

    @property
    def tls_origin(self):
        return f"https://localhost:{self.tls_port}"

    @property
    def store(self):
        """Where the store stands by default."""
        return self.scratch / "run" / "auth_epoch"

    @property
    def cgi(self):
        """The module that runs CGI programs."""
        return "cgi" if self.mpm == "prefork" else "cgid"

    def write(self, name, content, mode=0o644):
        """A file under the document root, or anywhere if the name is absolute."""
        path = self.htdocs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return path

    def write_password_file(self, name, *people):
        """An AuthUserFile; returns its path."""
        lines = []
        for person in people:
            hashed = subprocess.run(["openssl", "passwd", "-apr1", "-stdin"],
                                    input=person.password.encode() + b"\n", capture_output=True,
                                    check=True).stdout.decode().strip()
            lines.append(f"{person.user}:{hashed}\n")
        return self.write(self.scratch / "conf" / name, "".join(lines))

    # ---- lifecycle

    def start(self, configuration, modules=(), https=False, auth_epoch=True, as_root=False):
        """Returns when httpd serves. `https` adds a second virtual host with the same sections on
        `tls_origin`; `as_root` starts it as administrators do, and needs tests that run as root."""
        self._arguments = {"modules": modules, "https": https, "auth_epoch": auth_epoch,
                           "as_root": as_root}
        self._write_configuration(configuration)
        output = self.scratch / "logs" / "stderr.log"
        with output.open("ab") as log:
            # prefork ends by a signal to its process group, which must not be ours.
            self._process = subprocess.Popen(self._command("-DFOREGROUND"), stdout=log, stderr=log,
                                             stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            wait_until_listening(self._process, self.port, "httpd",
                                 lambda: output.read_text() + self.error_log.text())
            self._wait_until_complete(set())
        except ServerDied:
            self._process = None
            raise
        return self

    def stop(self):
        """Ends httpd, when it has done with every connection: the event MPM, told to end while a
        worker lays its connection aside, logs errors (AH03093) and now and then crashes."""
        if self._process is None:
            return
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        wait_until(lambda: not has_open_connections({self.port, self.tls_port}),
                   "httpd has done with every connection")
        self.secrets.note_environment({self.pid, *self.children()})
        process, self._process = self._process, None
        end(process)

    def restart(self, configuration=None):
        """A full stop and start; what is on disk stays."""
        self.stop()
        text = configuration or self._configuration
        self.start(text, **self._arguments)

    def graceful(self, configuration=None):
        """As apachectl graceful. Returns when the old children are gone and new ones serve."""
        if configuration is not None:
            self._write_configuration(configuration)
        old = self.children()
        resumed = len(self.error_log.lines("resuming normal operations"))
        self._process.send_signal(signal.SIGUSR1)
        wait_until(lambda: len(self.error_log.lines("resuming normal operations")) > resumed,
                   "httpd restarts gracefully")
        self._wait_until_complete(old)

    def kill_children(self):
        """kill -9 to every child, as the out-of-memory killer would. Returns when new ones serve."""
        old = self.children()
        self.kill(*old)
        self._wait_until_complete(old)

    def kill(self, *children):
        """kill -9 to these children. Does not wait; see wait_until_served()."""
        for pid in children:
            self.error_log.tolerate(rf"AH00052: child pid {pid} exit signal Killed")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def wait_until_served(self, gone=()):
        """Until none of these processes lives, and there are as many children as configured do."""
        self._wait_until_complete(set(gone))

    def kill_parent(self):
        """kill -9 to the parent alone. Returns its children, which live on and serve; whoever calls
        this has to end them before the next start."""
        process, orphans = self._held()
        process.kill()
        process.wait()
        return orphans

    def kill_everything(self):
        """kill -9 to the parent and all children at once."""
        process, children = self._held()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        wait_until_gone(children)

    def _held(self):
        """The parent, which does nothing more from now on, and the children that it has."""
        process, self._process = self._process, None
        stand_still(process.pid)
        return process, children_of(process.pid)

    def answers(self):
        """Whether it does. Of a process that was killed, another thread may still take a connection."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.request("OPTIONS", "*")
            return True
        return False

    def children(self):
        return children_of(self._process.pid)

    @property
    def pid(self):
        return self._process.pid

    def configtest(self, configuration, modules=(), https=False, auth_epoch=True, as_root=False):
        """What `apachectl configtest` would say: (exit status, text)."""
        self._arguments = {"modules": modules, "https": https, "auth_epoch": auth_epoch,
                           "as_root": as_root}
        self._write_configuration(configuration)
        test = subprocess.run(self._command("-t"), capture_output=True, text=True, check=False)
        return test.returncode, test.stdout + test.stderr

    def expect_log(self, pattern):
        """A line of level warning or worse that this test is about. It must come."""
        self.error_log.expect(pattern)

    def tolerate_log(self, pattern):
        """A line that may or may not come."""
        self.error_log.tolerate(pattern)

    def tolerate_leak(self, pattern):
        """Others' memory, found lost by the leak detector: what its stack must match."""
        self._tolerated_leaks.append(pattern)

    def wait_for_log(self, pattern, count=1):
        """Returns the lines that match, when there are as many as asked for."""
        def lines():
            found = self.error_log.lines(pattern)
            return found if len(found) >= count else None

        return wait_until(lines, f"error_log says {pattern}")

    def problems(self):
        """What this run leaves to complain about, for the end of the test."""
        problems = self.error_log.problems()
        stderr = self.scratch / "logs" / "stderr.log"
        if stderr.exists():
            problems += [f"on standard error: {line}" for line in stderr.read_text().splitlines()]
        problems += [f"the sanitizer says: {report}"
                     for report in reports(self.scratch, self._tolerated_leaks)]
        return problems + self.secrets.problems(self.scratch)

    # ---- clients

    def browser(self, engine="chromium", https=False):
        """A browser that has never been here."""
        return Browser(self.tls_origin if https else self.origin, engine,
                       self._tls.client_context(), self.secrets)

    def connection(self, https=False):
        """A raw connection; see client.Connection. Closed at the latest when httpd is stopped."""
        port, tls = (self.tls_port, self._tls.client_context()) if https else (self.port, None)
        connection = Connection(port, tls, self.secrets)
        self._connections.add(connection)
        return connection

    def request(self, method, target, headers=(), body=b"", https=False):
        """One raw request on a connection of its own."""
        with self.connection(https) as connection:
            return connection.request(method, target, headers, body)

    # ---- internals

    def _write_configuration(self, test):
        self._configuration = test
        arguments = self._arguments
        names = [f"mpm_{self.mpm}", *MODULES, *arguments["modules"]]
        if arguments["https"]:
            names += ["socache_shmcb", "ssl"]
        lines = [line for name in dict.fromkeys(names) if (line := load_module(name))]
        if arguments["auth_epoch"]:
            lines.append("LoadModule auth_epoch_module ${SCRATCH}/mod_auth_epoch.so")
        text = CONFIGURATION.format(
            keep_alive=KEEP_ALIVE_SECONDS,
            log_level="auth_epoch:debug" if arguments["auth_epoch"] else "",
            scratch=self.scratch, port=self.port, tls_port=self.tls_port, modules="\n".join(lines),
            mpm=MPM[self.mpm], user="User www-data\nGroup www-data" if is_root() else "",
            tls=TLS.format(tls=self._tls) if arguments["https"] else "", test=test)
        (self.scratch / "conf" / "httpd.conf").write_text(text)
        if not arguments["as_root"]:
            give_to_unprivileged(self.scratch)

    def _command(self, *arguments):
        command = wrapped([program(), "-d", str(self.scratch), "-f",
                           str(self.scratch / "conf" / "httpd.conf"), *arguments], self.scratch,
                          self.environment)
        if not self._arguments["as_root"]:
            return unprivileged(command)
        if not is_root():
            raise AssertionError("a test with as_root=True was run by somebody who is not root")
        return ["setpriv", "--pdeathsig", "TERM", *command]

    def _wait_until_complete(self, old):
        """Until none of the old children lives, as many new ones as configured do, and they answer."""
        def complete():
            if self._process.poll() is not None:
                raise ServerDied(f"httpd ended with status {self._process.returncode}:\n"
                                 + self.error_log.text())
            children = self.children()
            return not children & old and len(children) >= CHILDREN[self.mpm]

        wait_until(complete, "httpd has its children", 30)
        wait_until(self.answers, "httpd answers")


@functools.cache
def apxs(variable):
    return subprocess.run(["apxs", "-q", variable], check=True, capture_output=True,
                          text=True).stdout.strip()


@functools.cache
def program():
    found = shutil.which(apxs("PROGNAME"), path=SEARCH_PATH)
    assert found, "httpd's program was not found"
    return found


def load_module(name):
    """The LoadModule line; nothing for what is compiled in."""
    path = pathlib.Path(apxs("LIBEXECDIR"), f"mod_{name}.so")
    if path.exists():
        return f"LoadModule {name}_module {path}"
    assert f"mod_{name}.c" in _compiled_in(), f"this httpd has no mod_{name}"
    return ""


@functools.cache
def _compiled_in():
    return subprocess.run([program(), "-l"], check=True, capture_output=True, text=True).stdout


def make_scratch(prefix):
    """A directory that the servers' user can reach, whoever runs the tests."""
    path = pathlib.Path(tempfile.mkdtemp(prefix=prefix))
    path.chmod(0o755)
    return path
