"""The checks of a head commit, judged: which run counts, what is still to come, who must let it start. Pure.

GitHub shows every run of a commit. As on its pull request page, of the same check (app, name, workflow and event) the
newest counts. Standard library only.
"""

from __future__ import annotations

import re

from orchestra.core.globs import matches
from orchestra.core.pull_request import Check, Checks, CheckState
from orchestra.core.records import Record
from orchestra.core.regex import regex

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

ACTIONS = "github-actions"
MOST_ROWS = 200  # kept of each state: a matrix may have thousands of jobs
_PASSED = frozenset({"success", "neutral", "skipped"})
_FAILED = frozenset({"failure", "error", "cancelled", "timed_out", "startup_failure"})
_WAITING = frozenset({"waiting", "action_required"})  # for somebody's approval on GitHub, where Actions says it
_UNFINISHED = frozenset({"queued", "in_progress", "pending", "requested"})
# A required status of which nothing was reported yet; what GitHub gave up waiting for, after two weeks.
_UNREPORTED = frozenset({"expected", "stale"})


SAID = 300  # characters of what a check says of itself that are read
# A pending check of an app that counts approvals, labels or signatures does not run: nothing but people ends it.
_PEOPLE = regex(
    r"\b(?:wait\w*|await\w*|needs?|requir\w*|missing|not (?:yet )?|\d+)\b.{0,40}"
    r"\b(?:approv\w*|review\w*|labels?|lgtm|sign\w*|agreement|cla|maintainers?|code ?owners?|mergeable|unblock\w*"
    r"|decision)\b"
    r"|\bpending (?:review|approval)\b|\bon hold\b|\bmust be (?:accepted|approved|reviewed)\b",
    re.IGNORECASE,
)
# One that failed, and that no commit makes pass: the owner of the account allows it, or looks at pictures, on its page.
_DECIDED_BY_PEOPLE = regex(
    r"\bauthori[sz](?:ation|e) (?:is )?(?:required|needed) to (?:deploy|build|run|preview)\b"
    r"|\b(?:un|not )authori[sz]ed (?:user|account|to (?:deploy|build|run))\b"
    r"|\bapproval (?:is )?(?:needed|required) (?:to|before) (?:deploy|build|run|start)\w*"
    r"|\bvisual (?:changes?|differences?|diffs?)\b.{0,30}\b(?:review|approv\w+|accept\w*)\b"
    r"|\b(?:wait\w*|await\w*|needs?|require[sd]?) (?:for )?(?:a |an |your )?(?:manual |visual |human )?decision\b"
    r"|\bmust be accepted as baselines?\b",
    re.IGNORECASE,
)
_MOST_SAID = 160  # characters of a status; what is longer is the end of a log
_AT_WORK = regex(r"\bin progress|\breviewing|\brunning|\bqueued|\bstarted|\bprocessing|\banaly[sz]ing", re.IGNORECASE)
_LICENCE = regex(r"\bCLAs?\b|\bcontribut\w+ licen[cs]e agreement", re.IGNORECASE)
_LICENCE_NAME = regex(r"(?:^|[/ _-])(?:easy)?cla(?:$|[/ _-])", re.IGNORECASE)
_UNSIGNED = frozenset({"pending", "failure", "error", "action_required"})
_DRAFT = regex(r"\bwork in progress\b|\bwip\b", re.IGNORECASE)


class CheckRun(Record):
    """One check run or commit status as GitHub gives it. `state`: its conclusion, or its status while it has none."""

    name: str
    state: str
    app: str = ""
    workflow: str = ""
    event: str = ""
    started: str = ""
    suite: int = 0
    required: bool | None = None  # by GitHub's own word; None: it was not asked


class Suite(Record):
    """A check suite, or a run of Actions: it may have no check yet. `state` as above."""

    number: int
    state: str
    app: str = ""
    workflow: str = ""
    event: str = ""
    created: str = ""


