"""build-aux/check-standards: what it lets pass, and that it fails for every kind of gap."""

import subprocess

import pytest

from harness.httpd import TOP

HEAD = "# Standards\n\n| number | requirement | verdict | how | tests |\n|---|---|---|---|---|\n"
GOOD = "| 1.1 | something | met | so | `test_a.py::test_one`, `Suite.Test` |\n"
PYTEST = """<testsuites><testsuite>
<testcase classname="tests.httpd.test_a" name="test_one[event]"/>
<testcase classname="tests.httpd.test_a" name="test_one[worker]">{one}</testcase>
<testcase classname="tests.httpd.test_b" name="test_two"/>
</testsuite></testsuites>"""
GOOGLETEST = """<testsuites><testsuite>
<testcase classname="All/Suite" name="Test/0" status="run"/>
<testcase classname="Typed/1" name="Other" status="run"/>
<testcase classname="Suite" name="Left" status="notrun"/>
</testsuite></testsuites>"""


@pytest.fixture
def check(tmp_path):
    def run(rows, one="", results=("pytest.xml", "units.xml")):
        (tmp_path / "standards.md").write_text(HEAD + rows)
        (tmp_path / "pytest.xml").write_text(PYTEST.format(one=one))
        (tmp_path / "units.xml").write_text(GOOGLETEST)
        done = subprocess.run(
            [TOP / "build-aux" / "check-standards", tmp_path / "standards.md",
             *(tmp_path / each for each in results)], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return run


def test_rows_whose_tests_have_passed_are_counted(check):
    rows = (GOOD + "| 1.2 | other | met in part | so | `Typed.Other` `test_b.py::test_two` |\n"
            "| 1.3 | third | not ours | the directory's affair | none: there is nothing to test |\n")
    assert check(rows) == (
        0, "check-standards: 3 requirements, 4 tests that show them, all passed\n")


GAPS = {
    "a test that nobody wrote": ("| 1 | x | met | so | `test_a.py::test_three` |", "did not run"),
    "a test of another file": ("| 1 | x | met | so | `test_b.py::test_one` |", "did not run"),
    "a test that was left out": ("| 1 | x | met | so | `Suite.Left` |", "outcome is: not run"),
    "a name that is none": ("| 1 | x | met | so | `some test` |", "no name of a test"),
    "no test and no reason": ("| 1 | x | met | so | |", "does not say why"),
    "a dash for a reason": ("| 1 | x | not ours | so | - |", "does not say why"),
    "no verdict": ("| 1 | x | | so | `Suite.Test` |", "none of met, "),
    "a verdict of one's own": ("| 1 | x | mostly | so | `Suite.Test` |", "none of met, "),
    "not how": ("| 1 | x | met | | `Suite.Test` |", "does not say how"),
    "a cell too few": ("| 1 | x | met | `Suite.Test` |", "has 4 cells"),
    "the same number twice": (GOOD + GOOD, "1.1 has two rows"),
    "no rows": ("", "no rows"),
}


@pytest.mark.parametrize("gap", GAPS)
def test_a_gap_fails_it_with_a_sentence(check, gap):
    rows, sentence = GAPS[gap]
    status, text = check(rows + "\n")
    assert status == 1
    assert sentence in text


@pytest.mark.parametrize("how", ["failure", "error", "skipped"])
def test_one_variant_that_did_not_pass_fails_it(check, how):
    status, text = check(GOOD, one=f"<{how}/>")
    assert status == 1
    assert "test_a.py::test_one, whose outcome is: " in text


@pytest.mark.parametrize("results", [("pytest.xml",), ("pytest.xml", "nowhere.xml")])
def test_results_that_are_not_there_fail_it(check, results):
    assert check(GOOD, results=results)[0] == 1


def test_without_results_it_explains_itself(check):
    assert check(GOOD, results=())[0] == 2
