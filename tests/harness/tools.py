"""curl, wget, git, svn and our own epochctl, with a home of their own."""

import os
import pathlib
import subprocess

from harness.httpd import BUILD
from harness.people import ALICE
from harness.sanitizers import VARIABLES

TIMEOUT_SECONDS = 60
# What curl is told.
LOGIN = ("-u", f"{ALICE.user}:{ALICE.password}")
JAR = ("-c", "jar", "-b", "jar")


class Tools:
    def __init__(self, home, tls):
        self.home = pathlib.Path(home)
        self.tls = tls
        self.home.mkdir(parents=True, exist_ok=True)

    def run(self, *command, check=False, **environment):
        """Returns the finished process, its output as text; with `check`, it must have succeeded."""
        variables = {"HOME": str(self.home), "PATH": os.environ["PATH"] + ":/usr/sbin",
                     "LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1",
                     "CURL_CA_BUNDLE": str(self.tls.ca), "GIT_SSL_CAINFO": str(self.tls.ca)}
        done = subprocess.run([str(each) for each in command], cwd=self.home,
                              env={**variables, **environment}, capture_output=True, text=True,
                              errors="replace", stdin=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS,
                              check=False)
        if check:
            assert done.returncode == 0, (f"{' '.join(map(str, command))} ended with status "
                                          f"{done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def curl(self, *arguments, **options):
        return self.run("curl", "-sS", "--noproxy", "*", *arguments, **options)

    def curl_status(self, *arguments):
        """The status of the last answer, as a number."""
        done = self.curl("-o", "/dev/null", "-w", "%{http_code}", *arguments, check=True)
        return int(done.stdout)

    def wget(self, *arguments, **options):
        return self.run("wget", "--no-proxy", f"--ca-certificate={self.tls.ca}", "--tries=1",
                        *arguments, **options)

    def git(self, *arguments, **options):
        return self.run("git", *arguments, **options)

    def svn(self, *arguments, **options):
        return self.run("svn", "--non-interactive", "--no-auth-cache", *arguments, **options)

    def nghttp(self, *arguments, **options):
        return self.run("nghttp", "--no-verify-peer", *arguments, **options)

    def epochctl(self, *arguments, **options):
        return self.run(BUILD / "epochctl", *arguments, **VARIABLES, **options)
