"""What applications behind httpd see of a request, and what becomes of what they answer."""

import contextlib
import http.server
import threading

import pytest

from harness.people import ALICE, BOB
from harness.requests import basic, cookie_of, sign_in
from harness.site import file_site, start_file_site

PRIVATE = "private, no-store"


# ---- applications

ENVIRONMENT = """#!/bin/sh
echo Content-Type: text/plain
echo
env
"""


def start_with_script(httpd, zone="", more=""):
    """A CGI script at /cgi/env that shows its environment."""
    script = httpd.write(httpd.scratch / "cgi" / "env", ENVIRONMENT, 0o755)
    more += (f'ScriptAlias /cgi/ "{script.parent}/"\n<Directory "{script.parent}">\n'
             'Require all granted\nCGIPassAuth On\n</Directory>\n')
    start_file_site(httpd, ALICE, BOB, zone=zone, more=more, modules=[httpd.cgi, "rewrite"])


def environment(response):
    return dict(line.split("=", 1) for line in response.text.splitlines() if "=" in line)


class Application(http.server.ThreadingHTTPServer):
    """Answers as its paths say, and remembers with which header fields it was asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen = []
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def last(self):
        return self.seen[-1]


class Handler(http.server.BaseHTTPRequestHandler):
    ANSWERS = {
        "/plain": (200, [("Content-Type", "text/plain")]),
        "/html": (200, [("Content-Type", "text/html")]),
        "/public": (200, [("Content-Type", "text/html"),
                          ("Cache-Control", "public, max-age=3600"),
                          ("Expires", "Thu, 01 Jan 2099 00:00:00 GMT")]),
        "/moved": (301, [("Location", "/app/html"), ("Cache-Control", "max-age=3600")]),
        "/same": (304, [("ETag", '"1"'), ("Cache-Control", "max-age=3600")]),
        "/broken": (500, [("Content-Type", "text/plain")]),
        "/gone": (410, [("Content-Type", "text/plain"), ("Cache-Control", "max-age=60")]),
        "/own": (200, [("Content-Type", "text/plain"), ("Set-Cookie", "theirs=1")]),
    }

    def do_GET(self):
        self.server.seen.append(self.headers)
        path = self.path.removeprefix("/app")
        status, headers = self.ANSWERS[path]
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        body = b"" if status == 304 else f"For {self.headers['X-Forwarded-User']}.".encode()
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def application():
    server = Application()
    server.thread.start()
    with contextlib.closing(server.socket):
        yield server
        server.shutdown()
        server.thread.join()


def proxied(application, zone="", more=""):
    """Everything under /app comes from the application."""
    return f"""
<Location "/app">
    ProxyPass "http://127.0.0.1:{application.server_port}/app"
    RequestHeader set X-Forwarded-User expr=%{{REMOTE_USER}}
    {zone}
