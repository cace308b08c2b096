"""The story, played without a person: each request, its answer, and whether it is as told."""

import base64
import http.client
import re
import subprocess
import time

ALICE = ("alice", "wonderland")
BOB = ("bob", "riverboat")
BOB_DN = "uid=bob,ou=people,dc=example,dc=org"
MOST_SECONDS = 10  # that the directory's change may take; it takes a moment


class NotAsTold(Exception):
    """An answer was not the one that the story promises."""


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.reason = response.reason
        self.body = response.read().decode("utf-8", "replace")
        self.challenge = (response.getheader("WWW-Authenticate") or "").partition(" ")[0]
        self.cookies = response.headers.get_all("Set-Cookie") or []

    def __str__(self):
        words = f"{self.status} {self.reason}"
        if self.challenge == "Basic":
            words += " (Basic: the browser asks for a password)"
        elif self.challenge:
            words += f" ({self.challenge}: no dialog, a page)"
        return words + (", sets a cookie" if self.cookies else "")


class Browser:
    """As much of a browser as the story needs: cookies, and credentials that it sends by itself."""

    def __init__(self, name, host, port):
        self.name = name
        self.host = host
        self.port = port
        self.cookies = {}
        self.credentials = None

    def open(self, path):
        """A navigation, with whatever credentials the browser has kept."""
        answer = self.navigate(path, self.credentials, "sent by itself")
        if answer.status == 401 and answer.challenge == "Basic":
            self.credentials = None
        return answer

    def answer_prompt(self, path, credentials):
        """The person types a name and a password into the browser's dialog."""
        answer = self.navigate(path, credentials, "typed")
        if answer.status == 200:
            self.credentials = credentials
        return answer

    def replay(self, path, cookies, credentials):
        """Somebody else sends what this browser once sent."""
        self.cookies = dict(cookies)
        return self.navigate(path, credentials, "copied")

    def press(self, path, site="same-origin"):
        """A form's button, on a page of this site or (site="cross-site") of another one."""
        origin = f"http://{self.host}:{self.port}" if site == "same-origin" else "http://evil.test"
        # SameSite=Lax: other sites' forms do not bring the cookie along, but Basic credentials.
        cookies = self.cookies if site == "same-origin" else {}
        return self.send("POST", path, {"Sec-Fetch-Site": site, "Origin": origin}, cookies,
                         self.credentials, "sent by itself")

    def navigate(self, path, credentials, how):
        return self.send("GET", path, {"Sec-Fetch-Site": "none"}, self.cookies, credentials, how)

    def send(self, method, path, fields, cookies, credentials, how):
        headers = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", **fields}
        if credentials:
            plain = ":".join(credentials).encode()
            headers["Authorization"] = "Basic " + base64.b64encode(plain).decode()
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        carried = f"{credentials[0]}:{credentials[1]} ({how})" if credentials else "no password"
        carried += ", cookie" if cookies else ", no cookie"
        print(f"   {self.name:<16} {method} {path}   {carried}")
        connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
        try:
            connection.request(method, path, headers=headers)
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        print(f"   {'':<16} -> {answer}")
        self.keep(answer.cookies)
        return answer

    def keep(self, set_cookies):
        for field in set_cookies:
            name, _, value = field.partition(";")[0].partition("=")
            self.cookies[name] = value


