"""What Tab offers: numbers of workers, statuses, layouts. Reads directories, and loads nothing heavy."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from orchestra.core.text import clean, is_id

if TYPE_CHECKING:
    from click import Context, Parameter
    from click.shell_completion import CompletionItem

    from orchestra.storage.session_store import Store


def numbers(_: Context, __: Parameter, incomplete: str) -> list[CompletionItem]:
    """The workers on record, with their titles where the shell shows them; after `widgets#` those of that project."""
    import time

    from click.shell_completion import CompletionItem

    from orchestra.project.context import home_of, open_project
    from orchestra.project.registry import known_projects, named

    name, mark, last = incomplete.rpartition("#")
    try:
        where = named(known_projects(home_of(os.environ)), name)[0].root if name else os.getcwd()
        store = open_project(where, os.environ, time.time).store
        known = sorted((name[:-5] for name in os.listdir(store.root) if name.endswith(".json")), key=len)
        found = [number for number in known if is_id(number) and number.startswith(last)]
        return [CompletionItem(name + mark + number, help=_title(store, number)) for number in found]
    except Exception:  # noqa: BLE001 - a Tab never prints a traceback into the user's line
        return []


def _title(store: Store, number: str) -> str:
    worker = store.read(number)
    return clean(f"{worker.status.value} {worker.title}", 60) if worker else ""


def statuses(_: Context, __: Parameter, incomplete: str) -> list[CompletionItem]:
    """`complete,mer` offers `complete,merged`."""
    from click.shell_completion import CompletionItem

    from orchestra.core.models import Status

    before, comma, last = incomplete.rpartition(",")
    return [CompletionItem(before + comma + one.value) for one in Status if one.value.startswith(last)]


def states(_: Context, __: Parameter, incomplete: str) -> list[CompletionItem]:
    """The words that `list --state` takes; several are separated by commas."""
    from click.shell_completion import CompletionItem

    from orchestra.core.state import State

    before, comma, last = incomplete.rpartition(",")
    words = ("needs you", *(one.value for one in State))
    return [CompletionItem(before + comma + word) for word in words if word.startswith(last)]


def layouts(_: Context, __: Parameter, incomplete: str) -> list[CompletionItem]:
    """The layouts that ship and those of the repository around."""
    import time

    from click.shell_completion import CompletionItem

    from orchestra.config.resources import layout_names
    from orchestra.errors import OrchestraError
    from orchestra.project.context import open_project

    root = ""  # outside of a repository: those that ship
    with suppress(OrchestraError, OSError):
        root = open_project(os.getcwd(), os.environ, time.time).root
    return [CompletionItem(name) for name in layout_names(root) if name.startswith(incomplete)]
