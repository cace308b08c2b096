"""curl, wget, git and Subversion as they are, by the recipes of docs/howto/scripts-svn-git.md."""

import re

import pytest

from harness.error_log import WRONG_PASSWORD
from harness.people import ALICE
from harness.requests import encoded
from harness.site import ldap_site, start_file_site
from harness.tools import JAR, LOGIN
from harness.waiting import wait_until

WGET_LOGIN = (f"--user={ALICE.user}", f"--password={ALICE.password}", "-O", "page")
WGET_JAR = ("--load-cookies=jar", "--save-cookies=jar", "--keep-session-cookies")
GIT_HTTP_BACKEND = "/usr/lib/git-core/git-http-backend"


@pytest.fixture(autouse=True)
def no_log_knows_the_password(httpd):
    yield
    secrets = ALICE.password, encoded(f"{ALICE.user}:{ALICE.password}").decode()
    for log in (httpd.scratch / "logs").iterdir():
        text = log.read_text(errors="replace")
        assert not any(secret in text for secret in secrets), log.name


def start(httpd, zone="", more="", modules=()):
    start_file_site(httpd, ALICE, zone=zone, modules=modules,
                    more=f"LogLevel trace2 auth_epoch:trace8\n{more}")


def answers(httpd, count):
    """(status, event) of every request so far, which are at least `count`: httpd answers first and
    writes its log afterwards."""
    log = httpd.scratch / "logs" / "access.log"

    def logged():
        lines = log.read_text().splitlines() if log.exists() else []
        return [(int(status), event) for line in lines if '"OPTIONS *' not in line
                for status, event in [re.search(r'" (\d+) (\S+) \S+$', line).groups()]]

    wait_until(lambda: len(logged()) >= count, f"{count} requests in the access log")
    return logged()


# ---- curl

def test_curl_that_answers_challenges_and_keeps_cookies_needs_nothing(httpd, tools):
    start(httpd)
    page = httpd.origin + "/app/"
    assert tools.curl_status("--anyauth", *LOGIN, *JAR, page) == 200
    assert answers(httpd, 2) == [(401, "challenge"), (200, "login")]
    assert tools.curl_status("--anyauth", *LOGIN, *JAR, page) == 200
    assert tools.curl_status(*LOGIN, *JAR, page) == 200
    assert [event for _, event in answers(httpd, 5)[2:]] == ["challenge", "admit", "admit"]
    assert httpd.error_log.sessions_opened() == 1


def test_curl_with_a_cookie_file_alone_is_let_on_at_its_second_call(httpd, tools):
    start(httpd)
    calls = [tools.curl_status(*LOGIN, *JAR, httpd.origin + "/app/") for _ in range(3)]
    assert calls == [401, 200, 200]
    assert [event for _, event in answers(httpd, 3)] == ["refuse", "login", "admit"]


def test_curl_that_posts_a_file_sends_it_again_to_the_challenge(httpd, tools):
    script = httpd.write(httpd.scratch / "cgi" / "count",
                         "#!/bin/sh\necho Content-Type: text/plain\necho\nwc -c\n", 0o755)
    start(httpd, more=f'ScriptAlias /cgi/ "{script.parent}/"\n<Directory "{script.parent}">\n'
          "Require all granted\n</Directory>\n", modules=[httpd.cgi])
    (tools.home / "report").write_bytes(b"r" * 300_000)
    done = tools.curl("--anyauth", *LOGIN, *JAR, "--data-binary", "@report",
                      httpd.origin + "/cgi/count", check=True)
    assert int(done.stdout.split()[-1]) == 300_000


def test_curl_logs_out_as_the_how_to_says(httpd, tools):
    start(httpd)
    page = httpd.origin + "/app/"
    tools.curl_status("--anyauth", *LOGIN, *JAR, page)
    assert tools.curl_status("-X", "POST", *LOGIN, *JAR, "-H", f"Origin: {httpd.origin}",
                             httpd.origin + "/logout") == 401
    assert [tools.curl_status(*LOGIN, *JAR, page) for _ in range(2)] == [401, 200]
    assert len(httpd.error_log.lines("ended: logged out")) == 1


