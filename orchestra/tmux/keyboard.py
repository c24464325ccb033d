"""The keys of a tmux server: bind those of the workspace, and none that the user has bound."""

from __future__ import annotations

from orchestra.core.text import clean
from orchestra.tmux import guest_keys, key_bindings
from orchestra.tmux.capabilities import POPUP_WITHOUT_BORDER

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestra.tmux.commands import Command
    from orchestra.tmux.session import Session


class KeyBindings:
    """The keys; `key` is the one after the prefix that leads to them."""

    def __init__(self, session: Session, key: str = "O") -> None:
        self._session = session
        self._server = session.server
        self.key = key

    def bind(self, program: Sequence[str], wanted: Mapping[str, str]) -> str:
        """Bind our keys, and none that is somebody else's; returns what has the key after the prefix instead."""
        with self._server.locked():
            return self._bind(program, wanted)

    def _bind(self, program: Sequence[str], wanted: Mapping[str, str]) -> str:
        guest = self._server.guest
        known = guest_keys.read_bindings(self._server)
        ours = {
            key
            for (table, key), bound in known.items()
            if table == key_bindings.TABLE and key_bindings.is_ours(bound.command)
        }
        theirs = {key for table, key in known if table == key_bindings.TABLE} - ours - {"Any"}
        commands: list[Command] = [("unbind-key", "-T", key_bindings.TABLE, key) for key in ours - set(wanted.values())]
        frame = not self._server.capabilities.has(POPUP_WITHOUT_BORDER)
        commands += [one for one in key_bindings.bindings(program, wanted, frame=frame) if one[3] not in theirs]
        found = known.get(("prefix", self.key), key_bindings.Binding("")).command
        taken = (
            guest_keys.enter(self._server, self.key)
            if guest
            else ""
            if key_bindings.enters_our_table(found)
            else clean(found)
        )
        commands += [key_bindings.prefix_binding(self.key)] if not (guest or taken) else []
        commands += (
            [] if guest else key_bindings.mouse_bindings(program, known)
        )  # the mouse's table belongs to everybody
        self._server.send([[one] for one in commands])
        return taken

    def taken(self) -> str:
        """What has the key after the prefix, when that is not our table; empty when it is ours or free."""
        known = guest_keys.read_bindings(self._server)
        found = known.get(("prefix", self.key), key_bindings.Binding("")).command
        return "" if key_bindings.enters_our_table(found) else clean(found)
