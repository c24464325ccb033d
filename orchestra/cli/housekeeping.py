"""Commands that check, remove and restore."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from orchestra.cli.completion import numbers
from orchestra.cli.verbs import verb
from orchestra.ui.console import Console, json_option
from orchestra.ui.references import Target, for_each


@verb(
    "doctor",
    "orchestra doctor",
    "orchestra doctor --fix",
    "orchestra doctor --environment   names of the variables that workers get",
    "orchestra doctor --agent         try the installed agent; costs no tokens",
)
@click.option("--fix", is_flag=True, help="Fix what can be fixed safely.")
@click.option("--accept-git", is_flag=True, help="Accept the current git configuration as trusted.")
@click.option("--environment", is_flag=True, help="List the variables that workers and git get, without values.")
@click.option("--agent", is_flag=True, help="Try the installed version of the agent, about 20 s, without tokens.")
@json_option
@click.pass_obj
def doctor_command(
    console: Console, fix: bool, accept_git: bool, environment: bool, agent: bool, as_json: bool
) -> None:
    """Check tools, versions, login and the state on disk; each finding with its fix."""
    from orchestra.commands.doctor import doctor, kept_environment, where

    if agent:
        _try_agent(console, as_json=as_json)
        return
    if environment:
        kept = kept_environment(console.project)
        console.say(console.as_json.environment(kept) if as_json else console.render.environment(kept))
        return
    if accept_git:
        _ = console.deciding
    findings = doctor(lambda: console.project, console.environ, fix=fix, accept_git=accept_git)
    chosen = where(lambda: console.project)
    shown = console.as_json.findings(findings, chosen) if as_json else console.render.findings(findings, chosen)
    console.say(shown)
    if any(finding.severity == "error" for finding in findings):
        sys.exit(1)


def _try_agent(console: Console, *, as_json: bool) -> None:
    """Print each result as soon as it is known; exit 1 unless everything holds."""
    from orchestra.commands.doctor import agent_trial

    trial = agent_trial(console.project)
    results = []
    if not as_json:
        console.say(console.render.trial_begins(trial))
    for result in trial.results:
        results.append(result)
        if not as_json:
            console.say(console.render.trial_result(result))
    console.say(console.as_json.trial(trial, results) if as_json else console.render.trial_ends(trial, results))
    if not all(result.holds for result in results):
        sys.exit(1)


@verb(
    "prune",
    "orchestra prune --dry-run   say what would be removed, and why the others stay",
    "orchestra prune",
    "orchestra prune 124         this one alone",
)
@click.argument("ids", nargs=-1, metavar="[ID]...", shell_complete=numbers)
@click.option("--dry-run", is_flag=True, help="Say what would be removed.")
@click.option("--remote", is_flag=True, help="Delete the branches of merged pull requests on the remote, too.")
@json_option
@click.pass_obj
def prune_command(console: Console, ids: Sequence[str], dry_run: bool, remote: bool, as_json: bool) -> None:
    """Remove finished worktrees and branches that provably hold nothing to lose."""
    from orchestra.commands.prune import Pruned, prune
    from orchestra.ui.progress import progress

    done: list[Pruned] = []

    def one(console: Console, only: str = "") -> None:
        told = [""]
        with progress(lambda: told):
            found = prune(
                console.deciding, dry_run=dry_run, only=only, remote=remote, tell=lambda now: told.__setitem__(0, now)
            )
        done.append(found)
        if not as_json:
            console.say(console.render.pruned(found, dry_run=dry_run))

    good = True
    if ids:
        good = for_each(console, ids, lambda at: one(at.console, at.number))
        good = good and (dry_run or not any(found.kept for found in done))
    else:
        one(console)
    if as_json:
        console.say(console.as_json.pruned(done))
    if not good:
        sys.exit(1)


@verb("restore", "orchestra restore       what is kept of removed workers", "orchestra restore 124")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.pass_obj
def restore_command(console: Console, ids: Sequence[str]) -> None:
    """Bring back what was removed of a worker; without ID, say what is kept."""
    from orchestra.commands import restore

    def one(at: Target) -> None:
        found = restore.restore(at.console.deciding, at.number)
        click.echo(f"#{at.number} is in {found.worktree} on {found.branch}")
        if found.files:
            click.echo(f"what was not committed is there again, from {found.files}")
        for ref in found.others:
            click.echo(f"kept as well: git show {ref}")

    if not ids:
        kept = restore.trash(console.project)
        console.say(kept or ["nothing was removed"])
        if kept:
            click.echo("bring one back, by the number of its worker: orchestra restore ID", err=True)
    elif not for_each(console, ids, one):
        sys.exit(1)