def test_curl_without_cookies_is_refused_every_time(httpd, tools):
    start(httpd)
    assert [tools.curl_status(*LOGIN, httpd.origin + "/app/") for _ in range(3)] == [401] * 3
    assert httpd.error_log.sessions_opened() == 0


def test_curl_without_cookies_is_accepted_where_stateless_knows_it_by_name(httpd, tools):
    start(httpd, zone='AuthEpochStateless "expr=%{HTTP_USER_AGENT} =~ m#^curl/#"')
    page = httpd.origin + "/app/"
    headers = tools.curl("-D", "-", "-o", "/dev/null", *LOGIN, page, check=True).stdout
    assert " 200 OK" in headers and "set-cookie" not in headers.lower()
    assert answers(httpd, 1) == [(200, "stateless")]
    assert tools.curl_status(*LOGIN, "-A", "Mozilla/5.0", page) == 401
    assert httpd.error_log.sessions_opened() == 0


def test_curl_with_a_wrong_password_is_refused_though_stateless(httpd, tools):
    start(httpd, zone="AuthEpochStateless On")
    httpd.expect_log(WRONG_PASSWORD)
    assert tools.curl_status("-u", "alice:wrong", httpd.origin + "/app/") == 401


# ---- wget

def test_wget_keeps_cookies_of_its_own_accord(httpd, tools):
    start(httpd)
    tools.wget(*WGET_LOGIN, httpd.origin + "/app/", check=True)
    assert answers(httpd, 2) == [(401, "challenge"), (200, "login")]


def test_wget_with_a_cookie_file_has_one_session_for_all_calls(httpd, tools):
    start(httpd)
    (tools.home / "jar").touch()
    for path in ("/app/", "/reports/", "/app/"):
        tools.wget(*WGET_LOGIN, *WGET_JAR, httpd.origin + path, check=True)
    assert httpd.error_log.sessions_opened() == 1
    events = [event for _, event in answers(httpd, 6)]
    assert events == ["challenge", "login"] + ["challenge", "admit"] * 2


def test_wget_that_does_not_wait_for_a_challenge_is_refused(httpd, tools):
    start(httpd)
    done = tools.wget(*WGET_LOGIN, "--auth-no-challenge", httpd.origin + "/app/")
    assert done.returncode != 0
    assert {status for status, _ in answers(httpd, 1)} == {401}


# ---- git

def start_with_git(httpd, tools, zone=""):
    """One empty repository, served by git's own CGI program, and git that knows alice's password
    as a credential helper would."""
    repositories = httpd.scratch / "git"
    tools.git("init", "--quiet", "--bare", "--initial-branch=main", repositories / "wiki.git",
              check=True)
    start(httpd, zone=zone, modules=[httpd.cgi], more=f"""
        SetEnv GIT_PROJECT_ROOT "{repositories}"
        SetEnv GIT_HTTP_EXPORT_ALL 1
        ScriptAlias /git/ "{GIT_HTTP_BACKEND}/"
        <Directory "/usr/lib/git-core">
            Require all granted
        </Directory>
        """)
    store = tools.home / "passwords"
    store.write_text(httpd.origin.replace("//", f"//{ALICE.user}:{ALICE.password}@") + "\n")
    for name, value in (("credential.helper", f"store --file={store}"), ("user.name", "Alice"),
                        ("user.email", "alice@example.org"), ("init.defaultBranch", "main")):
        tools.git("config", "--global", name, value, check=True)
    return httpd.origin + "/git/wiki.git"


