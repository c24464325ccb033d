"""What the status bar says, in every length it may need, and what a pane's border says. Pure; standard library only.

tmux draws the bar for each terminal with the longest variant that fits there (`tmux/formats`), so no width is known
here: `variants` go from everything to what is never left out.
"""

from __future__ import annotations

from orchestra.core import cells
from orchestra.core.attention import ObservedWorker
from orchestra.core.models import Border
from orchestra.core.records import Record
from orchestra.core.state import OVER, Role, Shown, State, mark, role
from orchestra.core.text import age, clean

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Item = tuple[ObservedWorker, Shown]

TITLE = 72  # columns of the most urgent worker's reason or title at most
CUTS = (48, 36, 26, 18, 12)  # and what it is cut to, one after the other, where there is less room
READY_TITLE = 24
_NAMED = frozenset({Role.ALARM, Role.WARNING, Role.GOOD})  # who is named; others are counted
_GROUPS = {State.PLANNING: State.WORKING, State.STARTING: State.WORKING, State.SETTING_UP: State.WORKING}


class Segment(Record):
    """A piece of the bar: its text, what its colour means, and the worker or filter that a click on it goes to."""

    text: str
    role: Role
    target: str = ""


class Bar(Record):
    """The bar: as plain text, the role of the most urgent worker (`none`: no worker needs a look), the variants."""

    text: str
    level: str
    variants: tuple[tuple[Segment, ...], ...] = ()


def bar(items: Iterable[Item], now: float, notices: Sequence[str] = ()) -> Bar:
    """The most urgent worker by mark, number, word and reason; behind it how many there are in each state.

    `notices` concern the whole project; only where there is room for nothing else they are left out.
    """
    made = _workers(items, now)
    told = [Segment(clean(text), Role.WARNING) for text in notices]
    if not told:
        return made
    variants = [(*one, *told) for one in made.variants]
    return Bar(_plain([Segment(made.text, Role.PLAIN), *told]), made.level, (*variants, made.variants[-1]))


def _workers(items: Iterable[Item], now: float) -> Bar:
    found = sorted((item for item in items if item[1].state not in OVER), key=lambda item: item[1].urgency)
    first = found[0] if found and found[0][1].role in _NAMED else None
    others = found[1:] if first else found
    words = _counts(others, short=False) or ([] if first else [Segment("no workers", Role.MUTED)])
    short, loud = _counts(others, short=True), _counts(others, short=True, quiet=False)
    if first is None:
        variants = [words, short or words, loud]
        return Bar(_plain(words), "none", tuple(map(tuple, variants)))
    need = _need(*first)
    told = _told(*first)
    aged = [Segment(f"{need.text}{told} ({age(now - first[1].since)})", need.role, need.target)]
    ready = _ready(others) if first[1].needs_you else []
    rest = _counts([item for item in others if not ready or item is not ready[0]], short=False)
    full = [*aged, *(_named_ready(*ready[0]) if ready else ()), *rest]
    whole = need._replace(text=need.text + told)
    variants = [full, [whole, *words], [whole, *short]]
    for most in CUTS:
        if cells.width(told) > most:
            variants.append([need._replace(text=need.text + cells.cut(told, most)), *short])
    variants += [[need, *short], [need, *loud], [need]]
    return Bar(_plain(variants[1]), first[1].role.value, tuple(map(tuple, variants)))


def _need(seen: ObservedWorker, state: Shown) -> Segment:
    return Segment(f"{state.mark} #{seen.worker.id} {state.word}", state.role, seen.worker.id)


def _told(seen: ObservedWorker, state: Shown) -> str:
    """`: Token refresh approach?`; of a change to review the title says more than the reason."""
    text = seen.worker.title if state.state is State.READY or not state.reason else state.reason
    return ": " + cells.cut(clean(text), TITLE) if clean(text) else ""


def _ready(items: Sequence[Item]) -> list[Item]:
    return [item for item in items if item[1].state is State.READY][:1]


def _named_ready(seen: ObservedWorker, state: Shown) -> tuple[Segment, ...]:
    title = cells.cut(clean(seen.worker.title), READY_TITLE)
    return (Segment(f"{state.mark} #{seen.worker.id} {title}", state.role, seen.worker.id),)


def _counts(items: Sequence[Item], *, short: bool, quiet: bool = True) -> list[Segment]:
    """`1 ready`, or `✔1`, by state; `quiet` counts those too that nothing is to be done about."""
    counts: dict[str, tuple[Shown, int]] = {}
    for _, state in items:
        word = _group(state)
        if quiet or role(state.state) is not Role.MUTED:
            counts[word] = (state, counts.get(word, (state, 0))[1] + 1)
    return [
        Segment(f"{mark(state.state)}{count}" if short else f"{count} {word}", state.role, f"state:{word}")
        for word, (state, count) in counts.items()
    ]


def _group(state: Shown) -> str:
    if state.needs_you:
        return "need you"
    return _GROUPS.get(state.state, state.state).value


def _plain(segments: Sequence[Segment]) -> str:
    return "   ".join(segment.text for segment in segments)


def border(seen: ObservedWorker, state: Shown) -> Border:
    """A pane's border: number, mark and word, since when (tmux makes an age of it), title, and the colour's role."""
    short = f"#{seen.worker.id} {state.mark}"
    title = clean(seen.worker.title, 120)
    return Border(f"{short} {state.word}", title, int(state.since), state.role.value, short)


def window_marks(items: Iterable[Item]) -> dict[str, str]:
    """By window id, what is shown after its name: `●2` when two workers in it need the user, `✔1`, or nothing."""
    needing: dict[str, int] = {}
    ready: dict[str, int] = {}
    for seen, state in items:
        if seen.pane is not None:
            window = seen.pane.window
            needing[window] = needing.get(window, 0) + state.needs_you
            ready[window] = ready.get(window, 0) + (state.state is State.READY)
    return {
        window: f"{mark(State.QUESTION)}{count}"
        if count
        else f"{mark(State.READY)}{ready[window]}"
        if ready[window]
        else ""
        for window, count in needing.items()
    }
