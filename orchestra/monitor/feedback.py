"""What a worker is told about its pull request, in words. Pure.

Everything quoted is evidence from outside and is fenced as such; each item has an id, so that it is told once. One
round is one message, oldest first, and never longer than a user would send: of what is cut the address is given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from orchestra.core.events import AtLimit, Failure
from orchestra.core.records import Record
from orchestra.core.remarks import MARK, Kind, Remark
from orchestra.core.text import clean, clean_lines, signature

MOST_TEXT = 4000  # characters of one remark or one log
MOST_MESSAGE = 20_000
MOST_CONTEXT = 3000
MOST_LOGS = 4  # different failures whose logs are shown
MOST_LISTED = 20  # names in a list


class Item(Record):
    """One thing to tell: its id, a name for the monitor's line, the words, and what was asked of the worker.

    `asked`: what a reviewer said, and who: the same again does not count as progress.
    """

    id: str
    name: str
    words: str
    asked: str = ""


class FailingCheck(Record):
    """A failing check to tell of: its workflow, its address, and the end of its log (empty: it was not read)."""

    name: str
    workflow: str
    url: str
    tail: str


def check_id(sha: str, name: str) -> str:
    """A failing check is told once for each head commit."""
    return f"check:{sha[:12]}:{clean(name, 80)}"


def remark_ids(remark: Remark) -> tuple[str, str]:
    """The id of a remark, and its id with what it says now: an edited remark is another thing to hear."""
    text = hashlib.sha256(remark.text.strip().encode("utf-8", "replace")).hexdigest()[:8]
    return remark.id, f"{remark.id}~{text}"


def failing_checks(sha: str, checks: Sequence[FailingCheck]) -> tuple[Item, ...]:
    """Failing checks as items: the first has the words for all, by workflow, with the logs of different failures."""
    if not checks:
        return ()
    count = len(checks)
    head = f"{_check_names(checks)} {'fails' if count == 1 else 'fail'} on your last push."
    words = "\n\n".join([head, *_logs(checks), "Find the cause, fix it, commit and ship again."])
    names = [f"the failing check {clean(check.name, 80)}" for check in checks]
    rest = [Item(check_id(sha, check.name), name, "") for check, name in zip(checks[1:], names[1:], strict=True)]
    return (Item(check_id(sha, checks[0].name), names[0], words), *rest)


def _check_names(checks: Sequence[FailingCheck]) -> str:
    if len(checks) == 1:
        return f"The check `{clean(checks[0].name, 80)}`"
    by_workflow: dict[str, list[str]] = {}
    for check in checks:
        by_workflow.setdefault(clean(check.workflow, 60), []).append(f"`{clean(check.name, 80)}`")
    groups = [(f"{workflow}: " if workflow else "") + _some(names, "checks") for workflow, names in by_workflow.items()]
    return f"{len(checks)} checks ({'; '.join(groups)})"


def _some(names: Sequence[str], noun: str) -> str:
    more = len(names) - MOST_LISTED
    return ", ".join(names[:MOST_LISTED]) + (f" and {more} more {noun}" if more > 0 else "")


def _logs(checks: Sequence[FailingCheck]) -> list[str]:
    """The end of the log of each different failure, and which checks fail alike."""
    alike: dict[str, list[FailingCheck]] = {}
    for check in checks:
        if check.tail.strip():
            alike.setdefault(signature(check.tail), []).append(check)
    shown = []
    for same in list(alike.values())[:MOST_LOGS]:
        first, others = same[0], [f"`{clean(check.name, 80)}`" for check in same[1:]]
        also = f"\nThe same failure: {_some(others, 'checks')}." if others else ""
        where = f" ({clean(first.url, 200)})" if first.url else ""
        shown.append(f"The end of the log of `{clean(first.name, 80)}`{where}:\n{_fenced(first.tail, end=True)}{also}")
    left = len(alike) - MOST_LOGS
    return [*shown, f"{left} more logs are not shown: gh run view shows them."] if left > 0 else shown


def remark(one: Remark, replied_to: Remark | None = None) -> Item:
    """A review or a comment that asks for something."""
    who = clean(one.author, 60)
    place = f" on {clean(one.path, 200)}{_lines(one)}" if one.path else ""
    asks = one.state == "CHANGES_REQUESTED"
    head = f"{who} requests changes" if asks else f"{who} comments"
    number = f" (remark {one.id.partition(':')[2]})" if one.kind is Kind.INLINE else ""
    before = ""
    if replied_to is not None:
        before = f"In reply to {clean(replied_to.author, 60)}:\n{_fenced(replied_to.text, most=600)}\n"
    said = f":\n{_fenced(one.text, one.url)}" if one.text.strip() else "."
    suggests = "\nIt suggests these lines instead of the ones named." if "```suggestion" in one.text else ""
    ids = remark_ids(one)
    return Item(
        ids[1], f"what {who} says", f"{before}{head}{place}{number}{said}{suggests}", f"{who}{place}\n{one.text}"
    )


def _lines(one: Remark) -> str:
    if not one.line:
        return ""
    return (
        f" lines {one.start_line}-{one.line}" if one.start_line and one.start_line != one.line else f" line {one.line}"
    )


def conflict(sha: str, base: str, files: Sequence[str], remote: str = "origin") -> Item:
    """The branch does not merge any more."""
    listed = "".join(f"\n- {clean(name, 200)}" for name in files[:40])
    words = f"Your branch conflicts with {clean(base, 100)}" + (f" in:{listed}" if listed else ".")
    branch = f"{clean(remote, 60)}/{clean(base, 100)}"
    fix = f"\nFetch and merge {branch} into your branch, resolve the conflicts, verify, ship again."
    return Item(f"conflict:{sha[:12]}", "a merge conflict", words + fix)


def foreign_head(sha: str, branch: str) -> Item:
    """Somebody else pushed to the worker's branch."""
    words = f"Somebody else pushed {sha[:12]} to {clean(branch, 100)}. Fetch it, merge it, look at it, and ship again."
    return Item(f"foreign:{sha[:12]}", "a push by somebody else", words)


