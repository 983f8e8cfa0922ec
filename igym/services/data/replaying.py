"""Episodes once more, from an archive: the log is run again, and what comes out is compared.

Needs the archive, and neither Redis nor a deployment. The libraries that a package needs are
installed from the lock in the export, where they are not here already.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igym.archive.reading import Archive
from igym.domain.experiment import Play
from igym.engine.replay import Actions, Differs, Story, again
from igym.errors import BadExport, BadPackage, NotFound
from igym.services.games import casting
from igym.services.packages.gallery import FOLDER
from igym.services.packages.loading import Loaded, load
from igym.sim.host import Sim, Step
from igym.wire.record import Tick


@dataclass(frozen=True)
class Moment:
    """The simulator after so many ticks. `tick` and `step` are those that led to it."""

    sim: Sim
    ticks: int
    tick: Tick | None = None  # None = it was just reset
    step: Step | None = None


@dataclass(frozen=True)
class Replayed:
    """What running an episode again came to."""

    episode: str
    ticks: int  # that agree with the log
    logged: int  # that are in the log
    digests: int  # that were compared
    differs: str = ""  # what is not as it was; "" = everything is
    tick: int | None = None  # ticks taken when that was found
    seat: str | None = None  # whose it is; None = of no one seat
    exact: bool = True  # False: the environment did not repeat itself when it was compiled

    @property
    def same(self) -> bool:
        """Whether all of the log was met."""
        return not self.differs


@dataclass(frozen=True)
class Recorded:
    """An episode as the archive has it."""

    id: str
    game: dict[str, Any]
    row: dict[str, Any]  # of `episodes`
    seats: tuple[str, ...]  # in the order of joint actions
    people: dict[str, str | None]  # seat -> session, None = a policy
    story: Story
    deterministic: bool
    aspect: float  # width / height of the stage


def cache() -> Path:
    """Where libraries of packages from exports are kept, so that they are fetched once."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "igym"