class Story:
    def __init__(self, host, port, ldap_port):
        self.ldap_port = ldap_port
        self.laptop = Browser("alice's laptop", host, port)
        self.phone = Browser("alice's phone", host, port)
        self.bob = Browser("bob's desktop", host, port)
        self.chapter = 0

    def tell(self):
        self.log_in()
        self.other_browsers_log_in()
        self.another_site_tries()
        self.log_out()
        self.type_again()
        self.others_are_untouched()
        self.log_out_everywhere()
        self.change_password()

    def log_in(self):
        self.begin("Alice opens the application, mistypes her password, and then does not.")
        expect(self.laptop.open("/app/"), 401, "Basic")
        expect(self.laptop.answer_prompt("/app/", ("alice", "wonderlamp")), 401, "Basic")
        expect_signed_in(self.laptop.answer_prompt("/app/", ALICE), "alice")
        self.begin("She browses. Another directory of the zone needs no further login.")
        expect_signed_in(self.laptop.open("/app/"), "alice")
        expect_signed_in(self.laptop.open("/reports/"), "alice")

    def other_browsers_log_in(self):
        self.begin("She signs in on her phone too, and Bob on his desktop.")
        for browser, credentials in ((self.phone, ALICE), (self.bob, BOB)):
            expect(browser.open("/app/"), 401, "Basic")
            expect_signed_in(browser.answer_prompt("/app/", credentials), credentials[0])

    def another_site_tries(self):
        self.begin("Another site posts to the logout from her laptop. Nothing happens.")
        expect(self.laptop.press("/logout", site="cross-site"), 403)
        expect_signed_in(self.laptop.open("/app/"), "alice")

    def log_out(self):
        self.begin("She presses `Sign out`. The answer raises no password dialog.")
        old_cookies = dict(self.laptop.cookies)
        old_credentials = self.laptop.credentials
        answer = expect(self.laptop.press("/logout?return=/app/"), 401, "Epoch")
        expect_text(answer, "You are signed out")
        self.begin("Her browser still has the password and sends it by itself: refused.")
        expect(self.laptop.open("/app/"), 401, "Basic")
        self.begin("Somebody has copied the cookie from before, and the password: refused too.")
        thief = Browser("a thief", self.laptop.host, self.laptop.port)
        expect(thief.replay("/app/", old_cookies, old_credentials), 401, "Basic")

    def type_again(self):
        self.begin("She types the same password again: accepted.")
        expect_signed_in(self.laptop.answer_prompt("/app/", ALICE), "alice")
        expect_signed_in(self.laptop.open("/reports/"), "alice")

    def others_are_untouched(self):
        self.begin("Nobody else has noticed.")
        expect_signed_in(self.phone.open("/app/"), "alice")
        expect_signed_in(self.bob.open("/app/"), "bob")

    def log_out_everywhere(self):
        self.begin("She presses `Sign out everywhere`.")
        answer = expect(self.laptop.press("/logout?scope=all&return=/app/"), 401, "Epoch")
        expect_text(answer, "You are signed out")
        expect(self.laptop.open("/app/"), 401, "Basic")
        self.begin("Her phone has to ask her again; Bob is not concerned.")
        expect(self.phone.open("/app/"), 401, "Basic")
        expect_signed_in(self.phone.answer_prompt("/app/", ALICE), "alice")
        expect_signed_in(self.bob.open("/app/"), "bob")

    def change_password(self):
        self.begin("Bob changes his password in the directory. His open session ends.")
        new = (BOB[0], "steamboat")
        command = ldappasswd(self.ldap_port, BOB_DN, BOB[1], new[1])
        subprocess.run(command, check=True, capture_output=True)
        deadline = time.monotonic() + MOST_SECONDS
        while self.bob.open("/app/").status == 200:
            if time.monotonic() > deadline:
                raise NotAsTold(f"Bob's session goes on {MOST_SECONDS} seconds after the change")
            time.sleep(0.2)
        self.begin("The old password is dead, whatever httpd has cached; the new one is not.")
        expect(self.bob.answer_prompt("/app/", BOB), 401, "Basic")
        expect_signed_in(self.bob.answer_prompt("/app/", new), "bob")

    def begin(self, sentence):
        self.chapter += 1
        print(f"\n{self.chapter:2} {sentence}\n")


def ldappasswd(ldap_port, dn, old, new):
    return ["ldappasswd", "-x", "-H", f"ldap://127.0.0.1:{ldap_port}", "-D", dn, "-w", old,
            "-s", new]


def expect(answer, status, challenge=""):
    if (answer.status, answer.challenge) != (status, challenge):
        wanted = f"{status}, scheme {challenge}" if challenge else str(status)
        raise NotAsTold(f"the answer should have been {wanted}, and was {answer}")
    return answer


def expect_text(answer, text):
    if text not in answer.body:
        raise NotAsTold(f"the page should have said `{text}`")


def expect_signed_in(answer, user):
    expect(answer, 200)
    shown = re.search(r"Signed in as</dt><dd><strong><bdi>([^<]*)<", answer.body)
    if shown is None or shown.group(1) != user:
        raise NotAsTold(f"the page should have shown {user} as signed in")


def play(host, port, ldap_port):
    """Returns the exit status: 0 only if all went as told."""
    try:
        Story(host, port, ldap_port).tell()
    except NotAsTold as mishap:
        print(f"\nNot as told: {mishap}.")
        return 1
    except subprocess.CalledProcessError as error:
        print(f"\nNot as told: ldappasswd failed ({error.stderr.decode().strip()}).")
        return 1
    except (OSError, http.client.HTTPException) as error:
        print(f"\nNot as told: no answer ({error}).")
        return 1
    print("\nAll as told.")
    return 0