class HeadChecks(Record):
    """What the checks of a head commit come to: the rows that have not passed, and how many have."""

    state: Checks
    passed: int = 0
    rows: tuple[Check, ...] = ()
    names: tuple[str, ...] = ()  # of all checks that were reported


def state_of(word: str, app: str = ACTIONS) -> CheckState:
    """GitHub's word as one of our words; a word that is not known has not passed yet."""
    if word in _PASSED:
        return CheckState.PASSED
    if word in _FAILED:
        return CheckState.FAILED
    if word in _UNREPORTED:
        return CheckState.MISSING
    if word == "action_required" and app != ACTIONS:
        return CheckState.FAILED  # the author must act: a sign-off is missing, a form is not filled
    return CheckState.APPROVAL if word in _WAITING else CheckState.PENDING


def waiting_for_people(run: CheckRun, said: str) -> CheckRun:
    """The same run; where an app's check is pending until people act, by what it says of itself, as one that waits."""
    text = said[:SAID]
    if run.app == ACTIONS:
        return run
    if run.state in _UNSIGNED and (_LICENCE.search(text) or _LICENCE_NAME.search(run.name)):
        return run._replace(state="waiting")  # the worker cannot sign it
    if run.state in _UNSIGNED and len(text) <= _MOST_SAID and _DECIDED_BY_PEOPLE.search(text):
        return run._replace(state="waiting")
    if run.state not in _UNFINISHED:
        return run
    people = _DRAFT.search(text) or (_PEOPLE.search(text) and not _AT_WORK.search(text))
    return run._replace(state="waiting") if people else run


def head_checks(
    runs: Iterable[CheckRun],
    suites: Iterable[Suite],
    *,
    required: Sequence[str] = (),
    expected: Sequence[str] = (),
    ignored: Sequence[str] = (),
    blocked: bool = False,
) -> HeadChecks:
    """The verdict of all checks together.

    `required` are the names that the base branch requires; where it requires some, the others decide nothing when they
    fail. `expected` are names that an earlier head had: they are waited for. `ignored`: patterns of the config.
    `blocked`: GitHub refuses the merge.
    """
    newest = newest_suites(suites)
    current = [run for run in newest_runs(runs) if not _is_run_again(run, newest)]
    current = [run for run in current if not _is_cancelled_twin(run, current)]
    must = frozenset(required) | {run.name for run in current if run.required or run.state == "expected"}
    bound = {run.name for run in current if run.required}  # where it is an app's own check, only that one decides
    rows = [_row(run, must if run.required is not False else must - bound, bool(must), ignored) for run in current]
    rows += _suite_rows(newest, current, ignored)
    names = {run.name for run in current}
    for name in sorted(_from_other_apps(current, must) if blocked else ()):
        rows.append(Check(name, CheckState.MISSING, not matches(name, ignored), required=True))
    for name in sorted((must | set(expected)) - names):
        rows.append(Check(name, CheckState.MISSING, not matches(name, ignored), name in must))
    passed = sum(row.state is CheckState.PASSED for row in rows)
    kept = _kept(row for row in rows if row.state is not CheckState.PASSED)
    return HeadChecks(_rollup(rows), passed, kept, tuple(sorted(names)))


def newest_runs(runs: Iterable[CheckRun]) -> list[CheckRun]:
    """Of each check the newest run: a cancelled or failed one that was started again does not count."""
    return _newest((run.app, run.name, run.workflow, run.event, _begun(run), run.suite, run) for run in runs)


def newest_suites(suites: Iterable[Suite]) -> list[Suite]:
    """Of each workflow and event the newest suite; the same for each app."""
    return _newest((one.app, one.workflow, one.event, one.created, one.number, one) for one in suites)


def _newest(rows: Iterable[tuple[Any, ...]]) -> list[Any]:
    """The last place of each row: what it is of comes first, then when it began and its number."""
    found = {row[:-3]: row[-1] for row in sorted(rows)}
    return sorted(found.values())


