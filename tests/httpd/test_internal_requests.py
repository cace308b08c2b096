"""One request of a browser becomes several inside httpd: index pages, rewriting, includes, actions
and error documents. The person notices nothing, and one login stays one."""

import pytest

from harness.browser import ENGINES
from harness.error_log import WRONG_PASSWORD
from harness.people import ALICE, BOB
from harness.requests import NAVIGATION, basic, cookie_of, new_session, sign_in
from harness.site import start_file_site
from harness.waiting import wait_until

SORRY = "We are sorry."
REFUSED_BY_AUTHZ = r"AH01631: user bob: authorization failure"
FRONT_CONTROLLER = """
RewriteEngine On
RewriteBase /app/
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule ^ index.html [L]
"""
ADMIN_ZONE = """
<Location "/admin">
    AuthName "Admin"
</Location>
"""
ONLY_ALICE = """
<Location "/admin">
    Require user alice
</Location>
"""


def start(httpd, more="", **options):
    httpd.write("public/sorry.html", SORRY)
    httpd.write("app/sorry.html", SORRY)
    httpd.write("admin/sorry.html", SORRY)
    start_file_site(httpd, ALICE, BOB, more=more, **options)


def is_a_clean_refusal(response, realm="Staff"):
    """One challenge, one cookie, and nothing for a cache; Response sees to it that they are one."""
    return (response.status == 401 and response.challenge == ("Basic", realm)
            and response.set_cookie is not None
            and "no-store" in response.header("Cache-Control"))


# ---- index pages and rewriting

def test_a_login_that_arrives_at_a_directory_opens_one_session(httpd):
    start(httpd)
    page = sign_in(httpd, path="/app/")
    assert (page.status, page.user, page.event) == (200, "alice", "login")
    assert page.set_cookie and httpd.error_log.sessions_opened() == 1
    assert httpd.request("GET", "/app/", [basic(ALICE), cookie_of(page)]).set_cookie is None


def test_a_login_that_arrives_at_a_rewritten_url_opens_one_session(httpd):
    httpd.write("app/.htaccess", FRONT_CONTROLLER)
    start(httpd, modules=["rewrite"])
    assert is_a_clean_refusal(httpd.request("GET", "/app/users/7", [basic(ALICE)]))
    page = sign_in(httpd, path="/app/users/7")
    assert page.status == 200 and "app/index.html" in page.text
    assert page.set_cookie and httpd.error_log.sessions_opened() == 1
    again = httpd.request("GET", "/app/users/8", [basic(ALICE), cookie_of(page)])
    assert (again.status, again.user, again.set_cookie) == (200, "alice", None)
    assert (page.event, again.event) == ("login", "admit"), "the application is told"


@pytest.mark.parametrize("engine", ENGINES)
def test_behind_a_front_controller_one_logout_costs_one_prompt(httpd, engine):
    httpd.write("app/.htaccess", FRONT_CONTROLLER)
    start(httpd, modules=["rewrite"])
    browser = httpd.browser(engine)
    assert browser.visit("/app/users/7", typing=ALICE).prompts == 1
    browser.submit("/logout")
    assert browser.visit("/app/users/8", typing=ALICE).prompts == 1


def test_rewriting_in_the_server_s_configuration_is_no_different(httpd):
    start(httpd, "RewriteEngine On\nRewriteRule ^/app/pretty$ /app/index.html [PT]\n",
          modules=["rewrite"])
    page = sign_in(httpd, path="/app/pretty")
    assert page.status == 200 and page.set_cookie and httpd.error_log.sessions_opened() == 1


def test_a_login_survives_a_redirect_and_a_refusal_that_rewriting_makes(httpd):
    httpd.write("app/.htaccess", "RewriteEngine On\nRewriteRule ^old$ /app/ [R=302]\n"
                                 "RewriteRule ^never$ - [F]\n")
    start(httpd, modules=["rewrite"])
    moved = sign_in(httpd, path="/app/old")
    assert (moved.status, moved.header("Location")) == (302, httpd.origin + "/app/")
    forbidden = sign_in(httpd, path="/app/never")
    assert forbidden.status == 403
    for answer in (moved, forbidden):
        assert answer.set_cookie and "no-store" in answer.header("Cache-Control")
        assert httpd.request("GET", "/app/", [basic(ALICE), cookie_of(answer)]).event == "admit"


def test_late_requests_of_an_answered_prompt_get_one_cookie_through_a_rewrite(httpd):
    httpd.write("app/.htaccess", FRONT_CONTROLLER)
    start(httpd, modules=["rewrite"])
    armed = cookie_of(httpd.request("GET", "/app/users/7"))
    first, late = (httpd.request("GET", "/app/users/7", [basic(ALICE), armed]) for _ in range(2))
    assert late.event == "admit" and late.set_cookie.value == first.set_cookie.value


