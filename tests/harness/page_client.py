"""Somebody who is signed in, and what they see and do on a page of ours that shows sessions."""

import re
from urllib.parse import quote

from harness.people import ALICE
from harness.requests import CLOSE, FORM, SAME_ORIGIN, basic, cookie_of, sign_in

JSON = ("Accept", "application/json")
FIREFOX = ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")


class PageClient:
    page = "/sessions"

    def __init__(self, httpd, person=ALICE, agent=FIREFOX, path="/app/"):
        self._httpd = httpd
        self._path = path
        self._headers = [CLOSE, basic(person), agent]
        self.cookie = cookie_of(sign_in(httpd, person, path, [CLOSE, agent]))

    def get(self, path=None, headers=(), method="GET"):
        return self._httpd.request(method, path or self.page,
                                   [*self._headers, self.cookie, *headers])

    def list(self, query=""):
        answer = self.get(self.page + query, [JSON])
        assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
        return answer.json

    @property
    def id(self):
        """The public id of this session."""
        session = self.get(self._path).session
        assert session
        return session

    @property
    def token(self):
        return self.list()["token"]

    def post(self, body, headers=(SAME_ORIGIN,), type_=FORM):
        if isinstance(body, dict):
            body = "&".join(f"{name}={quote(value)}" for name, value in body.items())
        return self._httpd.request("POST", self.page,
                                   [*self._headers, self.cookie, type_, *headers], body)

    def act(self, action, session=None, headers=(SAME_ORIGIN,), **fields):
        named = {"session": session} if session else {}
        return self.post({"action": action, **named, "token": self.token, **fields}, headers)

    @property
    def is_live(self):
        return self.get(self._path).status == 200


def ids_of(answer):
    return [each["session"] for each in answer["sessions"]]


def token_in(page):
    tokens = set(re.findall(r'name="token" value="([\w-]+)"', page.text))
    assert len(tokens) == 1
    return tokens.pop()


def notice_in(page):
    notices = re.findall(r'<p class="notice">([^<]*)</p>', page.text)
    return notices[0] if notices else None
