"""Cookies: hostile ones, what ours look like, and that no secret shows anywhere."""

import base64
import hashlib
import random
import re

import pytest

from harness.error_log import WRONG_PASSWORD
from harness.people import ALICE, BOB
from harness.requests import basic
from harness.site import file_site, start_file_site

CHALLENGE = 'Basic realm="Staff"'
SESSION_BYTES = 33


class Site:
    """One httpd, and cookies of both kinds."""

    def __init__(self, httpd, **options):
        self.httpd = httpd
        start_file_site(httpd, ALICE, BOB, **options)

    def get(self, cookie=None, person=None, path="/app/"):
        headers = [("Cookie", cookie)] if cookie is not None else []
        return self.httpd.request("GET", path, headers + ([basic(person)] if person else []))

    def armed(self, path="/app/"):
        """(name, value) of a challenge that trusts the next password."""
        return pair_of(self.get(path=path))

    def live(self, person=ALICE, path="/app/"):
        return pair_of(self.get("=".join(self.armed(path)), person, path))


@pytest.fixture
def site(httpd):
    return Site(httpd)


def pair_of(answer):
    return answer.set_cookie.name, answer.set_cookie.value


def is_refused_and_armed(answer):
    return (answer.status, answer.header("WWW-Authenticate")) == (401, CHALLENGE) and bool(
        answer.set_cookie)


def assert_opens_nothing(site, cookie):
    """The right password is refused, and asked for again; without one it is asked for."""
    refused = site.get(cookie, ALICE)
    assert is_refused_and_armed(refused), cookie
    asked = site.get(cookie)
    assert (asked.status, asked.header("WWW-Authenticate")) == (401, CHALLENGE), cookie


