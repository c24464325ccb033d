"""Which issues the monitor starts a worker on by itself, by the user's rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.stub_project import StubProject

from orchestra.config.schema import Workers
from orchestra.core.auto_rules import AutoRule
from orchestra.core.models import Issue, Status
from orchestra.monitor import auto
from orchestra.storage import auto_state

pytestmark = pytest.mark.fast

RULE = AutoRule("acme/widgets", "ready", max=2, per_day=3)


class AutoRun:
    """A project with rules and open issues, and the numbers that were started."""

    def __init__(self, directory: Path, *rules: AutoRule, slots: int = 5) -> None:
        self.project: Any = StubProject(directory, auto=rules, workers=Workers(slots))
        self.project.title = "Acme/Widgets"
        self.project.tracker.issues = lambda: tuple(self.open)
        self.project.tracker.blockers = lambda issue: self.blocked.get(issue.number, ())
        self.open: list[Issue] = []
        self.blocked: dict[str, tuple[Any, ...]] = {}
        self.started: list[str] = []

    def has_issues(self, *numbers: str, **facts: Any) -> None:
        self.open += [Issue(number, f"Issue {number}", labels=("ready",), **facts) for number in numbers]

    def take(self) -> list[str]:
        """One look of the monitor: what was started in it."""
        before = len(self.started)
        auto.take(self.project, self._start, lambda _: None)
        return self.started[before:]

    def _start(self, number: str) -> str:
        self.started.append(number)
        self.project.has(number)
        return "spawned"


@pytest.fixture
def run(tmp_path: Path) -> AutoRun:
    return AutoRun(tmp_path, RULE)


def test_the_oldest_issues_with_the_label_as_many_as_the_rule_allows(run: AutoRun) -> None:
    run.has_issues("9", "3", "7")
    run.open.append(Issue("1", "Without the label"))
    assert run.take() == ["3", "7"]
    assert run.take() == []


def test_a_day_has_its_own_limit(run: AutoRun) -> None:
    run.has_issues("1", "2", "3", "4")
    for number in run.take():
        run.project.has(number, Status.MERGED)
    assert run.take() == ["3"]
    run.project.clock += 86_400
    assert run.take() == ["4"]


def test_a_rule_of_another_project_starts_nothing(tmp_path: Path) -> None:
    run = AutoRun(tmp_path, RULE._replace(project="acme/gadgets"))
    run.has_issues("1")
    assert run.take() == []


@pytest.mark.parametrize(
    "facts",
    [{"association": "NONE"}, {"state": "closed"}, {"author": "eve"}],
    ids=["an outsider's", "closed", "of an author who is not named"],
)
def test_what_is_not_started(tmp_path: Path, facts: dict[str, Any]) -> None:
    run = AutoRun(tmp_path, RULE._replace(authors=("Ada",)))
    run.has_issues("1", **{"author": "ada", **facts})
    run.has_issues("2", author="ada")
    assert run.take() == ["2"]


def test_a_blocked_issue_lets_the_next_one_pass(run: AutoRun) -> None:
    run.has_issues("1", "2")
    run.blocked["1"] = (Issue("5", "First"),)
    assert run.take() == ["2"]


def test_what_the_user_queued_comes_first(tmp_path: Path) -> None:
    run = AutoRun(tmp_path, RULE, slots=1)
    run.has_issues("1")
    run.project.has("8", Status.QUEUED)
    assert run.take() == []


def test_stopped_by_the_user_while_it_starts(run: AutoRun) -> None:
    run.has_issues("1", "2")
    start = run.project.has

    def stop(number: str, *given: Any) -> None:
        start(number, *given)
        auto_state.change(run.project.store.root, lambda now: now._replace(off=True))

    run.project.has = stop
    assert run.take() == ["1"]


def killed(_: str) -> str:
    raise KeyboardInterrupt


def test_a_start_that_was_cut_off_is_not_counted_twice(run: AutoRun) -> None:
    run.has_issues("1")
    with pytest.raises(KeyboardInterrupt):
        auto.take(run.project, killed, lambda _: None)
    assert run.take() == ["1"]
    today = next(iter(auto_state.read(run.project.store.root).started.values()))
    assert today == {"1": "ready"}


def test_the_rules_that_hold_are_noted_once(run: AutoRun) -> None:
    assert auto.note_rules(run.project).rules == ("ready",)
    written = Path(run.project.store.root, auto_state.NAME).stat().st_mtime_ns
    assert auto.note_rules(run.project).rules == ("ready",)
    assert Path(run.project.store.root, auto_state.NAME).stat().st_mtime_ns == written
