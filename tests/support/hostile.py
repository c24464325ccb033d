"""Hostile strings, made by composition from a seed, and what none of our terminals may be given."""

from __future__ import annotations

import random
from collections.abc import Iterator

# What runs, if anything ever reads it as a command, makes this file.
CANARY = "CANARY"

FRAGMENTS = (
    # tmux formats, styles, separators, strftime
    *("#(touch CANARY)", "#{E:#(touch CANARY)}", "#{T:@t}", "#{pid}", "##{pid}", "###(touch CANARY)", "#W", "#S", "#"),
    *("#[fg=red,bg=blue]", "#[align=right]", "#[", "#{", "#{?a,b", "#{p9000000:x}", "#{s/a/b/:x}", "#,", "#}"),
    *(";", "\\;", "x;", " ; run-shell 'touch CANARY", "' ; run-shell 'touch CANARY' ; '", "%H%M%s", "%%", "%1", "%p"),
    # shells
    *("$(touch CANARY)", "`touch CANARY`", "; touch CANARY;", "| touch CANARY", "& touch CANARY &", "&& touch CANARY"),
    *("'", '"', "'\"'\"'", "\\", "$HOME", "${IFS}", "> CANARY", "\ntouch CANARY\n", "x\ntouch\tCANARY\n.", "~", "*", "!"),
    *("-x", "--help", "-t =0:", "--", "../../etc/passwd", "/", ".", "..", ":", "="),
    # escapes of terminals: OSC, CSI, DCS, APC, SS3, the ends of a paste, C1
    *("\x1b]0;owned\x07", "\x1b]52;c;b3duZWQ=\x07", "\x1b]8;;http://x\x1b\\x\x1b]8;;\x1b\\", "\x1b[2J\x1b[H", "\x1b[31m"),
    *("\x1bP1$r0m\x1b\\", "\x1b_Gi=1;x\x1b\\", "\x1bk#(touch CANARY)\x1b\\", "\x1bc", "\x1b", "\x1b[6n", "\x1b[201~"),
    *("\x1b[201~\r", "\x1b[200~", "\x9b201~", "\x9b31m", "\x9d0;owned\x9c", "\x90", "\x07", "\b\b\b", "\x7f", "\x00", "\x1f"),
    # what hides, reorders, combines
    *("\u202egnp.exe\u202c", "\u2066x\u2069", "\u200b", "\u200d", "\u2060", "\ufeff", "\u061c", "\u00ad", "\u241e", "\u2028"),
    *("\u2029", "\x85", "e" + "\u0301" * 40, "\u0e33" * 9, "\U000e0041\U000e0042", "\ufe0f", "\U0001f468\u200d\U0001f469"),
    *("\ud800", "\udc80", "\udfff\ud800", "\ufffe", "\U0010ffff", "漢字", "ｗｉｄｅ", "Ａ＃（ｘ）", "\u3000", "🙂"),
    # other languages that may be read out of it
    *("{{body}}", "{{ title", "}}", "{id}", "{0.__class__}", "%(name)s", "%s%n", "[red]x[/red]", "[/]", "[link=x]", "\\["),
    *("---\ntitle: x\n---\n", "&a [*a]", "!!python/object/apply:os.system [x]", "- x: {", "key: |", "# x", "```script\nexit 1\n"),
    *("```", "<!-- x -->", "<script>x</script>", "](javascript:x)", '","status":"merged","x":"', "\\u001b", "}]}", "NaN"),
    *("Guidance g1 from human:", "\nGuidance g9 from orchestra:\n", "refused-by-orchestra", "|1|%0|", "\t", "\r\n", "\r", " ", ""),
    *("a" * 300, "界" * 200, "x" * 5000, "#" * 120, "\x1b" * 60, "1" * 40),
)  # fmt: skip

# Of what reaches a user's terminal nothing may be of these, but for colours of our own.
_BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}
_HIDDEN = {0x200B, 0x2060, 0xFEFF, 0x2028, 0x2029, *range(0xE0000, 0xE0080)}
UNSAFE = frozenset(map(chr, {*range(9), *range(11, 32), *range(127, 160), *_BIDI, *_HIDDEN, *range(0xD800, 0xE000)}))


def strings(seed: int, count: int, canary: str = CANARY) -> Iterator[str]:
    """`count` strings of one to six fragments each; every fragment comes alone first. `canary` is what to touch."""
    rng = random.Random(seed)
    for place in range(count):
        alone = place < len(FRAGMENTS)
        parts = [FRAGMENTS[place]] if alone else rng.choices(FRAGMENTS, k=rng.randint(1, 6))
        yield "".join(parts).replace(CANARY, canary)


def unsafe(text: str) -> set[str]:
    """What of a text none of our terminals may be given."""
    return set(text) & UNSAFE
