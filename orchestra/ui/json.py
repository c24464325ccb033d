"""Records as the JSON documents of `--json`: stable within a major version (docs/configuration.md)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orchestra.core.text import clean, clean_lines
from orchestra.ui import stats
from orchestra.workers.overview import Overview, WorkerRow, row_json

if TYPE_CHECKING:
    from orchestra.commands.doctor import AgentTrial, CheckResult, Finding, KeptEnvironment
    from orchestra.commands.issues import Listed
    from orchestra.commands.list import Listing
    from orchestra.commands.log import Entry
    from orchestra.commands.merge import Merged
    from orchestra.commands.new import NewIssue
    from orchestra.commands.prune import Pruned
    from orchestra.commands.queue import QueueView
    from orchestra.commands.review import Review
    from orchestra.commands.show import WorkerReport
    from orchestra.commands.spawn import Spawned
    from orchestra.commands.wait import Waited
    from orchestra.core.models import Event
    from orchestra.core.radar import MergeStep


def _json(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=True)


def table(view: Overview) -> str:
    """`list --json`."""
    workers = sorted((row_json(row) for row in view.rows), key=lambda found: int(found["id"]))
    return _json({"schema": 1, "project": view.project, "workers": workers, "warning": view.warning or None})


def worker(found: WorkerReport) -> str:
    """`show --json`."""
    return _json(_report(found))


def _report(found: WorkerReport) -> dict[str, Any]:
    receipt = stats.as_json(found.receipt) if found.receipt else None
    own = {"variables": dict(found.variables), "address": found.address or None, "apart": list(found.apart)}
    return {**row_json(found.row), "removed": found.removed, "receipt": receipt, **own}


def workers(found: Sequence[WorkerReport]) -> str:
    """`show --json` of several."""
    return _json({"workers": [_report(one) for one in found]})


def listings(found: Sequence[Listing]) -> str:
    """`list --all --json`: a project each, with its workers as `list --json` has them."""
    projects = [
        {
            "project": one.view.project,
            "name": one.name,
            "root": one.root,
            "workers": [row_json(row) for row in one.view.rows],
            "warning": one.view.warning or None,
        }
        for one in found
    ]
    return _json({"schema": 1, "projects": projects})


def rows(found: Sequence[WorkerRow]) -> str:
    """`gates --json`."""
    return _json({"workers": [row_json(row) for row in found]})


def queue(found: QueueView) -> str:
    """The queue in the order of starts."""
    rows = [
        {
            "place": row.place,
            "id": row.worker.id,
            "title": row.worker.title,
            "why": row.why,
            "waitsFor": [{"id": one.number, "state": one.state} for one in row.waits],
            "onHold": row.worker.on_hold,
            "priority": row.priority or None,
        }
        for row in found.rows
    ]
    return _json({"project": found.project, "places": found.places, "taken": found.taken, "queue": rows})


def merge_order(found: Sequence[MergeStep]) -> str:
    """`queue --merge-order --json`."""
    rows = [
        {"id": one.number, "resolves": [{**m._asdict(), "files": list(m.files)} for m in one.resolves]} for one in found
    ]
    return _json({"mergeOrder": rows})


def spawned(found: Sequence[Spawned]) -> str:
    """`spawn --json`."""
    return _json({"results": [_spawned(one) for one in found]})


def _spawned(one: Spawned) -> dict[str, object]:
    notes = {"notes": list(one.notes)} if one.notes else {}
    return {"id": one.id, "result": one.result, "error": one.error, **notes}


def new_issue(issue: NewIssue, one: Spawned | None) -> str:
    """`new --json`: the issue, and its worker if one was asked for."""
    started = {"id": one.id, "result": one.result, "error": one.error} if one else None
    left_out = {"labelsLeftOut": list(issue.left_out)} if issue.left_out else {}
    return _json(
        {"number": int(issue.number), "title": issue.title, "place": issue.place, "worker": started, **left_out}
    )


def merged(found: Sequence[Merged]) -> str:
    """`merge --json`."""
    rows = [{"id": one.worker, "merged": one.done, "said": one.said, "warning": one.warning or None} for one in found]
    return _json({"results": rows})


def reviews(found: Sequence[Review], *, several: bool) -> str:
    """`review --json`: the files of the change, and the comments that are kept; `several` were asked for."""
    rows = [_review(one) for one in found]
    return _json({"workers": rows} if several else rows[0])


def _review(found: Review) -> dict[str, Any]:
    files = [
        {"path": clean(one.patch.path, 4000), "before": clean(one.patch.before, 4000) or None, "kind": one.patch.kind,
         "committed": one.committed, "binary": one.patch.binary, "added": one.patch.added,
         "removed": one.patch.removed}
        for one in found.files
    ]  # fmt: skip
    comments = [
        {"id": one.id, "path": clean(one.path, 4000), "line": one.line, "lines": len(one.quote), "removed": one.old,
         "committed": one.committed, "outdated": found.spot(one) is None, "text": clean_lines(one.words)}
        for one in found.drafts.comments
    ]  # fmt: skip
    return {"id": found.worker.id, "head": found.head, "files": files, "comments": comments}


def waited(found: Waited) -> str:
    """`wait --json`."""
    return _json({"outcome": found.outcome.name.lower(), "workers": [row_json(row) for row in found.rows]})


def logs(found: Sequence[tuple[str, Sequence[Entry]]]) -> str:
    """`log --json`; of several workers, each with its id."""
    rows = [{"id": number, "events": [_event(*one) for one in events]} for number, events in found]
    return _json({"events": rows[0]["events"]} if len(rows) == 1 else {"workers": rows})


def _event(event: Event, refused: str | None) -> dict[str, Any]:
    return {"at": event.at, "event": event.kind, "by": event.by, "data": dict(event.data), "refused": refused or None}


def screens(found: Sequence[tuple[str, str]]) -> str:
    """`log --pane --json`."""
    rows = [{"id": number, "text": text} for number, text in found]
    return _json(rows[0] if len(rows) == 1 else {"workers": rows})


def findings(found: Sequence[Finding], chosen: Sequence[str] = ()) -> str:
    """`doctor --json`."""
    good = not any(one.severity == "error" for one in found)
    rows = [{**one._asdict(), "mend": one.fix} for one in found]
    return _json({"ok": good, "findings": rows, "remotes": list(chosen)})


def trial(tried: AgentTrial, results: Sequence[CheckResult]) -> str:
    """`doctor --agent --json`; `holds` is null for what was not tried."""
    return _json(
        {
            "ok": all(one.holds for one in results),
            "command": tried.command,
            "version": tried.version,
            "tested": list(tried.tested),
            "checks": [one._asdict() for one in results],
        }
    )


def environment(found: KeptEnvironment) -> str:
    """`doctor --environment --json`."""
    rows = [{"name": one.name, "value": one.masked, "agent": one.agent} for one in found.variables]
    return _json({"environment": rows, "at": found.at, "by": found.by})


def issues(found: Sequence[Listed]) -> str:
    """`issues --json`."""
    return _json(
        {
            "issues": [
                {
                    "number": int(one.issue.number),
                    "title": one.issue.title,
                    "labels": list(one.issue.labels),
                    "author": one.issue.author,
                    "state": one.issue.state,
                    "worker": one.worker,
                }
                for one in found
            ]
        }
    )


def pruned(done: Sequence[Pruned]) -> str:
    """`prune --json`: one document, however many IDs were given."""
    kept = [one._asdict() for found in done for one in found.kept]
    remote = [one._asdict() for found in done for one in found.remote]
    removed = [number for found in done for number in found.removed]
    return _json({"removed": removed, "kept": kept, "remoteBranches": remote})
