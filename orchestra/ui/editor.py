"""The user's editor, at a line of a file."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence

from orchestra.core.text import clean
from orchestra.errors import OrchestraError

_PLUS = ("vi", "vim", "nvim", "gvim", "nano", "pico", "emacs", "emacsclient", "micro", "kak", "mg", "joe", "ne", "ed")
_COLON = ("hx", "helix", "zed", "subl")
_GOTO = ("code", "code-insiders", "codium", "cursor")


def editor_argv(environ: Mapping[str, str], path: str, line: int = 0) -> tuple[str, ...]:
    """`$VISUAL`, `$EDITOR` or vi on a path; at the line where the editor is known to take one."""
    chosen = environ.get("VISUAL") or environ.get("EDITOR") or "vi"
    try:
        words = tuple(shlex.split(chosen))
    except ValueError:
        words = ()
    if not words:
        raise OrchestraError(f"this editor cannot be read: {clean(chosen, 80)}", "set EDITOR")
    name = os.path.basename(words[0])
    if line and name in _PLUS:
        return (*words, f"+{line}", path)
    if line and name in _COLON:
        return (*words, f"{path}:{line}")
    return (*words, "--goto", f"{path}:{line}") if line and name in _GOTO else (*words, path)


def run_editor(argv: Sequence[str], directory: str) -> None:
    """Wait until it ends; raises OrchestraError when it does not start."""
    if not os.path.isdir(directory):
        raise OrchestraError(f"{clean(directory)} is gone", "see: orchestra list")
    try:
        subprocess.run([*argv], cwd=directory, check=False)
    except OSError as wrong:
        raise OrchestraError(f"{clean(argv[0], 80)} does not start: {wrong.strerror}", "set EDITOR") from None
