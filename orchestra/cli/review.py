"""The command to review a worker's change: the screen on a terminal, the same steps by options elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from orchestra.cli.completion import numbers
from orchestra.cli.verbs import verb
from orchestra.core.models import AnswerChannel
from orchestra.errors import OrchestraError, UsageError
from orchestra.ui.console import Console, json_option
from orchestra.ui.references import Target, each, for_each

if TYPE_CHECKING:
    from orchestra.commands.review import Review


@verb(
    "review",
    "orchestra review 124 125                           one after the other",
    'orchestra review 124 --comment src/a.py:7 "why?"   keep a comment',
    "orchestra review 124 --send                        kept comments to the worker",
    "orchestra review 124 --post approve                or as a review on GitHub",
)
@click.argument("ids", nargs=-1, required=True, metavar="ID...", shell_complete=numbers)
@click.option("--comment", "comments", nargs=2, multiple=True, metavar="FILE:LINE[-LINE] TEXT",
              help="Keep a comment; a line that was removed: FILE:-LINE.")  # fmt: skip
@click.option("--delete", "deleted", multiple=True, metavar="COMMENT", help="Forget a kept comment, by its id.")
@click.option("--send", "sends", is_flag=True, help="Send the kept comments to the worker.")
@click.option("--post", type=click.Choice(["comment", "approve", "changes"]), help="Post them on GitHub.")
@click.option("--body", default="", help="With --post: what the review says above its comments.")
@json_option
@click.pass_obj
def review_command(
    console: Console, ids: Sequence[str], comments: Sequence[tuple[str, str]], deleted: Sequence[str], sends: bool,
    post: str | None, body: str, as_json: bool,
) -> None:  # fmt: skip
    """Review what a worker has changed: comment on lines, send the comments, approve, merge."""
    if sends and post:
        raise OrchestraError("--send and --post do different things with the same comments", "give one of them")
    if (comments or deleted) and len(each(ids)) > 1:
        raise UsageError("a comment is on the lines of one worker's change", "with --comment and --delete give one ID")
    on_screen = not (comments or deleted or sends or post or as_json) and sys.stdin.isatty() and sys.stdout.isatty()
    seen: list[Review] = []

    def one(at: Target) -> None:
        if on_screen:
            _show(at)
            return
        said = _acted(at, comments, deleted, sends=sends, post=post, body=body)
        if as_json:
            seen.append(_review(at))
        else:
            console.say(said or console.render.review(_review(at)))

    good = for_each(console, ids, one)
    if as_json:
        console.say(console.as_json.reviews(seen, several=len(each(ids)) > 1))
    if not good:
        sys.exit(1)


def _show(at: Target) -> None:
    from orchestra.ui.popups import show_review
    from orchestra.ui.screens.verbs import Place

    ended = show_review(at.console, at.number, Place(worker=at.number, how=AnswerChannel.COMMAND))
    at.console.end(ended.said, ended.argv)


def _acted(
    at: Target, comments: Sequence[tuple[str, str]], deleted: Sequence[str], *, sends: bool, post: str | None, body: str
) -> list[str]:
    """What the options say, in their order: keep, forget, send."""
    from orchestra.commands import review

    said = list[str]()
    for where, words in comments:
        said.append(f"kept: {review.add(at.console.deciding, at.number, where, words)}")
    for one in deleted:
        review.forget(at.console.deciding, at.number, one)
        said.append(f"forgotten: {one}")
    if sends:
        from orchestra.ui.screens.verbs import Place, Verbs

        said.append(Verbs(at.console, Place(how=AnswerChannel.COMMAND)).send_review(at.number))
    if post:
        project = at.console.deciding
        said.append(review.post(project, at.number, _review(at).head, post, body))
    return said


def _review(at: Target) -> Review:
    from orchestra.commands.review import review

    return review(at.project, at.number)
