"""Every row of the decision table, through a real httpd. What the rows mean stands in
docs/design.md; src/core/decision.cpp is the table."""

import pytest

from harness.error_log import WRONG_PASSWORD
from harness.people import ALICE, BOB
from harness.requests import (CROSS_SITE_FRAME, CROSS_SITE_IMAGE, CROSS_SITE_LINK, FORGET, IMAGE,
                              NAVIGATION, SCRIPT, basic, cookie_of)
from harness.site import asks, start_file_site

PRERENDER = [*NAVIGATION, ("Sec-Purpose", "prefetch;prerender")]
NO_METADATA = []


class Site:
    """One httpd, and cookies of every kind."""

    def __init__(self, httpd, **options):
        self.httpd = httpd
        start_file_site(httpd, ALICE, BOB, **options)

    def get(self, cookie, person=None, kind=NO_METADATA, method="GET", path="/app/"):
        headers = list(kind)
        if cookie:
            headers.append(cookie)
        if person:
            headers.append(basic(person))
        return self.httpd.request(method, path, headers)

    def armed(self):
        return cookie_of(self.get(None))

    def live(self, person=ALICE):
        return cookie_of(self.get(self.armed(), person))

    def log_out(self, cookie, person=None):
        return cookie_of(self.get(cookie, person, NAVIGATION, "POST", "/logout"))

    def unarmed(self):
        return self.log_out(self.live())

    def ended(self):
        cookie = self.live()
        self.log_out(cookie)
        return cookie


@pytest.fixture
def site(httpd):
    return Site(httpd)


def asks_silently(response):
    return response.status == 401 and response.challenge == ("Epoch", "Staff")


def logged(site, row, reason=None):
    """The row that the last request was decided by, from the log."""
    line = site.httpd.wait_for_log(r"\(.*, row \d+\)")[-1]
    assert f"row {row})" in line and (reason is None or f"({reason}," in line), line
    return True


def test_row_2_a_live_session_without_credentials_is_asked_and_keeps_its_cookie(site):
    answer = site.get(site.live())
    assert asks(answer) and answer.set_cookie is None and logged(site, 2)


def test_row_3_a_live_session_with_its_credentials_is_admitted(site):
    live = site.live()
    for kind in (NO_METADATA, NAVIGATION, SCRIPT, IMAGE, CROSS_SITE_LINK, PRERENDER):
        answer = site.get(live, ALICE, kind)
        assert (answer.status, answer.user, answer.set_cookie) == (200, "alice", None)
    assert logged(site, 3)


def test_row_4_other_credentials_log_in_as_the_successor(site):
    live = site.live()
    switched = site.get(live, BOB)
    assert switched.user == "bob" and logged_opening(site, 2)
    assert site.get(cookie_of(switched), BOB).status == 200
    assert asks(site.get(live, ALICE))


def test_row_4_a_wrong_password_leaves_the_old_session_alone(site):
    site.httpd.expect_log(WRONG_PASSWORD)
    live = site.live()
    wrong = site.get(live, ALICE.mistyped)
    assert asks(wrong) and wrong.set_cookie is None
    assert site.get(live, ALICE).status == 200


def test_row_4_another_site_cannot_switch_the_user(site):
    live = site.live()
    answer = site.get(live, BOB, CROSS_SITE_LINK)
    assert answer.status == 403 and answer.set_cookie is None and logged(site, 4, "cross-site")
    assert "alice" in answer.text
    assert site.get(live, ALICE).status == 200


def test_row_4_credentials_kept_for_another_origin_are_refused_and_arm(site):
    live = site.live()
    elsewhere = [("Host", "127.0.0.1:%d" % site.httpd.port)]
    answer = site.get(live, BOB, elsewhere)
    assert asks(answer) and logged(site, 4, "challenge-elsewhere")
    assert site.get(live, ALICE, elsewhere).status == 200, "the session's own are good here too"
    assert site.get(cookie_of(answer), BOB, elsewhere).user == "bob"


