from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ensure_tools import OLDEST, old
from support.paths import ROOT
from support.person import Person

from orchestra.demo.content import FILES
from orchestra.demo.repository import FIRST, demo
from orchestra.errors import OrchestraError

Git = Callable[..., str]
TOP = ROOT
VERIFY = "python3 -m unittest -q"


def verifies(where: Path) -> bool:
    return subprocess.run(["/bin/sh", "-c", VERIFY], cwd=where, capture_output=True, check=False).returncode == 0


def test_it_is_a_clean_repository_whose_verification_passes(git: Git) -> None:
    root = Path(demo(os.environ))
    assert root.is_relative_to(os.environ["ORCHESTRA_HOME"])
    assert git("-C", root, "branch", "--show-current") == "main"
    assert f"verify: {VERIFY}" in (root / "orchestra.yaml").read_text()
    assert verifies(root)
    assert git("-C", root, "status", "--porcelain", "--untracked-files=all") == ""
    (root / "widgets" / "prices.py").write_text("def price(cents):\n    return 'free'\n")
    assert not verifies(root), "the verification can fail"


def test_it_is_made_once_and_anew_when_it_was_removed() -> None:
    first = demo(os.environ)
    assert demo(os.environ) == first
    shutil.rmtree(Path(first).parent)
    second = demo(os.environ)
    assert second != first, "the old one's workers are not the new one's"
    assert Path(second, "README.md").exists()


def test_what_a_kill_left_half_made_is_not_opened() -> None:
    half = Path(os.environ["ORCHESTRA_HOME"], "demo", "0000", "widgets.begun")
    half.mkdir(parents=True)
    assert Path(demo(os.environ)).parent != half.parent


def test_it_needs_nothing_of_the_persons_home(tmp_path: Path, git: Git) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    config = f"[core]\nhooksPath = {hooks}\nautocrlf = true\n[commit]\ngpgsign = true\n[init]\ndefaultBranch = x\n"
    (tmp_path / ".gitconfig").write_text(config)
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_DIR": "/nowhere/.git"}
    root = demo(environ)
    assert root.startswith(str(tmp_path / ".orchestration"))
    assert git("-C", root, "log", "--format=%an <%ae>") == "Demo User <demo@example.invalid>"


def test_a_place_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OrchestraError, match="the demo cannot be made in"):
        demo({**os.environ, "ORCHESTRA_HOME": str(tmp_path / "file")})


def test_the_first_issues_are_there_and_one_is_left() -> None:
    numbers = [name.split("/")[-1][:4] for name in FILES if name.startswith(".orchestra/issues/")]
    assert numbers == [f"{number:0>4}" for number in (*FIRST, "4")]


# --- the whole demo, as `make demo DETACH=1` opens it ----------------------------------------------------------------


@pytest.mark.journey
def test_the_demo_from_the_first_command_to_the_last(tmp_path: Path, git: Git) -> None:
    opened = Person(tmp_path).runs("up", "--demo", "-d")
    found = re.search(r"^demo repository: (.+)$", opened.out, re.MULTILINE)
    assert found is not None
    root = Path(found[1])
    person = Person(root)
    assert sorted(worker["id"] for worker in person.asks("list")["workers"]) == sorted(FIRST)

    person.runs("wait", "2", "--for", "stuck", "--timeout", "60")
    asked = person.asks("show", "2")["escalation"]
    assert (asked["summary"], asked["options"]) == ("Token refresh approach?", ["sliding", "fixed"])
    person.runs("tell", "2", "fixed")
    person.runs("spawn", "4")
    person.runs("wait", *FIRST, "4", "--timeout", "90")

    for number in (*FIRST, "4"):
        tree = Path(person.asks("show", number)["worktreePath"])
        assert git("-C", tree, "status", "--porcelain") == ""
        assert verifies(tree)
    subjects = {n: git("-C", root, "log", "--format=%s", f"main..issue-{n}").splitlines() for n in (*FIRST, "4")}
    assert subjects == {
        "1": ["Export the catalogue as CSV"],
        "2": ["Refresh sign-in tokens when they are used"],
        "3": ["Format prices with two digits", "Round prices to two digits"],
        "4": ["Find a widget by a part of its name"],
    }
    assert "APPROACH = 'fixed'" in git("-C", root, "show", "issue-2:widgets/tokens.py")
    (journal,) = Path(os.environ["ORCHESTRA_HOME"], "sessions").glob("*/3.jsonl")
    verified = re.findall(r'"passed": ?(true|false)', journal.read_text())
    assert verified == ["false", "true"]
    assert git("-C", root, "status", "--porcelain") == ""

    again = Person(tmp_path).runs("up", "--demo", "-d")
    assert str(root) in again.out
    assert all(f"#{number} existing" in again.out for number in FIRST)
    person.runs("down")
    assert person.tmux("list-sessions") == ""


