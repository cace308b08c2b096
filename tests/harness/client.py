"""A client that sends exactly what it is told to, and what it gets back."""

import dataclasses
import http.client
import json
import re
import socket

TIMEOUT_SECONDS = 30
http.client._MAXHEADERS = 1000  # answers may carry many


@dataclasses.dataclass(frozen=True)
class SetCookie:
    name: str
    value: str
    attributes: dict  # by lower-case name; "" where the attribute has no value

    def __getitem__(self, attribute):
        return self.attributes[attribute.lower()]

    def __contains__(self, attribute):
        return attribute.lower() in self.attributes


@dataclasses.dataclass
class Response:
    status: int
    headers: list  # of (name, value), as they came
    body: bytes
    url: str = ""
    prompts: int = 0  # how often a browser asked for a password on the way here

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        """The one value of the field, or None."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def user(self):
        """REMOTE_USER as the application sees it; None where nobody is signed in."""
        values = self.all("X-User")
        return values[-1].encode("latin-1").decode("utf-8") or None if values else None

    @property
    def event(self):
        """AUTH_EPOCH_EVENT."""
        return self._told("X-Event")

    @property
    def session(self):
        """AUTH_EPOCH_SESSION, the session's public id."""
        return self._told("X-Session")

    def _told(self, name):
        values = self.all(name)
        return values[-1] if values and values[-1] != "(null)" else None

    @property
    def challenge(self):
        """(scheme, realm) of WWW-Authenticate, or None."""
        value = self.header("WWW-Authenticate")
        if value is None:
            return None
        scheme, _, parameters = value.partition(" ")
        realm = re.search(r'realm="((?:[^"\\]|\\.)*)"', parameters)
        return scheme, re.sub(r"\\(.)", r"\1", realm[1]) if realm else None

    @property
    def asks_for_password(self):
        """A browser would show its dialog for this one."""
        return self.status == 401 and bool(self.challenge) and self.challenge[0] == "Basic"

    @property
    def set_cookies(self):
        return [_parse_set_cookie(value) for value in self.all("Set-Cookie")]

    @property
    def set_cookie(self):
        """The one cookie that this answer sets, or None."""
        cookies = self.set_cookies
        assert len(cookies) <= 1, f"{len(cookies)} cookies were set: {cookies}"
        return cookies[0] if cookies else None


class Connection:
    """One connection to httpd, kept alive as long as httpd does.

    `with httpd.connection() as c: c.request("GET", "/", [("Cookie", b"\\xff")])`

    `secrets` is told what passes; see leaks.Secrets.
    """

    def __init__(self, port, tls=None, secrets=None, patience=TIMEOUT_SECONDS):
        self._socket = socket.create_connection(("127.0.0.1", port), patience)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._tls = tls is not None
        self._secrets = secrets
        self._host = f"localhost:{port}"
        if self._tls:
            self._socket = tls.wrap_socket(self._socket, server_hostname="localhost")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def request(self, method, target, headers=(), body=b""):
        self.send(method, target, headers, body)
        return self.receive(method)

    def send(self, method, target, headers=(), body=b""):
        """Host and Content-Length are added where the caller has not said otherwise."""
        fields = list(headers.items() if isinstance(headers, dict) else headers)
        given = {_bytes(name).lower() for name, _ in fields}
        if b"host" not in given:
            fields.insert(0, ("Host", self._host))
        if body and b"content-length" not in given:
            fields.append(("Content-Length", str(len(body))))
        fields = [(_bytes(name), _bytes(value)) for name, value in fields]
        if self._secrets:
            self._secrets.note_sent(fields)
        head = b"%s %s HTTP/1.1\r\n" % (_bytes(method), _bytes(target))
        head += b"".join(b"%s: %s\r\n" % field for field in fields)
        self.send_raw(head + b"\r\n" + _bytes(body))

    def send_raw(self, data):
        self._socket.sendall(data)

    def end_sending(self):
        """The other direction stays open."""
        self._socket.shutdown(socket.SHUT_WR)

    def receive_raw(self, length):
        data = b""
        while len(data) < length and (more := self._socket.recv(length - len(data))):
            data += more
        return data

    def receive(self, method="GET"):
        # It keeps the connection open until it is closed itself.
        with http.client.HTTPResponse(self._socket, method=method) as answer:
            answer.begin()
            response = Response(answer.status, answer.getheaders(), answer.read())
        if self._secrets:
            self._secrets.note_answer(response)
        return response


def _bytes(value):
    return value if isinstance(value, bytes) else value.encode("utf-8")


def _parse_set_cookie(value):
    pair, *rest = value.split(";")
    name, _, content = pair.strip().partition("=")
    attributes = {}
    for each in rest:
        key, _, attribute = each.strip().partition("=")
        attributes[key.lower()] = attribute
    return SetCookie(name, content, attributes)
