"""What must show nowhere: passwords that were sent, cookies that were received, keys that sign.

Each Httpd notes them while its test runs and is searched when the test is over: whatever it has
written, what it has answered, and the environment of its processes. Of what curl, git and svn are
given, the passwords of harness/people.py are looked for and the cookies are not.
"""

import base64
import binascii
import os
import pathlib
import re

from harness import people
from harness.slapd import READER_PASSWORD

# What is shorter, or an ordinary word, may stand somewhere by accident. As a password it is searched
# for together with its user's name, and as the parameter of Basic.
FEWEST_CHARACTERS = 8
ORDINARY = {b"password"}
MANY = 150  # from here on one pass over the content is quicker than one for each secret
OUR_COOKIES = {(b"s", 33), (b"c", 74)}  # type and length, see docs/formats.md
KEY = re.compile(rb"^\d+ ([\w-]{43})$", re.MULTILINE)
KEY_FILES = "*.key"
# Files, by their path in the server's scratch directory, that are not searched, and why.
EXEMPT = {
    "conf/httpd.conf": "AuthLDAPBindPassword is written there by the administrator",
    "conf/password": "a program that tells it (AuthLDAPBindPassword exec:)",
    "mod_auth_epoch.so": "it was built before any secret existed",
}


class Secrets:
    """The threads of a test note in it side by side: each note is one operation on one container."""

    def __init__(self):
        self._names = {}  # by the bytes that must not show
        self._answers = []
        self._environments = []
        self._shown_because = None
        self._add(READER_PASSWORD.encode(), "the password that httpd itself binds with")
        for person in people.KNOWN:
            self._add_password(person.user.encode(), person.password.encode())

    # ---- while the test runs

    def note_sent(self, fields):
        """Header fields of a request, names and values as bytes."""
        for name, value in fields:
            scheme, _, parameter = value.strip().partition(b" ")
            if name.lower() == b"authorization" and scheme.lower() == b"basic":
                self._add_credentials(parameter.strip())

    def note_answer(self, response):
        for cookie in response.set_cookies:
            self._add_cookie(cookie)
        # Set-Cookie is where a cookie belongs.
        fields = [f"{name}: {value}" for name, value in response.headers
                  if name.lower() != "set-cookie"]
        self._answers.append("\n".join(fields).encode("latin-1") + b"\n\n" + response.body)

    def note_environment(self, pids):
        for pid in pids:
            try:
                self._environments.append(pathlib.Path(f"/proc/{pid}/environ").read_bytes())
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended since it was counted

    def expect_in_answers(self, why):
        """An application of this test shows what it is told. It must do so."""
        self._shown_because = why

    # ---- when it is over

    def problems(self, scratch):
        contents, keys = _contents(scratch)
        for key in keys:
            self._add(key, "a signing key")
            self._add(decoded(key), "the bytes of a signing key")
        contents["the environment of a process"] = b"\n".join(self._environments)
        found = [f"leaked: {name} stands in {place}" for place, content in contents.items()
                 for name in self.shown_in(content)]
        answered = self.shown_in(b"\n".join(self._answers))
        if self._shown_because is None:
            found += [f"leaked: {name} stands in an answer" for name in answered]
        elif not answered:
            found.append(f"no answer shows a secret, though {self._shown_because}")
        return found

    def shown_in(self, content):
        """What of all this stands in the content."""
        names = dict(self._names)
        found = (_each_looked_for if len(names) < MANY else _all_looked_for)(list(names), content)
        return sorted({names[secret] for secret in found})

    # ---- internals

    def _add(self, secret, name):
        if len(secret) >= FEWEST_CHARACTERS:
            self._names.setdefault(secret, name)

    def _add_password(self, user, password):
        name = user.decode("utf-8", "replace")[:20]
        if password not in ORDINARY and not user.startswith(password):
            self._add(password, f"the password of {name}")
        if password:
            self._add(user + b":" + password, f"user and password of {name}")

    def _add_credentials(self, parameter):
        self._add(parameter.rstrip(b"="), "the parameter of Basic")
        try:
            user, colon, password = base64.b64decode(parameter, validate=True).partition(b":")
        except binascii.Error:
            return
        if colon:
            self._add_password(user, password)

    def _add_cookie(self, cookie):
        try:
            content = decoded(cookie.value.encode())
        except binascii.Error:
            return
        if (content[:1], len(content)) not in OUR_COOKIES:
            return
        for each in (content, content[1:]):
            self._add(each, f"the bytes of a cookie {cookie.name}")
            self._add(each.hex().encode(), f"the bytes of a cookie {cookie.name}, in hexadecimal")
            self._add(base64.urlsafe_b64encode(each).rstrip(b"="), f"a cookie {cookie.name}")


def _each_looked_for(secrets, content):
    return [secret for secret in secrets if secret in content]


def _all_looked_for(secrets, content):
    """In one pass, which takes as long for ten thousand secrets as for one."""
    by_start = {}
    for secret in secrets:
        by_start.setdefault(secret[:FEWEST_CHARACTERS], []).append(secret)
    found = []
    for at in range(len(content) - FEWEST_CHARACTERS + 1):
        start = content[at:at + FEWEST_CHARACTERS]
        if start in by_start:
            found += [secret for secret in by_start[start] if content.startswith(secret, at)]
    return found


def _contents(scratch):
    """What the files of a server hold, by their path, and the keys in its key files, which are
    searched for in all others."""
    contents, keys = {}, []
    for directory, _, names in os.walk(scratch):
        for name in names:
            path = pathlib.Path(directory, name)
            place = str(path.relative_to(scratch))
            if place in EXEMPT or not path.is_file() or path.is_symlink():
                continue
            content = path.read_bytes()
            if path.match(KEY_FILES):
                keys += KEY.findall(content)
                content = KEY.sub(b"", content)
            contents[place] = content
    return contents, keys


def decoded(base64url):
    return base64.urlsafe_b64decode(base64url + b"=" * (-len(base64url) % 4))
