"""The `orchestra` command line: parse, call one verb, print, exit code. No rule lives here."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

import click

from orchestra import __version__
from orchestra.cli.completion import layouts, numbers, statuses
from orchestra.cli.errors import run_main
from orchestra.core.text import clean_lines
from orchestra.ui.console import Door, json_option

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Ordered(click.Group):
    """A group that lists its commands in the order of a day's work, and loads the rarer ones when one is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The commands as they were written."""
        self._load()
        return list(self.commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by name; `list` and `--version` start 10 ms sooner without the files of the others."""
        if cmd_name not in self.commands:
            self._load()
        return super().get_command(ctx, cmd_name)

    def _load(self) -> None:
        from orchestra.cli import keys as cli_keys
        from orchestra.cli import more as cli_more
        from orchestra.cli import worker as cli_worker

        for more in (cli_more, cli_keys, cli_worker):
            more.add_to(self)


@click.group(cls=Ordered, context_settings=CONTEXT)
@click.version_option(__version__, prog_name="orchestra")
@click.pass_context
def orchestra(ctx: click.Context) -> None:
    """Run many Claude Code workers on one codebase, in tmux.

    Each takes one issue to one pull request, in its own git worktree and its own pane.
    You decide and review; orchestra handles the process.

    \b
      orchestra up            open the workspace
      orchestra spawn 123     start a worker on an issue
      orchestra list          see who needs you
    """  # noqa: D301 - Click wants the character
    ctx.obj = Door(os.getcwd(), os.environ, time.time)


@orchestra.command()
@click.option("--yes", "-y", is_flag=True, help="Ask nothing; write what fits this repository.")
@click.pass_obj
def init(door: Door, yes: bool) -> None:
    """Set up this repository: orchestra.yaml, and local issues where there is no GitHub."""
    from orchestra.commands.init import init as verb

    def ask(question: str, default: str) -> str:
        quiet = yes or not sys.stdin.isatty()
        return default if quiet else str(click.prompt(question, default=default))

    for line in verb(door.deciding, ask):
        click.echo(line)


@orchestra.command()
@click.argument("layout", required=False, shell_complete=layouts)
@click.option("--detach", "-d", is_flag=True, help="Do not attach this terminal.")
@click.option("--demo", is_flag=True, help="A throw-away repository with a scripted agent; no account needed.")
@click.pass_obj
def up(door: Door, layout: str | None, detach: bool, demo: bool) -> None:
    """Open the workspace, and bring back every worker. Run twice is run once."""
    from orchestra.commands.up import up as verb

    if demo:
        door = door.moved(_demo(door))
    opened = verb(door.deciding, layout)
    if demo:
        opened = opened._replace(next="")  # its workers are started below
    for line in door.render.opened(opened, door.orchestra.project):
        click.echo(line, err=True)
    if demo:
        _spawn_demo(door)
    if not detach:
        door.attach(door.orchestra.tmux.attach_argv(door.environ))


def _demo(door: Door) -> str:
    from orchestra.demo.repository import demo

    made = demo(door.environ)
    click.echo(f"demo repository: {made}")
    return made


def _spawn_demo(door: Door) -> None:
    from orchestra.commands.spawn import Wishes
    from orchestra.commands.spawn import spawn as verb
    from orchestra.demo.repository import FIRST

    for line in door.render.spawned(verb(door.orchestra, FIRST, Wishes(), lambda _: False)):
        click.echo(line)


@orchestra.command()
@click.pass_obj
def down(door: Door) -> None:
    """End the workspace. Worktrees, branches and conversations stay; `up` brings them back."""
    from orchestra.commands.down import down as verb

    click.echo(door.render.closed(verb(door.deciding), door.orchestra.project))


@orchestra.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--base", help="Branch or commit to start from.", metavar="REF")
@click.option("--after", multiple=True, help="Wait until this issue's work is complete.", metavar="ID")
@click.option("--agent", help="The agent to use, by its name in orchestra.yaml.", metavar="A")
@click.option("--prompt", help="The prompt to use instead of the configured one.", metavar="P")
@click.option("--trust", is_flag=True, help="Start on an outsider's issue, after showing its text.")
@click.option("--no-wait", is_flag=True, help="Return when the panes are open.")
@json_option
@click.pass_obj
def spawn(door: Door, /, ids: Sequence[str], no_wait: bool, as_json: bool, **wishes: Any) -> None:
    """Start a worker on each issue; an existing worker is opened instead."""
    from orchestra.commands.spawn import Wishes
    from orchestra.commands.spawn import spawn as verb

    found = verb(door.deciding, ids, Wishes(wait=not no_wait, **wishes), door.ask_trust)
    door.say(door.as_json.spawned(found) if as_json else door.render.spawned(found))
    if any(one.result == "failed" for one in found):
        sys.exit(1)


@orchestra.command("list")
@click.option("--watch", is_flag=True, help="Show it anew whenever something changes.")
@json_option
@click.pass_obj
def list_(door: Door, watch: bool, as_json: bool) -> None:
    """Every worker, the one that most needs you first."""
    from orchestra.commands.list import list_ as verb

    if watch:
        door.watch(lambda: door.render.table(verb(door.orchestra), door.title, door.width))
        return
    view = verb(door.orchestra, tokens=as_json)
    door.say(door.as_json.table(view) if as_json else door.render.table(view, door.title, door.width))


@orchestra.command()
@click.argument("number", metavar="ID", shell_complete=numbers)
@json_option
@click.pass_obj
def show(door: Door, number: str, as_json: bool) -> None:
    """One worker in full: its question, its plan, its pull request."""
    from orchestra.commands.show import show as verb

    row = verb(door.orchestra, number)
    door.say(door.as_json.worker(row) if as_json else door.render.worker(row, door.now()))


@orchestra.command()
@click.argument("number", required=False, metavar="[ID]", shell_complete=numbers)
@click.pass_obj
def attach(door: Door, number: str | None) -> None:
    """Go to a worker's pane; without ID, to the one that needs you most."""
    from orchestra.commands.attach import attach as verb

    door.attach(verb(door.deciding, number))


@orchestra.command()
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.argument("words", nargs=-1, metavar="TEXT...")
@click.pass_obj
def tell(door: Door, number: str, words: Sequence[str]) -> None:
    """Tell a worker something; answers its open question.

    TEXT `-` reads standard input; no TEXT shows what it asks and waits for your words; `2` picks the second option.
    """
    from orchestra.commands.tell import tell as verb
    from orchestra.ui import dialogs as ask
    from orchestra.workers.answers import Decision
    from orchestra.workers.overview import worker_of

    if words or not sys.stdin.isatty():
        said, shown = door.words(words), None
    else:
        worker = worker_of(door.orchestra, number)
        said, shown = ask.words(worker), ask.answerable(worker)
    click.echo(door.render.told(verb(door.deciding, number, said, Decision(shown=shown))))


@orchestra.command()
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.option("--all", "every", is_flag=True, help="All that it asks for, not the first alone.")
@click.pass_obj
def approve(door: Door, number: str, every: bool) -> None:
    """Let what a worker asks for pass."""
    from orchestra.commands.approve import approve as verb
    from orchestra.workers.answers import Decision

    door.say(door.render.decided("approved", number, verb(door.deciding, number, Decision(every=every))))


@orchestra.command()
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.argument("words", nargs=-1, metavar="[TEXT]...")
@click.option("--all", "every", is_flag=True, help="All that it asks for, not the first alone.")
@click.pass_obj
def deny(door: Door, number: str, words: Sequence[str], every: bool) -> None:
    """Do not let it pass, and say why."""
    from orchestra.commands.deny import deny as verb
    from orchestra.workers.answers import Decision

    found = verb(door.deciding, number, " ".join(words), Decision(every=every))
    door.say(door.render.decided("denied", number, found))


@orchestra.command()
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.option("--pane", is_flag=True, help="What its panes have shown, closed ones too, instead.")
@json_option
@click.pass_obj
def log(door: Door, number: str, pane: bool, as_json: bool) -> None:
    """Everything that happened to a worker, in order: who asked, who answered, when and how."""
    from orchestra.commands import log as verbs
    from orchestra.ui import log as render_log

    if pane:
        text = verbs.shown(door.orchestra, number)
        click.echo(door.as_json.screen(number, text)) if as_json else click.echo_via_pager(clean_lines(text, len(text)))
        return
    entries = verbs.log(door.orchestra, number)
    door.say(door.as_json.entries(entries) if as_json else render_log.entries(entries))


@orchestra.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...", shell_complete=numbers)
@click.option(
    "--for", "statuses", default="complete,merged", show_default=True, metavar="STATUS,...", shell_complete=statuses
)
@click.option("--timeout", type=click.FloatRange(min=0), default=math.inf, metavar="S", help="Seconds; default: none.")
@json_option
@click.pass_obj
def wait(door: Door, ids: Sequence[str], statuses: str, timeout: float, as_json: bool) -> None:
    """Wait for workers. Exit code 0 reached, 4 timed out, 5 one needs a person."""
    from orchestra.commands.wait import wait as verb

    waited = verb(door.orchestra, ids, door.render.statuses(statuses), timeout)
    door.say(door.as_json.waited(waited) if as_json else door.render.waited(waited))
    sys.exit(int(waited.outcome))


@orchestra.command()
@json_option
@click.pass_obj
def issues(door: Door, as_json: bool) -> None:
    """The open issues, and which have a worker."""
    from orchestra.commands.issues import issues as verb

    found = verb(door.orchestra)
    door.say(door.as_json.issues(found) if as_json else door.render.issues(found, door.width))


@orchestra.command()
@click.option("--fix", is_flag=True, help="Mend what can be mended safely.")
@click.option("--accept-git", is_flag=True, help="You know of the change of the shared git configuration.")
@json_option
@click.pass_obj
def doctor(door: Door, fix: bool, accept_git: bool, as_json: bool) -> None:
    """Check tools, versions, login and the state on disk; each finding with its mend."""
    from orchestra.commands.doctor import doctor as verb

    if accept_git:
        _ = door.deciding
    findings = verb(lambda: door.orchestra, door.environ, fix=fix, accept_git=accept_git)
    door.say(door.as_json.findings(findings) if as_json else door.render.findings(findings))
    if any(finding.severity == "error" for finding in findings):
        sys.exit(1)


def main() -> None:
    """The entry point: run, and turn what went wrong into one sentence and an exit code."""
    run_main(orchestra)


if __name__ == "__main__":
    main()
