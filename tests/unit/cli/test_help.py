"""The help: every command in a group, whole lines at 80 columns, a sentence and examples for each."""

from __future__ import annotations

import re

import click
import pytest
from click.testing import CliRunner

from orchestra import __version__
from orchestra.cli.main import COMMANDS, GROUPS, cli
from orchestra.cli.verbs import Verb

pytestmark = pytest.mark.fast

PUBLIC = [name for title, entries in GROUPS.items() if title for name in entries]


def helped(*argv: str) -> str:
    found = CliRunner().invoke(cli, [*argv, "--help"], terminal_width=80, prog_name="orchestra")
    assert found.exit_code == 0, found.output
    return found.output


def test_the_help_lists_every_command_on_a_whole_line() -> None:
    text = helped()
    assert "..." not in text.replace("[ARGS]...", "")
    assert "\u2026" not in text
    assert max(map(len, text.splitlines())) <= 80
    for title, entries in GROUPS.items():
        for name, entry in entries.items():
            assert not title or f"  {name:<10}  {entry.line}\n" in text
    assert "  worker" not in text


@pytest.mark.parametrize("name", PUBLIC)
def test_each_command_has_a_sentence_and_examples(name: str) -> None:
    text = helped(name)
    command = cli.get_command(click.Context(cli), name)
    assert isinstance(command, Verb), "declared with `verb`"
    assert 1 <= len(command.examples) <= 4
    assert all(example.startswith("orchestra ") or "orchestra " in example for example in command.examples)
    assert "Examples:" in text
    assert max(map(len, text.splitlines())) <= 80
    first = (command.help or "").split("\n\n")[0]
    assert first.endswith(".")


@pytest.mark.parametrize(
    ("typed", "same"),
    [([], ["--help"]), (["help"], ["--help"]), (["worker"], ["worker", "--help"])]
    + [(["help", *names], [*names, "--help"]) for names in (["spawn"], ["queue", "move"])],
)
def test_help_is_given_to_whoever_looks_for_it(typed: list[str], same: list[str]) -> None:
    found = CliRunner().invoke(cli, typed, terminal_width=80, prog_name="orchestra")
    assert (found.exit_code, found.output) == (0, helped(*same[:-1]))


@pytest.mark.parametrize(
    ("typed", "meant"), [("spwan", "spawn"), ("mergee", "merge"), ("appr", "approve"), ("xyz", "")]
)
def test_a_mistyped_command_names_the_one_that_is_meant(typed: str, meant: str) -> None:
    for argv in ([typed, "1"], ["help", typed]):
        found = CliRunner().invoke(cli, argv, prog_name="orchestra")
        assert found.exit_code == 2
        assert f"No such command '{typed}'." in found.output
        assert (f"Did you mean '{meant}'?" in found.output) if meant else ("Did you mean" not in found.output)


def test_every_command_can_be_loaded() -> None:
    for name in COMMANDS:
        assert cli.get_command(click.Context(cli), name) is not None, name


def test_the_version_says_what_a_report_of_a_fault_needs() -> None:
    found = CliRunner().invoke(cli, ["--version"], prog_name="orchestra")
    assert found.exit_code == 0
    first, second = found.output.splitlines()
    assert first == f"orchestra, version {__version__}"
    assert re.fullmatch(r"Python 3\.\d+\.\d+, (tmux .+|no tmux), /.+", second)


def test_the_version_is_said_without_tmux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert ", no tmux, " in CliRunner().invoke(cli, ["--version"], prog_name="orchestra").output
