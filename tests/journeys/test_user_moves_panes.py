"""The user's own tmux hooks and hands: panes that split, move, change their program or end by themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.person import Person, configure, write_issue
from support.polling import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]
Git = Callable[..., str]

ASK = '```script\nstatus working\nescalate "Which?" --option red --option blue\nwrite c.txt "{answer}"\ncommit C\nship\n```\n'


@pytest.fixture
def asking(repo: Path, git: Git) -> Person:
    configure(repo, "agent: scripted", "tracker: local", "workers: {max: 9}")
    for number in (1, 2, 3):
        write_issue(repo, number, f"Ask {number}", ASK)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    return Person(repo)


def tagged(person: Person) -> dict[str, list[str]]:
    """What runs in the living panes that have a worker's tag."""
    found: dict[str, list[str]] = {}
    for row in person.tmux(
        "list-panes", "-a", "-F", "#{?pane_dead,,#{@orchestra_worker}}|#{pane_start_command}"
    ).splitlines():
        worker, _, command = row.partition("|")
        if worker:
            found.setdefault(worker, []).append(command)
    return found


def test_words_reach_a_pane_that_was_squeezed_to_one_row(repo: Path, git: Git) -> None:
    configure(repo, "agent: scripted", "tracker: local", "layout: still")  # without a monitor
    (repo / ".orchestra" / "layouts").mkdir(parents=True)
    (repo / ".orchestra" / "layouts" / "still.yaml").write_text("windows:\n  - window_name: w\n    role: workers\n")
    write_issue(repo, 1, "Ask", ASK)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    person = Person(repo)
    person.runs("up", "-d")
    person.runs("spawn", "1")
    eventually(lambda: person.asks("show", "1")["activity"]["state"] == "waiting", 60, "the question")
    pane = pane_of(person, "1")
    person.tmux("resize-window", "-x", "60", "-y", "4", "-t", pane)
    person.tmux("split-window", "-d", "-t", pane, "-l", "90%")
    person.tmux("resize-pane", "-y", "1", "-t", pane)
    said = person.runs("tell", "1", "red").out
    assert "queued, not delivered yet; make its pane larger: with 1 row its prompt is not seen" in said
    person.tmux("resize-window", "-x", "60", "-y", "30", "-t", pane)
    person.tmux("resize-pane", "-y", "1", "-t", pane)
    assert "delivered" in person.runs("tell", "1", "go on").out  # the pane is given rows, which its window has now
    person.sees("1", "complete")


def answered(person: Person, *numbers: str) -> None:
    for number in numbers:
        person.sees(number, "stuck")
        person.runs("tell", number, "red")
        person.sees(number, "complete")
        worktree = Path(person.asks("show", number)["worktreePath"])
        assert (worktree / "c.txt").read_text().strip() == "red"


HOOKS = {
    "splits a new window": "set-hook -g after-new-window 'split-window -h'",
    "splits it upwards": "set-hook -g after-new-window 'split-window -b -v'",
    "splits it twice and renames": "set-hook -g after-new-window 'split-window ; split-window -h ; rename-window mine'",
    "selects another pane": "set-hook -g after-new-window 'split-window -dh ; select-pane -t :.+'",
    "splits each pane that is split": "set-hook -g after-split-window 'select-layout tiled'",
    "breaks what is joined": "set-hook -g after-join-pane 'break-pane -d'",
}


TOGETHER = {
    "upwards, and breaks": "\n".join([HOOKS["splits it upwards"], HOOKS["breaks what is joined"]]),
    "twice, another pane, lays out": "\n".join(
        [
            HOOKS["splits it twice and renames"],
            HOOKS["selects another pane"].replace("new-window", "new-window[7]"),
            HOOKS["splits each pane that is split"],
        ]
    ),
}


@pytest.mark.parametrize(
    "hook",
    [
        *(pytest.param(hook, id=name) for name, hook in TOGETHER.items()),
        *(pytest.param(hook, id=name, marks=pytest.mark.nightly) for name, hook in HOOKS.items()),
    ],
)
def test_a_tmux_hook_of_the_user_never_makes_another_pane_the_workers(hook: str, asking: Person, home: Path) -> None:
    (home / ".tmux.conf").write_text(hook + "\n")
    asking.runs("up", "-d")
    asking.runs("spawn", "1", "2")
    found = tagged(asking)
    assert {number: len(commands) for number, commands in found.items()} == {"1": 1, "2": 1}, found
    for number, (command,) in found.items():
        assert command.replace('"', "").endswith(f"worker run {number}")
    answered(asking, "1", "2")


def pane_of(person: Person, number: str) -> str:
    for row in person.tmux("list-panes", "-a", "-F", "#{@orchestra_worker} #{pane_id}").splitlines():
        worker, _, pane = row.partition(" ")
        if worker == number:
            return pane
    return ""


MOVES = {
    "swapped": lambda person, pane: person.tmux("swap-pane", "-d", "-s", pane, "-t", pane_of(person, "2")),
    "broken out": lambda person, pane: person.tmux("break-pane", "-d", "-s", pane, "-n", "mine"),
    "joined to the shell": lambda person, pane: person.tmux("join-pane", "-d", "-s", pane, "-t", ":0"),
    "in another session": lambda person, pane: (
        person.tmux("new-session", "-d", "-s", "mine"),
        person.tmux("break-pane", "-d", "-s", pane, "-t", "mine:"),
    ),
    "laid out and zoomed": lambda person, pane: (
        person.tmux("select-layout", "-t", pane, "even-vertical"),
        person.tmux("resize-pane", "-Z", "-t", pane),
    ),
    "renumbered": lambda person, pane: person.tmux("move-window", "-s", pane, "-t", ":77"),
}


USUAL_MOVES = ("joined to the shell", "in another session")  # the others by night


@pytest.mark.parametrize(
    "move",
    [
        pytest.param(move, id=name, marks=() if name in USUAL_MOVES else pytest.mark.nightly)
        for name, move in MOVES.items()
    ],
)
def test_a_pane_that_the_user_moves_stays_the_workers(move: Callable[[Person, str], object], asking: Person) -> None:
    asking.runs("up", "-d")
    asking.runs("spawn", "1", "2")
    asking.sees("1", "stuck")
    before = pane_of(asking, "1")
    move(asking, before)
    answered(asking, "1", "2")
    assert pane_of(asking, "1") == before
    assert len(tagged(asking)["1"]) == 1


def test_a_pane_in_which_the_user_starts_another_program_is_not_the_workers_any_more(asking: Person) -> None:
    asking.runs("up", "-d")
    asking.runs("spawn", "1")
    asking.sees("1", "stuck")
    pane = pane_of(asking, "1")
    asking.tmux("respawn-pane", "-k", "-t", pane, "sh -c 'echo a program of mine; cat'")
    assert asking.asks("show", "1")["pane"] is None
    asking.runs("tell", "1", "red")
    asking.sees("1", "complete")  # its agent came back in a pane of its own
    seen = asking.tmux("capture-pane", "-p", "-t", pane)
    assert "a program of mine" in seen
    assert "red" not in seen
    assert len(tagged(asking)["1"]) == 1
