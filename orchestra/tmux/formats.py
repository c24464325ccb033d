"""How state, age and the bar are drawn by tmux alone: formats, evaluated at each redraw without a process. Pure.

Texts of others are stored in @options and drawn by #{q/h:}, or with every `#` doubled: never expanded, never a style.
"""

from __future__ import annotations

from orchestra.core.state import Role

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from orchestra.core.bar import Segment

# Both colours of every pair are ours, from the terminal's own sixteen: a contrast of 4.5 or more with xterm's palette,
# whatever the colours of the user's bar are.
STYLES: Mapping[str, str] = {
    Role.ALARM: "fg=brightwhite,bg=red,bold",
    Role.WARNING: "fg=black,bg=yellow",
    Role.GOOD: "fg=black,bg=green",
    Role.PLAIN: "fg=white,bg=black",
    Role.MUTED: "fg=brightblack,bg=black",
    Role.ACCENT: "fg=brightwhite,bg=blue",
}
PLAIN_STYLES: Mapping[str, str] = {  # NO_COLOR, and terminals of eight colours
    Role.ALARM: "bold,reverse",
    Role.WARNING: "bold",
    Role.GOOD: "bold",
    Role.PLAIN: "default",
    Role.MUTED: "default",
    Role.ACCENT: "reverse",
}
VARIANTS = 11  # of the bar, from everything to the most urgent worker alone
NARROW_PANE = 30  # columns below which a border shows number and mark only


def styled(segments: Iterable[Segment], *, plain: bool = False) -> str:
    """A variant of the bar as the value of an option: our styles around text in which every `#` is doubled."""
    styles = PLAIN_STYLES if plain else STYLES
    return " ".join(f"#[default]#[{styles[one.role]}] {one.text.replace('#', '##')} #[default]" for one in segments)


def _either(condition: str, then: str, otherwise: str = "") -> str:
    return f"#{{?{condition},{then},{otherwise}}}"


def style(role: str) -> str:
    """A role's style as one `#[...]` for each part: a comma would end a branch of a format."""
    return "".join(f"#[{part}]" for part in STYLES[role].split(","))


def _bare_style(role: str) -> str:
    return "".join(f"#[{part}]" for part in PLAIN_STYLES[role].split(","))


def _role_style(role: str) -> str:
    return _either("@orchestra_plain", _bare_style(role), style(role))


def _border_style() -> str:
    """The style of a border's text by its role; quiet ones keep the user's border style."""
    found = ""
    for role in (Role.ALARM, Role.WARNING, Role.GOOD):
        found = _either(f"#{{==:#{{@orchestra_role}},{role}}}", _role_style(role), found)
    return found


def age(option: str) -> str:
    """How long since the epoch seconds in an option, as `text.age` writes it; nothing when there are none."""
    past = f"#{{e|-:%s,#{{{option}}}}}"
    found = f"#{{e|/:{past},86400}}d"
    for most, size, unit in ((86400, 3600, "h"), (3600, 60, "m"), (60, 1, "s")):
        found = f"#{{?#{{e|<:{past},{most}}},#{{e|/:{past},{size}}}{unit},{found}}}"
    return f"#{{?{option},#{{?#{{e|<:{past},0}},0s,{found}}},}}"


def _title() -> str:
    """The title in the columns that are left of the border, cut at a word."""
    left = "#{e|-:#{e|-:#{pane_width},#{w:#{q/h:@orchestra_label}}},12}"
    return f"#{{s/ [^ ]*\u2026$/\u2026/:#{{=/{left}/\u2026:#{{q/h:@orchestra_title}}}}}}"


_LONG = f"#{{q/h:@orchestra_label}} {age('@orchestra_since')}  {_title()}"
_SHORT = "#{?@orchestra_short,#{q/h:@orchestra_short},#{q/h:@orchestra_label}}"
_LABEL = _either(f"#{{e|<:#{{pane_width}},{NARROW_PANE}}}", _SHORT, _LONG)
LABEL = _either("#{!=:#{@orchestra_label},}", f"{_border_style()} {_LABEL} #[default]")


def border_style(usual: str) -> str:
    """The lines around a pane: alarm while its worker needs the user, else the style kept in the option `usual`."""
    return _either("#{==:#{@orchestra_role},alarm}", "fg=red#,bold", f"#{{{usual}}}")


# --- the bar ---------------------------------------------------------------------------------------------------------

# What the user's own side of the bar takes: their status-left, and every window's name as their theme draws it.
_STATUS_LEFT = "#{w:#{T;=/#{status-left-length}:status-left}}"
_WINDOW = "#{{T:window-status-{}}}#{{window-status-separator}}"
_WINDOWS = f"#{{w:#{{W:{_WINDOW.format('format')},{_WINDOW.format('current-format')}}}}}"
_LEFT = f"#{{e|+:{_STATUS_LEFT},{_WINDOWS}}}"
_TWO_THIRDS = "#{e|/:#{e|*:#{client_width},2},3}"
_REST = f"#{{e|-:#{{e|-:#{{client_width}},{_LEFT}}},1}}"
# An option of the session, because a format may not be longer than 8 KiB: `#{E:@orchestra_room}`.
ROOM = _either("#{client_width}", _either(f"#{{e|<:{_REST},{_TWO_THIRDS}}}", _REST, _TWO_THIRDS), "1000")
_EXTRA = _either("@orchestra_extra", f" {_role_style(Role.MUTED)} #{{q/h:@orchestra_extra}} #[default]")
_OWN = "#{T:@orchestra_status_right}"


def alerts_format(stale: int) -> str:
    """What is wrong for all workers: the monitor has stopped (its last stamp is `stale` seconds old), GitHub is silent.

    An option of the session too: `#{T:@orchestra_alerts}`.
    """
    old = f"#{{&&:#{{!=:#{{@orchestra_beat}},}},#{{e|>:#{{e|-:%s,#{{@orchestra_beat}}}},{stale}}}}}"
    stopped = _either(old, f" {_role_style(Role.ALARM)} monitor stopped #[default]")
    told = f" {_role_style(Role.WARNING)} #{{q/h:@orchestra_trouble}} #[default]"
    return stopped + _either("@orchestra_trouble", told)


def _fits(text: str) -> str:
    return f"#{{e|<=:#{{w:{text}}},#{{E:@orchestra_room}}}}"


def bar_format() -> str:
    """The longest variant of the bar that fits; with everything the user's own status-right too, where it fits."""
    texts = [f"#{{@orchestra_bar_{place}}}#{{T:@orchestra_alerts}}" for place in range(VARIANTS)]
    everything = f"{texts[0]}{_EXTRA} {_OWN}"
    found = texts[-1]
    for text in reversed([everything, texts[0] + _EXTRA, *texts[:-1]]):
        found = _either(_fits(text), text, found)
    return _either("#{!=:#{@orchestra_bar_0},}", found, _OWN)