def test_row_5_the_old_cookie_with_the_new_credentials_is_admitted_as_the_successor(site):
    armed = site.armed()
    live = cookie_of(site.get(armed, ALICE))
    for old in (armed, site.ended()):
        if old != armed:
            live = cookie_of(site.get(cookie_of(site.get(old, ALICE)), ALICE))
        late = site.get(old, ALICE)
        assert (late.status, cookie_of(late)) == (200, live) and logged(site, 5)


@pytest.mark.parametrize("kind", [NO_METADATA, NAVIGATION, IMAGE],
                         ids=["no metadata", "navigation", "image"])
def test_row_6_credentials_under_an_ended_session_are_refused_and_arm(site, kind):
    ended = site.ended()
    answer = site.get(ended, ALICE, kind)
    assert asks(answer) and logged(site, 6)
    assert site.get(cookie_of(answer), ALICE).status == 200


def test_row_6_a_session_that_the_store_does_not_know_is_no_different(site):
    name, _, value = site.live()[1].partition("=")
    unknown = f"{name}={value[:10]}{'A' if value[10] != 'A' else 'B'}{value[11:]}"
    assert asks(site.get(("Cookie", unknown), ALICE)) and logged(site, 6)


def test_row_7_an_ended_session_without_credentials_keeps_its_cookie(site):
    ended = site.ended()
    for kind in (NO_METADATA, IMAGE):
        answer = site.get(ended, None, kind)
        assert asks(answer) and answer.set_cookie is None and logged(site, 7)
    page = site.get(ended, None, NAVIGATION)
    assert asks_silently(page) and page.set_cookie is None and "<script" in page.text
    form = site.get(ended, None, NAVIGATION, "POST")
    assert asks(form), "a form keeps its content when the browser asks at once"
    poll = site.get(ended, None, SCRIPT)
    assert asks_silently(poll) and poll.set_cookie is None
    assert poll.json["status"] == 401


def test_row_8_an_unarmed_challenge_with_credentials_is_refused_and_arms(site):
    answer = site.get(site.unarmed(), ALICE)
    assert asks(answer) and logged(site, 8)
    assert site.get(cookie_of(answer), ALICE).status == 200


def test_row_9_an_unarmed_challenge_without_credentials_keeps_its_cookie(site):
    unarmed = site.unarmed()
    for kind, silently in ((NO_METADATA, False), (IMAGE, False), (NAVIGATION, True),
                           (SCRIPT, True)):
        answer = site.get(unarmed, None, kind)
        assert asks_silently(answer) if silently else asks(answer)
        assert answer.set_cookie is None and logged(site, 9)


def test_row_10_an_armed_challenge_with_credentials_is_a_login(site):
    for kind in (NO_METADATA, NAVIGATION, SCRIPT, IMAGE):
        answer = site.get(site.armed(), ALICE, kind)
        assert (answer.status, answer.event) == (200, "login") and answer.set_cookie


def test_row_11_an_armed_challenge_without_credentials_is_asked_and_kept(site):
    armed = site.armed()
    for kind, silently in ((NO_METADATA, False), (NAVIGATION, False), (IMAGE, False),
                           (SCRIPT, True)):
        answer = site.get(armed, None, kind)
        assert asks_silently(answer) if silently else asks(answer)
        assert answer.set_cookie is None and logged(site, 11)


def test_row_12_a_challenge_whose_lineage_was_closed_was_overtaken_and_does_not_arm(site):
    armed = site.armed()
    live = cookie_of(site.get(armed, ALICE))
    site.log_out(live)
    answer = site.get(armed, ALICE)
    assert asks(answer) and logged(site, 12, "lineage-closed")
    answer = site.get(cookie_of(answer), ALICE)
    assert asks(answer) and logged(site, 8)
    assert site.get(cookie_of(answer), ALICE).status == 200


def test_row_12_a_challenge_of_another_origin_is_refused_and_arms(site):
    armed = site.armed()
    other_host = [("Host", "127.0.0.1:%d" % site.httpd.port)]
    answer = site.get(armed, ALICE, other_host)
    assert asks(answer) and logged(site, 12, "challenge-elsewhere")


