"""Our one key on the user's own tmux server: guarded while a workspace is open there, then given back.

tmux's key tables belong to the whole server. In our sessions the key enters our table; in every other session it does
what it did before. That is kept by tmux itself, in one of our key tables, so that it comes back exactly.
"""

from __future__ import annotations

from orchestra.core.text import clean
from orchestra.core.waiting import pause
from orchestra.errors import Unreachable
from orchestra.tmux import key_bindings
from orchestra.tmux.capabilities import KEYS_BY_FORMAT
from orchestra.tmux.client import LOOKS, TOO_BUSY
from orchestra.tmux.key_bindings import Binding

TYPE_CHECKING = False

if TYPE_CHECKING:
    from orchestra.tmux.client import Server
    from orchestra.tmux.commands import Command


def read_bindings(server: Server, table: str = "", key: str = "") -> dict[tuple[str, str], Binding]:
    """Every binding of the server; with its note at least that of the key in the table. The server runs.

    Raises Unreachable when it is too busy to answer whole.
    """
    if server.capabilities.has(KEYS_BY_FORMAT):
        for again in range(LOOKS):
            found = key_bindings.parse_formatted_bindings(
                server.ask_text("list-keys", "-F", key_bindings.BINDING_FORMAT)
            )
            if found is not None:
                return found
            pause(0.05 * (again + 1))
        raise Unreachable(*TOO_BUSY)
    known = key_bindings.parse_bindings(server.ask_text("list-keys"))
    if (table, key) in known:
        note = key_bindings.parse_note(server.ask_text("list-keys", "-N", "-P", "", "-T", table), key)
        known[table, key] = known[table, key]._replace(note=note)
    return known


def binding(server: Server, table: str, key: str) -> Binding:
    """What the key does in a table; an empty command when it does nothing."""
    return read_bindings(server, table, key).get((table, key), Binding(""))


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
    known = read_bindings(server)
    back: list[Command] = []
    for (table, key), bound in known.items():
        does = bound.command
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
    return key_bindings.is_ours(command) or (key == "Any" and command == " ".join(key_bindings.LEAVE))
