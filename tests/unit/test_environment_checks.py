"""What `doctor` finds about the machine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from orchestra.doctor import environment

pytestmark = pytest.mark.fast


def program(where: Path, text: str, name: str = "orchestra") -> Path:
    where.mkdir(exist_ok=True)
    path = where / name
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        (f"#!{sys.executable}\nimport sys\nfrom orchestra.cli.main import main\nsys.exit(main())\n", True),
        ('#!/bin/sh\nexec python3 -P -m orchestra "$@"\n', True),
        ("#!/usr/bin/python3\nfrom orchestra.main import app\napp()\n", False),
        ("\x7fELF", False),
    ],
)
def test_the_first_orchestra_on_path_is_this_program_or_said(tmp_path: Path, text: str, ours: bool) -> None:
    found = program(tmp_path / "bin", text)
    findings = list(environment.command({"PATH": str(tmp_path / "bin")}))
    assert [one.id for one in findings] == ([] if ours else ["E12"])
    assert ours or str(found) in findings[0].what
    assert ours or "-m orchestra" in findings[0].fix


def test_the_other_name_is_told_where_it_is_installed(tmp_path: Path) -> None:
    program(tmp_path, "#!/bin/sh\n")
    program(tmp_path, "#!/bin/sh\n", "orchestra-workers")
    (found,) = environment.command({"PATH": str(tmp_path)})
    assert found.fix.endswith(": orchestra-workers")


def test_without_any_on_path_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert list(environment.command({"PATH": str(tmp_path)})) == []


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("2.1.196", "older"),
        ("2.0.999", "older"),
        ("2.1.197", ""),
        ("2.1.200", ""),
        ("2.1.332", ""),
        ("2.1.333", "newer"),
        ("2.1.1000", "newer"),
        ("2.2.0-beta.1", "newer"),
        ("3.0.0", "newer"),
    ],
)
def test_a_version_outside_of_the_tested_range_is_said(version: str, said: str) -> None:
    found = list(environment.untested("claude", version, ("2.1.197", "2.1.265", "2.1.332")))
    assert [one.id for one in found] == (["E13"] if said else [])
    if said:
        assert found[0].what == f"orchestra is tested with claude 2.1.197 to 2.1.332; yours ({version}) is {said}"
        assert found[0].fix.endswith("orchestra doctor --agent")


def test_an_agent_of_our_own_has_no_range() -> None:
    assert list(environment.untested("python3", "0.2.0", ())) == []


@pytest.mark.parametrize("place", [".", "sessions", "cache", "cache/widgets"])
def test_the_directory_of_ours_that_cannot_be_written_is_named(
    tmp_path: Path, mocker: MockerFixture, place: str
) -> None:
    """`up` sends to `doctor`, which may then not say that all is well."""
    for name in ("sessions/widgets/7", "cache/widgets/more"):
        (tmp_path / name).mkdir(parents=True)
    shut = str(tmp_path / place)
    mocker.patch("os.access", lambda path, _: path != shut)
    found = [one for one in environment.home(str(tmp_path), fix=True) if "cannot be written" in one.what]
    assert [(one.severity, one.what) for one in found] == [("error", f"{shut} cannot be written")]
    mocker.patch.object(environment, "other_account", return_value="root")
    found = [one for one in environment.home(str(tmp_path), fix=True) if "cannot be written" in one.what]
    assert found[0].what.endswith("it belongs to root")
    assert "ORCHESTRA_HOME" in found[0].fix
