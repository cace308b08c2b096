"""Random requests, one after the other, against httpd and against an oracle: the core in front of a
store in memory. Both must decide by the same row for the same reason, set the same kind of cookie,
mean the same session and let the same requests on.

Every run has seeds of its own, which a failure names: `make fuzz-requests SEED=...` repeats it,
`N=...` makes it longer."""

import dataclasses
import os
import random
import re

import pytest

from harness.error_log import UNKNOWN_USER, WRONG_PASSWORD
from harness.oracle import Oracle
from harness.people import ALICE, BOB
from harness.random_requests import RandomRequests, kind_of

REQUESTS = int(os.environ.get("EPOCH_FUZZ_REQUESTS") or 150)
SEED = os.environ.get("EPOCH_FUZZ_SEED")
PEOPLE = {each.user: each.password for each in (ALICE, BOB)}
# (path, logout URL, realm): two realms, hence two zones, of one virtual host.
AREAS = [("/app/index.html", "/app/logout", "Staff"), ("/admin/", "/admin/logout", "Admins")]
DECISION = re.compile(r"\] (\w+ \([\w-]+, row \d+\)) (?:no )?session")

# What is said of credentials that are wrong, and of other schemes.
PROVIDERS_OWN = rf"AH01614|{WRONG_PASSWORD}|{UNKNOWN_USER}"

ASKS_BASIC = {"Pass", "AskBasic", "RefuseAndArm", "Conflict"}
ASKS_EPOCH = {"AskEpoch", "SignInPage"}


@dataclasses.dataclass(frozen=True)
class Policy:
    directives: str = ""
    logout: str = ""
    told: dict = dataclasses.field(default_factory=dict)  # the same for the oracle


POLICIES = {
    "default": Policy(),
    "challenging logout": Policy(logout="AuthEpochLogoutResponse challenge",
                                 told={"answered_by_challenge": True}),
    "stateless and cross-site": Policy("AuthEpochStateless On\nAuthEpochCrossSite allow",
                                       told={"stateless": True, "cross_site_allowed": True}),
    "one session": Policy("AuthEpochMaxSessions 1", told={"most_sessions": 1, "deny": False}),
    "two sessions": Policy("AuthEpochMaxSessions 2 deny",
                           told={"most_sessions": 2, "deny": True}),
}


def area_of(users, policy, path, logout, realm):
    return f"""
<Location "{path[:path.rindex('/')]}">
    AuthType Basic
    AuthName "{realm}"
    AuthBasicProvider file
    AuthUserFile "{users}"
    AuthEpoch On
    AuthEpochFailedLogins Off
    Require valid-user
    {policy.directives}
</Location>
<Location "{logout}">
    SetHandler auth-epoch-logout
    Require all granted
    {policy.logout}
</Location>
"""


class Pairs:
    """Which of one side's is which of the other's; each has exactly one."""

    def __init__(self):
        self._forth = {}
        self._back = {}

    def match(self, ours, theirs):
        if not ours or not theirs:
            return not ours and not theirs
        return (self._forth.setdefault(ours, theirs) == theirs
                and self._back.setdefault(theirs, ours) == ours)


