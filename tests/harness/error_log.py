"""What may stand in an error_log. httpd exits with status 0 even when its children have died, so the
log is where it shows."""

import re

LINE = re.compile(r"^\[[^\]]*\] \[(?P<module>[^:\]]*):(?P<level>[a-z0-9]+)\] ")
TROUBLE_LEVELS = {"warn", "error", "crit", "alert", "emerg"}
# At whatever level, or from a library that knows of no levels.
TROUBLE = re.compile(r"AH00052|runtime error:|Sanitizer|terminate called|Assertion|free\(\)")

# What the module logs when somebody gives a wrong answer to a prompt, and when to wait is the answer.
LOGIN_FAILED = r"\] login failed: wrong password or unknown user; user "
LOGIN_REFUSED = r"\] login refused: too many have failed \(AuthEpochFailedLogins\), "
# The same, or what httpd itself logs of it at level error.
WRONG_PASSWORD = rf"AH01617: user .*: authentication failure|{LOGIN_FAILED}"
UNKNOWN_USER = rf"AH01618: user .* not found|{LOGIN_FAILED}"
# What httpd's own modules say of a password or a directory is theirs to say, and what follows from
# it in ours too.
HTTPDS_OWN = rf"\] \[(?:auth_basic|authnz_ldap|ldap|authz_core):|{LOGIN_FAILED}"


class ErrorLog:
    """Reads the log, and remembers what the test has declared."""

    def __init__(self, path):
        self.path = path
        self._expected = []
        self._tolerated = []

    def text(self):
        return self.path.read_text(errors="replace") if self.path.exists() else ""

    def lines(self, pattern=""):
        return [line for line in self.text().splitlines() if re.search(pattern, line)]

    def sessions_opened(self):
        return len(self.lines("session .* opened"))

    def expect(self, pattern):
        self._expected.append(pattern)

    def tolerate(self, pattern):
        self._tolerated.append(pattern)

    def problems(self):
        """Lines that nobody declared, and declarations that nothing came of."""
        lines = self.lines()
        declared = re.compile("|".join(f"(?:{each})" for each in self._expected + self._tolerated)
                              or r"(?!)")
        found = [f"unexpected: {line}" for line in lines if is_trouble(line)
                 and not declared.search(line)]
        found += [f"expected, but not logged: {pattern}" for pattern in self._expected
                  if not any(re.search(pattern, line) for line in lines)]
        return found


def is_trouble(line):
    match = LINE.match(line)
    return bool(match and match["level"] in TROUBLE_LEVELS) or bool(TROUBLE.search(line))