# ---- rewriting into areas that ask for more

def test_a_rewrite_into_an_area_that_wants_a_fresh_login_is_decided_anew(httpd):
    httpd.write("app/.htaccess", "RewriteEngine On\nRewriteRule ^settings$ /admin/ [L]\n")
    start(httpd, '<Location "/admin">\nAuthEpochFreshLogin 1s\n</Location>\n', modules=["rewrite"])
    challenged = httpd.request("GET", "/app/settings")
    page = httpd.request("GET", "/app/settings", [basic(ALICE), cookie_of(challenged)])
    assert page.status == 200 and "admin/index.html" in page.text and page.set_cookie
    session = cookie_of(page)

    def refused():
        answer = httpd.request("GET", "/app/settings", [basic(ALICE), session, *NAVIGATION])
        return answer if answer.status != 200 else None

    refusal = wait_until(refused, "the login is too old for /admin")
    assert is_a_clean_refusal(refusal)
    assert httpd.request("GET", "/app/", [basic(ALICE), session]).status == 200
    late = httpd.request("GET", "/app/settings", [basic(ALICE), cookie_of(challenged), *NAVIGATION])
    assert is_a_clean_refusal(late), "a cookie that was about to be sent again gives way"
    typed = httpd.request("GET", "/app/settings", [basic(ALICE), cookie_of(refusal), *NAVIGATION])
    assert typed.status == 200 and "admin/index.html" in typed.text and typed.set_cookie
    assert httpd.request("GET", "/app/", [basic(ALICE), cookie_of(typed)]).status == 200


def test_a_rewrite_into_another_zone_is_decided_there(httpd):
    httpd.write("app/.htaccess", "RewriteEngine On\nRewriteRule ^settings$ /admin/ [L]\n")
    start(httpd, ADMIN_ZONE, modules=["rewrite"])
    staff = sign_in(httpd)
    refusal = httpd.request("GET", "/app/settings", [basic(ALICE), cookie_of(staff)])
    assert is_a_clean_refusal(refusal, realm="Admin")
    assert refusal.set_cookie.name != staff.set_cookie.name
    opened = httpd.error_log.sessions_opened()
    admin = httpd.request("GET", "/app/settings", [basic(ALICE), cookie_of(staff, refusal)])
    assert admin.status == 200 and admin.set_cookie.name == refusal.set_cookie.name
    assert httpd.error_log.sessions_opened() == opened + 1
    both = httpd.request("GET", "/app/settings", [basic(ALICE), cookie_of(staff, admin)])
    assert (both.status, both.event, both.set_cookie) == (200, "admit", None)


def test_a_login_within_a_sub_request_is_a_session_that_a_logout_ends(httpd):
    httpd.write("public/whole.shtml", '<!--#include virtual="/app/index.html" -->')
    start(httpd, INCLUDES.replace("/app", "/public"), modules=["include"])
    httpd.expect_log(r"unable to include \"/app/index.html\"")
    armed = httpd.request("GET", "/app/")
    included = httpd.request("GET", "/public/whole.shtml", [basic(ALICE), cookie_of(armed)])
    assert "app/index.html" in included.text and httpd.error_log.sessions_opened() == 1
    out = httpd.request("POST", "/logout", [cookie_of(armed), ("Origin", httpd.origin)])
    assert out.status == 401
    again = httpd.request("GET", "/public/whole.shtml", [basic(ALICE), cookie_of(armed)])
    assert "app/index.html" not in again.text


def test_where_only_the_index_is_protected_one_prompt_is_enough(httpd):
    httpd.write("files/index.html", "<p>the index")
    start(httpd, '<Location "/files">\nRequire all granted\n</Location>\n'
                 '<Location "/files/index.html">\nRequire valid-user\n</Location>\n')
    asked = httpd.request("GET", "/files/")
    assert asked.asks_for_password and asked.set_cookie
    shown = httpd.request("GET", "/files/", [basic(ALICE), cookie_of(asked)])
    assert shown.status == 200 and shown.set_cookie
    assert shown.header("Cache-Control") == "private, no-store"
    again = httpd.request("GET", "/files/", [basic(ALICE), cookie_of(shown)])
    assert again.status == 200 and again.header("Cache-Control") == "private, no-store"


# ---- actions and includes

