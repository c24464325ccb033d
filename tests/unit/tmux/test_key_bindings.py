from __future__ import annotations

import pytest

from orchestra.tmux.key_bindings import Binding, parse_bindings, parse_formatted_bindings, parse_note

pytestmark = pytest.mark.fast

# What the oldest supported tmux, and one with other columns, print of the same keys.
NARROW = """\
bind-key    -T foo          \\"                   display-message "a 'b' \\"c\\" \\$x \\\\ " \\; send-keys x
bind-key -r -T foo          \\#                   if-shell -F "#{a}" "display-message \\"x ; y\\" ; last-pane" new-window
bind-key    -T prefix       C-M-Left             send-keys ''
bind-key    -T prefix       \\\\                   send-keys \\\\ a\\\\
"""
WIDE = NARROW.replace("foo  ", "foo            ").replace("          ", "                      ")
FOUND = {
    ("foo", '"'): Binding('display-message "a \'b\' \\"c\\" \\$x \\\\ " ; send-keys x'),
    ("foo", "#"): Binding('if-shell -F "#{a}" "display-message \\"x ; y\\" ; last-pane" new-window', repeats=True),
    ("prefix", "C-M-Left"): Binding("send-keys ''"),
    ("prefix", "\\"): Binding("send-keys \\\\ a\\\\"),
}


@pytest.mark.parametrize("text", [NARROW, WIDE])
def test_keys_are_read_whatever_the_columns(text: str) -> None:
    assert parse_bindings(text) == FOUND


def test_a_line_that_is_not_a_binding_is_skipped() -> None:
    assert parse_bindings("bind-key\nbind-key -T foo\n\nunbind-key -T foo x\n") == {}


def test_notes_may_hold_anything_in_a_formatted_list() -> None:
    text = "0 prefix | 11 . 1 é 12 a b send-keys x\n1 foo c 0 .  last-pane \\; next-window\n"
    assert parse_formatted_bindings(text) == {
        ("prefix", "|"): Binding("send-keys x", "1 é 12 a b"),
        ("foo", "c"): Binding("last-pane ; next-window", "", repeats=True),
    }


def test_a_list_of_which_a_busy_tmux_left_out_parts_is_not_read() -> None:
    assert parse_formatted_bindings("0 prefix | 0 .  send-keys x\n0 prefix c   a note send-keys y\n") is None


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("c        Create a new window\n,        Rename\n", "Rename"),
        (" c   x\n ,   Rename it\n", "Rename it"),
        ("c x\n", ""),
        ("", ""),
    ],
)
def test_the_note_of_one_key(text: str, note: str) -> None:
    assert parse_note(text, ",") == note
