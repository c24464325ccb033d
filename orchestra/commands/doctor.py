"""`orchestra doctor`: the machine, and the invariants of the state; each finding with its mend."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from orchestra.doctor import environment as machine
from orchestra.doctor import invariants as state
from orchestra.doctor import repair as mend
from orchestra.doctor.findings import Finding, error, warning
from orchestra.errors import OrchestraError
from orchestra.project.context import Orchestra, home_of
from orchestra.workers import git_config_guard as tripwire

__all__ = ["Finding", "doctor"]


def doctor(
    opening: Callable[[], Orchestra], environ: Mapping[str, str], *, fix: bool = False, accept_git: bool = False
) -> tuple[Finding, ...]:
    """Every finding, the machine's first; `opening` gives the project; `fix` mends what can be mended safely."""
    found = [*machine.home(home_of(environ), fix=fix), *machine.locale(environ), *machine.lingering(environ)]
    try:
        orchestra = opening()
        _ = orchestra.config
    except OrchestraError as wrong:
        return (*found, error("E1", wrong.message, wrong.hint))
    if accept_git:
        tripwire.accept(orchestra)
    if fix:
        found += _guarded("I8", lambda: _mended(orchestra))
    for look in (*machine.CHECKS, _shared_git, _keys):
        found += _guarded("E3", lambda look=look: look(orchestra))  # type: ignore[misc]
    found += _guarded("I8", lambda: _state(orchestra))
    return tuple(found)


def _shared_git(orchestra: Orchestra) -> Iterable[Finding]:
    """I11: nobody but the person has changed what their own git would run."""
    if tripwire.changed(orchestra):
        yield error("I11", tripwire.WARNING, tripwire.MEND)


def _keys(orchestra: Orchestra) -> Iterable[Finding]:
    """K1: the key in front of our table is not one of the person's own. T1: the server outlives the last terminal."""
    if not orchestra.tmux.running():
        return
    if taken := orchestra.tmux.taken():
        what = f"prefix {orchestra.config.tmux.key} does something else already: {taken}"
        yield warning("K1", what, "choose another key in orchestra.yaml: tmux: {key: ...}")
    if not orchestra.tmux.lasts():
        what = "tmux ends with its last terminal (exit-unattached), and the workers with it"
        yield error("T1", what, orchestra.tmux.server.line("set", "-s", "exit-unattached", "off"))


def _mended(orchestra: Orchestra) -> Iterable[Finding]:
    mend.fix(orchestra)
    return ()


def _state(orchestra: Orchestra) -> Iterable[Finding]:
    seen = state.seen(orchestra)
    for check in state.CHECKS:
        yield from _guarded("I8", lambda check=check: check(orchestra, seen))  # type: ignore[misc]


def _guarded(name: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What a check finds; one that cannot look is a finding itself, and never hides the others."""
    found: list[Finding] = []
    try:
        found.extend(look())
    except OrchestraError as wrong:
        found.append(error(name, wrong.message, wrong.hint))
    except OSError as wrong:
        found.append(error(name, f"could not look: {wrong.strerror or wrong}", "look at the disk and its rights"))
    return found