@pytest.mark.every_mpm
def test_an_action_s_script_runs_as_the_user_and_a_login_on_its_way_is_one(httpd):
    script = httpd.write(httpd.scratch / "cgi" / "shown.cgi",
                         "#!/bin/sh\necho Content-Type: text/plain\necho\n"
                         "echo $REMOTE_USER $PATH_INFO $AUTH_EPOCH_EVENT\n", 0o755)
    httpd.write("app/note.shown", "a note")
    start(httpd, f'ScriptAlias /cgi/ "{script.parent}/"\n'
          f'<Directory "{script.parent}">\nRequire all granted\n</Directory>\n'
          'AddHandler shown .shown\nAction shown /cgi/shown.cgi\n', modules=["actions", httpd.cgi])
    page = sign_in(httpd, path="/app/note.shown")
    assert page.text == "alice /app/note.shown login\n"
    assert page.set_cookie and httpd.error_log.sessions_opened() == 1
    assert is_a_clean_refusal(httpd.request("GET", "/app/note.shown", [basic(ALICE)]))


INCLUDES = """
<Location "/app">
    Options +Includes
    AddOutputFilter INCLUDES .shtml
</Location>
"""


def test_a_page_includes_pages_of_its_zone_whatever_the_request_is(httpd):
    httpd.write("app/all.shtml", '[<!--#include virtual="/reports/" -->]'
                                 '[<!--#include virtual="/public/index.html" -->]')
    start(httpd, INCLUDES, modules=["include"])
    login = sign_in(httpd, path="/app/all.shtml")
    again = httpd.request("GET", "/app/all.shtml", [basic(ALICE), cookie_of(login)])
    late = httpd.request("GET", "/app/all.shtml",
                         [basic(ALICE), cookie_of(httpd.request("GET", "/app/"))])
    for page in (login, again, late):
        assert page.status == 200
        assert "reports/index.html" in page.text and "public/index.html" in page.text
    assert login.set_cookie and again.set_cookie is None
    assert httpd.error_log.sessions_opened() == 2


def test_an_include_of_another_zone_is_decided_there_and_leaks_neither_page_nor_cookie(httpd):
    httpd.write("app/all.shtml", 'Admin: [<!--#include virtual="/admin/index.html" -->]')
    start(httpd, ADMIN_ZONE + INCLUDES, modules=["include"])
    httpd.expect_log(r"unable to include \"/admin/index.html\"")
    staff = sign_in(httpd)
    page = httpd.request("GET", "/app/all.shtml", [basic(ALICE), cookie_of(staff)])
    assert (page.status, page.set_cookie, page.challenge) == (200, None, None)
    assert "admin/index.html" not in page.text
    admin = sign_in(httpd, path="/admin/")
    page = httpd.request("GET", "/app/all.shtml", [basic(ALICE), cookie_of(staff, admin)])
    assert "admin/index.html" in page.text


def test_an_include_on_a_public_page_shows_protected_pages_to_those_signed_in_alone(httpd):
    httpd.write("public/all.shtml", 'News: [<!--#include virtual="/app/index.html" -->]')
    start(httpd, INCLUDES.replace("/app", "/public"), modules=["include"])
    httpd.expect_log(r"unable to include \"/app/index.html\"")
    for credentials in ([], [basic(ALICE)]):
        page = httpd.request("GET", "/public/all.shtml", credentials)
        assert (page.status, page.set_cookie, page.challenge) == (200, None, None)
        assert "app/index.html" not in page.text
    page = httpd.request("GET", "/public/all.shtml", [basic(ALICE), new_session(httpd)])
    assert "app/index.html" in page.text
    assert httpd.error_log.sessions_opened() == 1


# ---- error documents

# As without us, httpd does not authenticate again where the error document has the configuration of
# the page it stands for; where it has another, a refusal stays one.
ERROR_DOCUMENTS = pytest.mark.parametrize("where, shown", [
    ("/public/sorry.html", True), ("/app/sorry.html", True), ("/admin/sorry.html", False)])


@ERROR_DOCUMENTS
def test_the_error_document_of_a_refusal_changes_nothing_but_its_text(httpd, where, shown):
    start(httpd, f"ErrorDocument 401 {where}\n{ONLY_ALICE}")
    for headers in ([], [basic(ALICE)]):
        refusal = httpd.request("GET", "/app/", headers)
        assert is_a_clean_refusal(refusal) and (SORRY in refusal.text) is shown
    page = sign_in(httpd)
    assert (page.status, page.user) == (200, "alice")


@pytest.mark.parametrize("where", ["/public/sorry.html", "/app/sorry.html"])
def test_the_error_document_of_a_wrong_password_sets_no_cookie(httpd, where):
    start(httpd, f"ErrorDocument 401 {where}\n")
    httpd.expect_log(WRONG_PASSWORD)
    wrong = sign_in(httpd, ALICE.mistyped)
    assert wrong.asks_for_password and wrong.set_cookie is None
    assert httpd.error_log.sessions_opened() == 0


