"""A httpd with as little in it as the comparison takes: Debian's modules and those compared, the same
for every configuration but for the one that is on trial; one static file, no access log."""

import os
import pathlib
import shutil
import time

from harness.client import Connection
from harness.httpd import BUILD, Httpd, load_module, program
from harness.processes import ServerDied, give_to_unprivileged, is_root
from harness.waiting import wait_until

# What Debian's httpd comes with switched on.
DEBIANS = ["mpm_event", "access_compat", "alias", "auth_basic", "authn_core", "authn_file",
           "authz_core", "authz_host", "authz_user", "autoindex", "deflate", "dir", "env", "filter",
           "mime", "negotiation", "reqtimeout", "setenvif", "status"]
# What some configuration needs, loaded in all of them; but for mod_auth_epoch and mod_auth_openidc,
# beside which AuthEpochRevalidate asks the provider all the same.
COMPARED = ["unixd", "watchdog", "ldap", "authnz_ldap", "request", "auth_form", "session",
            "session_cookie", "session_crypto", "dbd", "session_dbd"]
SLOW_SYNC = BUILD / "bench" / "requests" / "slow_sync.so"
PAGE = "/app/index.html"
PAGE_BYTES = 1024
START_SECONDS = 300  # valgrind takes its time
IDLE_SECONDS = 15
SHOWN_PROBLEMS = 5
WATCHED_THREADS = 8
ASLEEP = "S"

CONFIGURATION = """\
Define SCRATCH {scratch}
{modules}
ServerRoot ${{SCRATCH}}
DefaultRuntimeDir ${{SCRATCH}}/run
PidFile ${{SCRATCH}}/run/httpd.pid
Mutex file:${{SCRATCH}}/run default
ServerName localhost
Listen 127.0.0.1:{port}
{user}
ErrorLog ${{SCRATCH}}/logs/error.log
LogLevel warn
ListenBacklog 1024
StartServers {processes}
ServerLimit {processes}
ThreadLimit {threads}
ThreadsPerChild {threads}
MaxRequestWorkers {workers}
MinSpareThreads 1
MaxSpareThreads {workers}
KeepAliveTimeout 60
MaxKeepAliveRequests 0
Timeout 60
TypesConfig /etc/mime.types
AddOutputFilterByType DEFLATE text/html text/plain text/css application/javascript
DocumentRoot ${{SCRATCH}}/htdocs
<Directory "/">
    AllowOverride None
</Directory>
{sections}
"""


class LeanHttpd(Httpd):
    """Runs as www-data where it is started by root. start() takes the modules beyond Debian's and
    those compared."""

    def __init__(self, scratch, processes=2, threads=32):
        super().__init__("event", scratch, None)
        self._processes = processes
        self._threads = threads
        self._watcher = []
        self._environment = []
        self.write("app/index.html", "x" * PAGE_BYTES)

    def watch(self, watcher):
        """From the next start on it is one process, run by this command, as in `valgrind httpd -X`."""
        self._watcher = [str(each) for each in watcher]
        self._processes, self._threads = 1, WATCHED_THREADS

    def stop(self):
        """Leaves no process behind, whatever has gone wrong."""
        process = self._process
        try:
            super().stop()
        finally:
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()

    def slow_syncs(self, microseconds):
        """From the next start on, its disk takes so much longer for whatever must be durable."""
        library = self.scratch / SLOW_SYNC.name
        shutil.copy(SLOW_SYNC, library)
        self._environment = ["env", f"LD_PRELOAD={library}", f"EPOCH_BENCH_SYNC_US={microseconds}"]

    def page(self, connection, headers):
        """Requests the page, which must come.

        Where httpd is watched, returns when it has nothing left to do for it: a request that comes
        before that is spared some of the way, so that costs would depend on who is faster."""
        answer = connection.request("GET", PAGE, headers)
        assert (answer.status, len(answer.body)) == (200, PAGE_BYTES), f"{answer.status} came"
        deadline = time.monotonic() + IDLE_SECONDS
        while self._watcher and not self._is_idle():
            assert time.monotonic() < deadline, "httpd does not come to rest"
            os.sched_yield()
        return answer

    def connection(self, https=False):
        connection = Connection(self.port)
        self._connections.add(connection)
        return connection

    def assert_untroubled(self):
        """Nothing at level warning or worse may stand in the log: it would have been measured. What
        is said before httpd has read where the log stands has no level. What others leave of
        passwords in their files is not the bench's to judge."""
        problems = self.error_log.problems() + self.error_log.lines(r"^(?!\[)")
        assert not problems, "\n".join(problems[:SHOWN_PROBLEMS])

    @staticmethod
    def _load(name):
        return ("LoadModule auth_epoch_module ${SCRATCH}/mod_auth_epoch.so" if name == "auth_epoch"
                else load_module(name))

    def _write_configuration(self, test):
        # Left behind by httpd -X, which a next one would complain about.
        (self.scratch / "run" / "httpd.pid").unlink(missing_ok=True)
        self._configuration = test
        lines = [self._load(name) for name in [*DEBIANS, *COMPARED, *self._arguments["modules"]]]
        (self.scratch / "conf" / "httpd.conf").write_text(CONFIGURATION.format(
            scratch=self.scratch, modules="\n".join(lines), port=self.port, sections=test,
            user="User www-data\nGroup www-data" if is_root() else "", processes=self._processes,
            threads=self._threads, workers=self._processes * self._threads))
        give_to_unprivileged(self.scratch)

    def _is_idle(self):
        return all(path.read_text().rpartition(")")[2].split()[0] == ASLEEP
                   for path in pathlib.Path(f"/proc/{self.pid}/task").glob("*/stat"))

    def _command(self, *arguments):
        if self._watcher:
            arguments = ["-X" if each == "-DFOREGROUND" else each for each in arguments]
        command = super()._command(*arguments)
        at = command.index(program())
        return [*command[:at], *self._environment, *self._watcher, *command[at:]]

    def _wait_until_complete(self, old):
        def complete():
            if self._process.poll() is not None:
                raise ServerDied(f"httpd ended with status {self._process.returncode}:\n"
                                 + self.error_log.text())
            return self._watcher or len(self.children() - old) >= self._processes

        wait_until(complete, "httpd has its children", START_SECONDS)
        wait_until(self._answers, "httpd answers", START_SECONDS)

    def _answers(self):
        try:
            with self.connection() as connection:
                return connection.request("OPTIONS", "*")
        except TimeoutError:
            return None
