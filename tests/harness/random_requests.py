"""Requests as nobody would write them down: cookies of every kind, of others, of before, changed or
made up; credentials right, wrong and mangled; whatever browsers, scripts and other sites say."""

import base64
import dataclasses
import string

from harness.people import ALICE, BOB
from harness.requests import encoded

BROWSERS = 3
ALPHABET = string.ascii_letters + string.digits + "-_"  # of base64url
SITES = ["same-origin", "cross-site", "none", "same-site", "Cross-Site"]
MODES = ["navigate", "cors", "no-cors", "websocket", "Navigate"]
DESTINATIONS = ["document", "iframe", "empty", "image", "Empty"]
# What httpd lets through in a header field, and a cookie's own marks somewhat oftener.
LETTERS = [chr(code) for code in [*range(0x20, 0x7f), *range(0x80, 0x100)]] + list("=;,\"") * 10


@dataclasses.dataclass
class Request:
    method: str
    area: int  # of AREAS
    logs_out: bool
    scope: str
    on_loopback: bool  # by address: another origin
    cookies: list  # of (prefix, value, suffix); a value is text, or a Given
    headers: dict
    browser: int  # whose jar the answer's cookie goes into

    def cookie_header(self, name, side):
        """As httpd (side 0) or the oracle (side 1) gets it; None where there is none."""
        pairs = [f"{prefix.format(name)}{value if isinstance(value, str) else value.text(side)}"
                 f"{suffix}" for prefix, value, suffix in self.cookies]
        return "; ".join(pairs) or None


@dataclasses.dataclass(frozen=True)
class Given:
    """A cookie that both sides have set, each its own, and how it is changed on the way."""
    values: tuple
    change: tuple = ()  # (position, by how much): to another letter on either side

    def text(self, side):
        text = self.values[side]
        if not self.change:
            return text
        position, by = self.change
        position = min(position, len(text) - 1)
        letter = ALPHABET[(ALPHABET.index(text[position]) + by) % len(ALPHABET)]
        return text[:position] + letter + text[position + 1:]


class RandomRequests:
    def __init__(self, source, areas):
        self._source = source
        self._areas = areas
        self.jars = [[None] * areas for _ in range(BROWSERS)]
        self.given = []

    def draw(self):
        source = self._source
        browser = source.randrange(BROWSERS)
        area = source.randrange(self._areas)
        logs_out = source.random() < 0.12
        headers = {}
        self._add_metadata(headers, likely_same_origin=logs_out)
        authorization = self._authorization()
        if authorization is not None:
            headers["Authorization"] = authorization
        method = source.choices(["GET", "HEAD", "POST", "PUT"],
                                [1, 0.1, 3, 0.1] if logs_out else [8, 1, 2, 0])[0]
        return Request(method, area, logs_out, source.choice(["", "", "this", "all", "others", "x"]),
                       source.random() < 0.1, self._cookies(browser, area), headers, browser)

    def keep(self, request, values):
        """The answer's cookie: (httpd's, the oracle's)."""
        self.jars[request.browser][request.area] = values
        self.given.append(values)

    # ---- internals

    def _cookies(self, browser, area):
        cookies = [self._cookie(browser, area)]
        if self._source.random() < 0.1:
            cookies.append(self._cookie(browser, area))
        if self._source.random() < 0.05:
            cookies.append(self._cookie(browser, area))
        return [cookie for cookie in cookies if cookie is not None]

    def _cookie(self, browser, area):
        source = self._source
        kind = source.choices(["own", "none", "older", "anothers", "changed", "made up"],
                              [12, 1, 3, 1, 1, 1])[0]
        prefix, suffix = source.choices([("{}=", ""), (' {} = "', '" '), ("a=b; {}=", "; c=d"),
                                         ("{}x=", ""), ("x", "")], [30, 1, 2, 1, 0.2])[0]
        own = self.jars[browser][area]
        if kind == "none" or (kind in ("own", "changed") and own is None):
            return None
        if kind == "own":
            return prefix, Given(own), suffix
        if kind == "changed":
            # The second letter belongs half to the type, half to what differs from side to side.
            change = (source.randrange(2, 60), source.randrange(1, len(ALPHABET)))
            return prefix, Given(own, change), suffix
        if kind == "made up":
            return prefix, self._noise(80), suffix
        if kind == "anothers":
            others = self.jars[source.randrange(BROWSERS)][source.randrange(self._areas)]
            return (prefix, Given(others), suffix) if others else None
        return (prefix, Given(source.choice(self.given)), suffix) if self.given else None

    def _authorization(self):
        source = self._source
        person = source.choice([ALICE, ALICE, BOB])
        kind = source.choices(["right", "none", "wrong", "stranger", "odd", "mangled", "noise"],
                              [14, 6, 1, 0.5, 0.7, 0.7, 0.5])[0]
        text = f"{person.user}:{person.password}"
        if kind == "none":
            return None
        if kind == "wrong":
            text += "x"
        elif kind == "stranger":
            text = f"{self._noise(10)}:{self._noise(10)}"
        elif kind == "odd":
            text = source.choice(["", ":", "alice", ":wonderland", "alice:", "alice:wonder\0land"])
        basic = source.choice(["Basic ", "Basic ", "basic   ", "BASIC \t"])
        value = basic + encoded(text.encode("latin-1")).decode()
        if kind == "mangled":
            position = source.randrange(len(value))
            value = value[:position] + source.choice("=*A ") + value[position:]
        if kind == "noise":
            value = source.choice(["", "Basic ", "Bearer "]) + self._noise(30)
        return value.strip() or None

    def _add_metadata(self, headers, likely_same_origin):
        source = self._source
        if source.random() < 0.7:
            site = ("same-origin" if likely_same_origin and source.random() < 0.7
                    else source.choice(SITES))
            headers |= {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": source.choice(MODES),
                        "Sec-Fetch-Dest": source.choice(DESTINATIONS)}
        for name, value, likely in (("X-Requested-With", "XMLHttpRequest", 0.05),
                                    ("Sec-Purpose", "prefetch;prerender", 0.04),
                                    ("Purpose", "prefetch", 0.02), ("AuthEpoch", "forget", 0.04),
                                    ("AuthEpoch", "else", 0.01), ("Origin", "OURS", 0.1),
                                    ("Origin", "http://other.test", 0.05), ("Origin", "null", 0.03),
                                    ("Referer", "OURS/page", 0.1),
                                    ("Referer", "http://other.test/", 0.05)):
            if source.random() < likely:
                headers[name] = value

    def _noise(self, longest):
        letters = self._source.choices(LETTERS, k=self._source.randrange(1, longest))
        return "".join(letters).strip() or "x"


def kind_of(cookie):
    """Whether a value is a session's, or a challenge's with these flags."""
    content = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
    return content[:1] if content[:1] == b"s" else content[:2]
