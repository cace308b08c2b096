"""What slapd says it was asked: its log of statistics (`slapd -d stats`), read from its file."""

import dataclasses
import re

from harness.waiting import wait_until

LINE = re.compile(r"\S+ \S+ conn=(?P<connection>\d+) (?:op=(?P<operation>\d+)|fd=\d+) (?P<text>.*)")
BEGINNING = re.compile(r'(?P<kind>BIND) dn="(?P<dn>.*)" method=|'
                       r'(?P<search>SRCH) base="(?P<base>.*?)" scope=\d+ deref=\d+ '
                       r'filter="(?P<filter>.*)"|'
                       r'(?P<compare>CMP) dn="(?P<compared>.*)" attr="(?P<attribute>.*)"')
RESULT = re.compile(r"(?:SEARCH )?RESULT .*?err=(?P<code>\d+)")


@dataclasses.dataclass
class Operation:
    at: int  # where in the log it begins
    kind: str  # BIND, SRCH or CMP
    dn: str  # whom it binds as, where it searches, what it compares
    detail: str = ""  # a search's filter, the attribute that is compared
    code: int = None  # LDAP's result code; None while there is none


@dataclasses.dataclass
class _Connection:
    ours: bool  # the harness's own, over the socket in the file system
    operations: dict = dataclasses.field(default_factory=dict)


class LdapLog:
    """Counts what clients did over TCP, from `start` on. The harness itself comes over a socket in
    the file system, and does not count."""

    def __init__(self, path, start=0):
        self.path = path
        self._start = start

    def from_now(self):
        """The same log, without what has been asked so far."""
        self._settled()
        return LdapLog(self.path, self.path.stat().st_size)

    def binds(self, dn=None):
        """How each bind went, "ok" or "failed", in the order in which they began: those as `dn`,
        or all of them, the anonymous ones too."""
        return ["ok" if each.code == 0 else "failed" for each in self._all("BIND")
                if dn is None or _same(each.dn, dn)]

    def failed_binds(self):
        """The DNs."""
        return [each.dn for each in self._all("BIND") if each.code != 0]

    def searches(self, containing=""):
        """The filters of the searches."""
        return [each.detail for each in self._all("SRCH") if containing in each.detail]

    def compares(self):
        """(DN, attribute) of each."""
        return [(each.dn, each.detail) for each in self._all("CMP")]

    def operations(self):
        return [(each.kind, each.dn, each.detail) for each in self._settled().done
                if each.at >= self._start]

    def most_connections(self):
        """How many were open at the same time, of those on which anything was asked."""
        return self._settled().most_connections(self._start)

    def connections(self):
        """How many were opened and asked anything."""
        return self._settled().opened(self._start)

    def _all(self, kind):
        return [each for each in self._settled().done if each.kind == kind
                and each.at >= self._start]

    def _settled(self):
        """slapd writes down an operation before it answers it, but its result afterwards."""
        return wait_until(lambda: reading if not (reading := _Reading(self.path)).binding else None,
                          "slapd has logged the result of every bind")


class _Reading:
    """The whole log, once. A search may last as long as its connection (RFC 4533), so what is
    waited for are binds."""

    def __init__(self, path):
        self.done = []
        self._changes = []  # (where, +1 or -1) for each connection that was asked anything
        self._opened = []
        self._open = {}
        at = 0
        for line in path.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):
                self._take(at, line.decode("utf-8", "replace").rstrip("\n"))
            at += len(line)
        self.binding = any(each.kind == "BIND" and each.code is None
                           for connection in self._open.values()
                           for each in connection.operations.values())

    def most_connections(self, start):
        now = most = sum(change for at, change in self._changes if at < start)
        for at, change in self._changes:
            if at >= start:
                now += change
                most = max(most, now)
        return most

    def opened(self, start):
        return len([at for at in self._opened if at >= start])

    def _take(self, at, line):
        if line.endswith(" slapd starting"):  # and counts its connections anew
            for connection in self._open.values():
                self._close(at, connection)
            self._open.clear()
            return
        match = LINE.match(line)
        if match is None:
            return
        number, text = int(match["connection"]), match["text"]
        if text.startswith("ACCEPT from"):
            self._open[number] = _Connection(text.startswith("ACCEPT from PATH="))
        elif number in self._open:
            connection = self._open[number]
            if match["operation"] is not None and not connection.ours:
                self._take_operation(at, connection, int(match["operation"]), text)
            elif text.startswith("closed"):
                self._close(at, self._open.pop(number))

    def _take_operation(self, at, connection, number, text):
        if (result := RESULT.match(text)) is not None:
            if number in connection.operations:
                connection.operations[number].code = int(result["code"])
            return
        beginning = BEGINNING.match(text)
        if beginning is None:
            return
        if not connection.operations:
            self._opened.append(at)
            self._changes.append((at, 1))
        operation = Operation(at, beginning["kind"] or beginning["search"] or beginning["compare"],
                              _first(beginning["dn"], beginning["base"], beginning["compared"]),
                              _first(beginning["filter"], beginning["attribute"], ""))
        connection.operations[number] = operation
        self.done.append(operation)

    def _close(self, at, connection):
        if connection.operations:
            self._changes.append((at, -1))


def _first(*values):
    return next(value for value in values if value is not None)


def _same(one, other):
    return one.replace(", ", ",").lower() == other.replace(", ", ",").lower()
