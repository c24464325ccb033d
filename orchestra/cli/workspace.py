"""Commands that open, close and arrange the workspace."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from orchestra.cli.completion import layouts
from orchestra.cli.verbs import verb
from orchestra.core.text import clean
from orchestra.ui.console import Console

BOARD_SCREENS = ("needs", "review", "new", "issues", "workers", "list")


@verb("init", "orchestra init", "orchestra init --yes   ask nothing")
@click.option("--yes", "-y", is_flag=True, help="Ask nothing; write what fits this repository.")
@click.pass_obj
def init_command(console: Console, yes: bool) -> None:
    """Set up this repository: orchestra.yaml, and local issues where there is no GitHub."""
    from orchestra.commands.init import init

    def ask(question: str, default: str, problem: Callable[[str], str]) -> str:
        def checked(typed: str) -> str:
            if wrong := problem(typed.strip()):
                raise click.UsageError(clean(wrong, 500))  # it is asked again
            return typed.strip()

        quiet = yes or not sys.stdin.isatty()
        return default if quiet else str(click.prompt(question, default=default, value_proc=checked))

    for line in init(console.deciding, ask):
        click.echo(line)


@verb(
    "up",
    "orchestra up",
    "orchestra up laptop -d   open it with the layout laptop, and do not attach",
    "orchestra up --demo      try it in a throw-away repository, without an account",
)
@click.argument("layout", required=False, shell_complete=layouts)
@click.option("--detach", "-d", is_flag=True, help="Do not attach this terminal.")
@click.option("--demo", is_flag=True, help="A throw-away repository with a scripted agent; no account needed.")
@click.option("--environment", is_flag=True, help="Replace the environment that workers get by this shell's.")
@click.pass_obj
def up_command(console: Console, layout: str | None, detach: bool, demo: bool, environment: bool) -> None:
    """Open the workspace, and bring back every worker. Idempotent."""
    from orchestra.commands.up import up
    from orchestra.ui.progress import doing, progress

    if environment:
        console = console.with_whole_environment()
    if demo:
        console = console.moved(_demo(console))
    project = console.deciding
    with progress(doing("opening the workspace")):
        opened = up(project, layout)
    if demo:
        opened = opened._replace(next="")  # its workers are started below
    for line in console.render.opened(opened, console.project.key):
        click.echo(line, err=True)
    if demo:
        _spawn_demo(console)
    if not detach:
        console.attach(console.project.clients.attach_argv(console.environ))


def _demo(console: Console) -> str:
    from orchestra.demo.repository import demo

    made = demo(console.environ)
    click.echo(f"demo repository: {made}")
    return made


def _spawn_demo(console: Console) -> None:
    from orchestra.commands.spawn import SpawnOptions
    from orchestra.commands.spawn import spawn as verb
    from orchestra.demo.repository import FIRST

    for line in console.render.spawned(verb(console.project, FIRST, SpawnOptions(), lambda _: False)):
        click.echo(line)


@verb("down", "orchestra down")
@click.pass_obj
def down_command(console: Console) -> None:
    """End the workspace. Worktrees, branches and conversations stay; `up` brings them back."""
    from orchestra.commands.down import down

    click.echo(console.render.closed(down(console.deciding), console.project.key))


@verb("layout", "orchestra layout          which there are", "orchestra layout laptop")
@click.argument("name", required=False, metavar="[NAME]", shell_complete=layouts)
@click.pass_obj
def layout_command(console: Console, name: str | None) -> None:
    """Rearrange the running workspace; no program is ended. Without NAME, say which layouts there are."""
    from orchestra.commands.layout import layout, offered

    if name is None:
        found = offered(console.project)
        wide = max(len(one.name) for one in found)
        console.say(
            [f"{'*' if one.present else ' '} {one.name:<{wide}}  {one.words}"[: console.width] for one in found]
        )
        return
    ignored = layout(console.deciding, name)
    console.say([f"{name}: every pane is in its place", *ignored])


@verb("board", "orchestra board", "orchestra board --only needs   what needs you, for a popup of your own")
@click.option("--only", type=click.Choice(BOARD_SCREENS), help="One of its screens alone; leaving it ends the command.")
@click.pass_obj
def board_command(console: Console, only: str | None) -> None:
    """The full-screen view: issues, workers, and all about the selected one."""
    from orchestra.ui.popups import show_board, show_one_screen

    ended = show_one_screen(console, only) if only else show_board(console)
    console.end(ended.said, ended.argv)


@verb("status", "orchestra status", 'set -g status-right "#(orchestra status --tmux)"   in your own tmux.conf')
@click.option("--tmux", is_flag=True, help="Without what tmux would expand, for `#()` in a status line.")
@click.pass_obj
def status_command(console: Console, tmux: bool) -> None:
    """The bar's text in one line, for a prompt or a theme of your own."""
    from orchestra.commands.status import status

    text = status(console.project).text
    click.echo(text.replace("#", "\uff03") if tmux else text)  # tmux reads formats in a job's output


@verb(
    "completion",
    'eval "$(orchestra completion bash)"            in ~/.bashrc',
    "orchestra completion fish | source             in config.fish",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of your shell."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(found(ctx.find_root().command, {}, "orchestra", "_ORCHESTRA_COMPLETE").source())