</Location>
{more}
"""


def start_proxy(httpd, application, zone="", more="", modules=()):
    start_file_site(httpd, ALICE, BOB, more=proxied(application, zone, more),
                    modules=["proxy", "proxy_http", *modules])


# ---- AuthEpochStrip

STRIPPED = [("", False, True), ("AuthEpochStrip cookie", False, True),
            ("AuthEpochStrip authorization", True, False),
            ("AuthEpochStrip cookie authorization", False, False),
            ("AuthEpochStrip None", True, True)]


@pytest.mark.parametrize("directive, cookie_seen, authorization_seen", STRIPPED)
def test_a_script_sees_what_it_should(httpd, directive, cookie_seen, authorization_seen):
    start_with_script(httpd, zone=directive)
    if cookie_seen or authorization_seen:
        httpd.secrets.expect_in_answers("the script shows its environment")
    login = sign_in(httpd, path="/cgi/env")
    ours = cookie_of(login)[1]
    both = ("Cookie", f"{ours}; theirs=1; last=2")
    variables = environment(httpd.request("GET", "/cgi/env", [basic(ALICE), both]))
    assert variables["HTTP_COOKIE"] == ("" if not cookie_seen else f"{ours}; ") + "theirs=1; last=2"
    assert ("HTTP_AUTHORIZATION" in variables) is authorization_seen
    assert variables["REMOTE_USER"] == "alice"
    alone = environment(httpd.request("GET", "/cgi/env", [basic(ALICE), cookie_of(login)]))
    assert ("HTTP_COOKIE" in alone) is cookie_seen


@pytest.mark.parametrize("directive, cookie_seen, authorization_seen", STRIPPED)
def test_a_proxied_application_sees_what_it_should(httpd, application, directive, cookie_seen,
                                                   authorization_seen):
    start_proxy(httpd, application, zone=directive)
    login = sign_in(httpd, path="/app/plain")
    ours = cookie_of(login)[1]
    both = ("Cookie", f"{ours}; theirs=1; last=2")
    httpd.request("GET", "/app/plain", [basic(ALICE), both])
    assert application.last["Cookie"] == (f"{ours}; " if cookie_seen else "") + "theirs=1; last=2"
    assert ("Authorization" in application.last) is authorization_seen
    httpd.request("GET", "/app/plain", [basic(ALICE), cookie_of(login)])
    assert ("Cookie" in application.last) is cookie_seen


def test_stripping_does_not_break_rewriting_to_a_script(httpd):
    httpd.write("app/.htaccess", "RewriteEngine On\nRewriteRule ^pretty$ /cgi/env [PT,L]\n")
    # The script's area has a configuration of its own, so httpd authenticates again on the way.
    start_with_script(httpd, zone="AuthEpochStrip cookie authorization",
                      more='<Location "/cgi">\nRequire user alice\n</Location>\n')
    login = sign_in(httpd, path="/app/pretty")
    assert login.status == 200 and login.set_cookie and httpd.error_log.sessions_opened() == 1
    both = ("Cookie", f"{cookie_of(login)[1]}; theirs=1")
    variables = environment(httpd.request("GET", "/app/pretty", [basic(ALICE), both]))
    assert (variables["REMOTE_USER"], variables["AUTH_EPOCH_EVENT"]) == ("alice", "admit")
    assert variables["HTTP_COOKIE"] == "theirs=1" and "HTTP_AUTHORIZATION" not in variables


def test_stripping_does_not_hide_what_an_index_lists(httpd):
    httpd.write("app/list/page.html", "a page")
    httpd.write("app/list/.htaccess", "Options +Indexes\nDirectoryIndex disabled\n")
    start_file_site(httpd, ALICE, zone="AuthEpochStrip cookie authorization", modules=["autoindex"])
    login = sign_in(httpd, path="/app/list/")
    assert "page.html" in httpd.request("GET", "/app/list/", [basic(ALICE), cookie_of(login)]).text


def test_a_script_is_told_of_its_session(httpd):
    start_with_script(httpd)
    httpd.secrets.expect_in_answers("the script shows its environment")
    login = sign_in(httpd, path="/cgi/env")
    first = environment(login)
    again = environment(httpd.request("GET", "/cgi/env", [basic(ALICE), cookie_of(login)]))
    assert (first["AUTH_EPOCH_EVENT"], again["AUTH_EPOCH_EVENT"]) == ("login", "admit")
    for name in ("AUTH_EPOCH_SESSION", "AUTH_EPOCH_AUTH_TIME", "AUTH_EPOCH_EXPIRES"):
        assert first[name] == again[name]
    assert login.set_cookie.value not in again.values(), "the id's hash, never the id"
    assert int(again["AUTH_EPOCH_EXPIRES"]) - int(again["AUTH_EPOCH_AUTH_TIME"]) == 12 * 3600


# ---- Cache-Control

@pytest.mark.parametrize("directive, plain, html", [("", None, PRIVATE),
                                                    ("AuthEpochNoStore html", None, PRIVATE),
                                                    ("AuthEpochNoStore On", PRIVATE, PRIVATE),
                                                    ("AuthEpochNoStore Off", None, None)])
def test_answers_without_cache_control_get_one_as_configured(httpd, application, directive, plain,
                                                             html):
    start_proxy(httpd, application, zone=directive)
    login = cookie_of(sign_in(httpd, path="/app/plain"))
    for path, expected in (("/plain", plain), ("/html", html),
                           ("/public", "public, max-age=3600")):
        answer = httpd.request("GET", "/app" + path, [basic(ALICE), login])
        assert answer.header("Cache-Control") == expected


@pytest.mark.parametrize("path, status", [("/plain", 200), ("/public", 200), ("/moved", 301),
                                          ("/same", 304), ("/broken", 500), ("/gone", 410)])
def test_our_cookie_survives_whatever_the_application_answers_and_is_never_cached(
        httpd, application, path, status):
    start_proxy(httpd, application)
    answer = sign_in(httpd, path="/app" + path)
    assert answer.status == status and answer.set_cookie
    assert answer.header("Cache-Control") == PRIVATE and answer.header("Expires") is None
    again = httpd.request("GET", "/app/plain", [basic(ALICE), cookie_of(answer)])
    assert (again.status, again.set_cookie) == (200, None)


def test_the_application_s_own_cookies_pass(httpd, application):
    start_proxy(httpd, application)
    answer = sign_in(httpd, path="/app/own")
    assert len(answer.set_cookies) == 2
    assert "theirs" in {each.name for each in answer.set_cookies}


def test_mod_headers_and_mod_expires_do_not_make_our_cookie_cacheable(httpd, application):
    start_proxy(httpd, application, modules=["expires"], more="""
