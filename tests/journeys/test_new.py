"""A new task: from the command line and from the form in a popup, on GitHub and without it. No words are ever lost."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.github_double.server import Double
from support.person import Person, configure
from support.polling import eventually
from support.terminal import Terminal, quick_fingers

pytestmark = pytest.mark.journey
Git = Callable[..., str]

WORK = "```script\nstatus working\nhang\n```\n"
HOSTILE = (
    "-x [red]y[/] #(touch canary) #[fg=red] \x1b[31m $(touch canary) `touch canary` '; {n} %H \u202egnp \U0001f680"
)


@pytest.fixture
def on_github(github_repo: Path, github: Double, git: Git) -> Person:
    quick_fingers()
    configure(github_repo, "agent: scripted", "github: {poll: 1s}")
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "config")
    git("-C", github_repo, "push", "-q", "origin", "main")
    return Person(github_repo)


def kept(person: Person) -> list[dict[str, object]]:
    """The drafts on disk."""
    home = Path(person.environ["ORCHESTRA_HOME"])
    return [json.loads(path.read_text()) for path in sorted(home.glob("sessions/*/drafts/*.json"))]


@pytest.mark.parametrize(
    ("fault", "says", "next_"),
    [
        ("403", "does not allow this token to do that", "it needs Contents, Issues"),
        ("403 primary", "rate limit", "nothing is lost"),
        ("429", "rate limit", "nothing is lost"),
        ("401", "refused the token", "GH_TOKEN"),
        ("502", "server error", "try again"),
        ("reset connection", "broke", "try again"),
    ],
)
def test_what_github_refuses_is_kept_and_sent_again_once(
    on_github: Person, github: Double, fault: str, says: str, next_: str
) -> None:
    github.fault(fault, path="/issues", method="POST")
    said = on_github.runs("new", "Round prices", "-", "--label", "bug", "--no-spawn", text="Half *up*.\n", code=1)
    assert says in said.err
    assert "the text is kept: orchestra new --draft" in said.err
    assert [(one["title"], one["body"], one["labels"]) for one in kept(on_github)] == [
        ("Round prices", "Half *up*.", ["bug"])
    ]
    github.clear_faults()
    forget_limits(on_github)
    made = on_github.asks("new", "--draft", "--no-spawn")
    assert github.ticket(made["number"]).body == "Half *up*."
    assert len(github.tickets) == 1
    assert not kept(on_github)
    assert "there is no draft" in on_github.runs("new", "--draft", code=1).err


def forget_limits(person: Person) -> None:
    """As if the time had passed that GitHub named."""
    for path in Path(person.environ["ORCHESTRA_HOME"]).glob("cache/*/github/budget.json"):
        path.unlink()


@pytest.mark.parametrize(
    ("fault", "again"),
    [
        ("connection cut in the body", ("new", "Round prices", "-m", "Up.")),
        ("truncated json", ("new", "--draft")),
        ("wrong types", ("new", "--draft", "-m", "Half up.")),
    ],
)
def test_an_issue_whose_answer_was_lost_is_not_opened_twice(
    on_github: Person, github: Double, fault: str, again: tuple[str, ...]
) -> None:
    github.fault(fault, path="/issues", method="POST")
    on_github.runs("new", "Round prices", "-m", "Up.", "--no-spawn", code=1)
    assert len(github.tickets) == 1, "it is there, and only its answer was lost"
    github.clear_faults()
    forget_limits(on_github)
    made = on_github.asks(*again, "--no-spawn")
    assert len(github.tickets) == 1
    assert github.ticket(made["number"]).body == ("Half up." if "Half up." in again else "Up.")


def test_a_repository_without_issues_and_one_without_the_right(on_github: Person, github: Double) -> None:
    github.has_issues = False
    said = on_github.runs("new", "One", "-m", WORK, code=1)
    assert "issues are disabled in acme/widgets" in said.err
    made = on_github.asks("new", "--draft", "--local", "--no-spawn")
    assert made["number"] == 900001
    github.has_issues = True
    github.readers = {"ann"}
    assert "that this token may see" in on_github.runs("new", "Two", code=1).err
    github.readers = set()
    github.archived = True
    assert "is archived" in on_github.runs("new", "Two", code=1).err
    assert [one["title"] for one in kept(on_github)] == ["Two"], "tried twice, kept once"


def test_a_guest_opens_an_issue_without_labels_and_starts_on_their_own_words(on_github: Person, github: Double) -> None:
    github.guests = {"ann"}
    said = on_github.runs("new", "Mine", "-m", WORK, "--label", "bug", "--label", "ui")
    assert "GitHub left out labels, which this token may not set: bug, ui" in said.out
    assert "spawned" in said.out
    on_github.sees("1", "working")


def test_hostile_titles_and_texts(on_github: Person, github: Double) -> None:
    for place, title in enumerate(("--", HOSTILE, "\u65e5\u672c\u8a9e " * 20, "null", "a\nb\tc"), 1):
        made = json.loads(on_github.runs("new", "--json", "--no-spawn", "-m", HOSTILE, "--", title).out)
        assert made["number"] == place
        found = github.ticket(place).title
        assert "\x1b" not in found
        assert "\n" not in found
        words = ("-m", f"---\n{HOSTILE}\n---", "--", title)
        local = json.loads(on_github.runs("new", "--json", "--local", "--no-spawn", *words).out)
        listed = {str(one["number"]): one["title"] for one in on_github.asks("issues")["issues"]}
        assert listed[str(local["number"])] == listed[str(place)]
    assert not list(on_github.where.parent.rglob("canary"))
    said = on_github.runs("new", "t" * 257, "-m", "b", code=2)
    assert "the title has 257 characters, and a title takes 256" in said.err
    said = on_github.runs("new", "long", "-", text="b" * 65_537, code=2)
    assert "the text has 65537 characters, and an issue takes 65536" in said.err


def test_what_would_refuse_the_worker_writes_no_issue(on_github: Person, github: Double) -> None:
    for wrong in (("--agent", "nope"), ("--on", "7"), ("--after", "99"), ("--base", "nowhere")):
        on_github.runs("new", "One", "-m", "text", *wrong, code=None)
        assert not github.tickets, wrong
    assert len(kept(on_github)) <= 1


def test_templates_and_forms_begin_the_text(on_github: Person, github: Double, git: Git) -> None:
    place = on_github.where / ".github" / "ISSUE_TEMPLATE"
    place.mkdir(parents=True)
    (place / "bug.yml").write_text(
        "name: Bug\ntitle: 'Bug: '\nlabels: [bug]\nbody:\n"
        "  - {type: textarea, attributes: {label: What, description: Steps}, validations: {required: true}}\n"
    )
    (place / "idea.md").write_text("---\nname: Idea\nlabels: idea\n---\nWhy?\n")
    one = on_github.asks("new", "Totals", "--template", "bug", "--no-spawn")
    assert github.ticket(one["number"]).title == "Bug: Totals"
    assert github.ticket(one["number"]).body == "### What\n\n<!-- Steps (required) -->"
    two = on_github.asks("new", "Search", "--template", "IDEA", "-m", "By words.", "--label", "ui", "--no-spawn")
    assert github.ticket(two["number"]).labels == ["idea", "ui"]
    assert github.ticket(two["number"]).body == "By words."
    assert "there are: bug, idea" in on_github.runs("new", "X", "--template", "nope", code=1).err


def test_the_first_task_of_a_repository_without_a_remote(repo: Path) -> None:
    configure(repo, "agent: scripted")
    person = Person(repo)
    made = person.asks("new", "Begin", "-m", WORK)
    assert (made["number"], made["worker"]["result"]) == (1, "spawned")
    person.sees("1", "working")


def test_a_model_and_a_plan_for_this_worker_alone(on_github: Person) -> None:
    on_github.runs("new", "One", "-m", WORK, "--model", "opus", "--plan", "review")
    found = on_github.asks("show", "1")
    assert (found["model"], found["planMode"]) == ("opus", "review")
    on_github.runs("new", "Two", "-m", WORK)
    assert "planMode" not in on_github.asks("show", "2")


# --- the form ---


def opened(person: Person, columns: int = 80, rows: int = 24) -> Terminal:
    terminal = Terminal(columns, rows)
    terminal.run(["tmux", "-L", "orchestra", "attach"])
    terminal.shows("no workers")
    return terminal


def form(terminal: Terminal, words: str = "Enter creates it") -> None:
    eventually(lambda: "\u2518" not in terminal.text, why="the popup to close")
    terminal.key_table()
    terminal.press("c")
    terminal.shows(words)


def test_from_a_thought_to_a_worker_by_keys_alone(on_github: Person, github: Double) -> None:
    on_github.runs("up", "-d")
    terminal = opened(on_github)
    form(terminal)
    terminal.type("Round prices")
    terminal.press("Tab")
    terminal.type("```script")
    terminal.press("Enter")
    terminal.type("status working")
    terminal.press("Enter")
    terminal.type("hang")
    terminal.press("Enter")
    terminal.type("```")
    terminal.press("Tab")
    terminal.type("bug, ui")
    terminal.press("Enter")
    terminal.shows("#1 Round prices: created, its worker starts")
    assert github.ticket(1).body == "```script\nstatus working\nhang\n```"
    assert github.ticket(1).labels == ["bug", "ui"]
    on_github.sees("1", "working")
    assert not kept(on_github)
    terminal.end()


def popup_of(person: Person) -> int:
    """The process in the popup."""
    home = f"ORCHESTRA_HOME={person.environ['ORCHESTRA_HOME']}".encode()
    for place in Path("/proc").iterdir():
        try:
            said = (place / "cmdline").read_bytes().split(b"\0")
            if b"popup" in said and b"new" in said and home in (place / "environ").read_bytes():
                return int(place.name)
        except OSError:
            continue
    raise AssertionError("there is no form")


@pytest.mark.parametrize("end", ["Escape", "kill", "hangup"])
def test_a_form_that_ends_keeps_what_was_typed(on_github: Person, github: Double, end: str) -> None:
    on_github.runs("up", "-d")
    terminal = opened(on_github)
    form(terminal)
    terminal.type("Round prices")
    terminal.press("Tab")
    terminal.type("Half up.")
    terminal.shows("Half up.")
    if end == "Escape":
        terminal.press("Escape")
    else:
        eventually(lambda: [one["body"] for one in kept(on_github)] == ["Half up."], why="it to be kept")
        os.kill(popup_of(on_github), 9 if end == "kill" else 1)
    eventually(lambda: "New task" not in terminal.text, why="the popup to close")
    assert [(one["title"], one["body"]) for one in kept(on_github)] == [("Round prices", "Half up.")]
    form(terminal, "a draft from")
    terminal.shows("Half up.")
    github.fault("403", path="/issues", method="POST")
    terminal.press("C-s")
    terminal.shows("acme/widgets: Resource")
    github.clear_faults()
    terminal.press("C-s")
    terminal.shows("#1 Round prices: created")
    assert not kept(on_github)
    terminal.end()