ANSWER = (
    "Answer each of the remarks: change the code and ship again, or, where no change is right, reply with "
    '`orchestra worker ship --reply NUMBER "why"`.'
)


def as_message(items: Iterable[Item]) -> str:
    """All of it as one message. What would make it too long is counted, and stays on the pull request's page."""
    found = [item for item in items if item.words]
    inline = any("(remark " in item.words for item in found)
    shown: list[str] = []
    length = 0
    for place, item in enumerate(found):
        if length + len(item.words) > MOST_MESSAGE and shown:
            shown.append(f"{len(found) - place} more are not shown here: the pull request's page on GitHub has them.")
            break
        shown.append(item.words)
        length += len(item.words)
    return "\n\n".join([*shown, ANSWER] if inline else shown)


def failure(summary: str, evidence: str, limit: int) -> Failure:
    """One more attempt without progress: its signature, and what the user is asked at the limit."""
    context = clean_lines(evidence, 200_000)[-MOST_CONTEXT:]
    return Failure(signature(evidence), AtLimit(limit, summary, context))


def review(items: Sequence[Item], limit: int) -> Failure | None:
    """The same for what reviewers ask; None when none of the items is theirs."""
    asked = [item for item in items if item.asked]
    if not asked:
        return None
    who = ", ".join(dict.fromkeys(item.asked.partition("\n")[0] for item in asked))
    evidence = "\n".join(item.asked for item in asked)
    return failure(f"the same is asked again by {clean(who, 200)}", evidence, limit)


def _fenced(said: str, url: str = "", *, most: int = MOST_TEXT, end: bool = False) -> str:
    """Foreign text behind a fence that it cannot close. Of a long one its head and its tail, or its `end`, stay."""
    text = clean_lines(said.replace(MARK, ""), 400_000).strip("\n").replace("~~~~", "~~~")
    if len(text) > most:
        where = f"; all of it: {clean(url, 200)}" if url else ""
        head = "" if end else _at_line(text[: most // 2], begin=True)
        tail = _at_line(text[-most:] if end else text[-(most // 2) :], begin=False)
        text = f"{head}\n[{len(text) - len(head) - len(tail):,} characters are left out{where}]\n{tail}".strip("\n")
    return f"~~~~\n{text}\n~~~~"


def _at_line(text: str, *, begin: bool) -> str:
    """Cut at a line break, so that no word is cut."""
    cut = text.rfind("\n") if begin else text.find("\n")
    if cut < 0 or (begin and cut < len(text) // 2) or (not begin and cut > len(text) // 2):
        return text
    return text[:cut] if begin else text[cut + 1 :]