Header set Cache-Control "public, max-age=60"
Header always set Cache-Control "public, max-age=61"
ExpiresActive On
ExpiresDefault "access plus 1 hour"
""")
    refusal = httpd.request("GET", "/app/plain", [basic(ALICE)])
    login = sign_in(httpd, path="/app/plain")
    for answer in (refusal, login):
        assert answer.set_cookie and answer.all("Cache-Control") == [PRIVATE]
        assert answer.all("Expires") == []


def test_an_answer_that_was_made_without_authorization_is_private(httpd, application):
    start_proxy(httpd, application, zone="AuthEpochStrip authorization\nAuthEpochNoStore Off")
    login = cookie_of(sign_in(httpd, path="/app/plain"))
    for path in ("/plain", "/public"):
        answer = httpd.request("GET", "/app" + path, [basic(ALICE), login])
        assert answer.header("Cache-Control") == PRIVATE and answer.set_cookie is None


# ---- mod_cache in front

@pytest.mark.parametrize("quick", ["On", "Off"])
@pytest.mark.parametrize("strip", ["cookie", "cookie authorization"])
def test_no_page_and_no_cookie_of_one_user_reaches_another_out_of_a_cache(httpd, application, quick,
                                                                          strip):
    cache = httpd.scratch / "cache"
    cache.mkdir()
    start_proxy(httpd, application, zone=f"AuthEpochStrip {strip}", more=f"""
CacheQuickHandler {quick}
CacheRoot "{cache}"
CacheEnable disk /
CacheDefaultExpire 3600
CacheIgnoreNoLastMod On
CacheHeader On
<Location "/public">
    Header set Cache-Control max-age=3600
</Location>
""", modules=["cache", "cache_disk"])
    httpd.request("GET", "/public/index.html")
    assert httpd.request("GET", "/public/index.html").header("X-Cache").startswith("HIT")
    jars = {}
    paths = ["/app/html", "/app/plain", "/app/own", "/app/moved"]
    if "authorization" in strip:
        paths.append("/app/public")
    for path in paths:
        for person in (ALICE, BOB, ALICE):
            login = sign_in(httpd, person, path)
            assert "HIT" not in (login.header("X-Cache") or "")
            ours = [each for each in login.set_cookies if each.name.startswith("epoch-")]
            assert len(ours) == 1 and ours[0].value not in jars
            jars[ours[0].value] = person
            page = httpd.request("GET", path,
                                 [basic(person), ("Cookie", f"{ours[0].name}={ours[0].value}")])
            assert person.user in page.text
            assert ours[0].name not in {each.name for each in page.set_cookies}
        stranger = httpd.request("GET", path)
        assert stranger.status == 401 and "alice" not in stranger.text


# ---- behind what terminates TLS

PUBLIC = "https://www.example.test"
REMOTE = """
RemoteIPHeader X-Forwarded-For
RemoteIPInternalProxy 127.0.0.1
"""
TERMINATED = {
    "ServerName": ("https://www.example.test", ""),
    "AuthEpochOrigin": ("inner.test", f"AuthEpochOrigin {PUBLIC} https://other.example.test"),
}


@pytest.mark.parametrize("how", TERMINATED)
def test_behind_a_tls_terminating_proxy_the_cookie_and_the_logout_are_those_of_https(httpd, how):
    name, directive = TERMINATED[how]
    users = httpd.write_password_file("users", ALICE)
    httpd.start(f"{REMOTE}<VirtualHost 127.0.0.1:{httpd.port}>\nServerName {name}\n{directive}\n"
                f"{file_site(users)}</VirtualHost>\n", modules=["remoteip"])
    proxy = [("Host", "www.example.test"), ("X-Forwarded-For", "203.0.113.9")]
    login = sign_in(httpd, headers=proxy)
    assert (login.status, login.user) == (200, "alice")
    cookie = login.set_cookie
    assert cookie.name.startswith("__Host-epoch-") and "secure" in cookie and "httponly" in cookie
    assert cookie["path"] == "/" and "domain" not in cookie

    for stranger in ("http://www.example.test", "https://evil.test", "null",
                     "https://www.example.test:8443"):
        assert httpd.request("POST", "/logout",
                             [*proxy, cookie_of(login), ("Origin", stranger)]).status == 403
    session = [*proxy, basic(ALICE), cookie_of(login)]
    assert httpd.request("GET", "/app/", session).event == "admit"
    out = httpd.request("POST", "/logout", [*proxy, cookie_of(login), ("Origin", PUBLIC)])
    assert out.status == 401 and out.set_cookie.name == cookie.name
    assert out.header("Clear-Site-Data") == '"cache"'
    assert httpd.request("GET", "/app/", session).status == 401


def test_of_several_public_origins_the_one_in_the_host_field_is_meant(httpd):
    users = httpd.write_password_file("users", ALICE)
    httpd.start(f"AuthEpochOrigin {PUBLIC} https://other.example.test\n" + file_site(users))
    armed = cookie_of(httpd.request("GET", "/app/", [("Host", "other.example.test")]))
    for name, status in (("www.example.test", 401), ("other.example.test", 200)):
        answer = httpd.request("GET", "/app/", [("Host", name), basic(ALICE), armed])
        assert answer.status == status
