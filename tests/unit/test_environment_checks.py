"""What `doctor` finds about the machine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

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
