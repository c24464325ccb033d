"""How attention and age are drawn by tmux alone: formats, worked out at each redraw without a process. Pure.

Texts are stored raw in @options and drawn by #{q/h:}: never expanded, never a style (failures.md 3.1 B, E).
"""

from __future__ import annotations

_COLOURS = {
    "#[fg=colour231]#[bg=colour160]#[bold]": ("blocked", "stuck", "crashed"),
    "#[fg=colour214]#[bold]": ("limited", "silent"),
    "#[fg=colour40]#[bold]": ("ready",),
}


def style(option: str) -> str:
    """The colour of the attention in an option; none for any other word."""
    found = ""
    for colour, levels in _COLOURS.items():
        for level in levels:
            found = f"#{{?#{{==:#{{{option}}},{level}}},{colour},{found}}}"
    return found


def age(option: str) -> str:
    """How long since the epoch seconds in an option, as `text.age` writes it; nothing when there are none."""
    past = f"#{{e|-:%s,#{{{option}}}}}"
    found = f"#{{e|/:{past},86400}}d"
    for most, size, unit in ((86400, 3600, "h"), (3600, 60, "m"), (60, 1, "s")):
        found = f"#{{?#{{e|<:{past},{most}}},#{{e|/:{past},{size}}}{unit},{found}}}"
    return f"#{{?{option},#{{?#{{e|<:{past},0}},0s,{found}}},}}"


# What counts stands first: a narrow pane cuts the right end.
_WORDS = f" #{{q/h:@orchestra_label}} {age('@orchestra_since')} #{{q/h:@orchestra_title}} "
LABEL = f"#{{?#{{!=:#{{@orchestra_label}},}},{style('@orchestra_need')}{_WORDS}#[default],}}"
