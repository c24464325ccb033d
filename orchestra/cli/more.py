"""The rest of the command line: holding, ending and cleaning up workers."""

from __future__ import annotations

import click

from orchestra.cli.completion import layouts, numbers
from orchestra.ui.console import Door, json_option


@click.command()
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.pass_obj
def pause(door: Door, number: str) -> None:
    """End a worker's agent for now; `resume` goes on in its conversation."""
    from orchestra.commands.pause import pause as verb

    verb(door.deciding, number)
    click.echo(f"#{number} paused: orchestra resume {number} goes on")


@click.command()
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.pass_obj
def resume(door: Door, number: str) -> None:
    """Go on with a paused worker."""
    from orchestra.commands.resume import resume as verb

    click.echo(f"#{number} goes on: {verb(door.deciding, number).status.value}")


@click.command()
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.option("--fresh", is_flag=True, help="Begin a new conversation.")
@click.pass_obj
def restart(door: Door, number: str, fresh: bool) -> None:
    """Start a worker's agent again, in the same worktree and conversation."""
    from orchestra.commands.restart import restart as verb

    verb(door.deciding, number, fresh=fresh)
    click.echo(f"#{number} started again" + (" with a new conversation" if fresh else " in its conversation"))


@click.command()
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.pass_obj
def cancel(door: Door, number: str) -> None:
    """End a worker. Its worktree, branch and commits stay."""
    from orchestra.commands.cancel import cancel as verb

    worker = verb(door.deciding, number)
    click.echo(f"#{number} cancelled; its work stays in {worker.worktree} on {worker.branch}")


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be removed.")
@json_option
@click.pass_obj
def prune(door: Door, dry_run: bool, as_json: bool) -> None:
    """Remove finished worktrees and branches that provably hold nothing to lose."""
    from orchestra.commands.prune import prune as verb

    found = verb(door.deciding, dry_run=dry_run)
    door.say(door.as_json.pruned(found) if as_json else door.render.pruned(found, dry_run=dry_run))


@click.command()
@click.argument("name", required=False, metavar="[NAME]", shell_complete=layouts)
@click.pass_obj
def layout(door: Door, name: str | None) -> None:
    """Rearrange the running workspace; no program is ended. Without NAME, say which layouts there are."""
    from orchestra.commands import layout as verbs

    if name is None:
        found = verbs.offered(door.orchestra)
        wide = max(len(one.name) for one in found)
        door.say([f"{'*' if one.present else ' '} {one.name:<{wide}}  {one.words}"[: door.width] for one in found])
        return
    verbs.layout(door.deciding, name)
    click.echo(f"{name}: every pane is in its place")


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of your shell.

    bash: eval "$(orchestra completion bash)" in ~/.bashrc; fish: orchestra completion fish | source
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(found(ctx.find_root().command, {}, "orchestra", "_ORCHESTRA_COMPLETE").source())


@click.command()
@click.argument("number", required=False, metavar="[ID]")
@click.pass_obj
def restore(door: Door, number: str | None) -> None:
    """Bring back what was removed of a worker; without ID, say what is kept."""
    from orchestra.commands import restore as verbs

    if number is None:
        door.say(verbs.trash(door.orchestra) or ["nothing was removed"])
        return
    found = verbs.restore(door.deciding, number)
    click.echo(f"#{number} is in {found.worktree} on {found.branch}")
    if found.files:
        click.echo(f"what was not committed is there again, from {found.files}")
    for ref in found.others:
        click.echo(f"kept as well: git show {ref}")


@click.command()
@json_option
@click.pass_obj
def stats(door: Door, as_json: bool) -> None:
    """Where the time and the tokens of each worker went."""
    from orchestra.commands.stats import stats as verb
    from orchestra.ui import stats as render_stats

    found = verb(door.orchestra)
    door.say(render_stats.document(found) if as_json else render_stats.table(found, door.title))


def add_to(group: click.Group) -> None:
    """Add these commands to the main group."""
    for command in (pause, resume, restart, cancel, prune, restore, layout, stats, completion):
        group.add_command(command)
