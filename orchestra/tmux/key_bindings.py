"""The key table: what each key does, and how tmux is told. Pure.

Bindings carry ids and numbers only: a line or a title under the cursor is read by the program itself.
"""

from __future__ import annotations

import re

from orchestra.core.actions import ACTIONS, Action
from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.tmux.commands import escape_hashes, quote

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestra.tmux.commands import Command

TABLE = "orchestra"
ENTER = f"switch-client -T {TABLE}"
BEFORE = "orchestra-before"  # the table of what a key did that is guarded now
WITHIN = "#{@orchestra_project}"  # true in our sessions, and in none of the user's own
LEAVE = ("switch-client", "-T", "root")
_NEEDS = (96, 26)
_ASK = (76, 8)
POPUP_SIZES = {
    "restart": _ASK,
    "cancel": _ASK,
    "tell": _NEEDS,
    "approve": _NEEDS,
    "deny": _NEEDS,
    "gates": _NEEDS,
}  # columns, lines
MARKS = ("ORCHESTRA_STARTED_BY=tmux ", "-m orchestra ")  # in each of our commands, now and until 0.1; in no other
_BARE = regex(r"[A-Za-z0-9/._-][A-Za-z0-9/._%=:,+@-]*", re.ASCII)  # a word that tmux's parser takes as it is
_BOUND = regex(r"bind-key\s+(-r\s+)?-T\s+(\S+)\s+(\S+)\s+(.*)")
# For `list-keys -F`: a note may hold anything, so its length in bytes comes before it. Where tmux 3.7 left out parts,
# because a line took 100 ms, the dot is missing.
BINDING_FORMAT = "#{key_repeat} #{key_table} #{key_string} #{n:key_note} #{?key_table,.,} #{key_note} #{key_command}"
# A regular expression of tmux's: `#(` would start a shell job, so the `#` is in brackets.
_ISSUE = "[#][0-9]+|GH-[0-9]+|/(issues|pull)/[0-9]+"
_FREE = "#{==:#{mouse_any_flag},0}"  # no program in the pane wants the mouse for itself


def bindings(program: Sequence[str], keys: Mapping[str, str], *, frame: bool = False) -> list[Command]:
    """The bindings of our table. A key that is none of them leaves it, and does nothing else.

    `frame`: tmux draws a frame around every popup.
    """
    bound = [
        ("bind-key", "-T", TABLE, keys[action.name], *action_command(program, action, frame=frame))
        for action in ACTIONS
        if action.name in keys
    ]
    return [*bound, ("bind-key", "-T", TABLE, "Any", *LEAVE)]


def action_command(program: Sequence[str], action: Action, *, frame: bool = False) -> tuple[str, ...]:
    """The tmux command of one action."""
    return (
        popup_command(program, action.popup, frame=frame)
        if action.popup
        else ("run-shell", "-b", key_shell_command(program, action.name))
    )


def popup_command(program: Sequence[str], name: str, *, frame: bool = False) -> tuple[str, ...]:
    """The tmux command that opens one of our popups, at most as large as its content; it asks tmux where the user is.

    tmux refuses a popup that is larger than the terminal: there it gets nearly all of it.
    """
    wide, high = POPUP_SIZES.get(name, (0, 0))
    if not wide:
        return popup_of_size(program, name, frame=frame)
    fits = f"#{{&&:#{{e|>=:#{{client_width}},{wide + 4}}},#{{e|>=:#{{client_height}},{high + 4}}}}}"
    small = popup_of_size(program, name, frame=frame)
    large = popup_of_size(program, name, str(wide), str(high), frame=frame)
    return ("if-shell", "-F", fits, _nested(large), _nested(small))


def _nested(command: Command) -> str:
    """A command as a word of another one; our marks stay readable in it."""
    return " ".join(word if _BARE.fullmatch(word) else quote(word) for word in command)


def popup_of_size(
    program: Sequence[str], name: str, wide: str = "94%", high: str = "90%", *, frame: bool = False
) -> tuple[str, ...]:
    """The same, of one size. What runs in it draws its own frame, unless tmux does.

    tmux runs several words as they are, and a single one by the user's shell, which may take its time to start.
    """
    flags, more = ((), ("--framed",)) if frame else (("-B",), ())
    return ("display-popup", "-E", *flags, "-w", wide, "-h", high, *program, "popup", name, *more)


def key_shell_command(program: Sequence[str], name: str, more: str = "") -> str:
    """The shell command of an action; tmux fills in the pane and the client."""
    import shlex

    words = f"key {name} '#{{pane_id}}' --client '#{{client_name}}'{more}"
    return f"{escape_hashes(shlex.join(program))} {words} >/dev/null 2>&1"


