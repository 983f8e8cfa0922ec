"""A replayed episode for people to look at: as JSON, as pictures, as a film."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from igym.archive.parcel import half_of
from igym.engine import film, raster
from igym.engine.replay import Differs
from igym.errors import BadTarget
from igym.services.data.replaying import Moment, Recorded, Replayed, Replayer, outcome
from igym.sim.host import plain

Kind = Literal["json", "png", "mp4"]
KINDS: tuple[Kind, ...] = ("json", "png", "mp4")

#: Of pictures and films, in pixels.
WIDTH = 960


class Seen:
    """The moments of a replay that goes on for as long as it is as it was."""

    def __init__(self, replayer: Replayer, recorded: Recorded) -> None:
        self._replayer = replayer
        self._recorded = recorded
        self.result = outcome(recorded, 0)

    def __iter__(self) -> Iterator[Moment]:
        reached = 0
        try:
            for moment in self._replayer.moments(self._recorded):
                reached = moment.ticks
                yield moment
            self.result = outcome(self._recorded, reached)
        except Differs as found:
            self.result = outcome(self._recorded, reached, found)


def show(replayer: Replayer, episode: str, kind: Kind, to: Path) -> Replayed:
    """Run an episode again and write what it looked like: up to where it differs, if it does.

    Args:
        to: a file for json and mp4, a folder for png (a picture for each tick).

    Raises:
        NotFound, BadExport, BadPackage: it cannot be run again at all.
        BadTarget: it cannot be written there.
        Unavailable: films need ffmpeg.
    """
    recorded = replayer.recorded(episode)
    seen = Seen(replayer, recorded)
    half = half_of(to, to.suffix)
    try:
        if kind == "png" and to.is_dir() and any(to.iterdir()):
            raise OSError(f"{to} is not empty")
        to.parent.mkdir(parents=True, exist_ok=True)
        {"json": _json, "png": _png, "mp4": _mp4}[kind](replayer, recorded, seen, half)
        os.replace(half, to)
    except OSError as error:
        raise BadTarget(f"Nothing was written to {to}: {error}.") from error
    finally:
        if half.is_dir():
            shutil.rmtree(half)
        half.unlink(missing_ok=True)
    return seen.result


def _json(replayer: Replayer, recorded: Recorded, seen: Seen, to: Path) -> None:
    moments = []
    for moment in seen:
        told: dict[str, Any] = {
            "ticks": moment.ticks,
            "observations": {seat: _observed(moment, seat) for seat in recorded.seats},
        }
        if moment.tick is not None and moment.step is not None:
            seats = recorded.seats
            told["actions"] = dict(zip(seats, moment.tick.actions, strict=True))
            told["actors"] = dict(zip(seats, moment.tick.actors, strict=True))
            told["rewards"] = dict(zip(seats, moment.tick.rewards, strict=True))
            told["terminated"] = moment.tick.terminated
            told["truncated"] = moment.tick.truncated
        moments.append(told)
    about = {
        "episode": recorded.id,
        "scene": recorded.game["scene"],
        "package": recorded.game["package"],
        "seed": recorded.row["seed"],
        "differs": seen.result.differs or None,
        "moments": moments,
    }
    to.write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def _observed(moment: Moment, seat: str) -> Any:
    try:
        return plain(moment.sim.observe(seat))
    except KeyError:
        return None  # an agent that is no longer observed


def _png(replayer: Replayer, recorded: Recorded, seen: Seen, to: Path) -> None:
    draw = _painter(replayer, recorded)
    to.mkdir()
    for moment in seen:
        (to / f"{moment.ticks:06d}.png").write_bytes(raster.png(draw(moment)))


def _mp4(replayer: Replayer, recorded: Recorded, seen: Seen, to: Path) -> None:
    draw = _painter(replayer, recorded)
    with film.mp4(to, recorded.game["fps"] or 30) as made:
        for moment in seen:
            made.add(draw(moment))


def _painter(replayer: Replayer, recorded: Recorded) -> Callable[[Moment], raster.Image]:
    """What makes the picture of a moment, as the first seat sees it."""
    play, assets = replayer.play(recorded), replayer.assets(recorded)
    size = (WIDTH, round(WIDTH / recorded.aspect / 2) * 2)

    def draw(moment: Moment) -> raster.Image:
        if moment.sim.look.rendered:
            return raster.of_pixels(*moment.sim.render())
        shapes = [*moment.sim.scenery(), *moment.sim.draw()]
        return raster.picture(shapes, *size, play.background, assets)

    return draw
