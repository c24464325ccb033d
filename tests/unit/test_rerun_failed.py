"""A second run hides no more than three failures, and says which ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import ROOT

pytestmark = pytest.mark.fast

TEST = """
from pathlib import Path

def ran(name):
    Path(name).write_text(Path(name).read_text() + "x" if Path(name).exists() else "x")

def test_passes_now():
    ran("passes")

def test_fails_again():
    ran("fails")
    assert False
"""


def rerun(where: Path, *ids: str) -> subprocess.CompletedProcess[str]:
    cache = where / ".pytest_cache" / "v" / "cache"
    cache.mkdir(parents=True)
    (cache / "lastfailed").write_text(json.dumps(dict.fromkeys(ids, True)))
    (where / "test_it.py").write_text(TEST)
    argv = [sys.executable, str(ROOT / "tools" / "rerun_failed.py")]
    return subprocess.run(argv, cwd=where, capture_output=True, text=True, check=False)


def test_what_passes_the_second_time_is_named_and_lets_the_build_pass(tmp_path: Path) -> None:
    done = rerun(tmp_path, "test_it.py::test_passes_now")
    assert done.returncode == 0
    assert "1 tests need a second run (at most 3 may):\n  test_it.py::test_passes_now\n" in done.stdout
    assert (tmp_path / "passes").read_text() == "x"


def test_what_fails_again_fails_the_build(tmp_path: Path) -> None:
    done = rerun(tmp_path, "test_it.py::test_passes_now", "test_it.py::test_fails_again")
    assert done.returncode != 0
    assert "2 tests were run twice: not all pass" in done.stdout


def test_more_than_three_fail_the_build_without_a_second_run(tmp_path: Path) -> None:
    done = rerun(tmp_path, *(f"test_it.py::test_passes_now[{number}]" for number in range(4)))
    assert done.returncode == 1
    assert "4 tests need a second run" in done.stdout
    assert not (tmp_path / "passes").exists()


def test_a_run_that_failed_without_a_failed_test_fails_the_build(tmp_path: Path) -> None:
    assert rerun(tmp_path).returncode == 1