class Replayer:
    """Runs episodes of one archive again. Packages are imported once."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._loaded: dict[str, Loaded] = {}
        self._libraries: Path | None = None  # that are in this process

    def episodes(self, scene: str = "") -> list[str]:
        """Ids of all episodes that have ticks, in order; `scene` = of that game scene only."""
        if not scene:
            rows = self.archive.rows("episodes")
        else:
            of = {row["game_id"] for row in self.archive.rows("games", scene=scene)}
            rows = [row for row in self.archive.rows("episodes") if row["game_id"] in of]
        rows.sort(key=lambda row: (row["started_ms"] or 0, row["episode_id"]))
        return [row["episode_id"] for row in rows]

    def recorded(self, episode: str) -> Recorded:
        """Everything the archive has of an episode.

        Raises:
            NotFound: there is no such episode.
            BadExport: rows of its ticks are missing.
        """
        row = self.archive.row("episodes", episode_id=episode)
        game = self.archive.row("games", game_id=row["game_id"])
        sitting = self.archive.rows("seats", game_id=row["game_id"])
        sitting.sort(key=lambda one: one["seat_index"])
        seats = tuple(one["seat"] for one in sitting)
        play = self._play_plan(game)
        return Recorded(
            episode,
            game,
            row,
            seats,
            {one["seat"]: one["session_id"] for one in sitting},
            self._story(episode, seats),
            bool(play.get("deterministic", True)),
            float(play.get("aspect") or 16 / 9),
        )

    def _play_plan(self, game: dict[str, Any]) -> dict[str, Any]:
        try:
            plan = self.archive.plan(game["package"])
        except NotFound:
            return {}
        return next((s["play"] for s in plan["scenes"] if s["name"] == game["scene"]), {}) or {}

    def _story(self, episode: str, seats: tuple[str, ...]) -> Story:
        columns = self.archive.table("ticks", episode=episode).to_pydict()
        index = {seat: i for i, seat in enumerate(seats)}
        ticks: dict[int, Tick] = {}
        digests: dict[int, list[str]] = {}
        filled: dict[int, int] = {}
        for i, number in enumerate(columns["tick"]):
            place = index[columns["seat"][i]]
            tick = ticks.get(number)
            if tick is None:
                tick = ticks[number] = Tick(
                    number, columns["wall_ms"][i] or 0.0, columns["mono_us"][i] or 0, 0,
                    [None] * len(seats), [""] * len(seats), [0.0] * len(seats),
                    bool(columns["terminated"][i]), bool(columns["truncated"][i]),
                    [-1] * len(seats), [-1.0] * len(seats),
                )  # fmt: skip
            tick.actions[place] = json.loads(columns["action_json"][i])
            tick.actors[place] = columns["actor"][i]
            tick.rewards[place] = columns["reward"][i]
            filled[number] = filled.get(number, 0) + 1
            if columns["digest"][i]:
                digests.setdefault(number, [""] * len(seats))[place] = columns["digest"][i]
        for number in range(len(ticks)):
            if filled.get(number) != len(seats):
                raise BadExport(
                    f"Episode {episode} lacks actions at tick {number}: it cannot be run again.",
                    hint="Rows of a person who took their data back, or was erased, are not there.",
                )
        return Story(
            [ticks[n] for n in sorted(ticks)],
            {n + 1: "".join(those) for n, those in digests.items() if all(those)},
        )

    def stage(self, recorded: Recorded) -> tuple[Sim, Actions]:
        """The environment of the episode, not yet reset, and its actions.

        Raises:
            NotFound: the files of its package are not there.
            BadPackage: they are of another igym.
            Whatever the package raises when it is imported.
        """
        play = self.play(recorded)
        cells = json.loads(recorded.row["cells"] or "{}")
        return casting.simulated(play, cells), casting.actions(play)

    def assets(self, recorded: Recorded) -> Path:
        """Where the images are that sprites name."""
        return self._load(recorded.game["package"]).root / FOLDER

    def play(self, recorded: Recorded) -> Play:
        """The scene of the episode, as its package declares it. Raises as `stage`."""
        play = self._load(recorded.game["package"]).experiment.scene(recorded.game["scene"])
        assert isinstance(play, Play)
        return play

    def _load(self, package: str) -> Loaded:
        if package not in self._loaded:
            root = self.archive.package(package).resolve()
            # A name of its own: the same package may be in this process from another place.
            name = f"r{package[:16]}{secrets.token_hex(4)}"
            why = self._find_libraries(package, root)
            try:
                self._loaded[package] = Loaded(load(root, name), root)
            except ModuleNotFoundError as error:
                told = f" {why.message}" if why else ""
                lacks = f"{error.name}, which is not installed here"
                raise BadPackage(
                    f"Package {package[:12]} needs {lacks}.{told}",
                    hint=f"pip install {error.name}, or what locks/ of the export lists.",
                ) from error
        return self._loaded[package]

    def _find_libraries(self, package: str, root: Path) -> BadPackage | None:
        """Make the package's own libraries importable: the volume's, or by the export's lock.

        Returns:
            Why they cannot be had. Somebody may have installed them beside igym.

        Raises:
            BadPackage: another package's are in this process.
        """
        from igym.services.packages import depending

        if self.archive.volume is not None:
            found = depending.libraries(self.archive.volume, package)
        else:
            depending.adopt(cache(), package, self.archive.locks(package))
            try:
                found = depending.install(cache(), root, package)
            except BadPackage as error:
                return error
        if found is not None and str(found) not in sys.path:
            if self._libraries is not None:
                raise BadPackage(
                    f"Package {package[:12]} has other libraries than another one of this export.",
                    hint="Run its episodes again one by one: igym replay EPISODE",
                )
            self._libraries = found
            sys.path.insert(0, str(found))
        return None

    def moments(self, recorded: Recorded) -> Iterator[Moment]:
        """The episode, moment by moment, the one after reset first.

        Raises:
            Differs: it did not go as it had gone.
            As `stage`, and whatever the environment raises.
        """
        sim, actions = self.stage(recorded)
        try:
            sim.reset(recorded.row["seed"])
            yield Moment(sim, 0)
            for tick, step in again(sim, recorded.story, actions):
                yield Moment(sim, tick.tick + 1, tick, step)
        finally:
            sim.close()

    def verify(self, episode: str) -> Replayed:
        """Run it again, and say whether everything is as it was, and where it first is not.

        Raises:
            NotFound, BadExport, BadPackage: it cannot be run again at all.
        """
        recorded = self.recorded(episode)
        reached = 0
        try:
            for moment in self.moments(recorded):
                reached = moment.ticks
        except Differs as found:
            return outcome(recorded, reached, found)
        return outcome(recorded, reached)


def outcome(recorded: Recorded, reached: int, found: Differs | None = None) -> Replayed:
    """What to say of a replay that came so far."""
    story = recorded.story
    compared = sum(1 for ticks in story.digests if ticks <= reached)
    whole = Replayed(recorded.id, reached, len(story.ticks), compared, exact=recorded.deterministic)
    if found is None:
        return whole
    return Replayed(
        recorded.id, found.tick - 1, len(story.ticks), compared, str(found), found.tick,
        found.seat or None, recorded.deterministic,
    )  # fmt: skip
