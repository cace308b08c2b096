"""A client that keeps cookies and passwords the way Chromium and Firefox were seen to.

What it models, each measured on the real ones:
- Credentials are filed under origin and realm, and sent unasked in the directories they were once
  accepted for. In a directory that is new, the 401 is answered from the file, without a prompt.
- 401 Basic to credentials sent unasked drops them and prompts; another realm leaves them alone.
- 401 of another scheme shows its body and prompts nobody; Chromium drops the credentials it sent,
  Firefox keeps them.
- Every retry carries the cookies as the 401 left them.
"""

import dataclasses
import posixpath
from urllib.parse import urlencode, urljoin, urlsplit

from harness.client import Connection, Response
from harness.people import Person
from harness.requests import FORM, basic, fetch_metadata

ENGINES = ("chromium", "firefox")
MOST_REDIRECTS = 10
MADE_UP = Person("nobody-1f9b", "nothing-77c2")
REDIRECTS = {301, 302, 303, 307, 308}
SECURE_CONTEXTS = {"localhost", "127.0.0.1"}


@dataclasses.dataclass(frozen=True)
class Prompt:
    url: str
    realm: str


@dataclasses.dataclass
class Cookie:
    name: str
    value: str
    host: str
    host_only: bool
    path: str
    secure: bool
    same_site: str

    def matches(self, url, cross_site, top_level_get):
        if self.secure and url.scheme != "https" and url.hostname not in SECURE_CONTEXTS:
            return False
        if cross_site and self.same_site != "none":
            if self.same_site == "strict" or not top_level_get:
                return False
        if self.host_only:
            if url.hostname != self.host:
                return False
        elif url.hostname != self.host and not url.hostname.endswith("." + self.host):
            return False
        path = url.path or "/"
        return path == self.path or path.startswith(self.path.rstrip("/") + "/")


@dataclasses.dataclass
class Login:
    person: Person
    directories: set


@dataclasses.dataclass
class Load:
    """One thing the browser fetches, with what it says about why."""
    method: str
    url: str
    body: bytes
    headers: list
    mode: str
    destination: str
    site: str  # none, same-origin or cross-site: who started it


