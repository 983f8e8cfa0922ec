"""What a log keeps of what seats saw: observations and infos, where the scene asks for them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from igym.sim.host import Sim, plain
from igym.wire.record import Moment


class Kept:
    """Moments of one game's episodes, until they are taken for the next flush."""

    def __init__(self, sim: Sim, observations: bool, infos: Sequence[str]) -> None:
        self._sim = sim
        self._observations = observations
        self._infos = infos
        self._moments: list[Moment] = []

    def note(self, ticks: int) -> None:
        """Keep this moment: so many ticks of the episode were taken."""
        if not self._observations and not self._infos:
            return
        if ticks == 0:
            self._moments.clear()  # of an episode that ended before it had a tick
        seats = self._sim.seats
        self._moments.append(
            Moment(
                ticks,
                [self._seen(seat) if self._observations else "" for seat in seats],
                [self._told(seat) if self._infos else "" for seat in seats],
            )
        )

    def take(self) -> list[Moment]:
        """Those that nobody has taken yet."""
        taken, self._moments = self._moments, []
        return taken

    def _seen(self, seat: str) -> str:
        try:
            return _json(self._sim.observe(seat))
        except KeyError:
            return ""  # an agent that is no longer observed

    def _told(self, seat: str) -> str:
        info: Mapping[str, Any] = self._sim.info(seat)
        return _json({name: info[name] for name in self._infos if name in info})


def _json(value: Any) -> str:
    """As JSON; what JSON cannot say is its text, so that no environment's object ends a game."""
    return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"), default=str)
