"""The user's own hooks, run by our git as by one that they typed: without the variables that we gave that git."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from orchestra.core.text import clean
from orchestra.errors import OrchestraError

AT_PUSH = ("pre-push", "reference-transaction")
# What we set for git, and git hands on. A hook that makes a repository of its own would be led back to this one.
_OURS = ("GIT_CONFIG_PARAMETERS", "GIT_COMMON_DIR", "GIT_TERMINAL_PROMPT", "GIT_OPTIONAL_LOCKS", "LC_ALL")


@contextmanager
def as_typed(hooks: Path, environ: Mapping[str, str], beside: Path, names: tuple[str, ...] = AT_PUSH) -> Iterator[str]:
    """The setting `core.hooksPath=...` by which git runs the hooks of these names in `hooks` for the user's sake.

    `environ` is what the user's shell has. `beside` is git's directory, for a machine that starts no program in /tmp:
    git passes over a hook that cannot be started, and the push would go on without it.
    """
    import tempfile  # 3 ms, which only a push needs to spend

    there = [name for name in names if os.access(hooks / name, os.X_OK)]
    for place in (None, beside):
        with tempfile.TemporaryDirectory(prefix="orchestra-hooks-", dir=place) as directory:
            for name in there:
                _write(Path(directory, name), hooks / name, environ)
            if all(os.access(Path(directory, name), os.X_OK) for name in there):
                yield f"core.hooksPath={directory}"
                return
    what = (
        f"the hook {clean(str(hooks / there[0]))} cannot be run: no program starts in the directory for temporary files"
    )
    raise OrchestraError(what, "set TMPDIR to a directory that is not mounted noexec")


def _write(wrapper: Path, hook: Path, environ: Mapping[str, str]) -> None:
    lines = [f"export {name}={shlex.quote(environ[name])}" if name in environ else f"unset {name}" for name in _OURS]
    # What a linter prints goes where git's own words go: git's output is for programs, and nobody would read it there.
    wrapper.write_text("\n".join(("#!/bin/sh", *lines, f'exec {shlex.quote(str(hook))} "$@" >&2', "")))
    wrapper.chmod(0o700)
