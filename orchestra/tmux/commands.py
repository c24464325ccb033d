"""What we say to tmux: quoting, formats, options, windows as commands. Pure."""

from __future__ import annotations

import re

from orchestra.core.bar import Bar
from orchestra.core.look import Look
from orchestra.core.models import Border, PanePlan, WindowPlan, WorkerPlan
from orchestra.core.regex import regex
from orchestra.core.state import Role
from orchestra.core.text import clean
from orchestra.core.tmux_layout import NAMES, pane_count
from orchestra.errors import OrchestraError
from orchestra.tmux.formats import LABEL, ROOM, VARIANTS, alerts_format, bar_format, border_style, style, styled

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Command = Sequence[str]
    Group = Sequence[Command]


WORKERS = "workers"  # the role, and the name, of the windows that workers share
STALE = 90  # seconds after the monitor's last stamp when the bar says so by itself

MOST_OPTION = 2000  # characters of an option's text
_MARKS = "[\u25cf\u2714!+]"  # of a window with a worker that needs the user, or has a change to review
_OPTION = regex(r"@?[a-z][a-z0-9_-]*(\[\d+\])?", re.ASCII)
_PANE = regex(r"%\d{1,10}", re.ASCII)
_WORD = regex(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

_WAITS = f"#{{?#{{==:#{{client_key_table}},orchestra}},{style(Role.ACCENT)} orchestra: which key? #[default] ,}}"
MARK_SERVER = ("set-option", "-s", "@orchestra_server", "1")  # tells it from another program's on a socket of this name
VERSION = "@orchestra_version"  # of the program that opened the session, or brought it up to date
BAR = _WAITS + bar_format()


# --- quoting ---


def quote(text: str) -> str:
    """A word of tmux's config language that means exactly `text`.

    A backslash at the end of a line joins lines even inside single quotes, so a newline is never written as itself.
    """
    return "'" + text.replace("\0", "").replace("'", "'\\''").replace("\n", "'\"\\n\"'") + "'"


def script(groups: Iterable[Group]) -> str:
    """Command groups for `source-file -`: a line each, so a failure ends its own group and no other."""
    return "".join(" ; ".join(" ".join(map(quote, command)) for command in group) + "\n" for group in groups)


def escape_argument(text: str) -> str:
    """A word of tmux's own argv: a `;` at its end would start another command."""
    return text[:-1] + "\\;" if text.endswith(";") else text


def escape_hashes(text: str) -> str:
    """Text for an argument that tmux expands once, such as `-c`: a `#` before `[` is already literal."""
    return re.sub(r"#+(?![#\[])", lambda run: run.group() * 2, text)


def window_name(text: str) -> str:
    """A window's name without `#`, which `prefix ,` Enter would expand again."""
    return clean(text, 60).replace("#", "\uff03") or "window"


def session_name(project: str) -> str:
    """The project as tmux keeps it: `:` and `.` would be changed to `_` behind our back."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", project) or "orchestra"


def checked_word(text: str) -> str:
    """A worker's id or nonce, which goes into formats: letters, digits, `-` and `_`, or OrchestraError."""
    if _WORD.fullmatch(text) is None:
        raise OrchestraError(f"invalid worker id: {clean(text, 40)!r}", "run `orchestra list`")
    return text


def is_pane_id(text: str) -> bool:
    """Whether this is a pane's id as tmux writes it."""
    return _PANE.fullmatch(text) is not None


def checked_pane_id(pane: str) -> str:
    """A pane's id, or OrchestraError."""
    if not is_pane_id(pane):
        raise OrchestraError(f"invalid pane id: {clean(pane, 20)!r}", "run `orchestra list`")
    return pane


def checked_layout(text: str, panes: int) -> str:
    """The layout as it is; an unknown name would kill a tmux 3.3a server with all its panes (see `layout_name`)."""
    try:
        if pane_count(text) in (None, panes):
            return text
    except ValueError:
        pass
    raise OrchestraError(
        f"layout {clean(text, 60)!r} is not a layout of {panes} panes",
        f"use one of {', '.join(NAMES)}, or what `tmux list-windows -F '#{{window_layout}}'` prints",
    )


# --- what we set ---


def with_window_mark(window: str, mark: str) -> Group:
    """What needs the user, behind a workers' window's name (`workers●2`); a name that the user gave it stays."""
    ours = f"#{{m/r:^{WORKERS}(-[0-9]+)?({_MARKS}[0-9]+|[!+])?$,#{{window_name}}}}"
    name = f"#{{s/({_MARKS}[0-9]+|[!+])$//:window_name}}{mark}"
    wanted = f"#{{&&:{ours},#{{!=:#{{window_name}},{name}}}}}"
    return [("if-shell", "-F", "-t", window, wanted, f"rename-window -t {window} {quote(name)}")]


def bar_values(bar: Bar, look: Look) -> dict[str, str]:
    """The bar as options of the session: its text for themes, its level, and every variant as it is drawn."""
    drawn = [styled(variant, plain=look.plain) for variant in bar.variants]
    drawn += drawn[-1:] * (VARIANTS - len(drawn))
    values = {"@orchestra_bar": bar.text, "@orchestra_level": bar.level, "@orchestra_plain": "1" if look.plain else ""}
    values |= {f"@orchestra_bar_{place}": text for place, text in enumerate(drawn)}
    return {name: look.text(value) for name, value in values.items()}


def is_alarm(mark: str) -> bool:
    """Whether a window's mark says that a worker in it needs the user."""
    return mark[:1] in ("\u25cf", "!")


def border_options(pane: str, told: Border, look: Look) -> list[Command]:
    """What a pane's border says."""
    options = {
        "label": look.text(told.label),
        "short": look.text(told.short),
        "title": told.title,
        "since": str(told.since),
        "role": told.role,
    }
    return set_options(pane, {f"@orchestra_{name}": value for name, value in options.items()}, "-p")


def border_lines(window: str, *, heavy: bool) -> Command:
    """Heavy lines around the panes of a window in which a worker needs the user; else what the user has chosen."""
    return (
        "set-option",
        "-w",
        "-t",
        window,
        *(("pane-border-lines", "heavy") if heavy else ("-u", "pane-border-lines")),
    )


def set_options(target: str, options: Mapping[str, str], *flags: str) -> list[Command]:
    """`set-option` commands; the name is checked, because tmux expands it."""
    for name in options:
        if _OPTION.fullmatch(name) is None:
            raise OrchestraError(f"{clean(name, 40)!r} is not a tmux option", "see `man tmux`, OPTIONS")
    return [
        ("set-option", *flags, "-t", target, "--", name, clean(value, MOST_OPTION) if name.startswith("@") else value)
        for name, value in options.items()
    ]


def start_server(environ: Mapping[str, str], user_config: bool) -> list[Group]:
    """What a new server is told: our defaults, the user's own config over them, then what must hold."""
    home = environ.get("HOME", "/")
    config = environ.get("XDG_CONFIG_HOME") or f"{home}/.config"
    theirs = ("/etc/tmux.conf", f"{home}/.tmux.conf", f"{config}/tmux/tmux.conf") if user_config else ()
    return [
        [("set-option", "-s", "escape-time", "25")],
        [("set-option", "-g", "history-limit", "10000")],
        [
            ("set-option", "-g", "mouse", "on")
        ],  # a click on the bar or on an issue; a line of the user's tmux.conf turns it off
        *([("source-file", "-q", re.sub(r"([*?\[])", r"[\1]", path))] for path in theirs),
        [("set-option", "-s", "exit-unattached", "off")],
        [("set-option", "-g", "update-environment", "")],
        # Windows follow the terminal; and see MANUAL_SIZE of `capabilities`.
        [("if-shell", "-F", "#{==:#{window-size},manual}", "set-option -g window-size latest")],
    ]


def start_session(name: str, project: str, cwd: str, *, guest: bool = False) -> Group:
    """A session with a window that only holds the place of the first real one (see `open_window`).

    All that is set is the session's own: in the user's own server (`guest`) nothing else changes.
    """
    here = f"={name}:"
    pins = {
        "@orchestra_project": project,
        "update-environment": "",  # no variable of a later client
        "destroy-unattached": "off",  # detaching must not end the workers
        "status-right-length": "250",
        **({"detach-on-destroy": "off"} if guest else {}),  # `down` leads back to their own session
    }
    return [
        (
            "new-session",
            "-d",
            "-E",
            "-s",
            name,
            "-x",
            "200",
            "-y",
            "50",
            "-c",
            escape_hashes(cwd),
            "--",
            "sh",
            "-c",
            ":",
        ),
        *set_options(here, pins),
        ("set-option", "-F", "-t", here, "@orchestra_status_right", "#{status-right}"),
        ("set-option", "-F", "-t", here, "@orchestra_border_style", "#{pane-border-style}"),
        ("set-option", "-F", "-t", here, "@orchestra_active_style", "#{pane-active-border-style}"),
        *set_options(here, session_formats()),
    ]


def session_formats() -> dict[str, str]:
    """The formats of the bar, as options of the session."""
    return {"@orchestra_room": ROOM, "@orchestra_alerts": alerts_format(STALE), "status-right": BAR}


def renew_session(session: str, windows: Mapping[str, str], version: str) -> list[Group]:
    """Bring what another version has set up to date: the bar of a session, and the borders of its windows (by id: key).

    Version 0.1.0 drew no borders, and so kept no border style of the user.
    """
    keep = [
        ("set-option", "-o", "-F", "-q", "-t", f"{session}:", name, value)
        for name, value in (
            ("@orchestra_border_style", "#{pane-border-style}"),
            ("@orchestra_active_style", "#{pane-active-border-style}"),
        )
    ]
    own = set_options(f"{session}:", {**session_formats(), VERSION: version})
    return [keep, own, *([*set_options(window, window_options(key), "-w")] for window, key in windows.items())]


def open_window(plan: WindowPlan, key: str, session: str, hook: Sequence[str], first: bool) -> list[Command]:
    """One window with all its panes, as one group. `session` is a target; `first` takes the place holder's place.

    Nothing is selected: a new window is reached as the last one, a new pane as its active one, in this one message.
    """
    here = f"{session}:{{end}}"
    place = ("-k", "-t", f"{session}:{{start}}") if first else ("-a", "-t", here)
    layout = checked_layout(plan.layout or "tiled", len(plan.panes))
    group: list[Command] = [
        ("new-window", "-d", *place, "-n", window_name(plan.name), *program_argv(plan.panes[0])),
        *set_options(here, {**window_options(key), **plan.options}, "-w"),
        *tag_pane(here, plan.panes[0], hook, "0"),
    ]
    for index, pane in enumerate(plan.panes[1:], 1):
        group += [("select-layout", "-t", here, "tiled"), ("split-window", "-t", here, *program_argv(pane))]
        group += tag_pane(here, pane, hook, str(index))
    if len(plan.panes) > 1:
        focus = next((index for index, pane in enumerate(plan.panes) if pane.focus), 0)
        group += [("select-pane", "-t", f"{here}.+{focus + 1}"), ("select-layout", "-t", here, layout)]
    return group


def window_options(key: str) -> dict[str, str]:
    """The options of each of our windows; `key` is what it is recognised by."""
    return {
        "@orchestra_window": key,  # -n turns automatic-rename off
        "allow-rename": "off",
        "pane-border-status": "top",
        "pane-border-format": LABEL,
        "pane-border-style": border_style("@orchestra_border_style"),
        "pane-active-border-style": border_style("@orchestra_active_style"),
    }


def program_argv(pane: PanePlan) -> list[str]:
    """The end of a command that opens a pane. Two words or more are run as they are, without a shell."""
    argv = ("env", *pane.argv) if len(pane.argv) == 1 else pane.argv
    where = ("-c", escape_hashes(pane.cwd)) if pane.cwd else ()
    environment = [part for name, value in pane.environment.items() for part in ("-e", f"{name}={value}")]
    return [*where, *environment, *(("--", *argv) if argv else ())]


def tag_pane(target: str, pane: PanePlan, hook: Sequence[str], index: str = "") -> list[Command]:
    """What is set on a pane in the message that opens it, and the lines typed into it."""
    kept = {"remain-on-exit": "on"} if pane.argv else {}
    commands = set_options(target, {"@orchestra_pane": index, **kept, **pane.options}, "-p")
    if "@orchestra_worker" in pane.options:
        commands.append(("set-option", "-p", "-F", "-t", target, "@orchestra_started", "#{pane_start_command}"))
        # tmux writes it into the last row: a smaller terminal that attaches would see that row and nothing above it.
        # The border says that the worker is stuck. Not every version knows it.
        commands.append(("set-option", "-q", "-p", "-t", target, "remain-on-exit-format", ""))
    if pane.argv and hook:
        commands.append(("set-hook", "-p", "-t", target, "pane-died", _died(hook)))
    keys: list[Command] = []
    for line in pane.keys:
        keys += [("send-keys", "-t", target, "-l", "--", line)] if line else []
        keys.append(("send-keys", "-t", target, "Enter"))
    return [*commands, *(in_one_pane(target, keys) if keys else ())]


def in_one_pane(target: str, keys: Group) -> list[Command]:
    """Keys for this pane alone: with `synchronize-panes` tmux presses them in the other panes of the window too."""
    alone = ("set-option", "-p", "-t", target, "synchronize-panes", "off")
    as_before = ("set-option", "-p", "-u", "-t", target, "synchronize-panes")
    wrapped = [script([group]).strip() for group in ([alone, *keys, as_before], keys)]
    return [("if-shell", "-F", "-t", target, "#{pane_synchronized}", *wrapped)]


def untag_pane(target: str) -> list[Command]:
    """Take from a pane what makes it a worker's."""
    names = ("worker", "nonce", "label", "title", "since", "pane", "started")
    found: list[Command] = [("set-option", "-p", "-u", "-t", target, f"@orchestra_{name}") for name in names]
    found.append(("set-option", "-q", "-p", "-u", "-t", target, "remain-on-exit-format"))
    return [*found, ("set-option", "-p", "-u", "-t", target, "remain-on-exit")]


def _died(hook: Sequence[str]) -> str:
    import shlex

    words = escape_hashes(shlex.join(hook)) + " pane-died '#{hook_pane}' >/dev/null 2>&1 || :"
    return f"run-shell -b {quote(words)}"


def open_worker_pane(
    pane: PanePlan, number: int, session: str, room: str, hook: Sequence[str], *, first: bool
) -> Group:
    """A worker's pane in a window of its own, the `number`th of its kind, then moved to the window `room` if given.

    So it is never lost when there is no space after all, and never in front: a split could be tagged in the same
    message only by making it the active pane under the eyes of the person.
    """
    name = WORKERS if number == 1 else f"{WORKERS}-{number}"
    window = WindowPlan(name, (pane._replace(keys=()),), role=WORKERS)
    group = open_window(window, f"{WORKERS}.{number}.{name}", session, hook, first=first)
    tile = ("select-layout", "-t", room, "tiled")
    return [*group, tile, ("join-pane", "-d", "-s", f"{session}:{{end}}", "-t", room), tile] if room else group


def open_workers_window(
    panes: Sequence[PanePlan], number: int, session: str, hook: Sequence[str], *, first: bool
) -> Group:
    """Several workers' panes in a new window, the `number`th of its kind."""
    name = WORKERS if number == 1 else f"{WORKERS}-{number}"
    window = WindowPlan(name, tuple(panes), "tiled", role=WORKERS)
    return open_window(window, f"{WORKERS}.{number}.{name}", session, hook, first=first)


def tagged_worker_pane(plan: WorkerPlan) -> PanePlan:
    """A worker's pane with its tags: whose it is, of which life, and what its border says."""
    tags = {
        "@orchestra_worker": checked_word(plan.worker),
        "@orchestra_nonce": checked_word(plan.nonce),
        "@orchestra_label": plan.label,
        "@orchestra_title": plan.title,
        "@orchestra_since": str(plan.since),
    }
    return PanePlan(tuple(plan.argv), plan.cwd, options=tags)


def respawn_pane(target: str, pane: PanePlan, hook: Sequence[str], index: str, *, kill: bool = False) -> Group:
    """Run a dead pane's program again in its place; tmux itself refuses while the pane lives, unless `kill`."""
    force = ("-k",) if kill else ()
    return [
        ("respawn-pane", *force, "-t", target, *program_argv(pane)),
        *tag_pane(target, pane._replace(keys=()), hook, index),
    ]
