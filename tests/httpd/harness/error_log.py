"""What may stand in an error_log. httpd exits with status 0 even when its children have died, so the
log is where it shows."""

import re

LINE = re.compile(r"^\[[^\]]*\] \[(?P<module>[^:\]]*):(?P<level>[a-z0-9]+)\] ")
TROUBLE_LEVELS = {"warn", "error", "crit", "alert", "emerg"}
# At whatever level, or from a library that knows of no levels.
TROUBLE = re.compile(r"AH00052|runtime error:|Sanitizer|terminate called|Assertion|free\(\)")

# What httpd itself logs at level error when somebody gives a wrong answer to a prompt.
WRONG_PASSWORD = r"AH01617: user .*: authentication failure"
UNKNOWN_USER = r"AH01618: user .* not found"
# What httpd's own modules say of a password or a directory is theirs to say.
HTTPDS_OWN = r"\] \[(?:auth_basic|authnz_ldap|ldap|authz_core):"


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
