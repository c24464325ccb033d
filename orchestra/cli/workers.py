"""Commands that start workers and answer them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from orchestra.cli.completion import numbers
from orchestra.cli.verbs import verb
from orchestra.core.models import AnswerChannel
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.ui import dialogs
from orchestra.ui.console import Console, json_option
from orchestra.ui.popups import decision_taker
from orchestra.ui.references import Target, for_each, split, target


@verb(
    "spawn",
    "orchestra spawn 124 125             two workers, one on each issue",
    "orchestra spawn 126 --after 124     wait until the work on 124 is complete",
    "orchestra spawn https://github.com/acme/widgets/issues/124",
)
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--base", help="Branch or commit to start from.", metavar="REF")
@click.option("--after", multiple=True, help="Wait until this issue's work is complete.", metavar="ID")
@click.option("--now", is_flag=True, help="Do not wait for the issues that block it.")
@click.option("--agent", help="The agent to use, by its name in orchestra.yaml.", metavar="A")
@click.option("--prompt", help="The prompt to use instead of the configured one.", metavar="P")
@click.option("--trust", is_flag=True, help="Start on an outsider's issue, after showing its text.")
@click.option("--no-wait", is_flag=True, help="Return when the panes are open.")
@json_option
@click.pass_obj
def spawn_command(
    console: Console, /, ids: Sequence[str], after: Sequence[str], no_wait: bool, as_json: bool, **wishes: Any
) -> None:
    """Start a worker on each issue; a worker that exists is opened instead."""
    from orchestra.commands.spawn import Spawned, SpawnOptions, spawn

    options = SpawnOptions(wait=not no_wait, after=tuple(target(console, one).number for one in after), **wishes)
    wanted: dict[str, list[Target]] = {}
    failed = []
    for text in ids:
        try:
            one = target(console, text)
            wanted.setdefault(one.project.key, []).append(one)
        except OrchestraError as wrong:
            if not console.is_in_project:
                raise
            failed.append(Spawned(clean(text, 40), "failed", wrong.message, wrong.hint))
    found = list(failed)
    for several in wanted.values():
        there = several[0].console
        found += spawn(there.deciding, [one.number for one in several], options, console.ask_trust)
    console.say(console.as_json.spawned(found) if as_json else console.render.spawned(found))
    if any(one.result == "failed" for one in found):
        sys.exit(1)


@verb("attach", "orchestra attach         the worker that needs you most", "orchestra attach 124")
@click.argument("number", required=False, metavar="[ID]", shell_complete=numbers)
@click.pass_obj
def attach_command(console: Console, number: str | None) -> None:
    """Go to a worker's pane; without ID, to the one that needs you most."""
    from orchestra.commands.attach import attach

    one = target(console, number) if number else None
    there = one.console if one else console
    there.attach(attach(there.deciding, one.number if one else None))


@verb(
    "tell",
    "orchestra tell 124 2                  answer with its second option",
    'orchestra tell 124 "use the cache"    answer, or guide it',
    "orchestra tell 124,125 - < notes.txt  the same words to two workers",
)
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.argument("words", nargs=-1, metavar="TEXT...")
@click.pass_obj
def tell_command(console: Console, number: str, words: Sequence[str]) -> None:
    """Tell a worker something; answers its open question.

    TEXT `-` reads standard input; no TEXT shows what it asks and waits for your words; `2` picks the second option.
    """
    from orchestra.commands.tell import tell
    from orchestra.workers.answers import Decision
    from orchestra.workers.overview import worker_of

    texts = split(number)
    if words or not sys.stdin.isatty():
        said, shown = console.words(words), None
    else:
        first = target(console, texts[0])
        worker = worker_of(first.project, first.number)
        said, shown = dialogs.read_words(worker), dialogs.answerable(worker)

    def one(at: Target) -> None:
        click.echo(console.render.told(tell(at.console.deciding, at.number, said, Decision(shown=shown))))

    if not for_each(console, texts, one):
        sys.exit(1)


@verb("approve", "orchestra approve 124", "orchestra approve 124 125 --all   everything that both ask for")
@click.argument("ids", nargs=-1, required=True, metavar="ID...", shell_complete=numbers)
@click.option("--all", "every", is_flag=True, help="Everything that it asks for, not the first alone.")
@click.pass_obj
def approve_command(console: Console, ids: Sequence[str], every: bool) -> None:
    """Approve what a worker asks for."""
    from orchestra.commands.approve import approve
    from orchestra.workers.answers import Decision

    def one(at: Target) -> None:
        found = approve(at.console.deciding, at.number, Decision(every=every))
        console.say(console.render.decided("approved", at.number, found))

    if not for_each(console, ids, one):
        sys.exit(1)


@verb("deny", 'orchestra deny 124 "not before the release"', "orchestra deny 124,125 --all")
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.argument("words", nargs=-1, metavar="[TEXT]...")
@click.option("--all", "every", is_flag=True, help="Everything that it asks for, not the first alone.")
@click.pass_obj
def deny_command(console: Console, number: str, words: Sequence[str], every: bool) -> None:
    """Deny what a worker asks for; it is told the reason."""
    from orchestra.commands.deny import deny
    from orchestra.workers.answers import Decision

    def one(at: Target) -> None:
        found = deny(at.console.deciding, at.number, " ".join(words), Decision(every=every))
        console.say(console.render.decided("denied", at.number, found))

    if not for_each(console, split(number), one):
        sys.exit(1)


@verb("gates", "orchestra gates", "orchestra gates --json")
@json_option
@click.pass_obj
def gates_command(console: Console, as_json: bool) -> None:
    """Every open request; on a terminal, answer them there."""
    from orchestra.commands.gates import gates

    rows = gates(console.project)
    if as_json:
        console.say(console.as_json.rows(rows))
    elif rows and sys.stdin.isatty():
        dialogs.gates(rows, decision_taker(console, AnswerChannel.COMMAND))
    else:
        console.say([line for row in rows for line in dialogs.question_lines(row.worker)] or "no gate is open")
