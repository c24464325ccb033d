"""Commands that start workers and answer them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click

from orchestra.cli.budget_options import budget_options, given
from orchestra.cli.completion import numbers
from orchestra.cli.query_options import chosen, query_in, query_options
from orchestra.cli.verbs import verb
from orchestra.core.models import AnswerChannel
from orchestra.core.text import clean
from orchestra.errors import Interrupted, OrchestraError, UsageError
from orchestra.ui import dialogs
from orchestra.ui.console import Console, json_option
from orchestra.ui.references import Target, each, for_each, split, target

if TYPE_CHECKING:
    from orchestra.commands.spawn import Spawned, SpawnOptions


@verb(
    "spawn",
    "orchestra spawn 124 125             two workers, one on each issue",
    "orchestra spawn 126 --after 124     wait until the work on 124 is complete",
    "orchestra spawn https://github.com/acme/widgets/issues/124",
    "orchestra spawn --label ready --max 3   the three oldest with this label",
)
@click.argument("ids", nargs=-1, metavar="[ID]...")
@query_options
@click.option("--base", help="Branch or commit to start from.", metavar="REF")
@click.option("--on", "parent", help="Build on this worker's branch.", metavar="ID", shell_complete=numbers)
@click.option("--after", multiple=True, help="Wait until this issue's work is complete.", metavar="ID")
@click.option("--now", is_flag=True, help="Do not wait for the issues that block it.")
@click.option("--agent", help="The agent to use, by its name in orchestra.yaml.", metavar="A")
@click.option("--model", help="The model that the agent is asked for.", metavar="M")
@click.option("--plan", type=click.Choice(["auto", "review"]), help="review: you see its plan before it goes on.")
@click.option("--prompt", help="The prompt to use instead of the configured one.", metavar="P")
@budget_options
@click.option("--trust", is_flag=True, help="Start on an outsider's issue, after showing its text.")
@click.option("--no-wait", is_flag=True, help="Return when the panes are open.")
@json_option
@click.pass_obj
def spawn_command(
    console: Console,
    /,
    ids: Sequence[str],
    after: Sequence[str],
    parent: str | None,
    no_wait: bool,
    as_json: bool,
    **wishes: Any,
) -> None:
    """Start a worker on each issue; a worker that exists is opened instead. Without ID, choose on the terminal."""
    from orchestra.commands.spawn import Spawned, SpawnOptions

    asked = query_in(wishes)
    options = SpawnOptions(
        wait=not no_wait,
        after=tuple(target(console, one).number for one in after),
        parent=target(console, parent).number if parent else None,
        budget=given(wishes),
        **wishes,
    )
    if not ids and asked is None:
        _choose_issues(console, options)
        return
    wanted: dict[str, list[Target]] = {}
    failed = []
    for text in each(ids):
        try:
            one = target(console, text)
            wanted.setdefault(one.project.key, []).append(one)
        except OrchestraError as wrong:
            if not console.is_in_project:
                raise
            failed.append(Spawned(clean(text, 40), "failed", wrong.message, wrong.hint))
    left: list[Spawned] = []
    if asked is not None:
        numbers, left = chosen(console, asked)
        for number in numbers:
            wanted.setdefault(console.project.key, []).append(target(console, number))
        if asked.dry_run:
            return
    found = [*failed, *left]
    for several in wanted.values():
        found += _spawn(several[0].console, [one.number for one in several], options)
    console.say(console.as_json.spawned(found) if as_json else console.render.spawned(found))
    if any(one.result == "failed" for one in found):
        sys.exit(1)


def _spawn(console: Console, numbers: Sequence[str], options: SpawnOptions) -> Sequence[Spawned]:
    from orchestra.commands.spawn import spawn
    from orchestra.ui.progress import progress, starting

    project = console.deciding

    def ask(text: str) -> bool:
        with shown.aside():
            return console.ask_trust(text)

    try:
        with progress(lambda: starting(project, numbers)) as shown:
            return spawn(project, numbers, options, ask)
    except KeyboardInterrupt:
        raise Interrupted("interrupted; what has been started goes on", "orchestra list") from None


def _choose_issues(console: Console, options: SpawnOptions) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("Missing argument 'ID...'.")
    from orchestra.ui.popups import show_picker
    from orchestra.ui.screens.verbs import Place

    ended = show_picker(console, "issues", Place(how=AnswerChannel.COMMAND), options)
    console.end(ended.said, ended.argv)


@verb(
    "new",
    'orchestra new "Round prices to the cent"   an issue, and a worker on it',
    'orchestra new "Round prices" -m "Half up." --label bug --no-spawn',
    "orchestra new                              a form to fill in",
    "orchestra new --draft                      the text that could not be sent",
)
@click.argument("title", required=False)
@click.argument("more", required=False, metavar="[-]")
@click.option("-m", "--message", help="The text below the title, in Markdown.", metavar="TEXT")
@click.option("-F", "--file", "source", type=click.File(encoding="utf-8"), help="The text from a file.", metavar="F")
@click.option("-e", "--edit", is_flag=True, help="Write title and text in your editor.")
@click.option("--template", help="Begin with this issue template of the repository.", metavar="NAME")
@click.option("--label", "labels", multiple=True, help="A label (repeat it).", metavar="LABEL")
@click.option("--spawn/--no-spawn", default=True, help="Start a worker on it at once (default).")
@click.option("--on", "parent", help="Begin on this worker's branch.", metavar="ID", shell_complete=numbers)
@click.option("--base", help="Branch or commit to start from.", metavar="REF")
@click.option("--after", multiple=True, help="Wait until this issue's work is complete.", metavar="ID")
@click.option("--agent", help="The agent to use, by its name in orchestra.yaml.", metavar="A")
@click.option("--model", help="The model that the agent is asked for.", metavar="M")
@click.option("--plan", type=click.Choice(["auto", "review"]), help="review: you see its plan before it goes on.")
@click.option("--local", is_flag=True, help="Keep the issue in the repository, not on GitHub.")
@click.option("--draft", "again", is_flag=True, help="Send the text that was kept last.")
@json_option
@click.pass_obj
def new_command(console: Console, /, title: str | None, as_json: bool, **given: Any) -> None:
    """Write a new task to the tracker as an issue, and start a worker on it. `-` reads the text from standard input."""
    from orchestra.ui.new_task import draft_from, made_lines, make

    if given["more"] not in (None, "-"):
        raise click.UsageError("quote the title: it is one argument")
    if title is None and not (given["again"] or given["edit"] or given["template"]):
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise click.UsageError("Missing argument 'TITLE'.")
        from orchestra.ui.popups import show_new_task
        from orchestra.ui.screens.verbs import Place

        ended = show_new_task(console, Place(how=AnswerChannel.COMMAND))
        console.end(ended.said, ended.argv)
        return
    project = console.deciding
    made = make(project, draft_from(console, title or "", **given), console.ask_trust)
    console.say(console.as_json.new_issue(made.issue, made.worker) if as_json else made_lines(made))
    if made.worker and made.worker.result == "failed":
        sys.exit(1)


@verb(
    "merge",
    "orchestra merge 124",
    "orchestra merge 124 --method squash",
    "orchestra merge 124 --auto    by GitHub, once everything required is there",
)
@click.argument("ids", nargs=-1, required=True, metavar="ID...", shell_complete=numbers)
@click.option("--method", type=click.Choice(["merge", "squash", "rebase"]), help="Default: the repository's.")
@click.option("--auto", is_flag=True, help="Have GitHub merge it once everything required is there.")
@json_option
@click.pass_obj
def merge_command(console: Console, ids: Sequence[str], method: str | None, auto: bool, as_json: bool) -> None:
    """Merge a worker's change into its base: on GitHub, or into your main checkout without one."""
    from orchestra.commands.merge import Merged, merge, plan
    from orchestra.ui.progress import doing, progress

    done: list[Merged] = []

    def one(at: Target) -> None:
        project = at.console.deciding
        with progress(doing(f"#{at.number} may it be merged?")):
            wanted = plan(project, at.number, method, auto=auto)
        if not as_json:
            for line in wanted.lines:
                click.echo(f"#{at.number}: {line}")
        # A local merge is quick, and the program that signs it may ask on this terminal for the key's pass phrase.
        with nullcontext() if wanted.local else progress(doing(f"#{at.number} merging")):
            merged = merge(project, wanted)
        done.append(merged)
        if not as_json:
            click.echo(merged.said)
            if merged.warning:
                click.echo(f"  {merged.warning}", err=True)
            elif merged.done:
                click.echo("  clean up: orchestra prune")

    good = for_each(console, ids, one)
    if as_json:
        console.say(console.as_json.merged(done))
    if not good:
        sys.exit(1)


