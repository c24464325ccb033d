"""A worker is named by number, address, branch or project, from any directory; verbs take several."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.person import ASK, HANG, Person, configure, write_issue

pytestmark = pytest.mark.journey


@pytest.fixture
def person(github_repo: Path, git: Callable[..., str]) -> Person:
    configure(github_repo)
    write_issue(github_repo, 1, "Choose a colour", ASK, labels="[ui, bug]")
    write_issue(github_repo, 2, "Dark mode", HANG)
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "issues")
    return Person(github_repo)


@pytest.fixture
def other(tmp_path: Path, git: Callable[..., str]) -> Person:
    root = tmp_path / "gadgets"
    root.mkdir()
    git("init", "-q", root)
    configure(root)
    write_issue(root, 2, "Paint it", ASK)
    git("-C", root, "add", ".")
    git("-C", root, "commit", "-qm", "issues")
    return Person(root)


def test_every_way_to_name_a_worker_and_several_at_once(person: Person) -> None:
    person.runs("up", "-d")
    assert person.asks("spawn", "#1", "https://github.com/acme/widgets/issues/2")["results"] == [
        {"id": "1", "result": "spawned", "error": None},
        {"id": "2", "result": "spawned", "error": None},
    ]
    person.sees("1", "stuck")
    for name in ("1", "#1", "GH-1", "widgets#1", "acme/widgets#1", "issue-1", "github.com/acme/widgets/issues/1"):
        assert person.asks("show", name)["id"] == "1", name
    shown = person.runs("show", "1", "issue-2").out
    assert "#1 Choose a colour" in shown
    assert "#2 Dark mode" in shown
    assert [one["id"] for one in person.asks("show", "1", "2", "#2")["workers"]] == ["1", "2"]
    several_are_shown(person)
    said = person.runs("pause", "2", "9", "#1", code=1)
    assert "#2 paused" in said.out
    assert "#1 paused" in said.out
    assert "orchestra resume 1 goes on" in said.out  # `#1` begins a comment in a shell
    assert "there is no worker #9" in said.err
    person.runs("resume", "#1", "2")
    assert "no worker has pull request #31" in person.runs("show", "github.com/acme/widgets/pull/31", code=1).err
    elsewhere = person.runs("show", "https://ghe.example.com/acme/widgets/issues/1", code=1).err
    assert "no project acme/widgets of ghe.example.com on this machine" in elsewhere
    assert "nor the branch of a worker" in person.runs("show", "no-such-branch", code=2).err
    assert "no project nowhere" in person.runs("show", "nowhere#1", code=1).err
    said = person.runs("spawn", "2", "--after", "99", code=1)
    assert "issue 99 does not exist" in said.err
    person.runs("down")


def several_are_shown(person: Person) -> None:
    """Each verb that looks takes several, with a line that says whose each is, or one document."""
    for argv in (
        ["review", "1", "2"],
        ["review", "1,2"],
        ["show", "#1,", "2,"],
        ["diff", "1, 2"],
        ["log", "1", "2"],
        ["diff", "1,2"],
    ):
        heads = [line[:2] for line in person.runs(*argv).out.splitlines() if line.startswith("#")]
        assert heads == ["#1", "#2"], argv
    for verb in ("log", "review", "show"):
        assert [one["id"] for one in person.asks(verb, "1", "2")["workers"]] == ["1", "2"]
    for words, why in (
        (("attach", "1", "2"), "goes to one pane"),
        (("review", "1,2", "--comment", "a:1", "why?"), "with --comment and --delete give one ID"),
    ):
        assert why in person.runs(*words, code=2).err


def test_every_project_of_the_machine(person: Person, other: Person, tmp_path: Path) -> None:
    person.runs("up", "-d")
    person.runs("spawn", "1", "2")
    other.runs("up", "-d")
    other.runs("spawn", "2")
    other.sees("2", "stuck")
    person.sees("1", "stuck")
    away = person.at(tmp_path)
    listed = away.runs("list", "--all").out
    assert "gadgets \u00b7 " in listed
    assert "widgets \u00b7 " in listed
    assert "orchestra tell gadgets#2 1" in listed
    found = away.asks("list", "--all")["projects"]
    assert [(one["name"], len(one["workers"])) for one in found] == [("gadgets", 1), ("widgets", 2)]
    plain = away.runs("list", "--all", "--plain").out.splitlines()
    assert plain[0].startswith("gadgets#2\tquestion\t")
    assert len(plain) == 3
    away.runs("tell", "gadgets#2", "1")
    other.sees("2", "complete")
    assert [one["id"] for one in person.asks("list", "--state", "needs you")["workers"]] == ["1"]
    assert [one["id"] for one in other.asks("list", "--state", "ready")["workers"]] == ["2"]
    assert [one["id"] for one in person.asks("list", "--label", "UI")["workers"]] == ["1"]
    assert len(person.asks("list", "--mine")["workers"]) == 2
    assert "there is no state 'redy'" in person.runs("list", "--state", "redy", code=2).err
    other.runs("down")
    person.runs("down")


def test_what_was_removed_can_still_be_read(person: Person, git: Callable[..., str]) -> None:
    person.runs("up", "-d")
    person.runs("spawn", "1")
    person.sees("1", "stuck")
    person.runs("tell", "1", "1")
    person.sees("1", "complete")
    git("-C", person.where, "merge", "-q", "issue-1")
    person.sees("1", "merged")
    person.runs("spawn", "2")
    found = person.asks("prune", "--dry-run", "2", "1")
    assert (found["removed"], [one["id"] for one in found["kept"]]) == (["1"], ["2"])
    said = person.runs("prune", "2", "7", "#1", code=1)
    assert "#2 kept: " in said.out
    assert "#1 removed" in said.out
    assert "there is no worker #7" in said.err
    shown = person.runs("show", "1").out
    assert "(removed by prune)" in shown
    assert "told by you: red" in shown
    assert person.asks("show", "1")["removed"]
    assert "escalated" in person.runs("log", "1").out
    for words in (("tell", "1", "on"), ("diff", "1"), ("prune", "1")):
        refused = person.runs(*words, code=1).err
        assert "#1 was removed by prune\n  bring it back: orchestra restore 1; what it did: orchestra show 1" in refused
    assert "orchestra restore ID" in person.runs("restore").err
    assert [one["id"] for one in person.asks("stats")["workers"]] == ["1", "2"]
    said = person.runs("stats", "7", "1", code=1)
    assert "there is no worker #7" in said.err
    assert "#1 Choose a colour" in said.out
    assert person.runs("wait", "2", "--timeout", "soon", code=2).err.count("expected 90, 45m or 2h") == 1
    assert person.asks("wait", "2", "--timeout", "1s", code=4)["outcome"] == "timed_out"
    person.runs("down")