def prefix_binding(key: str) -> Command:
    """The one key after the prefix."""
    return ("bind-key", "-T", "prefix", key, "switch-client", "-T", TABLE)


def guarded_binding(key: str, before: str) -> Command:
    """The one key after the prefix on a server that is not ours: elsewhere it does what it did `before`."""
    return ("bind-key", "-T", "prefix", key, "if-shell", "-F", WITHIN, ENTER, *([before] if before else []))


def is_ours(command: str) -> bool:
    """Whether what a key does is to run our program."""
    return any(mark in command for mark in MARKS)


def enters_our_table(command: str) -> bool:
    """Whether what a key does is to enter our table, guarded or not."""
    return command.startswith(ENTER) or (command.startswith("if-shell -F") and WITHIN in command and ENTER in command)


def tmux_conf_line(program: Sequence[str], key: str) -> str:
    """A line of tmux.conf for the user's own server: spawn on the issue under the cursor."""
    return f"bind-key {quote(key)} run-shell -b {quote(key_shell_command(program, 'spawn'))}"


class Binding(Record):
    """What a key does; `note` is what `prefix ?` says of it."""

    command: str
    note: str = ""
    repeats: bool = False


def parse_bindings(text: str) -> dict[tuple[str, str], Binding]:
    """What `list-keys` prints, by table and key, without the notes.

    Only of the list of all tables: of a single binding one version prints nothing, and shows it on a terminal.
    """
    found = (_BOUND.match(line) for line in text.splitlines())
    return {
        (one[2], re.sub(r"^\\(?=.)", "", one[3])): Binding(_command(one[4]), repeats=one[1] is not None)
        for one in found
        if one
    }


def parse_formatted_bindings(text: str) -> dict[tuple[str, str], Binding] | None:
    """What `list-keys -F BINDING_FORMAT` prints, by table and key; None when tmux had no time to answer it whole."""
    bindings = {}
    for line in text.splitlines():
        repeats, table, key, length, whole, rest = line.split(" ", 5)
        if whole != ".":
            return None
        note, command = rest.encode()[: int(length)], rest.encode()[int(length) + 1 :]
        bindings[table, key] = Binding(_command(command.decode()), note.decode(), repeats == "1")
    return bindings


def parse_note(text: str, key: str) -> str:
    """The note of a key among what `list-keys -N -P ''` prints of one table; empty when it has none."""
    words = (line.split(None, 1) for line in text.splitlines())
    return next((found[1].strip() for found in words if len(found) == 2 and found[0] == key), "")


def _command(text: str) -> str:
    return text.replace(" \\; ", " ; ")


def mouse_bindings(program: Sequence[str], known: Mapping[tuple[str, str], Binding]) -> list[Command]:
    """Right and double click on an issue's number; anywhere else what was bound before still happens.

    A program that uses the mouse itself keeps it.
    """
    here = " --mouse '#{mouse_x},#{mouse_y}'"
    menu = _menu(program, here)
    once = f"run-shell -b {quote(key_shell_command(program, 'spawn', here + ' --exact'))}"
    on_line = f"#{{&&:{_FREE},#{{m/r:{_ISSUE},#{{mouse_line}}}}}}"
    on_word = f"#{{&&:{on_line},#{{m/r:^[#]?[0-9]+$,#{{mouse_word}}}}}}"
    wanted = [("root", "MouseDown3Pane", on_line, menu)]
    wanted += [(where, "DoubleClick1Pane", on_word, once) for where in ("root", "copy-mode", "copy-mode-vi")]
    needed = "#{!=:#{@orchestra_level},none}"  # a click on the bar goes to the worker it names
    wanted.append(
        ("root", "MouseDown1StatusRight", needed, f"run-shell -b {quote(key_shell_command(program, 'needed'))}")
    )
    before = {(where, key): known.get((where, key), Binding("")).command for where, key, _, _ in wanted}
    return [
        ("bind-key", "-T", where, key, "if-shell", "-F", "-t", "=", test, then, before[where, key])
        for where, key, test, then in wanted
        if not is_ours(before[where, key])
    ]


def _menu(program: Sequence[str], here: str) -> str:
    spawn = f"run-shell -b {quote(key_shell_command(program, 'spawn', here))}"
    needy = f"run-shell -b {quote(key_shell_command(program, 'next'))}"
    items = (("Spawn a worker on the issue here", "s", spawn), ("Go to who needs you", "a", needy))
    words = " ".join(f"{quote(name)} {key} {quote(command)}" for name, key, command in items)
    return f"display-menu -O -t = -x M -y M -T ' orchestra ' {words}"