@pytest.mark.parametrize("where", ["/public/sorry.html", "/app/sorry.html"])
def test_whoever_may_not_see_a_page_gets_its_error_document_and_no_session(httpd, where):
    start(httpd, f"ErrorDocument 403 {where}\n"
          + ONLY_ALICE.replace("Require", "AuthzSendForbiddenOnFailure On\nRequire"))
    httpd.expect_log(REFUSED_BY_AUTHZ)
    forbidden = sign_in(httpd, BOB, "/admin/")
    assert forbidden.status == 403 and SORRY in forbidden.text
    assert forbidden.challenge is None and forbidden.set_cookie is None
    assert httpd.error_log.sessions_opened() == 0
    session = cookie_of(sign_in(httpd, BOB, "/app/"))
    assert httpd.request("GET", "/admin/", [basic(BOB), session]).status == 403
    assert httpd.request("GET", "/app/", [basic(BOB), session]).event == "admit"


@pytest.mark.parametrize("where", ["/public/sorry.html", "/app/sorry.html"])
def test_a_login_that_arrives_at_a_missing_page_is_a_login(httpd, where):
    start(httpd, f"ErrorDocument 404 {where}\n")
    assert is_a_clean_refusal(httpd.request("GET", "/app/missing", [basic(ALICE)]))
    missing = sign_in(httpd, path="/app/missing")
    assert missing.status == 404 and SORRY in missing.text
    assert missing.set_cookie and "no-store" in missing.header("Cache-Control")
    assert httpd.error_log.sessions_opened() == 1


@ERROR_DOCUMENTS
def test_while_the_store_is_away_its_error_document_admits_nobody(httpd, where, shown):
    start(httpd, f"ErrorDocument 503 {where}\n{ONLY_ALICE}")
    session = new_session(httpd)
    for file in httpd.store.iterdir():
        file.chmod(0)
    httpd.expect_log(r"auth_epoch:(error|crit|alert)")
    httpd.kill_children()
    answer = httpd.request("GET", "/app/", [basic(ALICE), session])
    assert answer.status == 503 and (SORRY in answer.text) is shown
    assert answer.header("Retry-After") and answer.set_cookie is None


# ---- who gets in without a login, and who does not with one

def test_an_island_that_is_open_to_all_asks_nobody_and_opens_nothing(httpd):
    start(httpd, '<Location "/reports">\nRequire all granted\n</Location>\n')
    session = new_session(httpd)
    httpd.request("POST", "/logout", [basic(ALICE), session, ("Origin", httpd.origin)])
    for headers in ([], [basic(ALICE)], [basic(ALICE), session]):
        page = httpd.request("GET", "/reports/", headers)
        assert (page.status, page.user, page.set_cookie) == (200, None, None)
    assert httpd.error_log.sessions_opened() == 1


EITHER_ADDRESS_OR_LOGIN = {
    "RequireAny": "<RequireAny>\nRequire ip 10.0.0.0/8\nRequire valid-user\n</RequireAny>",
    "Satisfy Any": "Satisfy Any\nOrder deny,allow\nDeny from all\nAllow from 10.0.0.0/8\n"
                   "Require valid-user",
}


@pytest.mark.parametrize("how", EITHER_ADDRESS_OR_LOGIN)
def test_where_an_address_is_enough_only_the_others_log_in(httpd, how):
    start(httpd, "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1\n"
          f'<Location "/reports">\n{EITHER_ADDRESS_OR_LOGIN[how]}\n</Location>\n',
          modules=["remoteip", "access_compat"])
    if how == "Satisfy Any":
        httpd.expect_log("AH01797: client denied by server configuration")
    inside = ("X-Forwarded-For", "10.1.2.3")
    for headers in ([inside], [inside, basic(ALICE)]):
        page = httpd.request("GET", "/reports/", headers)
        assert (page.status, page.user, page.set_cookie) == (200, None, None)
    assert is_a_clean_refusal(httpd.request("GET", "/reports/"))
    assert is_a_clean_refusal(httpd.request("GET", "/reports/", [basic(ALICE)]))
    page = sign_in(httpd, path="/reports/")
    assert (page.status, page.user) == (200, "alice") and httpd.error_log.sessions_opened() == 1


@pytest.mark.parametrize("forbids", [False, True], ids=["401", "403"])
def test_a_right_password_without_the_right_to_enter_opens_no_session(httpd, forbids):
    forbid = "AuthzSendForbiddenOnFailure On\nRequire" if forbids else "Require"
    start(httpd, ONLY_ALICE.replace("Require", forbid))
    httpd.expect_log(REFUSED_BY_AUTHZ)
    refusal = sign_in(httpd, BOB, "/admin/")
    assert refusal.status == (403 if forbids else 401)
    assert refusal.challenge == (None if forbids else ("Basic", "Staff"))
    assert refusal.set_cookie is None and httpd.error_log.sessions_opened() == 0
    assert sign_in(httpd, ALICE, "/admin/").status == 200
