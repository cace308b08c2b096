"""What clients send: header fields, and the requests of whoever signs in."""

import base64

from harness.people import ALICE

CLOSE = ("Connection", "close")
FORM = ("Content-Type", "application/x-www-form-urlencoded")
SAME_ORIGIN = ("Sec-Fetch-Site", "same-origin")


def fetch_metadata(site, mode, destination):
    """What a browser says of where a request comes from and what it is for."""
    return [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode), ("Sec-Fetch-Dest", destination)]


NAVIGATION = fetch_metadata("same-origin", "navigate", "document")
SCRIPT = fetch_metadata("same-origin", "cors", "empty")
IMAGE = fetch_metadata("same-origin", "no-cors", "image")
CROSS_SITE_LINK = fetch_metadata("cross-site", "navigate", "document")
CROSS_SITE_FRAME = fetch_metadata("cross-site", "navigate", "iframe")
CROSS_SITE_IMAGE = fetch_metadata("cross-site", "no-cors", "image")
FORGET = [*SCRIPT, ("AuthEpoch", "forget")]


def basic(person):
    return ("Authorization", b"Basic " + encoded(f"{person.user}:{person.password}"))


def encoded(credentials):
    """As in the parameter of Basic: usually a name, a colon and a password."""
    return base64.b64encode(credentials if isinstance(credentials, bytes) else credentials.encode())


def cookie_of(*responses):
    """What a browser that got these answers sends: of each name, the latest."""
    kept = {each.set_cookie.name: each.set_cookie.value for each in responses}
    return ("Cookie", "; ".join(f"{name}={value}" for name, value in kept.items()))


def sign_in(httpd, person=ALICE, path="/app/", headers=(), **options):
    """The answer to the person's answer to the prompt."""
    challenged = httpd.request("GET", path, headers, **options)
    return httpd.request("GET", path, [*headers, basic(person), cookie_of(challenged)], **options)


def new_session(httpd, person=ALICE):
    """The cookie of a session that was just opened."""
    return cookie_of(sign_in(httpd, person))


def log_out(httpd, cookie, path="/logout", headers=()):
    return httpd.request("POST", path, [*headers, cookie, SAME_ORIGIN])


class SignedIn:
    """A client that has answered one prompt and from then on never answers another."""

    def __init__(self, httpd, person, path="/app/"):
        self._httpd = httpd
        self._path = path
        self.login = sign_in(httpd, person, path, [CLOSE])
        assert (self.login.status, self.login.event) == (200, "login"), (
            f"{person.user} could not sign in")
        self.headers = [CLOSE, basic(person), cookie_of(self.login)]

    def get(self, path=None):
        return self._httpd.request("GET", path or self._path, self.headers)

    @property
    def is_live(self):
        """Whether the session goes on: there is no third possibility."""
        answer = self.get()
        if answer.status == 200:
            assert answer.event == "admit"
            return True
        assert (answer.status, answer.event) == (401, "refuse")
        return False


def signed_in_browser(httpd, person=ALICE, path="/", engine="chromium", https=False):
    browser = httpd.browser(engine, https)
    assert browser.visit(path, typing=person).user == person.user
    return browser


def is_signed_in(browser):
    page = browser.visit("/app/")
    return page.status == 200 and page.prompts == 0


def cookie_in(browser):
    return ("Cookie", "=".join(browser.cookie))
