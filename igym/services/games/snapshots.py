"""States of running games on the data volume, so that a takeover need not replay all of it.

Written and read by game workers only: a snapshot holds pickles of the environment and of the
policies' memory, which must never come from a wire. Losing one costs a longer replay.
"""

from __future__ import annotations

import contextlib
import os
import pickle
from collections.abc import Sequence
from pathlib import Path

from igym.domain.plan import Recovery
from igym.engine.seats import Decider
from igym.sim.host import Sim

#: Snapshots kept of a game: the newest may be ahead of the log by the flush that was cut short.
KEPT = 2


class Snapshots:
    """The snapshots of one game."""

    def __init__(self, data: Path, game: str, how: Recovery) -> None:
        """`how` is "state" or "pickle" (`igym.domain.plan.Recovery`)."""
        self._folder = data / "run" / "games"
        self._game = game
        self._how = how
        self._kept: list[Path] | None = None  # oldest first; None = nobody has looked yet

    def save(self, episode: str, ticks: int, sim: Sim, deciders: Sequence[Decider]) -> None:
        """Keep the state after so many ticks of the episode.

        Raises:
            OSError: the data volume cannot be written.
            Whatever the environment or pickle raises.
        """
        content = pickle.dumps((sim.save(self._how), [d.save() for d in deciders]), protocol=5)
        if self._kept is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._kept = self._files()
        file = self._folder / f"{episode}@{ticks:09d}"
        part = file.with_suffix(".part")
        part.write_bytes(content)
        os.replace(part, file)
        self._kept = [one for one in self._kept if one != file] + [file]
        while len(self._kept) > KEPT:
            self._kept.pop(0).unlink(missing_ok=True)

    def ticks(self, episode: str) -> list[int]:
        """Ticks of the episode of which there is a snapshot, newest first."""
        return [
            int(file.name.rpartition("@")[2])
            for file in reversed(self._files())
            if file.name.startswith(f"{episode}@")
        ]

    def load(self, episode: str, ticks: int, sim: Sim, deciders: Sequence[Decider]) -> None:
        """Bring environment and deciders to that snapshot.

        Raises:
            OSError: it is not there.
            Whatever the environment or pickle raises.
        """
        state, saved = pickle.loads((self._folder / f"{episode}@{ticks:09d}").read_bytes())
        sim.load(state)
        for decider, one in zip(deciders, saved, strict=True):
            decider.load(one)

    def forget(self) -> None:
        """The game is over."""
        with contextlib.suppress(OSError):
            for file in self._folder.glob(f"{self._game}-*"):
                file.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        # By name, which is by episode and tick.
        return sorted(f for f in self._folder.glob(f"{self._game}-*@*") if f.suffix != ".part")
