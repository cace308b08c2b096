"""What slapd says it was asked: its log of statistics (`slapd -d stats`), read from its file."""

import dataclasses
import re

from harness.waiting import wait_until

LINE = re.compile(r"\S+ \S+ conn=(?P<connection>\d+) (?:op=(?P<operation>\d+)|fd=\d+) (?P<text>.*)")
BEGINNING = re.compile(r'(?P<kind>BIND) dn="(?P<dn>.*)" method=|'
                       r'(?P<search>SRCH) base="(?P<base>.*?)" scope=\d+ deref=\d+ '
                       r'filter="(?P<filter>.*)"|'
                       r'(?P<compare>CMP) dn="(?P<compared>.*)" attr="(?P<attribute>.*)"')
FIRST_LINE = " @(#) $OpenLDAP: slapd "
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
    # Whether it is the harness's own, over the socket in the file system. slapd may write down who
    # has come after what they asked.
    ours: bool = None
    operations: dict = dataclasses.field(default_factory=dict)  # by number
    closed: int = None  # where in the log

    @property
    def began(self):
        return min((each.at for each in self.operations.values()), default=None)

    @property
    def is_settled(self):
        """Its operations are known for what they are. A search may last as long as its connection
        (RFC 4533), so what has to have a result are binds."""
        if not self.operations or self.ours:
            return True
        return self.ours is False and (self.closed is not None or all(
            each.code is not None for each in self.operations.values() if each.kind == "BIND"))


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
        return [(each.kind, each.dn, each.detail) for each in self._all("BIND", "SRCH", "CMP")]

    def connections(self):
        """How many were opened and asked anything."""
        return len([each for each in self._settled() if each.began >= self._start])

    def most_connections(self):
        """How many of those on which anything was asked were open at the same time."""
        connections = [each for each in self._settled()
                       if each.closed is None or each.closed >= self._start]
        changes = sorted([(max(each.began, self._start), 1) for each in connections]
                         + [(each.closed, -1) for each in connections if each.closed is not None])
        now = most = 0
        for _, change in changes:
            now += change
            most = max(most, now)
        return most

    def _all(self, *kinds):
        found = [each for connection in self._settled() for each in connection.operations.values()
                 if each.kind in kinds and each.at >= self._start]
        return sorted(found, key=lambda each: each.at)

    def _settled(self):
        """slapd writes down an operation before it answers it, but its result afterwards."""
        def settled():
            connections = _read(self.path)
            if not all(each.is_settled for each in connections):
                return None
            return ([each for each in connections if each.operations and not each.ours],)

        return wait_until(settled, "slapd has logged what came of every bind")[0]


def _read(path):
    """Every connection that the log knows of."""
    connections = []
    current = {}
    at = 0
    for line in path.read_bytes().splitlines(keepends=True):
        text = line.decode("utf-8", "replace")
        if FIRST_LINE in text:  # of a slapd that counts its connections anew
            for connection in current.values():
                connection.closed = at if connection.closed is None else connection.closed
                connection.ours = bool(connection.ours)
            current = {}
        elif text.endswith("\n") and (match := LINE.match(text)):
            number = int(match["connection"])
            if number not in current:
                current[number] = _Connection()
                connections.append(current[number])
            _take(at, current[number], match["operation"], match["text"])
        at += len(line)
    return connections


def _take(at, connection, operation, text):
    if operation is None:
        if text.startswith("ACCEPT from"):
            connection.ours = text.startswith("ACCEPT from PATH=")
        elif text.startswith("closed"):
            connection.closed = at
    elif (result := RESULT.match(text)) is not None:
        if operation in connection.operations:
            connection.operations[operation].code = int(result["code"])
    elif (match := BEGINNING.match(text)) is not None:
        connection.operations[operation] = Operation(
            at, match["kind"] or match["search"] or match["compare"],
            _first(match["dn"], match["base"], match["compared"]),
            _first(match["filter"], match["attribute"], ""))


def _first(*values):
    return next(value for value in values if value is not None)


def _same(one, other):
    return one.replace(", ", ",").lower() == other.replace(", ", ",").lower()