class Browser:
    """One person's browser. Pages are named by path, or by URL where there are several hosts; every
    host is this machine."""

    def __init__(self, origin, engine, tls, secrets):
        assert engine in ENGINES
        self.origin = origin
        self.engine = engine
        self.prompts = []  # every dialog that was ever shown
        self.requests = []  # (method, URL, whether with credentials), everything that was sent
        self._tls = tls
        self._secrets = secrets
        self._cookies = []
        self._logins = {}  # by (origin, realm)
        self._answers = []
        self._waiting = None  # the load whose dialog is open

    # ---- what a person does

    def visit(self, path="/", typing=None, site="none", follow=True, headers=()):
        """Navigates. `typing` answers the dialog, should there be one; `site` is "same-origin" for
        a link on our pages, "cross-site" for one on another's."""
        return self._load(Load("GET", path, b"", list(headers), "navigate", "document", site),
                          typing, follow)

    def submit(self, path, fields=None, typing=None, site="same-origin", follow=True, headers=()):
        """Sends a form by POST."""
        body = urlencode(fields or {}).encode()
        headers = [FORM, *headers]
        return self._load(Load("POST", path, body, headers, "navigate", "document", site),
                          typing, follow)

    def typed(self, person):
        """Types into the dialog that the last load left open, and presses Enter."""
        assert self._waiting is not None, "no dialog is open"
        load, self._waiting = self._waiting, None
        return self._load(load, person, True, answered=True)

    # ---- what pages do

    def fetch(self, path, method="GET", body=b"", headers=(), typing=None, site="same-origin"):
        return self._load(Load(method, path, body, list(headers), "cors", "empty", site), typing,
                          True)

    def image(self, path, site="same-origin"):
        return self._load(Load("GET", path, b"", [], "no-cors", "image", site), None, True)

    def run_forget_script(self, path):
        """What the signed-out page's script does: an XMLHttpRequest with a made-up name and
        password to a URL of the realm."""
        load = Load("GET", path, b"", [("AuthEpoch", "forget")], "cors", "empty", "same-origin")
        load.url = urljoin(self.origin + "/", path)
        response = self._send(load, None) if self.engine == "chromium" else None
        if response is None or response.asks_for_password:
            response = self._send(load, MADE_UP)
            if response.asks_for_password:
                self._logins.pop((origin_of(load.url), response.challenge[1]), None)
        return response

    # ---- what a test may look at, or plant

    @property
    def cookies(self):
        return {cookie.name: cookie.value for cookie in self._cookies}

    @property
    def cookie(self):
        """Our cookie, as a (name, value) pair; None where there is none."""
        ours = [(name, value) for name, value in self.cookies.items() if "epoch-" in name]
        assert len(ours) <= 1, f"cookies of several zones: {ours}"
        return ours[0] if ours else None

    @cookie.setter
    def cookie(self, pair):
        name, value = pair
        host = urlsplit(self.origin).hostname
        self._cookies = [cookie for cookie in self._cookies if cookie.name != name]
        self._cookies.append(Cookie(name, value, host, True, "/", False, "lax"))

    def clear_cookies(self):
        self._cookies.clear()

    def close(self):
        """All windows: passwords and session cookies are gone."""
        self._cookies.clear()
        self._logins.clear()
        self._waiting = None

    def remembers_password(self, realm=None):
        return any(realm in (None, filed) for _, filed in self._logins)

    # ---- internals

    def _load(self, load, typing, follow, answered=False):
        load = dataclasses.replace(load, url=urljoin(self.origin + "/", load.url))
        self._waiting = None
        before = len(self.prompts)
        answers = [typing] if typing else []
        for _ in range(MOST_REDIRECTS):
            response = self._authenticate(load, answers, answered)
            answered = False
            target = response.header("Location")
            if not follow or response.status not in REDIRECTS or target is None:
                response.prompts = len(self.prompts) - before
                return response
            load = dataclasses.replace(load, url=urljoin(load.url, target))
            if response.status not in (307, 308) and load.method != "HEAD":
                load = dataclasses.replace(
                    load, method="GET", body=b"",
                    headers=[each for each in load.headers if each[0] != "Content-Type"])
        raise AssertionError(f"more than {MOST_REDIRECTS} redirects, the last to {load.url}")

    def _authenticate(self, load, answers, answered):
        """Sends the load until the server is content, nobody answers the dialog, or no dialog is
        due."""
        if answered:
            # The dialog was open already; the person's answer is the next thing that is sent.
            person = answers.pop(0)
            realm = self.prompts[-1].realm
            response = self._send(load, person)
            self._file(load.url, realm, person)
        else:
            person, realm = self._unasked(load)
            response = self._send(load, person)
        while True:
            if response.status != 401 or not response.asks_for_password:
                refused = response.status == 401 and response.challenge is not None
                if refused and person and self.engine == "chromium":
                    self._forget(load.url, realm, person)
                return response
            asked = response.challenge[1]
            if person and asked == realm:
                self._forget(load.url, realm, person)
            realm = asked
            filed = self._logins.get((origin_of(load.url), realm))
            if filed and filed.person != person and self._credentials_allowed(load):
                filed.directories.add(directory_of(load.url))
                person = filed.person
            else:
                if not self._credentials_allowed(load):
                    return response
                self.prompts.append(Prompt(load.url, realm))
                if not answers:
                    self._waiting = load
                    return response
                person = answers.pop(0)
                self._file(load.url, realm, person)
            response = self._send(load, person)

    def _send(self, load, person):
        url = urlsplit(load.url)
        headers = [("Host", url.netloc), *self._request_metadata(load, url)]
        if person:
            headers.append(basic(person))
        cookies = [each for each in self._cookies
                   if each.matches(url, load.site == "cross-site",
                                   load.mode == "navigate" and load.method == "GET")]
        if cookies:
            headers.append(("Cookie", "; ".join(f"{each.name}={each.value}" for each in cookies)))
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        self.requests.append((load.method, load.url, person is not None))
        tls = self._tls if url.scheme == "https" else None
        with Connection(url.port, tls, self._secrets) as connection:
            answer = connection.request(load.method, target, [*headers, *load.headers], load.body)
        for cookie in answer.set_cookies:
            self._keep(cookie, url)
        return Response(answer.status, answer.headers, answer.body, load.url)

    def _request_metadata(self, load, url):
        headers = [("User-Agent", f"{self.engine} (test)")]
        if load.method not in ("GET", "HEAD") or (load.mode == "cors" and load.site == "cross-site"):
            headers.append(("Origin", "http://other.test" if load.site == "cross-site"
                            else origin_of(load.url)))
        if url.scheme == "https" or url.hostname in SECURE_CONTEXTS:
            headers += fetch_metadata(load.site, load.mode, load.destination)
            if load.mode == "navigate":
                headers.append(("Sec-Fetch-User", "?1"))
        return headers

    def _credentials_allowed(self, load):
        # What another site embeds is sent, and asked, without credentials.
        return load.site != "cross-site" or load.mode == "navigate"

    def _unasked(self, load):
        """The credentials sent before anybody asks, and the realm they are filed under."""
        if not self._credentials_allowed(load):
            return None, None
        path = urlsplit(load.url).path or "/"
        best = None
        for (origin, realm), login in self._logins.items():
            for directory in login.directories:
                if origin == origin_of(load.url) and path.startswith(directory):
                    if best is None or len(directory) > len(best[0]):
                        best = (directory, login.person, realm)
        return best[1:] if best else (None, None)

    def _file(self, url, realm, person):
        self._logins[origin_of(url), realm] = Login(person, {directory_of(url)})

    def _forget(self, url, realm, person):
        filed = self._logins.get((origin_of(url), realm))
        if filed and filed.person == person:
            del self._logins[origin_of(url), realm]

    def _keep(self, cookie, url):
        secure = "secure" in cookie
        if secure and url.scheme != "https":
            return
        path = cookie.attributes.get("path", "")
        if not path.startswith("/"):
            path = posixpath.dirname(url.path or "/")
        domain = cookie.attributes.get("domain", "").lstrip(".").lower()
        if cookie.name.startswith("__Host-") and (not secure or domain or path != "/"):
            return
        if domain and url.hostname != domain and not url.hostname.endswith("." + domain):
            return
        host = domain or url.hostname
        self._cookies = [each for each in self._cookies
                         if (each.name, each.host, each.path) != (cookie.name, host, path)]
        if cookie.attributes.get("max-age") == "0":
            return
        self._cookies.append(Cookie(cookie.name, cookie.value, host, not domain, path, secure,
                                    cookie.attributes.get("samesite", "lax").lower()))


def origin_of(url):
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def directory_of(url):
    path = urlsplit(url).path or "/"
    return path[:path.rindex("/") + 1]
