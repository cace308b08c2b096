"""https and HTTP/2: the same story, the cookie's attributes, and streams that run in parallel."""

import re
from typing import NamedTuple

import pytest

from harness.browser import ENGINES
from harness.people import ALICE
from harness.requests import basic, cookie_of, sign_in
from harness.site import start_file_site
from harness.tools import JAR, LOGIN

pytestmark = pytest.mark.http2
VERSIONS = ["--http1.1", "--http2"]


def start(httpd, more=""):
    start_file_site(httpd, ALICE, more=f"Protocols h2 http/1.1\n{more}", modules=["http2"],
                    https=True)


class Streams(NamedTuple):
    statuses: list
    cookies: list  # values of Set-Cookie


def talk(tools, *arguments):
    """nghttp sends all its requests at once, over one connection."""
    output = tools.nghttp("-v", "--no-dep", *arguments, check=True).stdout
    return Streams(re.findall(r"^.*recv \(stream_id=\d+\) :status: (\d+)$", output, re.M),
                   re.findall(r"^.*recv \(stream_id=\d+\) set-cookie: [^=]+=([^;]+)", output, re.M))


@pytest.mark.parametrize("version", VERSIONS)
def test_log_in_log_out_and_typed_again_over_https(httpd, tools, version):
    start(httpd)
    page = httpd.tls_origin + "/app/"

    def visit(*arguments):
        done = tools.curl(version, *JAR, *arguments, "-o", "/dev/null", "-w",
                          "%{http_version} %{http_code}", page, check=True)
        spoken, status = done.stdout.split()
        assert spoken == {"--http1.1": "1.1", "--http2": "2"}[version]
        return int(status)

    assert visit() == 401
    assert visit(*LOGIN) == 200
    assert visit(*LOGIN) == 200
    assert tools.curl_status(version, *JAR, *LOGIN, "-X", "POST", "-H",
                             f"Origin: {httpd.tls_origin}", httpd.tls_origin + "/logout") == 401
    assert visit(*LOGIN) == 401
    assert visit(*LOGIN) == 200
    assert httpd.error_log.sessions_opened() == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_a_browser_is_asked_once_for_each_login_over_https(httpd, engine):
    start(httpd)
    browser = httpd.browser(engine, https=True)
    assert browser.visit("/app/", typing=ALICE).prompts == 1
    assert browser.visit("/reports/").prompts == 0
    browser.submit("/logout")
    browser.run_forget_script("/logout")
    assert browser.visit("/app/", typing=ALICE).prompts == 1
    assert browser.visit("/reports/").event == "admit"


def test_every_cookie_over_https_is_bound_to_the_host_and_to_https(httpd):
    start(httpd)
    challenged = httpd.request("GET", "/app/", https=True)
    signed_in = httpd.request("GET", "/app/", [basic(ALICE), cookie_of(challenged)], https=True)
    out = httpd.request("POST", "/logout", [("Origin", httpd.tls_origin), cookie_of(signed_in)],
                        https=True)
    for answer in (challenged, signed_in, out):
        cookie = answer.set_cookie
        assert re.fullmatch(r"__Host-epoch-[0-9a-f]{8}", cookie.name)
        assert cookie.attributes == {"path": "/", "httponly": "", "secure": "", "samesite": "Lax"}


def test_http_and_https_keep_separate_zones(httpd):
    start(httpd)
    plain, secure = sign_in(httpd), sign_in(httpd, https=True)
    zones = [answer.set_cookie.name[-8:] for answer in (plain, secure)]
    assert zones[0] != zones[1] and not plain.set_cookie.name.startswith("__Host-")

    def visit(kept, name_of, https):
        carried = ("Cookie", f"{name_of.set_cookie.name}={kept.set_cookie.value}")
        return httpd.request("GET", "/app/", [basic(ALICE), carried], https=https).status

    assert visit(plain, secure, True) == visit(secure, plain, False) == 401
    httpd.request("POST", "/logout", [("Origin", httpd.origin), cookie_of(plain)])
    assert visit(plain, plain, False) == 401
    assert visit(secure, secure, True) == 200


def test_parallel_streams_with_one_typed_answer_open_one_session(httpd, tools):
    start(httpd, more="H2MinWorkers 8\nH2MaxWorkers 16\n")
    for i in range(12):
        httpd.write(f"app/{i}.html", "x")
    cookie = cookie_of(httpd.request("GET", "/app/", https=True))[1]
    streams = talk(tools, "-H", "authorization: " + basic(ALICE)[1].decode(), "-H",
                   f"cookie: {cookie}", *[f"{httpd.tls_origin}/app/{i}.html" for i in range(12)])
    assert streams.statuses == ["200"] * 12
    assert len(streams.cookies) == 12 and len(set(streams.cookies)) == 1
    assert httpd.error_log.sessions_opened() == 1


def test_parallel_streams_with_the_password_from_before_the_logout_are_all_refused(httpd, tools):
    start(httpd)
    session = cookie_of(sign_in(httpd, https=True))
    httpd.request("POST", "/logout", [("Origin", httpd.tls_origin), session], https=True)
    streams = talk(tools, "-H", "authorization: " + basic(ALICE)[1].decode(), "-H",
                   "cookie: " + session[1],
                   *[f"{httpd.tls_origin}/app/?{i}" for i in range(8)])
    assert streams.statuses == ["401"] * 8


def test_large_bodies_to_a_refused_url_are_answered_and_the_connection_goes_on(httpd, tools):
    start(httpd)
    (tools.home / "large").write_bytes(b"z" * 4_000_000)
    # curl would not do: it takes mod_http2's RST_STREAM (NO_ERROR) after the answer for a failure,
    # without our module too.
    streams = talk(tools, "-H", "authorization: " + basic(ALICE)[1].decode(), "-d", "large",
                   *[httpd.tls_origin + path for path in ("/app/", "/reports/", "/public/")])
    assert sorted(streams.statuses) == ["200", "401", "401"]


def test_large_body_to_a_refused_url_over_http11_leaves_the_connection_usable(httpd):
    start(httpd)
    with httpd.connection(https=True) as connection:
        assert connection.request("POST", "/app/", [basic(ALICE)], b"z" * 4_000_000).status == 401
        assert connection.request("GET", "/public/").status == 200
