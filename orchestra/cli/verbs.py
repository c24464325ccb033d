"""How a command of `orchestra` is declared: one sentence, examples, options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


class Verb(click.Command):
    """A command whose help shows examples between its sentence and its options."""

    def __init__(self, *given: Any, examples: tuple[str, ...] = (), **named: Any) -> None:
        super().__init__(*given, **named)
        self.examples = examples

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The sentence, then the examples as they are typed."""
        super().format_help_text(ctx, formatter)
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write(f"{' ' * formatter.current_indent}{example}\n")


class VerbGroup(Verb, click.Group):
    """A command with subcommands; alone it is its help, unless it does something by itself."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Without an argument as with --help: an error that holds the whole help helps nobody."""
        return super().parse_args(ctx, args or ["--help"] * (not self.invoke_without_command))


def verb(name: str, *examples: str, hidden: bool = False) -> Callable[[Callable[..., Any]], click.Command]:
    """`@verb("show", "orchestra show 124")`: a command with examples."""
    return click.command(name, cls=Verb, examples=examples, hidden=hidden)