class Comparison:
    def __init__(self, httpd, oracle, policy, seed):
        self._httpd = httpd
        self._oracle = oracle
        self._policy = policy
        self._requests = RandomRequests(random.Random(seed), len(AREAS))
        self._names = [self._name_of_cookie(path) for path, _, _ in AREAS]
        self._sessions = Pairs()
        self._cookies = Pairs()
        self._read = len(httpd.error_log.lines())
        self.rows = set()

    def step(self):
        request = self._requests.draw()
        question = self._question(request)
        answer = self._send(request)
        decisions = self._decisions()
        if request.logs_out:
            expected = self._expected_of_logout(request, question)
        else:
            expected = self._oracle.answer(question)
            self.rows.add(expected["row"])
            assert decisions == [expected["decided"]], (decisions, expected)
            assert answer.event == expected["event"], (answer.event, expected)
            assert self._sessions.match(answer.session, expected["session"]), expected
            expected |= status_of(expected)
        self._compare(request, answer, expected)

    def _compare(self, request, answer, expected):
        assert (answer.status, answer.challenge and answer.challenge[0]) == expected["answer"], (
            answer.status, answer.challenge, expected)
        cookie = answer.set_cookie
        assert (cookie is not None) == bool(expected.get("cookie")), (answer.set_cookies, expected)
        if cookie is None:
            return
        assert cookie.name == self._names[request.area]
        assert kind_of(cookie.value) == kind_of(expected["cookie"])
        if kind_of(cookie.value) == b"s":
            assert self._cookies.match(cookie.value, expected["cookie"]), "another session's cookie"
        self._requests.keep(request, (cookie.value, expected["cookie"]))

    # ---- asking both

    def _question(self, request):
        _, _, realm = AREAS[request.area]
        ours = self._origin(request)
        origin = request.headers.get("Origin", "")
        return {"method": request.method, "logs_out": request.logs_out, "scope": request.scope,
                "cookies": request.cookie_header(self._names[request.area], 1) or "",
                "cookie_name": self._names[request.area], "zone": realm, "realm": realm,
                "origin": ours, "headers": request.headers, "people": PEOPLE,
                "has_origin": origin != "", "origin_is_ours": origin == "OURS",
                "referer_is_ours": request.headers.get("Referer", "").startswith("OURS")}

    def _send(self, request):
        path, logout, _ = AREAS[request.area]
        target = logout + (f"?scope={request.scope}" if request.scope else "") \
            if request.logs_out else path
        headers = [("Host", self._origin(request).removeprefix("http://"))]
        headers += [(name, value.replace("OURS", self._origin(request)).encode("latin-1"))
                    for name, value in request.headers.items()]
        cookies = request.cookie_header(self._names[request.area], 0)
        if cookies:
            headers.append(("Cookie", cookies.encode("latin-1")))
        return self._httpd.request(request.method, target, headers)

    def _origin(self, request):
        return f"http://127.0.0.1:{self._httpd.port}" if request.on_loopback else self._httpd.origin

    def _name_of_cookie(self, path):
        return self._httpd.request("GET", path).set_cookie.name

    def _decisions(self):
        lines = self._httpd.error_log.lines()
        new, self._read = lines[self._read:], len(lines)
        return [found[1] for line in new if (found := DECISION.search(line))]

    # ---- what the logout URL answers, by the documentation

    def _expected_of_logout(self, request, question):
        headers = request.headers
        site = headers.get("Sec-Fetch-Site", "").lower()
        same_origin = site == "same-origin" if site else (
            question["origin_is_ours"] if question["has_origin"] else question["referer_is_ours"])
        by_person = (headers.get("Sec-Fetch-Mode", "").lower() == "navigate"
                     and (same_origin or site == "none")
                     and not headers.get("Sec-Purpose") and not headers.get("Purpose"))
        if headers.get("AuthEpoch") == "forget":
            return {**self._oracle.answer({**question, "logs_out": False}),
                    "answer": (401, "Basic")}
        if request.method == "PUT":
            return {"answer": (405, None)}
        if request.method == "POST" and not same_origin:
            return {"answer": (403, None)}
        if request.scope == "x":
            return {"answer": (400, None)}
        if request.method != "POST" and not by_person:
            return {"answer": (200, None)}
        done = self._oracle.answer(question)
        if done["is_answer"] or not done["cookie"]:
            return {**done, "answer": (303, None)}
        challenges = "challenge" in self._policy.logout and done["scope_granted"]
        return {**done, "answer": (401, "Basic" if challenges else "Epoch")}


def status_of(expected):
    action = expected["action"]
    if action in ASKS_BASIC or (action in ("Login", "Stateless") and not expected["verified"]):
        return {"answer": (401, "Basic")}
    if action in ASKS_EPOCH:
        return {"answer": (401, "Epoch")}
    return {"answer": (403, None) if action == "Forbid" else (200, None)}


@pytest.mark.parametrize("seed", ["the same as ever", "a new one"])
@pytest.mark.parametrize("policy", POLICIES)
def test_random_requests_are_decided_as_the_core_decides(httpd, policy, seed):
    seed = SEED or (seed if seed == "the same as ever" else random.SystemRandom().randrange(10**9))
    users = httpd.write_password_file("users", ALICE, BOB)
    chosen = POLICIES[policy]
    # Names that nobody has may hold what no header field can.
    httpd.start("Header always unset X-User\n"
                + "".join(area_of(users, chosen, *area) for area in AREAS), ["headers"])
    httpd.tolerate_log(PROVIDERS_OWN)
    with Oracle(chosen.told) as oracle:
        comparison = Comparison(httpd, oracle, chosen, f"{policy} {seed}")
        for number in range(REQUESTS):
            try:
                comparison.step()
            except AssertionError as error:
                raise AssertionError(f"request {number} of seed {seed}: {error}") from error
    print(f"seed {seed}, {REQUESTS} requests, rows {sorted(comparison.rows)}")