def clone_commit_push(tools, url):
    tools.git("clone", "--quiet", url, "wiki", check=True)
    (tools.home / "wiki" / "page").write_text("A page.\n")
    tools.git("-C", "wiki", "add", "page", check=True)
    tools.git("-C", "wiki", "commit", "--quiet", "-m", "A page", check=True)
    tools.git("-C", "wiki", "push", "--quiet", "origin", "main", check=True)
    tools.git("clone", "--quiet", url, "copy", check=True)
    assert (tools.home / "copy" / "page").read_text() == "A page.\n"


def test_git_with_a_cookie_file_clones_and_pushes_with_one_session(httpd, tools):
    url = start_with_git(httpd, tools)
    tools.git("config", "--global", f"http.{httpd.origin}.cookieFile", tools.home / "cookies")
    tools.git("config", "--global", f"http.{httpd.origin}.saveCookies", "true")
    clone_commit_push(tools, url)
    assert httpd.error_log.sessions_opened() == 1


def test_git_without_a_cookie_file_works_where_stateless_knows_it_by_name(httpd, tools):
    url = start_with_git(httpd, tools,
                         zone='AuthEpochStateless "expr=%{HTTP_USER_AGENT} =~ m#^git/#"')
    clone_commit_push(tools, url)
    assert httpd.error_log.sessions_opened() == 0


def test_git_reads_a_repository_of_plain_files_with_one_session(httpd, tools):
    tools.git("init", "--quiet", "--initial-branch=main", "made", check=True)
    tools.git("-C", "made", "-c", "user.name=A", "-c", "user.email=a@example.org", "commit",
              "--quiet", "--allow-empty", "-m", "Nothing yet", check=True)
    tools.git("clone", "--quiet", "--bare", "made", httpd.htdocs / "wiki.git", check=True)
    tools.git("-C", httpd.htdocs / "wiki.git", "update-server-info", check=True)
    start(httpd)
    url = httpd.origin.replace("//", f"//{ALICE.user}:{ALICE.password}@") + "/wiki.git"
    cookies = ("-c", f"http.cookieFile={tools.home / 'cookies'}", "-c", "http.saveCookies=true")
    tools.git(*cookies, "clone", "--quiet", url, "copy", check=True)
    assert "Nothing yet" in tools.git("-C", "copy", "log", check=True).stdout
    assert httpd.error_log.sessions_opened() == 1


# ---- Subversion

def start_with_svn(httpd, tools, slapd, zone):
    repository = httpd.scratch / "svn"
    tools.run("svnadmin", "create", repository, check=True)
    httpd.start(ldap_site(slapd, more=f"""
        <Location "/svn">
            DAV svn
            SVNPath "{repository}"
            {zone}
        </Location>
        """), modules=["dav", "dav_svn"])
    return httpd.origin + "/svn"


def svn(tools, *arguments, **options):
    return tools.svn("--username", ALICE.user, "--password", ALICE.password, *arguments, **options)


def test_svn_checks_out_and_commits_by_the_recipe_of_the_how_to(httpd, tools, slapd):
    url = start_with_svn(httpd, tools, slapd,
                         'AuthEpochStateless "expr=%{HTTP_USER_AGENT} =~ m#^SVN/#"')
    svn(tools, "checkout", url, "work", check=True)
    (tools.home / "work" / "page").write_text("A page.\n")
    svn(tools, "add", "work/page", check=True)
    svn(tools, "commit", "-m", "A page", "work", check=True)
    assert "alice" in svn(tools, "log", url, check=True).stdout
    assert httpd.error_log.sessions_opened() == 0
    browser = httpd.browser()
    assert browser.visit("/svn/", typing=ALICE).event == "login"
    browser.submit("/logout")
    assert browser.visit("/svn/").asks_for_password


def test_svn_without_the_recipe_is_refused(httpd, tools, slapd):
    url = start_with_svn(httpd, tools, slapd, "")
    assert svn(tools, "list", url).returncode != 0
    assert httpd.error_log.sessions_opened() == 0