def _begun(run: CheckRun) -> str:
    """When a run began; one that has not begun yet was asked for last."""
    return run.started or ("~" if run.state in _UNFINISHED else "")


def _is_run_again(run: CheckRun, newest: Iterable[Suite]) -> bool:
    """Whether a newer run of a failed job's workflow has begun, and its jobs are still to come."""
    if run.app != ACTIONS or not run.workflow or state_of(run.state) is not CheckState.FAILED:
        return False
    same = (run.app, run.workflow, run.event)
    return any(
        one.number != run.suite and one.state in _UNFINISHED and (one.app, one.workflow, one.event) == same
        for one in newest
    )


def _is_cancelled_twin(run: CheckRun, current: Iterable[CheckRun]) -> bool:
    """Whether a job was cancelled because another event (push beside pull_request) runs it on the same commit."""
    if run.state != "cancelled" or not run.workflow:
        return False
    same = (run.app, run.name, run.workflow)
    return any(one.state != "cancelled" and (one.app, one.name, one.workflow) == same for one in current)


def _from_other_apps(current: Iterable[CheckRun], must: frozenset[str]) -> set[str]:
    """The required names that passed, but not by the app that the base branch wants them from."""
    found: dict[str, list[CheckRun]] = {}
    for run in current:
        if run.name in must:
            found.setdefault(run.name, []).append(run)
    return {
        name
        for name, rows in found.items()
        if all(one.required is False and state_of(one.state, one.app) is CheckState.PASSED for one in rows)
    }


def _row(run: CheckRun, must: frozenset[str], some: bool, ignored: Sequence[str]) -> Check:
    """`must`: the names that are required where this run can be meant; `some`: whether any is required at all."""
    state, required = state_of(run.state, run.app), run.name in must
    # What is still running may fail, and is waited for, required or not.
    decides = required or not some or state is CheckState.PENDING
    return Check(run.name, state, decides and not matches(run.name, ignored), required, run.started)


def _has_twin(suite: Suite, suites: Iterable[Suite]) -> bool:
    """Whether a cancelled run has one of another event on the same commit, which does its work."""
    return suite.state == "cancelled" and any(
        one.state != "cancelled" and (one.app, one.workflow) == (suite.app, suite.workflow) for one in suites
    )


def _suite_rows(suites: Sequence[Suite], runs: Sequence[CheckRun], ignored: Sequence[str]) -> list[Check]:
    """A run of Actions that is not shown by a check: jobs behind `needs` are still to come, or it cannot begin.

    GitHub makes a suite for every app that may write checks, also for those that never do: these say nothing.
    """
    rows = []
    for suite in (one for one in suites if one.app == ACTIONS):
        own = [state_of(run.state, run.app) for run in runs if run.suite == suite.number]
        if suite.state in _UNFINISHED:
            state, shown = CheckState.PENDING, CheckState.PENDING in own or CheckState.APPROVAL in own
        elif suite.state in _WAITING:
            state, shown = CheckState.APPROVAL, CheckState.APPROVAL in own
        else:  # a workflow file that is broken, or a run that was cancelled in the queue, has no job to show it
            named = bool(suite.workflow) or suite.state == "startup_failure"
            shown = suite.state not in _FAILED or bool(own) or not named or _has_twin(suite, suites)
            state = CheckState.FAILED
        if not shown:
            rows.append(Check(suite.workflow, state, not matches(suite.workflow, ignored), since=suite.created))
    return rows


def _rollup(rows: Iterable[Check]) -> Checks:
    states = {row.state for row in rows if row.counts}
    if CheckState.FAILED in states:
        return Checks.FAILING
    if states & {CheckState.PENDING, CheckState.MISSING, CheckState.APPROVAL}:
        return Checks.PENDING
    return Checks.PASSING if states else Checks.NONE


def _kept(rows: Iterable[Check]) -> tuple[Check, ...]:
    found = sorted(rows)
    return tuple(row for state in CheckState for row in [one for one in found if one.state is state][:MOST_ROWS])
