"""The core in a program of its own, which is asked what httpd is asked; see tests/fuzz/oracle."""

import json
import subprocess

from harness.httpd import BUILD


class Oracle:
    def __init__(self, policy):
        self._process = subprocess.Popen([BUILD / "tests" / "oracle"], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        self._say(policy)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        assert self._process.wait(30) == 0, "the oracle did not end well"
        self._process.stdout.close()

    def answer(self, question):
        self._say(question)
        return json.loads(self._process.stdout.readline())

    def _say(self, line):
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
