"""A worker's replies to inline remarks: posted by orchestra with its own token; a bot's thread is resolved with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestra.core.pull_request import Pull
from orchestra.core.remarks import MARK, Kind, Remark
from orchestra.core.text import clean
from orchestra.errors import OrchestraError

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestra.github.pull_reader import PullReader
    from orchestra.github.thread_replies import ThreadReplies

MOST_REPLY = 20_000  # characters


def checked(replies: Sequence[tuple[str, str]]) -> tuple[tuple[int, str], ...]:
    """The replies as the worker gives them, read: the number of a remark and the text."""
    found = []
    for number, text in replies:
        given = number.strip().lstrip("#")
        if not (given.isascii() and given.isdigit()):
            raise OrchestraError(
                f"{clean(number, 40)} is not the number of a remark", "the guidance names it: (remark NUMBER)"
            )
        if not text.strip():
            raise OrchestraError(f"the reply to remark {given} is empty", 'give a text: --reply NUMBER "why"')
        found.append((int(given), text.strip()[:MOST_REPLY]))
    return tuple(found)


def post(
    reader: PullReader,
    client: ThreadReplies,
    pull: Pull,
    replies: Sequence[tuple[int, str]],
    say: Callable[[str], None],
) -> None:
    """Post each reply that is not there yet. All are looked up first: a wrong number posts nothing."""
    remarks = [one for one in reader.remarks(pull.number) if one.kind is Kind.INLINE]
    by_number = {int(one.id.partition(":")[2]): one for one in remarks}
    for number, _ in replies:
        if number not in by_number:
            raise OrchestraError(
                f"PR #{pull.number} has no inline remark {number}", "the guidance names each: (remark NUMBER)"
            )
    answered = []
    for number, text in replies:
        remark = by_number[number]
        if not _is_posted(remarks, remark, text):
            client.reply(pull.number, remark.thread, f"{text}\n\n{MARK}")
            say(f"replied to {clean(remark.author, 60)} (remark {number})")
        answered.append(remark)
    roots = {one.thread for one in answered if by_number.get(one.thread, one).bot}
    if roots:
        _resolve(reader, client, pull, roots, say)


def _is_posted(remarks: Sequence[Remark], remark: Remark, text: str) -> bool:
    """Whether an earlier run of the same command has posted it."""
    return any(one.thread == remark.thread and MARK in one.text and one.text.startswith(text) for one in remarks)


def _resolve(
    reader: PullReader, client: ThreadReplies, pull: Pull, roots: set[int], say: Callable[[str], None]
) -> None:
    """Resolve the threads that bots began; a human's stays for the human. What GitHub refuses leaves it open."""
    facts = reader.facts([pull.number], ()).pulls.get(pull.number)
    threads = [one.id for one in (facts.threads if facts else None) or () if not one.resolved]
    first = reader.first_comments(threads) if threads else {}
    for thread in threads:
        if roots & set(first.get(thread, ())):
            try:
                client.resolve(thread)
                say("resolved the bot's thread")
            except OrchestraError as refused:
                say(refused.message)
