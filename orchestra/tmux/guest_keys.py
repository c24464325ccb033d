"""The one key of ours on the person's own tmux server: guarded while a workspace is open there, then given back.

tmux's key tables belong to the whole server. In our sessions the key enters our table; in every other session it does
what it did before. That is kept by tmux itself, in a table of ours, so that it comes back exactly.
"""

from __future__ import annotations

from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.tmux import commands, key_bindings

TYPE_CHECKING = False

if TYPE_CHECKING:
    from orchestra.tmux.client import Server
    from orchestra.tmux.commands import Command


class Binding(Record):
    """What a key does; `note` is what `prefix ?` says of it."""

    command: str
    note: str
    repeats: bool


def binding(server: Server, table: str, key: str) -> Binding:
    """What the key does in a table; an empty command when it does nothing. The server runs."""
    said = server.ask("list-keys", "-T", table, commands.escape_argument(key))
    if said.code:
        return Binding("", "", False)
    note = (
        server.ask("list-keys", "-N", "-P", "", "-T", table, commands.escape_argument(key))
        .out.strip()
        .partition(" ")[2]
    )
    return Binding(
        next(iter(key_bindings.parse_bindings(said.out).values()), ""), note.strip(), said.out.startswith("bind-key -r")
    )


def enter(server: Server, key: str) -> str:
    """Guard the key; returns what has it instead, when that could not be guarded and given back exactly."""
    was = binding(server, "prefix", key)
    if key_bindings.enters_our_table(was.command):
        return ""
    if was.command:
        server.send([[_bind(key_bindings.BEFORE, key, was)]])
        if binding(server, key_bindings.BEFORE, key) != was:  # a key that repeats cannot lead to a table
            server.send([[("unbind-key", "-T", key_bindings.BEFORE, key)]])
            return clean(was.command)
    server.send([[key_bindings.guarded_binding(key, was.command)]])
    return ""


def leave(server: Server) -> None:
    """Give every key back and remove our tables, unless another workspace is still open on the server."""
    said = server.ask("list-sessions", "-F", "#{@orchestra_project}")
    if said.code or said.out.strip():
        return
    known = key_bindings.parse_bindings(server.ask("list-keys").out)
    back: list[Command] = []
    for (table, key), does in known.items():
        if table == "prefix" and key_bindings.enters_our_table(does):
            was = binding(server, key_bindings.BEFORE, key)
            back.append(_bind("prefix", key, was) if was.command else ("unbind-key", "-T", "prefix", key))
        elif table == key_bindings.BEFORE or (table == key_bindings.TABLE and _is_ours(key, does)):
            back.append(("unbind-key", "-T", table, key))
    server.send([[one] for one in back])


def _bind(table: str, key: str, was: Binding) -> Command:
    note = ("-N", was.note) if was.note else ()
    return ("bind-key", *note, "-T", table, key, was.command)


def _is_ours(key: str, command: str) -> bool:
    return key_bindings.MARK in command or (key == "Any" and command == " ".join(key_bindings.LEAVE))