@verb("attach", "orchestra attach         the worker that needs you most", "orchestra attach 124")
@click.argument("ids", nargs=-1, metavar="[ID]", shell_complete=numbers)
@click.pass_obj
def attach_command(console: Console, ids: Sequence[str]) -> None:
    """Go to a worker's pane; without ID, to the one that needs you most."""
    from orchestra.commands.attach import attach

    if len(each(ids)) > 1:
        raise UsageError("a terminal goes to one pane", "give one ID; from there prefix O a goes on to who needs you")
    one = target(console, ids[0]) if ids else None
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

    TEXT `-` reads standard input; no TEXT shows what it asks and reads your answer; `2` picks the second option.
    """
    from orchestra.commands.tell import tell
    from orchestra.workers.answers import Decision
    from orchestra.workers.overview import worker_of

    if not words and sys.stdin.isatty():
        from orchestra.ui.popups import show_needs
        from orchestra.ui.screens.verbs import Place

        if len(split(number)) > 1:
            raise UsageError("what several workers are told is given with the command", "give TEXT, or - to read it")
        first = target(console, number)
        worker_of(first.project.store, first.number)
        ended = show_needs(first.console, "tell", Place(worker=first.number, how=AnswerChannel.COMMAND))
        first.console.end(ended.said, ended.argv)
        return
    said = console.words(words)

    def one(at: Target) -> None:
        click.echo(console.render.told(tell(at.console.deciding, at.number, said, Decision())))

    if not for_each(console, [number], one):
        sys.exit(1)


@verb("approve", "orchestra approve 124", "orchestra approve 124 125 --all   everything that both ask for")
@click.argument("ids", nargs=-1, required=True, metavar="ID...", shell_complete=numbers)
@click.option("--all", "every", is_flag=True, help="Everything that it asks for, not the first alone.")
@click.option("--always", is_flag=True, help="The same call of this worker from now on, too.")
@click.pass_obj
def approve_command(console: Console, ids: Sequence[str], every: bool, always: bool) -> None:
    """Approve what a worker asks for."""
    from orchestra.commands.approve import approve
    from orchestra.workers.answers import Decision

    def one(at: Target) -> None:
        found = approve(at.console.deciding, at.number, Decision(every=every, always=always))
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

    if not for_each(console, [number], one):
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
    elif rows and sys.stdin.isatty() and sys.stdout.isatty():
        from orchestra.ui.popups import show_needs
        from orchestra.ui.screens.verbs import Place

        ended = show_needs(console, "gates", Place(how=AnswerChannel.COMMAND))
        console.end(ended.said, ended.argv)
    else:
        console.say([line for row in rows for line in dialogs.question_lines(row.worker)] or "no gate is open")