def decoded(value):
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def encoded(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def assert_only_info_was_logged(httpd):
    assert not httpd.error_log.lines(r"\[[a-z_]+:(notice|warn|error|crit|alert|emerg)\] (?!.*AH00)")


# ---- hostile ones


def test_long_and_many_cookies_are_read_through(site):
    name, value = site.live()
    many = "; ".join(f"c{i}={i}" for i in range(500))
    for noise in ("a=" + "x" * 7900, many, ";" * 4000, "=" * 4000, "; ;=;;==; " * 400):
        assert_opens_nothing(site, noise)
        for cookie in (f"{noise}; {name}={value}", f"{name}={value}; {noise}"):
            assert site.get(cookie, ALICE).user == "alice"
    assert_only_info_was_logged(site.httpd)


def test_longest_header_that_httpd_takes_is_taken(site):
    name, value = site.live()
    cookie = f"{name}={value}; b="
    cookie += "y" * (8190 - len("Cookie: ") - len(cookie))
    assert site.get(cookie, ALICE).user == "alice"
    assert_opens_nothing(site, f"{name}=" + "A" * (8190 - len("Cookie: ") - len(name) - 1))


def test_of_two_cookies_of_our_name_the_good_one_counts(site):
    name, value = site.live()
    _, challenge = site.armed()
    for bad in ("", "x", "A" * 44, challenge[:-1], encoded(b"s" + bytes(32))):
        for cookie in (f"{name}={value}; {name}={bad}", f"{name}={bad}; {name}={value}"):
            assert site.get(cookie, ALICE).user == "alice"


def test_two_good_cookies_of_our_name_are_none(site):
    name, first = site.live()
    _, second = site.live(BOB)
    _, challenge = site.armed()
    for pair in ((first, second), (first, challenge), (challenge, challenge), (first, first)):
        assert_opens_nothing(site, "; ".join(f"{name}={value}" for value in pair))
    assert_opens_nothing(site, f"{name}=x; {name}=y; {name}={first}")
    assert site.get(f"{name}={first}", ALICE).user == "alice"


@pytest.mark.parametrize("kind", ["live", "armed"])
def test_truncated_cookie_of_any_length_opens_nothing(site, kind):
    name, value = getattr(site, kind)()
    for length in range(len(value)):
        assert_opens_nothing(site, f"{name}={value[:length]}")
    for extra in ("A", "AAAA", "=", "==", "%3D"):
        assert_opens_nothing(site, f"{name}={value}{extra}")
    assert_only_info_was_logged(site.httpd)


@pytest.mark.parametrize("kind", ["live", "armed"])
def test_cookie_with_one_bit_flipped_opens_nothing(site, kind):
    name, value = getattr(site, kind)()
    content = decoded(value)
    for index in range(len(content)):
        flipped = bytearray(content)
        flipped[index] ^= 1 << (index % 8)
        assert_opens_nothing(site, f"{name}={encoded(flipped)}")
    assert_only_info_was_logged(site.httpd)


def test_cookie_of_another_zone_opens_nothing(httpd):
    start_file_site(httpd, ALICE, more='<Location "/admin">\nAuthName "Admin"\n</Location>')

    def get(path, cookie, person=None):
        credentials = [basic(person)] if person else []
        return httpd.request("GET", path, [("Cookie", cookie), *credentials])

    def login(path):
        challenge = pair_of(httpd.request("GET", path))
        return challenge, pair_of(get(path, "=".join(challenge), ALICE))

    staff, admin = login("/app/"), login("/admin/")
    for (name, _), (_, value) in zip(staff, admin):
        refused = get("/app/", f"{name}={value}", ALICE)
        assert refused.status == 401 and refused.challenge == ("Basic", "Staff")
        assert refused.set_cookie.name == staff[0][0] != admin[0][0]
    # Under its own name it is no cookie of this zone at all.
    assert get("/app/", "=".join(admin[1]), ALICE).status == 401
    assert get("/admin/", "=".join(admin[1]), ALICE).user == "alice"


@pytest.mark.parametrize("keys", ["shared keys", "own keys"])
def test_cookie_of_another_store_opens_nothing_and_one_prompt_heals_it(httpd, keys):
    users = httpd.write_password_file("users", ALICE)
    key_file = "AuthEpochKeyFile keys\n" if keys == "shared keys" else ""
    first = file_site(users, more=key_file + "AuthEpochStore lmdb:first")
    httpd.start(first)
    browser = httpd.browser()
    browser.visit("/app/", typing=ALICE)
    armed = pair_of(httpd.request("GET", "/app/"))
    httpd.restart(first.replace("lmdb:first", "lmdb:second"))
    refused = httpd.request("GET", "/app/", [("Cookie", "=".join(armed)), basic(ALICE)])
    assert is_refused_and_armed(refused)
    page = browser.visit("/app/")
    assert page.asks_for_password and page.prompts == 1
    assert browser.typed(ALICE).user == "alice"
    assert_only_info_was_logged(httpd)


def test_noise_in_base64_opens_nothing(site):
    name, _ = site.armed()
    noise = random.Random(2)
    for length in [*range(0, 100, 7), 33, 44, 149, 150, 151, 1000]:
        content = noise.randbytes(length)
        for value in (encoded(content), encoded(b"s" + content), encoded(b"c" + content),
                      base64.b64encode(content).decode()):
            assert_opens_nothing(site, f"{name}={value}")
    assert_only_info_was_logged(site.httpd)


def test_eight_bit_and_odd_bytes_open_nothing(site):
    name, value = site.live()
    name, value = name.encode(), value.encode()
    for cookie in (name + b"=\xff\xfe\x80" + value, name + b"=" + value[:20] + b"\xc3\x28" + value,
                   name + b"=" + bytes(range(0x80, 0x100)), b"\xe2\x82\xac=" + value,
                   name.upper() + b"=" + value, name + b" " + value, name + b'="' + value,
                   name + b"\t=\t", name + b"=\t" + value[:22] + b"\t" + value[22:]):
        assert_opens_nothing(site, cookie)
    assert site.get(b'\xff=\x80; ' + name + b'="' + value + b'"', ALICE).user == "alice"
    assert_only_info_was_logged(site.httpd)


def test_nul_and_control_bytes_are_refused_by_httpd_itself(site):
    name, value = site.live()
    for byte in (b"\0", b"\1", b"\x7f"):
        cookie = name.encode() + b"=" + value.encode() + byte
        assert site.get(cookie, ALICE).status == 400
    assert_only_info_was_logged(site.httpd)


def test_nul_bytes_open_nothing_where_httpd_lets_them_through(httpd):
    site = Site(httpd, more="HttpProtocolOptions Unsafe")
    name, value = site.live()
    assert site.get(f"{name}={value}", ALICE).status == 200
    for cookie in (f"{name}={value[:20]}\0{value[20:]}", f"{name}=\0{value}", f"\0{name}={value}",
                   f"{name}={value}\1"):
        assert site.get(cookie, ALICE).status in (400, 401), cookie
    assert_only_info_was_logged(httpd)


# ---- ours


def the_cookie(httpd, https=False, host=None, path="/app/"):
    headers = [("Host", host)] if host else []
    return httpd.request("GET", path, headers, https=https).set_cookie


def test_cookie_is_the_browsers_session_cookie_for_this_host_alone(httpd):
    start_file_site(httpd, ALICE, https=True)
    plain, secure = the_cookie(httpd), the_cookie(httpd, https=True)
    assert re.fullmatch(r"epoch-[0-9a-f]{8}", plain.name)
    assert plain.attributes == {"path": "/", "httponly": "", "samesite": "Lax"}
    assert re.fullmatch(r"__Host-epoch-[0-9a-f]{8}", secure.name)
    assert secure.attributes == {"path": "/", "httponly": "", "secure": "", "samesite": "Lax"}
    for https, challenge in ((False, plain), (True, secure)):
        answer = ("Cookie", f"{challenge.name}={challenge.value}")
        session = httpd.request("GET", "/app/", [answer, basic(ALICE)], https=https).set_cookie
        assert (session.name, session.attributes) == (challenge.name, challenge.attributes)
        assert len(session.value) <= 200 and len(challenge.value) <= 200
        assert len(decoded(session.value)) == SESSION_BYTES


def test_sessions_over_http_and_https_have_nothing_to_do_with_each_other(httpd):
    start_file_site(httpd, ALICE, https=True)
    plain, secure = httpd.browser(), httpd.browser(https=True)
    plain.visit("/app/", typing=ALICE)
    secure.visit("/app/", typing=ALICE)
    assert plain.cookie[0] != secure.cookie[0]
    plain.submit("/logout?scope=all")
    assert secure.visit("/app/").user == "alice"


@pytest.mark.parametrize("zone, https, name, attributes", [
    ("AuthEpochCookieName sid", False, "sid", {}),
    ("AuthEpochCookieName __Host-sid", True, "__Host-sid", {"secure": ""}),
    ("AuthEpochCookieSecure On", False, "__Host-epoch-", {"secure": ""}),
    ("AuthEpochCookieSecure Off", True, "epoch-", {}),
    ("AuthEpochCookieSecure auto", True, "__Host-epoch-", {"secure": ""}),
    ("AuthEpochCookieSameSite None", True, "__Host-epoch-", {"secure": "", "samesite": "None"}),
    ("AuthEpochCookieSameSite Lax", False, "epoch-", {}),
    ("AuthEpochCookieDomain .example.org", True, "epoch-",
     {"secure": "", "domain": "example.org"}),
])
def test_directives_say_what_the_cookie_looks_like(httpd, zone, https, name, attributes):
    start_file_site(httpd, ALICE, zone=zone, https=https)
    cookie = the_cookie(httpd, https)
    suffix = "[0-9a-f]{8}" if name.endswith("epoch-") else ""
    assert re.fullmatch(re.escape(name) + suffix, cookie.name)
    assert cookie.attributes == {"path": "/", "httponly": "", "samesite": "Lax", **attributes}


def test_cookie_with_a_path_of_its_own_signs_in_below_it_and_out_again(httpd):
    users = httpd.write_password_file("users", ALICE)
    httpd.start(f"""
<Location "/app">
    AuthType Basic
    AuthName "App"
    AuthUserFile {users}
    AuthEpoch On
    AuthEpochCookiePath /app
    Require valid-user
</Location>
<Location "/app/logout">
    SetHandler auth-epoch-logout
    Require all granted
</Location>""", https=True)
    cookie = the_cookie(httpd, https=True)
    assert cookie["Path"] == "/app" and cookie.name.startswith("epoch-")
    browser = httpd.browser()
    assert browser.visit("/app/", typing=ALICE).user == "alice"
    assert browser.visit("/app/").event == "admit"
    browser.submit("/app/logout")
    assert browser.visit("/app/").status == 401


# ---- what shows nowhere


def test_no_secret_shows_in_logs_or_store(httpd):
    start_file_site(httpd, ALICE, more="LogLevel auth_epoch:trace8")
    httpd.expect_log(WRONG_PASSWORD)
    mistyped = ALICE.with_password("wonderlnd")
    cookies, browser = set(), httpd.browser()
    browser.visit("/app/", typing=mistyped)
    cookies.add(browser.cookie[1])
    browser.typed(ALICE)
    cookies.add(browser.cookie[1])
    browser.visit("/reports/?q=1")
    browser.submit("/logout")
    cookies.add(browser.cookie[1])
    browser.visit("/app/", typing=ALICE)
    live = browser.cookie[1]
    cookies.add(live)
    assert len(cookies) >= 4 and len(decoded(live)) == SESSION_BYTES

    secrets = [person.password.encode() for person in (ALICE, mistyped)]
    secrets += [basic(person)[1].removeprefix(b"Basic ") for person in (ALICE, mistyped)]
    for cookie in cookies:
        content = decoded(cookie)
        secrets += [cookie.encode(), content, content.hex().encode(), content[1:],
                    content[1:].hex().encode()]
    # Nor anything that a stolen store could be searched by.
    secrets += [hashlib.sha256(decoded(live)[1:]).digest(),
                hashlib.sha256(ALICE.password.encode()).digest()]

    httpd.stop()
    files = [httpd.error_log.path, httpd.scratch / "logs" / "access.log",
             *(each for each in httpd.store.rglob("*") if each.is_file())]
    assert (httpd.store / "data.mdb") in files
    for path in files:
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret in content], path
    assert b"alice" in (httpd.store / "data.mdb").read_bytes()
