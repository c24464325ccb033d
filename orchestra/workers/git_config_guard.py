"""A worker can write to the git configuration that its worktree shares with yours: what changed is shown, and asked.

The user is asked once for the project, and what the changed key cannot harm goes on. What git and its companions write
by themselves passes, and so does a value that the user accepted for that key before.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, Any

from orchestra.core import events, fast_json
from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import ActivityState, Escalation, Gate
from orchestra.core.records import Record
from orchestra.core.text import seconds_of
from orchestra.errors import OrchestraError
from orchestra.git import shared_config
from orchestra.git.shared_config import ConfigChange, Harm, texts
from orchestra.storage.files import locked, make_private, read_text, write_atomic

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store

ACCEPT = "orchestra doctor --accept-git"
MOST_SHOWN = 8
SETTLED = "The question about the shared git configuration is settled. Ship again."
RECENT_SECONDS = 120.0  # an agent whose last sign is so much older than a change did not run then


class Act(Enum):
    """What we are about to have git do, by what of the shared configuration can harm it."""

    FETCH = frozenset({Harm.REMOTE})
    WORKTREE = frozenset({Harm.FILES})  # write one, look at one, remove one
    SIGN = frozenset({Harm.FILES, Harm.USER})  # git starts what gpg.* names
    PUSH = frozenset({Harm.REMOTE, Harm.HOOKS, Harm.FILES})


class Known(Record):
    """What the user knows of: the accepted listing, and every value that was ever accepted for a key."""

    listing: Mapping[str, shared_config.Values]
    accepted: Mapping[str, tuple[shared_config.Values, ...]] = {}
    refused: tuple[str, ...] = ()  # workers whose ship was refused, and who are told when it is settled
    seen: str = ""  # the change that `who` ran at
    who: tuple[str, ...] = ()


class Unknown(Record):
    """Changes that nobody has accepted, and the workers whose agents ran when they were made."""

    changes: tuple[ConfigChange, ...]
    who: tuple[str, ...]

    @property
    def mark(self) -> str:
        """A word for exactly these changes; empty when there are none."""
        return shared_config.mark_of(self.changes) if self.changes else ""

    def harming(self, act: Act) -> tuple[ConfigChange, ...]:
        """Those that can harm what we are about to do."""
        return tuple(one for one in self.changes if one.harm in act.value)

    def told(self, act: Act | None = None) -> str:
        """One sentence: what changed, and while whom."""
        shown = self.harming(act) if act else self.changes
        listed = "; ".join(one.told() for one in shown[:MOST_SHOWN])
        more = f"; and {len(shown) - MOST_SHOWN} more" if len(shown) > MOST_SHOWN else ""
        who = " and ".join(f"#{number}" for number in self.who)
        return f"the shared git configuration changed{f' while {who} ran' if who else ''}: {listed}{more}"


def arm(project: Project) -> None:
    """Before the first of the workers on record: what is there now is known."""
    if not project.store.ids() or _known(project.store) is None:
        take_over(project)


def take_over(project: Project) -> None:
    """What is there now is known to the user."""
    now = shared_config.listing(project.repository)
    _update(project, lambda known: _accepting(known, now))


def accept(project: Project) -> None:
    """The same, because the user said so: workers that were asked or refused go on."""
    take_over(project)
    settle(project, lambda _: None)


def unknown(project: Project) -> Unknown:
    """What nobody has accepted. Harmless keys and values that were accepted before are taken over silently."""
    known = _known(project.store)
    if known is None:
        return Unknown((), ())
    now = shared_config.listing(project.repository)
    found = shared_config.changes(known.listing, now)
    rest = tuple(one for one in found if not _passes(one, known))
    if found and (not rest or _is_approved(project.store, shared_config.mark_of(rest))):
        _try_update(project, lambda known: _accepting(known, now))
        return Unknown((), ())
    mark = shared_config.mark_of(rest)
    if rest and known.seen != mark:
        known = known._replace(seen=mark, who=_running(project, rest))
        who = known.who
        _try_update(project, lambda known: known._replace(seen=mark, who=who) if known else None)
    return Unknown(rest, known.who)


def changed(project: Project) -> bool:
    """Whether something changed that nobody has accepted."""
    return bool(unknown(project).changes)


def warning(project: Project) -> str:
    """The sentence to show, with what it stops; empty when all is well."""
    found = unknown(project)
    return f"{found.told()}; {_stops(found)}; {how(found)}" if found.changes else ""


def check(project: Project, act: Act) -> bool:
    """Raise OrchestraError, before git does anything, when what changed could harm just that.

    Returns whether anything else changed that nobody has accepted.
    """
    found = unknown(project)
    if found.harming(act):
        raise OrchestraError(found.told(act), how(found))
    return bool(found.changes)


def check_ship(project: Project, number: str) -> None:
    """The same for a worker that ships: the user is asked once, by one worker; the others are told to wait."""
    found = unknown(project)
    if not found.harming(Act.PUSH):
        return
    asked = next((worker.id for worker in project.store.listing().workers if _asks(worker.escalation)), "")
    if not asked:
        context = "\n".join(one.told() for one in found.changes)
        summary = f"{found.told(Act.PUSH)}; may it stay?"
        request = Escalation(Gate.DOMAIN, summary, context, options=("approve", "deny"), request=f"git:{found.mark}")
        project.store.record(number, events.escalated("ship", request))
        asked = number
    elif asked != number:
        _try_update(project, lambda known: _with_refused(known, number))
    whom = "the user has been asked" if asked == number else f"the user has been asked by #{asked}"
    raise OrchestraError(found.told(Act.PUSH), f"{whom}; end your turn and wait for the answer")


def settle(project: Project, say: Callable[[str], None]) -> None:
    """When the question is answered, or the change was taken back: who asked or was refused goes on."""
    known = _known(project.store)
    asking = [worker for worker in project.store.listing().workers if _asks(worker.escalation)]
    if known is None or not (asking or known.refused) or unknown(project).harming(Act.PUSH):
        return
    waiting = [(worker.id, worker.escalation.request) for worker in asking if worker.escalation is not None]
    waiting += [(number, "") for number in known.refused if number not in dict(waiting)]
    _update(project, lambda known: known._replace(refused=()) if known else None)
    for number, request in waiting:
        told = events.told("monitor", SETTLED, sender="monitor", answers=request)
        if not project.store.record(number, told).refused:
            say(f"#{number} is told to ship again: the shared git configuration is accepted")


def _asks(asked: Escalation | None) -> bool:
    return asked is not None and asked.request.startswith("git:")


def _stops(found: Unknown) -> str:
    stopped = sorted({one.harm.value for one in found.changes if one.harm is not Harm.USER})
    return f"it can harm {' and '.join(stopped)}, which wait" if stopped else "it can harm your own git"


def how(found: Unknown) -> str:
    """What to do about it."""
    config = [one for one in found.changes if not shared_config.is_file(one.key)]
    back = ""
    if len(found.changes) == 1 and config and not config[0].old:
        back = f", or undo it: git config --unset-all {config[0].key}"
    return f"accept it: {ACCEPT}{back}"


def _passes(change: ConfigChange, known: Known) -> bool:
    return change.harm is Harm.NOTHING or change.new in known.accepted.get(change.key, ())


def _is_approved(store: Store, mark: str) -> bool:
    """Whether the user said yes to a worker that asked about just these changes."""
    workers = store.listing().workers
    return any(given.get("request") == f"git:{mark}" for worker in workers for given in worker.approvals)


def _running(project: Project, changes: Iterable[ConfigChange]) -> tuple[str, ...]:
    """The workers whose agents ran when the files were written, as far as their last sign of life tells."""
    when = shared_config.changed_at(project.repository, changes)
    found = []
    for worker in project.store.listing().workers:
        began = seconds_of(worker.launched_at) or seconds_of(worker.started_at) or 0.0
        last = project.store.heartbeat(worker.id) or 0.0
        busy = worker.activity.state in (ActivityState.BUSY, ActivityState.STARTING)
        if worker.status in LIVE and began <= when + 1 and (busy or last + RECENT_SECONDS >= when):
            found.append((not busy, worker.id))
    return tuple(number for _, number in sorted(found))


def _accepting(before: Known | None, now: Mapping[str, shared_config.Values]) -> Known:
    accepted = dict(before.accepted) if before else {}
    for one in shared_config.changes(before.listing if before else {}, now):
        if one.harm is not Harm.NOTHING and one.new not in accepted.get(one.key, ()):
            accepted[one.key] = (*accepted.get(one.key, ()), one.new)[-20:]
    return Known(now, accepted, before.refused if before else ())


def _with_refused(known: Known | None, number: str) -> Known | None:
    return known._replace(refused=tuple(dict.fromkeys((*known.refused, number)))) if known else None


def _update(project: Project, change: Callable[[Known | None], Known | None]) -> None:
    path = os.path.join(project.store.cache, shared_config.NAME)
    make_private(project.store.cache)
    with locked(f"{path}.lock", wait=10.0):
        before = _known(project.store)
        after = change(before)
        if after is not None and after != before:
            write_atomic(path, fast_json.dumps_lines(after._asdict()))


def _try_update(project: Project, change: Callable[[Known | None], Known | None]) -> None:
    """The same for those who only look: a disk that takes nothing stops nobody."""
    with suppress(OSError, OrchestraError):
        _update(project, change)


def _known(store: Store) -> Known | None:
    """What is kept; None when there is nothing that reads, and then what is there now is taken as known by `arm`."""
    try:
        return _read(fast_json.loads(read_text(os.path.join(store.cache, shared_config.NAME))))
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return None


def _read(found: Any) -> Known:
    accepted = {str(key): tuple(texts(one) for one in values) for key, values in found["accepted"].items()}
    listing = shared_config.listing_from(found)
    return Known(listing, accepted, texts(found["refused"]), str(found["seen"]), texts(found["who"]))
