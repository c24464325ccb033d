"""The programs that agents and panes keep for days: the paths stay, whatever becomes of the version behind them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import orchestra
from orchestra.project import entry_points

PACKAGE = Path(orchestra.__file__).parent


@pytest.fixture
def home(tmp_path: Path) -> Path:
    found = tmp_path / "a home"
    entry_points.write_shims(str(found))
    return found


def runs(path: Path, *argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [path, *argv], env={**os.environ, **environ}, capture_output=True, text=True, check=False, timeout=20, input=""
    )


def test_both_lead_to_this_version(home: Path) -> None:
    assert runs(home / "bin" / "orchestra", "--version").stdout.startswith("orchestra")
    assert runs(home / "bin" / "orchestra-hook", "claude", "Stop", "n").returncode == 0
    assert entry_points.hook_argv(str(home), "p", "claude") == (str(home / "bin" / "orchestra-hook"), "claude")
    for name in ("orchestra", "orchestra-hook"):
        assert (home / "bin" / name).stat().st_mode & 0o777 == 0o700
    version = entry_points.installed_version()
    assert entry_points.is_current(str(home), version)
    assert not entry_points.is_current(str(home), "0.1.0-1")  # an upgrade in place changes no path


def dead(shim: Path) -> None:
    """As after an upgrade that removed the environment in which the shim was written."""
    shim.write_text(shim.read_text().replace(str(PACKAGE), "/gone"))


@pytest.mark.parametrize("place", ["first", "behind ours", "behind ours twice"])
def test_where_the_version_is_gone_the_one_on_the_path_is_run(home: Path, tmp_path: Path, place: str) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for name in ("orchestra", "orchestra-hook"):
        (other / name).write_text('#!/bin/sh\necho "the other: $*"\n')
        (other / name).chmod(0o755)
        dead(home / "bin" / name)
    ours = f"{home / 'bin'}:"
    path = {"first": "", "behind ours": ours, "behind ours twice": ours + ours}[place] + f"{other}:{os.environ['PATH']}"
    for name in ("orchestra", "orchestra-hook"):
        assert runs(home / "bin" / name, "a b", "c", PATH=path).stdout == (
            "the other: a b c\n" if place != "behind ours twice" else ""
        )


def test_where_there_is_no_other_it_ends(home: Path) -> None:
    dead(home / "bin" / "orchestra")
    done = runs(home / "bin" / "orchestra", "list", PATH=f"{home / 'bin'}:/usr/bin:/bin")
    assert done.returncode == 127


def gone_python(text: str) -> str:
    return text.replace("[ -x ", "[ -x /gone")


def gone_package(text: str) -> str:
    return text.replace("[ -e ", "[ -e /gone")


def earlier(_: str) -> str:
    return '#!/bin/sh\nexec /usr/bin/python3 -P -m orchestra "$@"\n'


@pytest.mark.parametrize(
    "change", [gone_python, gone_package, earlier, lambda _: "", lambda _: "[ -x ' ] && [ -e ' ] && exec "]
)
def test_a_shim_that_leads_nowhere_is_written_anew_by_any_command(home: Path, change: Callable[[str], str]) -> None:
    shim = home / "bin" / "orchestra"
    text = shim.read_text()
    shim.write_text(change(text))
    assert not entry_points.leads_somewhere(shim.read_text())
    entry_points.write_shims(str(home), only_dead=True)
    assert shim.read_text() == (text if change("") or change(text) else "")


def test_one_that_leads_to_another_version_stays_until_up(home: Path, tmp_path: Path) -> None:
    shim = home / "bin" / "orchestra-hook"
    copy = tmp_path / "orchestra"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    text = shim.read_text()
    shim.write_text(text.replace(str(PACKAGE), str(copy)))
    assert not entry_points.is_current(str(home), entry_points.installed_version())
    entry_points.write_shims(str(home), only_dead=True)
    assert shim.read_text() != text
    entry_points.write_shims(str(home))
    assert shim.read_text() == text
