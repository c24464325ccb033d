"""`orchestra layout` in a workspace that runs: what moves, and that nothing ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.person import Person, configure, write_issue
from support.polling import eventually
from support.terminal import Terminal
from support.warm import KILLED, Command, Warm, warm

pytestmark = pytest.mark.journey

LOOK = "#{window_name}|#{@orchestra_part}|#{@orchestra_worker}|#{pane_id}|#{pane_pid}|#{pane_dead}"


def windows(person: Person) -> list[tuple[str, list[str]]]:
    """Every window by name, with what is in its panes: a part of the layout, a worker's number, or `?`."""
    found: dict[str, tuple[str, list[str]]] = {}
    for line in person.tmux("list-panes", "-s", "-t", "widgets", "-F", "#{window_id}|" + LOOK).splitlines():
        window, name, part, worker, *_ = line.split("|")
        found.setdefault(window, (name, []))[1].append(worker or part.partition("-")[0] or "?")
    return list(found.values())


def lives(person: Person) -> dict[str, str]:
    """The process of every pane."""
    return dict(
        line.split("|")
        for line in person.tmux("list-panes", "-s", "-t", "widgets", "-F", "#{pane_id}|#{pane_pid}").splitlines()
    )


@pytest.fixture
def person(repo: Path) -> Iterator[Warm]:
    """A user in a workspace of three workers that never end, and layouts of their own beside the shipped ones."""
    configure(repo, "agent: scripted", "tracker: local", "workers: {max: 9}")
    for number in (1, 2, 3):
        write_issue(repo, number, f"Issue {number}", "```script\nstatus working\nhang\n```\n")
    with warm(Person(repo)) as person:
        person.runs("up", "-d")
        person.runs("spawn", "1", "2", "3", "--no-wait")
        person.tmux("rename-session", "widgets")
        yield person


WORKSPACE = [("orchestrator", ["orchestrator"]), ("workers", ["1", "2", "3"]), ("monitor", ["monitor"])]


def test_there_and_back_again(person: Person) -> None:
    """Every pane keeps its process and its scrollback; run twice is run once; a shell in use is kept for later."""
    before = lives(person)
    first = next(pane for pane in before if person.tmux("display-message", "-p", "-t", pane, "#{@orchestra_worker}"))
    history = eventually(lambda: person.tmux("capture-pane", "-p", "-S", "-", "-t", first).split())
    person.runs("layout", "wide")
    assert windows(person) == [("orchestrator", ["orchestrator", "shell"]), *WORKSPACE[1:]]
    person.runs("layout", "laptop")
    pages = [("workers", ["1", "2"]), ("workers-2", ["3"]), ("monitor", ["monitor"])]
    assert windows(person) == [("orchestrator", ["orchestrator"]), *pages, ("shell", ["shell"])]
    once = person.tmux("list-panes", "-a", "-F", LOOK + "#{window_id}#{window_index}#{window_layout}#{pane_active}")
    person.runs("layout", "laptop")
    again = person.tmux("list-panes", "-a", "-F", LOOK + "#{window_id}#{window_index}#{window_layout}#{pane_active}")
    assert again == once
    person.runs("layout", "wide")
    assert windows(person) == [("orchestrator", ["orchestrator", "shell"]), *WORKSPACE[1:]]
    person.runs("layout", "solo")
    assert [panes for _, panes in windows(person)][1:4] == [["1"], ["2"], ["3"]]
    person.runs("layout", "default")
    assert windows(person) == [*WORKSPACE, ("shell", ["shell"])]
    after = lives(person)
    assert {pane: after[pane] for pane in before} == before
    assert len(after) == len(before) + 1  # the one shell of `wide`
    assert " ".join(person.tmux("capture-pane", "-p", "-S", "-", "-t", first).split()).startswith(" ".join(history))
    is_no_layout(person)


def is_no_layout(person: Person) -> None:
    """What is not the name of a layout never reaches tmux, and the list says what is."""
    before = windows(person)
    for name in ("tilled", "even-horizontal", "#(touch canary)"):
        assert "board, default, laptop, solo, wide" in person.runs("layout", name, code=2).err
    assert windows(person) == before
    listed = person.runs("layout").out.splitlines()
    assert [line[:9] for line in listed if line.startswith("*")] == ["* default"]
    assert any("For 80 columns" in line for line in listed)


