"""The lines of shell that agents, tmux and the user's setup run: in every shell that /bin/sh may be, with other tools.

macOS has bash as /bin/sh and BSD tools, Alpine has busybox for both, Debian has dash.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from support.paths import ROOT
from support.person import Person, configure, write_issue

from orchestra.agents.claude import launch
from orchestra.core.models import AgentContext, AgentOptions
from orchestra.project import entry_points

SHELLS = {
    "sh": ("/bin/sh",),
    "busybox": ("busybox", "sh"),
    "bash": ("bash", "--posix"),
    "zsh": ("zsh", "--emulate", "sh"),
}
TOOLS = (
    "cat",
    "date",
    "echo",
    "env",
    "printf",
    "sleep",
    "touch",
    "[",
    "test",
    "mv",
    "rm",
    "mkdir",
    "sh",
    "grep",
    "sed",
)


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> tuple[str, ...]:
    name, *flags = SHELLS[request.param]
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"there is no {name}")
    return (program, *flags)


@pytest.fixture
def others(tmp_path: Path) -> str:
    """A PATH of other tools than GNU's, on a system that calls itself Darwin."""
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("there is no busybox")
    place = tmp_path / "other-bin"
    place.mkdir()
    for name in TOOLS:
        (place / name).symlink_to(busybox)
    (place / "uname").write_text("#!/bin/sh\necho Darwin\n")
    (place / "uname").chmod(0o755)
    return str(place)


def context(tmp_path: Path, hook: Sequence[str]) -> AgentContext:
    directory, worktree = tmp_path / "it's a home", tmp_path / "work tree"
    directory.mkdir()
    worktree.mkdir()
    return AgentContext(
        worker="7", nonce="n7", session="s7", worktree=str(worktree), directory=str(directory), home=str(tmp_path),
        project="p", base="main", hook=tuple(hook), orchestra_argv=("orchestra",),
    )  # fmt: skip


def run(shell: Sequence[str], line: str, path: str, **more: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": path, **more}
    return subprocess.run([*shell, "-c", line], env=environ, capture_output=True, text=True, check=False, timeout=30)


def hook_lines(settings: Mapping[str, object]) -> list[str]:
    hooks = settings["hooks"]
    assert isinstance(hooks, dict)
    return [hook["command"] for groups in hooks.values() for group in groups for hook in group["hooks"]]


def test_hook_lines_end_well_and_touch_the_heartbeat(shell: tuple[str, ...], others: str, tmp_path: Path) -> None:
    told = tmp_path / "told"
    here = context(tmp_path, ["sh", "-c", f'echo "$@" >> {told}', "hook"])
    made = launch.launch(here, AgentOptions("claude", "", (), "standard", (), (), "none"), resume=False, say="go")
    settings = json.loads(next(text for name, text in made.files.items() if name.endswith("settings.json")))
    lines = hook_lines(settings)
    assert len(lines) > 5
    for line in lines:
        done = run(shell, line, others)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), line
    assert (Path(here.directory) / "heartbeat").read_text() == "\n"
    assert "Stop n7" in told.read_text()
    shutil.rmtree(here.directory)  # everything is gone: a hook still ends with 0 and says nothing
    for line in lines:
        done = run(shell, line, "/nowhere")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), line


@pytest.mark.parametrize("say", ["do 'this' $HOME `x`\n\n", ""])
def test_the_launch_script_starts_the_agent(shell: tuple[str, ...], others: str, say: str, tmp_path: Path) -> None:
    agent = tmp_path / "an agent"
    agent.write_text('#!/bin/sh\npwd\nfor word; do printf "<%s>" "$word"; done\n')
    agent.chmod(0o755)
    here = context(tmp_path, ["hook"])
    script = launch._script(
        here, AgentOptions(str(agent), "m", ("--x y",), "standard", (), (), "none"), resume=False, say=say
    )
    Path(here.directory, "prompt.md").write_text(say)
    Path(here.directory, "launch.sh").write_text(script)
    done = subprocess.run(
        [*shell, f"{here.directory}/launch.sh"], env={"PATH": others}, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    where, _, words = done.stdout.partition("\n")
    assert Path(where).name == "work tree"
    assert "<--session-id><s7>" in words
    assert "<--x y>" in words
    assert words.endswith(f"<--><{say.rstrip(chr(10))}>") or not say


def test_what_ends_is_started_again_later(shell: tuple[str, ...], others: str) -> None:
    argv = entry_points.kept_running(["sh", "-c", "echo began; exit 3"])
    begun = subprocess.Popen([*shell, *argv[1:]], env={"PATH": others}, stdout=subprocess.PIPE, text=True)
    assert begun.stdout is not None
    said = [begun.stdout.readline() for _ in range(3)]
    begun.kill()
    begun.communicate()
    assert said == ["began\n", "the monitor ended with status 3; it starts again in 1 s\n", "began\n"]


def test_what_waits_says_so_and_becomes_the_program(shell: tuple[str, ...], others: str) -> None:
    argv = entry_points.delayed(["sh", "-c", "echo $0 $1", "a b", "c"], 0.1, "orchestrator")
    done = subprocess.run([*shell, *argv[1:]], env={"PATH": others}, capture_output=True, text=True, check=False)
    assert done.stdout == "orchestrator starts in 0.1 s\na b c\n"


@pytest.mark.journey
def test_setup_and_a_worker_with_other_tools(others: str, repo: Path, git: object) -> None:
    """Everything but tmux, git and Python from busybox."""
    for name in ("tmux", "git"):
        Path(others, name).symlink_to(str(shutil.which(name)))
    configure(
        repo, "agent: scripted", "tracker: local", "setup: 'uname > system.txt; date +%s | grep -q . && echo set up'"
    )
    write_issue(repo, 1, "First", "```script\nstatus working\nhang\n```\n")
    subprocess.run(["git", "-C", str(repo), "add", "."], check=True)
    subprocess.run(["git", "-C", str(repo), "commit", "-qm", "x"], check=True)
    person = Person(repo, {"PATH": others})
    person.runs("spawn", "1")
    person.sees("1", "working")
    assert (repo.parent / "widgets-issue-1" / "system.txt").read_text() == "Darwin\n"
    person.runs("up", "-d")
    assert "monitor" in person.tmux("list-windows", "-F", "#{window_name}")
    person.runs("down")


@pytest.mark.fast
def test_what_only_one_system_has_is_in_one_module() -> None:
    only = re.compile(
        r"/proc/|/proc\b|pidfd|inotify|/sys/|readlink -f|\bstat -c|date -d|sed -i |(?<!-)\btimeout \d|flock -"
    )
    found = {
        str(path.relative_to(ROOT)): sorted(set(only.findall(path.read_text())))
        for path in (ROOT / "orchestra").rglob("*.py")
        if only.search(path.read_text())
    }
    found.pop("orchestra/agents/claude/permissions.py", None)  # it lists what an agent's commands may look like
    assert list(found) == ["orchestra/processes.py"]