# --- what `make` asks for first --------------------------------------------------------------------------------------


def program(path: Path, *lines: str) -> None:
    path.write_text("\n".join(("#!/bin/sh", *lines)) + "\n")
    path.chmod(0o755)


def ensure(path: Path) -> subprocess.CompletedProcess[str]:
    """Run the script with nothing on the PATH but what is in `path`."""
    argv = [sys.executable, str(TOP / "tools" / "ensure_tools.py")]
    return subprocess.run(argv, env={"PATH": str(path)}, capture_output=True, text=True, check=False)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("said", "is_old"),
    [
        ("tmux 3.2a", False),
        ("tmux 3.2", True),
        ("tmux 3.10", False),
        ("tmux next-3.4", False),
        ("tmux 2.9a", True),
        ("tmux openbsd-7.4", False),
        ("tmux master", False),
        ("tmux", True),
    ],
)
def test_a_version_is_compared_as_tmux_counts(
    said: str, is_old: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "tmux", f"echo '{said}'")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert old("tmux", OLDEST["tmux"]) is is_old


@pytest.mark.fast
def test_nothing_is_done_where_all_is_there(tmp_path: Path) -> None:
    program(tmp_path / "tmux", "echo tmux 3.3a")
    program(tmp_path / "git", "echo git version 2.39.5 '(Apple Git-154)'")
    program(tmp_path / "apt-get", f"touch {tmp_path}/called")
    done = ensure(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (tmp_path / "called").exists()


@pytest.mark.fast
@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs without being asked")
def test_what_is_missing_is_installed_by_the_package_manager(tmp_path: Path) -> None:
    program(tmp_path / "git", "echo git version 2.20.1")
    program(
        tmp_path / "apt-get",
        f'echo "$@" >>{tmp_path}/called',
        'test "$1" = install || exit 100',  # no network for `update`: what is known may do
        f"for name in tmux git; do printf '#!/bin/sh\\necho %s 3.3a\\n' $name >{tmp_path}/$name; done",
        f"/bin/chmod +x {tmp_path}/tmux {tmp_path}/git",
    )
    done = ensure(tmp_path)
    assert done.returncode == 0, done
    assert (tmp_path / "called").read_text().splitlines()[1].endswith("--no-install-recommends tmux git")
    assert "missing: tmux 3.2a or newer, git 2.31 or newer" in done.stdout


@pytest.mark.fast
@pytest.mark.parametrize("manager", ["apt-get", "none"])
def test_what_cannot_be_installed_is_said(tmp_path: Path, manager: str) -> None:
    program(tmp_path / "git", "echo git version 2.39.5")
    if manager != "none":
        program(tmp_path / manager, "exit 0")
    done = ensure(tmp_path)
    assert done.returncode == 1
    assert "tmux 3.2a or newer" in done.stdout + done.stderr


@pytest.mark.fast
def test_make_lists_what_it_can_do() -> None:
    said = subprocess.run(["make", "-C", str(TOP), "--no-print-directory"], capture_output=True, text=True, check=True)
    listed = re.findall(r"^  make (\w+)", said.stdout, re.MULTILINE)
    assert {"help", "demo", "test", "check", "e2e", "nightly", "bench", "fmt"} <= set(listed)
