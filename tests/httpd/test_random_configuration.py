"""Random values of our directives, in the configuration and in .htaccess files: each is accepted or
refused with a sentence, nothing crashes, and none lets anybody in.

Every run has a seed of its own, which a failure names: EPOCH_FUZZ_SEED repeats it,
EPOCH_FUZZ_CONFIGURATIONS makes it longer."""

import os
import random
import re

import pytest

from harness.error_log import UNKNOWN_USER, WRONG_PASSWORD
from harness.httpd import TOP
from harness.people import ALICE, Person
from harness.requests import basic
from harness.site import file_site

COUNT = int(os.environ.get("EPOCH_FUZZ_CONFIGURATIONS") or 60)
SEED = os.environ.get("EPOCH_FUZZ_SEED") or str(random.SystemRandom().getrandbits(32))
REFERENCE = (TOP / "docs" / "directives.md").read_text()
# Of each directive: the elements of its Syntax, with the words that may stand there; and its Context.
SYNTAX = {name: [re.findall(r"\w[\w:=-]*", element) for element in re.findall(r"\S*\w\S*", syntax)]
          for name, syntax in re.findall(r"^\| Syntax \| `(AuthEpoch\w*) ([^`]*)`", REFERENCE, re.M)}
CONTEXT = dict(re.findall(r"^## (AuthEpoch\w*)\n(?:.*\n)*?\| Context \| (.*) \|$", REFERENCE, re.M))
PLACEHOLDERS = {"time": ["1s", "90s", "30min", "12h"], "number": ["1", "5", "1000"],
                "path": ["/", "/app"], "name": ["staff"], "host": ["example.org"],
                "origin": ["https://example.org"], "type": ["\"cache\""],
                "expr=expression": ["expr=true", "expr=%{REQUEST_URI} == '/app'"],
                "lmdb:directory": ["lmdb:${SCRATCH}/store"], "file": ["${SCRATCH}/users"],
                "command": ["\"|/bin/cat\""]}
# What some directive or other takes, and what parsers stumble over.
WORDS = ["On", "Off", "Report", "auto", "sync", "poll", "page", "challenge", "redirect", "confirm",
         "same-origin", "html", "refuse", "allow", "stale", "deny", "oldest", "Lax", "None", "cookie",
         "authorization", "1s", "90s", "30min", "12h", "366d", "367d", "0", "-1", "1", "5", "1000",
         "100001", "18446744073709551616", "99999999999999999999s", "1e3", "0x10", "/", "/bye",
         "//e", "/..", "../x", "/a b", "https://example.org", "http://[::1]:8080", "https://e:0",
         "https://e:65536", "example.org", ".example.org", "expr=true", "expr=%{REQUEST_URI}",
         "expr=%{HTTP:X", "expr=(", "\"cache\"", "'x", "\"", "\\", "${SCRATCH}", "${NOTHING}", "%n",
         "signed-out", "sign-in", "/dev/null", "/nowhere/at/all", "z" * 129, "n" * 3000,
         "café", "\x7f", "\t", ";", ",", "=", "*"]
CHARACTERS = "aZ09-_./:;,=%$\"'\\<>#| \t\x01\x7fé"


def random_line(choose, context):
    """A line that mostly stands where it may, and mostly as the reference writes it."""
    names = [name for name in CONTEXT if context in CONTEXT[name] or choose.random() < 0.02]
    name = choose.choice(names)
    first, *others = SYNTAX[name]
    chosen = [first, *(other for other in others if choose.random() < 0.5)]
    words = [choose.choice(PLACEHOLDERS.get(word, [word])) for word in map(choose.choice, chosen)]
    how = choose.random()
    if how < 0.1:
        words = choose.choices(WORDS, k=choose.randrange(4))
    elif how < 0.2 and words:
        words[-1] = mutated(choose, words[-1])
    return " ".join([name, *words])


def mutated(choose, word):
    at = choose.randrange(len(word) + 1)
    how = choose.randrange(3)
    if how == 0:
        return word[:at] + choose.choice(CHARACTERS) + word[at:]
    if how == 1:
        return word[:at] + word[at + 1:]
    return word[at:] + word


def lines_of(choose, context, most):
    return "".join(f"{random_line(choose, context)}\n" for _ in range(choose.randint(1, most)))


# Where .htaccess files have the last word.
DIRECTORY = """
<Directory "${{SCRATCH}}/htdocs">
    AuthType Basic
    AuthName "Staff"
    AuthBasicProvider file
    AuthUserFile "{users}"
    AuthEpoch On
    Require valid-user
</Directory>
"""


def test_a_random_configuration_is_accepted_or_refused_with_a_sentence(httpd):
    choose = random.Random(f"configuration {SEED}")
    users = httpd.write_password_file("users", ALICE)
    outcomes = {0: 0, 1: 0}
    for number in range(COUNT):
        inside = lines_of(choose, "directory", 3)
        outside = lines_of(choose, "server config", 1) * choose.randint(0, 1)
        status, text = httpd.configtest(outside + file_site(users, zone=inside))
        told = f"seed {SEED}, number {number}:\n{outside}{inside}\n{text}"
        assert status in outcomes, told
        assert text.endswith("Syntax OK\n") == (status == 0), told
        # Its directive or section is named, and what is wrong, where the words are httpd's, too.
        assert status == 0 or re.search(r"(AuthEpoch|Location|Unknown).* \w+ \w+", text), told
        outcomes[status] += 1
    assert COUNT < 30 or all(outcomes.values()), f"seed {SEED}: {outcomes}"


def test_no_random_htaccess_file_lets_anybody_in(httpd):
    choose = random.Random(f"htaccess {SEED}")
    httpd.tolerate_log(r"\.htaccess: |AH00111")
    httpd.tolerate_log(rf"{WRONG_PASSWORD}|{UNKNOWN_USER}|login refused: too many")
    httpd.tolerate_log(r"AuthEpochStateless: the expression failed")
    httpd.start(DIRECTORY.format(users=httpd.write_password_file("users", ALICE)))
    presented = [[], [basic(Person("mallory", "x"))], [basic(ALICE.with_password("guess"))]]
    statuses = set()
    for number in range(5 * COUNT):
        content = lines_of(choose, ".htaccess", 3)
        httpd.write("app/.htaccess", content)
        for headers in presented:
            status = httpd.request("GET", "/app/", headers).status
            assert status in (401, 403, 429, 500), (
                f"seed {SEED}, number {number}: {status}\n{content}")
            statuses.add(status)
    assert COUNT < 30 or {401, 500} <= statuses, f"seed {SEED}: {statuses}"
