from __future__ import annotations

from pathlib import Path

import matrix
import pytest
from matrix import Built, Result, choose, read, table

pytestmark = pytest.mark.fast

INSTALLED = Built("3.3a", Path("/usr/bin/tmux"))
THERE = [INSTALLED, *(Built(version, Path(f"/x/{version}")) for version in ("3.10", "3.2a", "3.7c", "c1f947a3c"))]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ([], ["3.2a", "3.3a", "3.7c", "3.10", "c1f947a3c"]),
        (["oldest", "newest"], ["3.2a", "3.10"]),
        (["newest"], ["3.10"]),
        (["3.7c", "c1f947a3c", "1.0"], ["3.7c", "c1f947a3c"]),
        (["1.0"], []),
    ],
)
def test_versions_are_chosen_by_age_and_a_snapshot_is_no_release(wanted: list[str], found: list[str]) -> None:
    assert [one.version for one in choose(THERE, wanted)] == found


def test_with_the_installed_one_only_there_is_no_other_oldest() -> None:
    assert choose([INSTALLED], ["oldest", "newest"]) == []


def test_nothing_is_built_without_sources(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert matrix.build_all("") == []
    assert matrix.build_all(str(tmp_path)) == []
    assert "skipped: " in capsys.readouterr().out


def test_a_report_is_read_and_shown_by_version(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="tests.a" name="one"/><testcase classname="tests.a" name="two">'
        '<failure/></testcase><testcase classname="tests.a" name="three"><skipped/></testcase></testsuite></testsuites>'
    )
    assert read(report) == Result(1, 1, ("a::two",))
    shown = table({"3.2a": {"keys": read(report)}, "3.7c": {"keys": Result(2, 0, ())}}, ["keys"])
    assert "3.2a         1/2" in shown
    assert "3.7c         0/2" in shown
    assert "tmux 3.2a failed: a::two" in shown
