"""What a rehearsal came to: how soon everybody was back after each kill, and what must be zero.

Pure: from the trails of the crowd, the blows that were struck, and the audit of the data.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from rich.markup import escape
from rich.table import Table

from igym.archive.audit import Audit
from igym.bots.report import capped, percentiles
from igym.cli.rolling import Rolling
from igym.cli.trouble import Blow
from igym.store.counts import Counts

#: What must not happen to anybody, whatever is killed.
INVARIANTS = (
    "stuck",
    "ticks_missing",
    "ticks_duplicate",
    "double_matched",
    "lost_tickets",
    "phantoms",
    "answers_lost",
    "counts_off",
    "states_without_screen",
    "never_back",
    "not_rolled",
)

#: A line that ends this long after a process was killed ended because of it.
FELT_MS = 1_500.0

#: A picture that was painted this long before was there when it happened.
THERE_MS = 500.0

Trail = Mapping[str, Any]


def failed(told: Mapping[str, Any]) -> bool:
    """Whether something happened that must not happen to participants or their data."""
    broken = any(told.get(name) for name in INVARIANTS)
    return bool(broken or told["outcomes"].get("technical_problem"))


# --- back again --------------------------------------------------------------------------------


def resumed(trails: Sequence[Trail], blows: Sequence[Blow]) -> dict[str, Any]:
    """`resume_s` by kind of blow, whom it affected, and how many never had theirs again.

    A web worker: everybody whose line it cut has a state on a new line, and a picture if they
    had one. A game worker: the picture goes on, of the next generation. Redis: from the moment
    it answers, a picture for who had one, a sign of life for the others. A director: another
    one has the lease of matching. An inference worker: one is there again.
    """
    back: dict[str, list[float]] = {}
    never = 0
    for blow in blows:
        if not blow.struck_ms:
            continue
        took = back.setdefault(blow.role, [])
        if blow.role in ("director", "inference"):
            found = [blow.back_ms or None]
        else:
            find = {"web": _web, "game": _game, "redis": _redis}[blow.role]
            found = [find(trail, blow) for trail in trails]
        since_ms = blow.back_ms if blow.role == "redis" else blow.struck_ms
        never += sum(1 for one in found if one is None)
        took += [max(0.0, one - since_ms) / 1000 for one in found if one is not None and one >= 0]
    return {
        "resume_s": {role: _spread(took) for role, took in back.items()},
        "never_back": never,
    }


#: This person had nothing to lose by it.
_UNTOUCHED = -1.0


def _spread(took: Sequence[float]) -> dict[str, Any]:
    most = round(max(took), 2) if took else None
    return {**percentiles(took, (50, 95)), "max": most, "of": len(took)}


def _playing(trail: Trail, at_ms: float) -> list[Any] | None:
    """The stretch of frames that was on their screen at that time."""
    for span in trail["spans"]:
        if span[0] <= at_ms <= span[1] + THERE_MS:
            return list(span)
    return None


def _first(times: Sequence[float], after_ms: float) -> float | None:
    return next((at for at in times if at > after_ms), None)


def _picture(trail: Trail, game: str, after_ms: float, above: int = 0) -> float | None:
    """The next frame of that game, of a generation above."""
    for begin, end, of, generation in trail["spans"]:
        if of == game and generation > above and end > after_ms:
            return float(max(begin, after_ms))
    return None


def _gone(trail: Trail, after_ms: float) -> float | None:
    """When their visit was over, if nothing more was to come: no reason to wait for anything."""
    ended_ms: float = trail["ended_ms"]
    return _UNTOUCHED if ended_ms and ended_ms - after_ms < 60_000 else None


def _web(trail: Trail, blow: Blow) -> float | None:
    cut = [at for at, why in trail["downs"] if not why and 0 <= at - blow.struck_ms + 50 <= FELT_MS]
    if not cut:
        return _UNTOUCHED
    if trail["ended_ms"] and trail["ended_ms"] <= cut[0] + 50:
        return _UNTOUCHED  # the last line ends when they do
    up = _first(trail["ups"], cut[0])
    if up is None:
        return None
    span = _playing(trail, blow.struck_ms)
    if span is None:
        return up
    picture = _picture(trail, span[2], up)
    return picture if picture is not None else up  # the game ended meanwhile


def _game(trail: Trail, blow: Blow) -> float | None:
    span = _playing(trail, blow.struck_ms)
    if span is None or span[1] > blow.struck_ms + THERE_MS:
        return _UNTOUCHED
    again = _picture(trail, span[2], blow.struck_ms, above=span[3])
    if again is not None:
        return again
    same = _picture(trail, span[2], span[1], above=span[3] - 1)
    moved = _first(trail["signs"], blow.struck_ms)
    if same is not None or (moved is not None and moved - blow.struck_ms < THERE_MS):
        return _UNTOUCHED  # another worker's game, or it ended by itself at that moment
    return None


def _redis(trail: Trail, blow: Blow) -> float | None:
    if not blow.back_ms:
        return None
    if trail["ended_ms"] and trail["ended_ms"] <= blow.back_ms:
        return _UNTOUCHED
    span = _playing(trail, blow.struck_ms)
    picture = _picture(trail, span[2], blow.back_ms) if span is not None else None
    sign = _first(trail["signs"], blow.back_ms)
    found = picture if picture is not None else sign
    return found if found is not None else _gone(trail, blow.back_ms)


# --- a rolling restart ---------------------------------------------------------------------------


def rolled(trails: Sequence[Trail], rolling: Rolling | None) -> dict[str, Any]:
    """How many processes were restarted, and `pause_s`: how long pictures stood still for it.

    A pause is *web* where the person's line went down in it and *game* where another worker goes
    on with the game; it is both where both happened in one.
    """
    paused: dict[str, list[float]] = {"web": [], "game": []}
    steps = rolling.steps if rolling is not None else []
    began_ms = min((step.asked_ms for step in steps), default=0.0)
    for trail in trails:
        for one, other in pairwise(trail["spans"]):
            if one[2] != other[2] or other[0] < began_ms or not began_ms:
                continue
            if any(one[1] <= at <= other[0] and not why for at, why in trail["downs"]):
                paused["web"].append((other[0] - one[1]) / 1000)
            if one[3] != other[3]:
                paused["game"].append((other[0] - one[1]) / 1000)
    through = rolling is not None and rolling.done and not rolling.failed
    return {
        "restarted": dict(Counter(step.role for step in steps if step.back_ms)),
        "restart_s": _spread([(s.back_ms - s.asked_ms) / 1000 for s in steps if s.back_ms]),
        "pause_s": {tier: _spread(took) for tier, took in paused.items()},
        "not_rolled": 0 if through else 1,
    }


# --- what the data says ------------------------------------------------------------------------


def answers_lost(said: Sequence[Sequence[Any]], found: Audit) -> list[str]:
    """Answers that the server said it has and the data has not, as sentences."""
    lost = []
    for session, scene, items in said:
        for item, value in items.items():
            there = found.answers.get((session, scene, item), ())
            if value not in map(json.loads, there):
                lost.append(f"the answer to {item} in {scene} by {session} is not in the data")
    return lost


def counts_off(counted: Mapping[str, Counts], found: Audit) -> list[str]:
    """Where what the admin page counts is not what the data says, one sentence each."""
    said = Counter[tuple[str, str]]()
    for mode, one in counted.items():
        for name in ("arrived", "waiting", "playing", "ended"):
            said[mode, name] += one.ever[name]
        for outcome, count in one.outcomes.items():
            said[mode, f"outcome:{outcome}"] += count
        said[mode, "ended"] += sum(min(0, count) for count in one.now.values())  # none is below 0
    return [
        f"{said[what]} sessions are counted as {what[1]} ({what[0]}), in the data {there}"
        for what in sorted(said.keys() | found.reached.keys())
        if said[what] != (there := found.reached[what])
    ]


def facts(told: dict[str, Any], found: Audit, counted: Mapping[str, Counts]) -> dict[str, Any]:
    """What the data adds to the crowd's summary, and where it, the crowd and what was `counted`
    as things happened disagree."""
    lost = answers_lost(told.get("answers", ()), found)
    off = counts_off(counted, found)
    errors = [*found.problems, *lost, *off]
    left = told.get("left", 0)
    if not told["finished"] <= found.sessions_ended <= told["finished"] + left:
        errors.append(
            f"{told['finished']} participants saw the ending, "
            f"{found.sessions_ended} of {found.sessions} sessions in the data have ended"
        )
    if not told["games"] <= found.games <= told["games"] + left:
        errors.append(f"participants saw {told['games']} games, the data has {found.games}")
    if set(found.modes) - {"rehearsal"}:
        errors.append(f"not every session in the data is a rehearsal: {found.modes}")
    return {
        "games": found.games,
        "episodes": found.episodes,
        "episodes_cut_short": found.episodes_cut_short,
        "tick_lateness_ms": percentiles(found.late_ms, (50, 99)),
        "ticks_logged": found.ticks_logged,
        "ticks_missing": found.ticks_missing,
        "ticks_duplicate": found.ticks_duplicate,
        "double_matched": found.double_matched,
        "lost_tickets": found.lost_tickets,
        "phantoms": found.phantoms,
        "answers_lost": len(lost),
        "counts_off": len(off),
        "errors": capped([*told["errors"], *errors]),
    }


#: What nobody can tell from outside.
UNKNOWN = (
    "episodes",
    "episodes_cut_short",
    "ticks_logged",
    "ticks_missing",
    "ticks_duplicate",
    "double_matched",
    "lost_tickets",
    "phantoms",
    "answers_lost",
    "counts_off",
)


# --- the table ---------------------------------------------------------------------------------


def table(target: str, told: dict[str, Any]) -> Table:
    """The summary for a terminal."""
    made = Table(title=f"Rehearsal of {target}", show_header=False, title_justify="left")
    made.add_column(style="bold")
    made.add_column()
    for name, value in told.items():
        if name in ("errors", "resume_s", "pause_s"):
            continue
        cell = _cell(value)
        made.add_row(name.replace("_", " "), f"[red]{cell}[/]" if _bad(name, value) else cell)
    for role, spread in told.get("resume_s", {}).items():
        made.add_row(f"resume s, {role}", _cell(spread))
    for tier, spread in told.get("pause_s", {}).items():
        made.add_row(f"pause s, {tier}", _cell(spread))
    for error in told["errors"]:
        made.add_row("[red]error[/]", escape(error))
    verdict = "[bold red]failed[/]" if failed(told) else "[bold green]everybody got through[/]"
    made.add_section()
    made.add_row("verdict", verdict)
    return made


def _bad(name: str, value: Any) -> bool:
    return name in INVARIANTS and bool(value)


def _cell(value: Any) -> str:
    if value is None:
        return "[dim]not known from here[/]"
    if isinstance(value, dict):
        known = {key: one for key, one in value.items() if one is not None}
        return "   ".join(f"[dim]{key}[/] {one:g}" for key, one in known.items()) or "–"
    return f"{value:g}" if isinstance(value, float) else str(value)
