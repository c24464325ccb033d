"""What Tab offers: numbers of workers, statuses, layouts. Reads directories, and loads nothing heavy."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orchestra.core.text import clean, is_id

if TYPE_CHECKING:
    from click import Context, Parameter
    from click.shell_completion import CompletionItem

    from orchestra.storage.session_store import Store


def numbers(_: Context, __: Parameter, incomplete: str) -> list[CompletionItem]:
    """The workers on record, with their titles where the shell shows them."""
    import time

    from click.shell_completion import CompletionItem

    from orchestra.project.context import open_project

    try:
        store = open_project(os.getcwd(), os.environ, time.time).store
        names = sorted((name[:-5] for name in os.listdir(store.root) if name.endswith(".json")), key=len)
        found = [name for name in names if is_id(name) and name.startswith(incomplete)]
        return [CompletionItem(name, help=_title(store, name)) for name in found]
    except Exception:  # noqa: BLE001 - a Tab never prints a traceback into the person's line
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


def layouts(_: Context, __: Parameter, incomplete: str) -> list[CompletionItem]:
    """The layouts that ship and those of the repository around."""
    import time

    from click.shell_completion import CompletionItem

    from orchestra.config.resources import layout_names
    from orchestra.errors import OrchestraError
    from orchestra.project.context import open_project

    try:
        root = open_project(os.getcwd(), os.environ, time.time).root
    except (OrchestraError, OSError):
        root = os.getcwd()  # outside of a repository: those that ship
    return [CompletionItem(name) for name in layout_names(root) if name.startswith(incomplete)]
