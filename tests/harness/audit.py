"""The audit log, as whoever collects it reads it."""

import json

from harness.waiting import wait_until

FILE = "AuthEpochAuditLog logs/audit.log\n"
# To be left out where a test is not about them.
OF_THE_REQUEST = ("time", "node", "request_id", "address", "user_agent", "zone")


class AuditLog:
    def __init__(self, httpd, name="audit.log"):
        self.path = httpd.scratch / "logs" / name

    def lines(self):
        """Every line must be an object of strings, and no line may be cut short. A command that
        gets the lines may take a while to make its file."""
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        assert text.endswith("\n") or not text
        lines = [json.loads(line, object_pairs_hook=_with_every_name_once)
                 for line in text.splitlines()]
        assert all(isinstance(value, str) for line in lines for value in line.values())
        return lines

    def events(self):
        """The same without what most requests have in common."""
        return [{name: value for name, value in line.items() if name not in OF_THE_REQUEST}
                for line in self.lines()]

    def of(self, event):
        return [line for line in self.events() if line["event"] == event]

    def wait_for(self, event, count=1, seconds=15):
        """Returns the lines of an event, when there are as many. A failed login is written when
        its answer has been sent."""
        return wait_until(lambda: len(found := self.of(event)) >= count and found,
                          f"the audit log says {event}", seconds)


def _with_every_name_once(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a name is there twice: {names}"
    return dict(pairs)