def test_row_13_a_new_client_is_asked_with_an_armed_challenge(site):
    for kind in (NO_METADATA, NAVIGATION, IMAGE, SCRIPT, CROSS_SITE_LINK):
        answer = site.get(None, None, kind)
        assert asks(answer) and logged(site, 13)
        assert site.get(cookie_of(answer), ALICE).status == 200


def test_row_13_what_another_site_embeds_or_posts_gets_no_cookie(site):
    embedded = site.get(None, None, CROSS_SITE_IMAGE)
    assert asks(embedded) and embedded.set_cookie is None and logged(site, 13)
    posted = site.get(None, None, CROSS_SITE_LINK, "POST")
    assert (posted.status, posted.challenge, posted.set_cookie) == (403, None, None)


def test_row_14_a_malformed_cookie_becomes_an_unarmed_challenge(site):
    malformed = ("Cookie", f"{site.armed()[1].partition('=')[0]}=nonsense")
    answer = site.get(malformed, None, IMAGE)
    assert asks(answer) and logged(site, 14)
    assert asks(site.get(cookie_of(answer), ALICE)) and logged(site, 8)
    assert asks_silently(site.get(malformed, None, NAVIGATION))


def test_row_15_another_sites_post_with_credentials_is_forbidden(site):
    for kind in (CROSS_SITE_LINK, [("Origin", "http://other.test")]):
        answer = site.get(None, ALICE, kind, "POST")
        assert (answer.status, answer.challenge, answer.set_cookie) == (403, None, None)
        assert logged(site, 15)
    for kind in (CROSS_SITE_IMAGE, CROSS_SITE_FRAME):
        assert site.get(None, ALICE, kind).status == 403


def test_row_16_where_stateless_holds_credentials_are_enough(httpd):
    site = Site(httpd, zone="AuthEpochStateless On")
    answer = site.get(None, ALICE)
    assert (answer.status, answer.set_cookie, answer.event) == (200, None, "stateless")
    assert logged(site, 16)
    assert asks(site.get(site.ended(), ALICE)) and logged(site, 6)


def test_row_17_credentials_without_a_cookie_are_refused_and_arm(site):
    for kind in (NO_METADATA, NAVIGATION, CROSS_SITE_LINK):
        answer = site.get(None, ALICE, kind)
        assert asks(answer) and logged(site, 17)
        assert site.get(cookie_of(answer), ALICE).status == 200


def test_a_scripts_refused_credentials_arm_nothing(site):
    for cookie, row in ((site.ended(), 6), (site.unarmed(), 8), (None, 17)):
        answer = site.get(cookie, ALICE, SCRIPT)
        assert (answer.status, answer.challenge, answer.set_cookie) == (403, None, None)
        assert answer.header("Content-Type") == "application/problem+json"
        assert answer.json["status"] == 403 and logged(site, row, "script")


def test_forget_is_always_asked_reaches_no_provider_and_arms_only_with_credentials(site):
    made_up = BOB.with_password("made up")
    unarmed = site.unarmed()
    without = site.get(unarmed, None, FORGET)
    assert asks(without) and without.set_cookie is None
    armed = site.get(unarmed, made_up, FORGET)
    assert asks(armed)
    assert site.get(cookie_of(armed), ALICE).status == 200
    live = site.live()
    kept = site.get(live, made_up, FORGET)
    assert asks(kept) and kept.set_cookie is None
    assert site.get(live, ALICE).status == 200, "nobody is logged out"


def test_speculation_neither_prompts_nor_opens_anything(site):
    for cookie, person in ((None, None), (None, ALICE), (site.armed(), ALICE), (site.live(), None),
                        (site.ended(), ALICE)):
        answer = site.get(cookie, person, PRERENDER)
        assert (answer.status, answer.challenge, answer.set_cookie) == (403, None, None)


def logged_opening(site, count):
    return len(site.httpd.wait_for_log("session .* opened", count)) == count
