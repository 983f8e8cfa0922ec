"""Going on where another worker's game was: from its log, and a snapshot where there is one."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from igym.domain.plan import PlayPlan
from igym.domain.rewards import summed
from igym.engine.replay import Actions, Differs, Story, relive
from igym.engine.seats import Decider
from igym.services.connect import Deployment, now_ms
from igym.services.games.snapshots import Snapshots
from igym.sim.host import Sim, Step
from igym.store import games
from igym.store.games import Game
from igym.store.records import event_row
from igym.wire.record import decode_chunk

if TYPE_CHECKING:
    from igym.services.games.stage import Stage

_log = logging.getLogger(__name__)


@dataclass
class Recovered:
    """Where an episode goes on.

    `how` is "replayed" (the whole log), "loaded" (a snapshot, and the log from there on), or
    "restarted": it cannot be brought back, and begins anew under another episode id.
    """

    how: Literal["replayed", "loaded", "restarted"]
    deciders: list[Decider] = field(default_factory=list)
    steps: int = 0
    scores: dict[str, float] = field(default_factory=dict)  # seat -> rewards of the episode so far
    last: Step | None = None  # where the logged ticks end the episode
    took_ms: float = 0.0
    why: str = ""  # it was restarted


def recover(
    deployment: Deployment,
    game: Game,
    play: PlayPlan,
    sim: Sim,
    begin: Callable[[], list[Decider]],
    actions: Actions,
    snapshots: Snapshots | None,
    breathe: Callable[[], None],
) -> Recovered:
    """Bring `sim` to the last logged tick of the episode that `game` was in.

    Args:
        begin: resets `sim` for the episode and makes its deciders.
        breathe: lets other games run.

    Raises:
        RedisError: the log cannot be read just now.
        Whatever the environment raises when it is reset.
    """
    began_s = time.monotonic()
    chunks = [
        decode_chunk(raw) for raw in games.log(deployment.redis, game.experiment, game.episode)
    ]
    story = Story.of(chunks)
    why = "" if len(story.ticks) == game.logged else (
        f"its log holds {len(story.ticks)} ticks and should hold {game.logged}"
    )  # fmt: skip
    ways: list[int | None] = []
    if snapshots is not None:
        saved = snapshots.ticks(game.episode)
        # A state that is ahead of the log has not happened.
        ways += [t for t in saved if (t <= game.logged if play.deterministic else t == game.logged)]
    if play.deterministic:
        ways.append(None)
    if not ways and not why:
        why = "its environment is not deterministic and there is no snapshot of that tick"
    for first in ways if not why else ():
        try:
            deciders = begin()
            if first is not None:
                assert snapshots is not None
                snapshots.load(game.episode, first, sim, deciders)
                if story.digests.get(first, sim.digest()) != sim.digest():
                    raise Differs(first)
            relive(sim, deciders, story, actions, first=first or 0, breathe=breathe)
        except Exception as error:  # noqa: BLE001 - the next way may do; the last one says why
            why = f"{type(error).__name__}: {error}"
            _log.warning("game %s not recovered from %s: %s", game.id, first or "its log", why)
            continue
        scores = {
            seat: summed(tick.rewards[i] for tick in story.ticks)
            for i, seat in enumerate(play.seats)
        }
        return Recovered(
            "replayed" if first is None else "loaded",
            deciders,
            len(story.ticks),
            scores,
            _end(story),
            (time.monotonic() - began_s) * 1000,
        )
    return Recovered("restarted", took_ms=(time.monotonic() - began_s) * 1000, why=why)


def _end(story: Story) -> Step | None:
    """The step that ended the episode, if its worker was lost right after that."""
    tick = story.ticks[-1]
    step = Step(tuple(tick.rewards), tick.terminated, tick.truncated)
    return step if step.over else None


def tell(stage: Stage, found: Recovered, row: dict[str, Any]) -> None:
    """Say in the log and in the data how the game came back."""
    game, journal = stage.game, stage.journal
    detail = (
        f"generation {game.generation}, episode {game.episode}, tick {game.logged}: "
        f"{found.how} in {found.took_ms:.0f} ms {found.why}"
    ).rstrip()
    _log.warning("game %s goes on: %s", game.id, detail, extra={"game": game.id})
    event = event_row(now_ms(), f"game_{found.how}", game=game.id, detail=detail)
    if found.how != "restarted":
        journal.add(event)
        return
    # What was played stays as an episode of its own that was cut short.
    cut = row | {"episode_id": journal.id, "attempt": journal.attempt}
    journal.steps = game.logged
    journal.note(attempt=journal.attempt + 1)
    journal.flush([event, ("episodes", cut)], close=True)
    journal.attempt += 1