def test_what_the_person_did_stays(person: Person) -> None:
    """Windows, panes and names of their own, the pane they look at, under a client at 80x24."""
    terminal = Terminal(80, 24)
    terminal.run(["tmux", "-L", "orchestra", "attach"])
    eventually(lambda: person.tmux("list-clients"), why="attached")
    person.tmux("rename-window", "-t", "widgets:orchestrator", "mine")
    person.tmux("split-window", "-d", "-t", "widgets:mine", "sh", "-c", "exec sleep 1000")
    person.tmux("new-window", "-d", "-n", "notes", "sh", "-c", "exec sleep 1000")
    third = next(line for line in person.tmux("list-panes", "-s", "-F", LOOK).splitlines() if "||3|" in line)
    person.tmux("select-window", "-t", third.split("|")[3], ";", "select-pane", "-t", third.split("|")[3])
    before = lives(person)
    for name in ("solo", "laptop", "board"):
        person.runs("layout", name)
        assert person.tmux("display-message", "-p", "-t", "widgets:", "#{@orchestra_worker}") == "3"
    assert ("mine", ["orchestrator", "?"]) in windows(person)
    assert ("notes", ["?"]) in windows(person)
    assert windows(person)[0] == ("board", ["board"])
    pages = [panes for name, panes in windows(person) if name.startswith("workers")]
    assert pages == [["1", "2", "3"]]
    person.runs("layout", "laptop")
    write_issue(person.where, 4, "Issue 4", "```script\nhang\n```\n")
    person.runs("spawn", "4", "--no-wait")  # the next worker goes by it, and so does the next `up`
    pages = [panes for name, panes in windows(person) if name.startswith("workers")]
    assert pages == [["1", "2"], ["3", "4"]]
    there = windows(person)
    person.runs("up", "-d")
    assert windows(person) == there
    after = lives(person)
    assert {pane: after[pane] for pane in before} == before
    terminal.shows("#3")
    terminal.end()


TMUXP = """session_name: work
before_script: ./deps.sh
windows:
- window_name: desk
  options: {default-command: bash}
  panes:
  - shell_command: [{cmd: 'rm -rf build', enter: false}]
"""


def test_what_a_tmuxp_file_asks_for_and_orchestra_leaves_out_is_said_when_it_opens(repo: Path) -> None:
    configure(repo)
    (repo / "work.yaml").write_text(TMUXP)
    person = Person(repo)
    said = [
        "work.yaml:2: before_script: not run; orchestra starts no program of a layout but its panes",
        "work.yaml:5: windows[0].options.default-command: left out; set it in your tmux.conf",
        "work.yaml:7: windows[0].panes[0].shell_command[0].enter: a command with `enter: false` is not typed at all",
    ]
    opened = person.runs("up", "-d", "work.yaml").err
    assert [line for line in said if line not in opened] == []
    assert "before_script" not in person.runs("up", "-d", "work.yaml").err  # said once, when it opens
    assert "before_script" not in person.runs("layout", "wide").out
    assert "before_script" in person.runs("layout", "work.yaml").out


@pytest.mark.fast
def test_while_nothing_is_open_it_says_how_to_open_it(repo: Path) -> None:
    configure(repo)
    assert "orchestra up laptop" in Person(repo).runs("layout", "laptop", code=1).err


@pytest.mark.parametrize("most", [6, pytest.param(100, marks=pytest.mark.nightly, id="all")])
def test_killed_anywhere_the_same_again_repairs(most: int, person: Warm) -> None:
    before = lives(person)
    person.runs("layout", "laptop")
    pages = windows(person)
    count = len(person.steps(Command(["layout", "wide"])))
    together, ended = windows(person), []
    for number, step in enumerate(range(1, count + 1, max(1, count // most))):
        name, right = (("laptop", [*pages, ("shell", ["shell"])]), ("wide", together))[number % 2]
        ended.append(person.ends(Command(["layout", name], step)).code)
        person.runs("layout", name)
        assert windows(person) == right, step
    after = lives(person)
    assert {pane: after[pane] for pane in before} == before
    assert len(after) == len(before) + 1
    assert ended.count(KILLED) > len(ended) * 0.7  # the way back has fewer steps
