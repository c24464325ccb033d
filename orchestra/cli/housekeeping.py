"""Commands that check, remove, restore and count."""

from __future__ import annotations

import sys

import click

from orchestra.ui.console import Console, json_option


@click.command("doctor")
@click.option("--fix", is_flag=True, help="Mend what can be mended safely.")
@click.option("--accept-git", is_flag=True, help="You know of the change of the shared git configuration.")
@click.option("--environment", is_flag=True, help="List the variables that workers and git get; no values.")
@json_option
@click.pass_obj
def doctor_command(console: Console, fix: bool, accept_git: bool, environment: bool, as_json: bool) -> None:
    """Check tools, versions, login and the state on disk; each finding with its fix."""
    from orchestra.commands.doctor import doctor, kept_environment

    if environment:
        kept = kept_environment(console.project)
        console.say(console.as_json.environment(kept) if as_json else console.render.environment(kept))
        return
    if accept_git:
        _ = console.deciding
    findings = doctor(lambda: console.project, console.environ, fix=fix, accept_git=accept_git)
    console.say(console.as_json.findings(findings) if as_json else console.render.findings(findings))
    if any(finding.severity == "error" for finding in findings):
        sys.exit(1)


@click.command("prune")
@click.option("--dry-run", is_flag=True, help="Say what would be removed.")
@json_option
@click.pass_obj
def prune_command(console: Console, dry_run: bool, as_json: bool) -> None:
    """Remove finished worktrees and branches that provably hold nothing to lose."""
    from orchestra.commands.prune import prune

    found = prune(console.deciding, dry_run=dry_run)
    console.say(console.as_json.pruned(found) if as_json else console.render.pruned(found, dry_run=dry_run))


@click.command("restore")
@click.argument("number", required=False, metavar="[ID]")
@click.pass_obj
def restore_command(console: Console, number: str | None) -> None:
    """Bring back what was removed of a worker; without ID, say what is kept."""
    from orchestra.commands import restore

    if number is None:
        console.say(restore.trash(console.project) or ["nothing was removed"])
        return
    found = restore.restore(console.deciding, number)
    click.echo(f"#{number} is in {found.worktree} on {found.branch}")
    if found.files:
        click.echo(f"what was not committed is there again, from {found.files}")
    for ref in found.others:
        click.echo(f"kept as well: git show {ref}")


@click.command("stats")
@json_option
@click.pass_obj
def stats_command(console: Console, as_json: bool) -> None:
    """Where the time and the tokens of each worker went."""
    from orchestra.commands.stats import stats
    from orchestra.ui.stats import document, table

    found = stats(console.project)
    console.say(document(found) if as_json else table(found, console.title))
