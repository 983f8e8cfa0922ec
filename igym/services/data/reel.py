"""The film of an episode: what was seen of it, made by running its log again. Runs in the sandbox.

`python -m igym.services.data.reel` waits for {data, root, episode, to} on its standard input,
writes the film into the folder `to`, and prints what became of it as a line of JSON. A film is

    about.json         what it is of, who sat where, and where its pieces begin
    <view>-<n>.gz      frames as people get them: finished packets, each behind its length (4
                       bytes). A piece begins with a keyframe, so that one can go there at once
    strips.gz          what each seat did, and how late everything was, as JSON
"""

from __future__ import annotations

import gzip
import json
import os
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from igym import wire
from igym.archive.reading import Archive, Volume
from igym.domain.plan import PlayPlan
from igym.domain.rewards import summed
from igym.errors import BadExport, IgymError
from igym.services.data.replaying import Recorded, Replayer
from igym.services.data.showing import Seen
from igym.services.games.views import Told, View, Views
from igym.services.packages import sandbox
from igym.store import packages

#: Ticks of a piece, and bytes after which it ends sooner: seeking loads one and runs through it.
PIECE_TICKS, PIECE_BYTES = 300, 1 << 20

#: All pieces of all views before they are packed. A longer film has pictures up to there.
MOST_BYTES = 96 << 20

#: Ticks of an episode that can be filmed: half an hour at 60 fps.
MOST_TICKS = 108_000

#: Bytes of rendered pictures for each second of the episode, over all views.
PICTURES_BYTES_S = 150_000

#: Different actions that the strip tells apart.
MOST_LABELS = 64

_LENGTH = struct.Struct("<I")


class Now:
    """Work beside the loop, where nothing waits for the loop: done when it is asked for."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.get = call

    def wait(self, timeout_s: float) -> bool:
        """It is done at once."""
        return True


@dataclass
class Reel:
    """The pieces of one view."""

    to: Path
    number: int
    game: str
    pieces: list[int] = field(default_factory=list)  # first tick of each
    bytes: int = 0  # that were written
    _piece: bytearray = field(default_factory=bytearray)

    def add(self, view: View, told: Told) -> None:
        """The next frame."""
        tick = view.tick
        here = tick - self.pieces[-1] if self.pieces else 0
        if not self.pieces or here >= PIECE_TICKS or len(self._piece) > PIECE_BYTES:
            self.end()
            self.pieces.append(tick)
            told = view.whole()
        frame = wire.Frame(
            self.game, 1, 0, tick, 0, told.base, [], told.objects, told.gone, told.hud
        )
        packet = wire.packet(frame)
        self._piece += _LENGTH.pack(len(packet)) + packet
        self.bytes += len(packet)

    def end(self) -> None:
        """Write the piece that was begun."""
        if self._piece:
            name = f"{self.number}-{len(self.pieces) - 1}.gz"
            (self.to / name).write_bytes(gzip.compress(bytes(self._piece), 6, mtime=0))
            self._piece.clear()


def shoot(archive: Archive, episode: str, to: Path) -> dict[str, Any]:
    """Film an episode. Returns what `about.json` says.

    Raises:
        NotFound, BadExport, BadPackage: it cannot be run again at all.
        Whatever the package raises.
    """
    replayer = Replayer(archive)
    recorded = replayer.recorded(episode)
    logged = len(recorded.story.ticks)
    if logged > MOST_TICKS:
        raise BadExport(f"The episode has {logged} ticks, and {MOST_TICKS} can be filmed here.")
    plan = packages.decode(archive.content(f"plans/{recorded.game['package']}.json"))
    play = plan.scene(recorded.game["scene"]).play
    assert play is not None
    people = [seat for seat in play.humans if recorded.people.get(seat)] or list(play.humans)
    strips = _strips(archive, recorded, play)
    _write(to / "strips.gz", gzip.compress(json.dumps(strips).encode(), 6, mtime=0))

    seen, reels, views, told_s = Seen(replayer, recorded), list[Reel](), None, 0.0
    names = [""]
    filmed, whole = 0, True
    for moment in seen:
        if views is None:
            by_seat = moment.sim.look.by_seat
            names = people if by_seat else names
            budget = PICTURES_BYTES_S / len(names)
            views = Views(moment.sim, play, people, Now, budget)
            reels = [Reel(to, n, recorded.game["game_id"]) for n in range(len(names))]
            views.begin(0)
        last = moment.ticks == logged
        for reel, (view, told) in zip(reels, views.show(moment.ticks, last=last), strict=True):
            reel.add(view, told)
        filmed = moment.ticks
        if time.monotonic() - told_s > 0.5:
            told_s = time.monotonic()
            _write(to / "progress", f"{moment.ticks / max(1, logged):.3f}".encode())
        if sum(reel.bytes for reel in reels) > MOST_BYTES:
            whole = last
            break
    for reel in reels:
        reel.end()
    about = {
        **_about(recorded, play, replayer),
        "views": [
            {"seat": name, "pieces": reel.pieces} for name, reel in zip(names, reels, strict=True)
        ],
        "ticks": logged,
        "filmed": filmed,
        "differs": seen.result.differs,
        "whole": whole,
        "exact": recorded.deterministic,
    }
    _write(to / "about.json", json.dumps(about).encode())
    return about


def _write(path: Path, content: bytes) -> None:
    """So that a reader sees all of it or nothing."""
    half = path.with_name("progress.half")
    half.write_bytes(content)
    os.replace(half, path)


def _about(recorded: Recorded, play: PlayPlan, replayer: Replayer) -> dict[str, Any]:
    game, row, story = recorded.game, recorded.row, recorded.story
    scores = {
        seat: summed(tick.rewards[n] for tick in story.ticks)
        for n, seat in enumerate(recorded.seats)
    }
    named = ("started_ms", "ended_ms", "partial", "seed", "practice")
    return {
        "episode": recorded.id,
        "game": game["game_id"],
        "number": row["episode"],
        "scene": game["scene"],
        "mode": game["mode"],
        "outcome": game["outcome"],
        "package": game["package"],
        **{name: row[name] for name in named},
        "title": play.title,
        "fps": play.fps,
        "aspect": play.aspect,
        "background": play.background,
        "marks": play.marks,
        "assets": list(play.assets),
        "labels": dict(play.labels),
        "seats": [
            {"seat": seat, "session": recorded.people[seat], "score": scores[seat]}
            for seat in recorded.seats
        ],
    }


def _strips(archive: Archive, recorded: Recorded, play: PlayPlan) -> dict[str, Any]:
    """What each seat did at each tick, and how late everything was: columns, in order."""
    table = archive.table("ticks", episode=recorded.id).sort_by("tick")
    columns = table.to_pydict()
    numbers: dict[str, int] = {}
    # Of several that give the same action the least that is held, mostly nothing.
    ways = sorted(play.actions.items(), key=lambda way: -len(way[0]))
    held = {json.dumps(action): keys for keys, action in ways}
    made: dict[str, dict[str, list[Any]]] = {
        seat: {name: [] for name in ("actions", "actors", "rewards", "rtt", "lag")}
        for seat in recorded.seats
    }
    for i, seat in enumerate(columns["seat"]):
        mine, action = made[seat], columns["action_json"][i]
        seen, tick = columns["seen_tick"][i], columns["tick"][i]
        if len(numbers) < MOST_LABELS:
            numbers.setdefault(action, len(numbers))
        mine["actions"].append(numbers.get(action, MOST_LABELS))
        mine["actors"].append(columns["actor"][i][:1])
        mine["rewards"].append(columns["reward"][i])
        mine["rtt"].append(_rounded(columns["rtt_ms"][i]))
        mine["lag"].append(None if seen is None else tick - seen)
    first = columns["seat"][0] if columns["seat"] else ""
    late = [
        _rounded(late_ms)
        for late_ms, seat in zip(columns["late_ms"], columns["seat"], strict=True)
        if seat == first
    ]
    return {
        "labels": [{"action": text[:80], "keys": held.get(text, "")} for text in numbers],
        "seats": made,
        "late_ms": late,
    }


def _rounded(ms: float | None) -> float | None:
    return None if ms is None else round(ms, 1)


def main() -> int:
    """Film one episode and say how it went."""
    os.nice(10)
    said = json.loads(sys.stdin.readline())
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the package prints is not what we say
    sandbox.guard()
    sandbox.arm(said["until_s"])
    data = Path(said["data"])
    archive = Volume(Path(said["root"]), data / "packages")
    try:
        about = shoot(archive, said["episode"], Path(said["to"]))
        told: dict[str, Any] = {"ticks": about["filmed"]}
    except IgymError as error:
        told = {"error": error.message, "hint": error.hint}
    except Exception as error:  # noqa: BLE001 - the researcher's code raises what it likes
        told = {"error": f"The package raised {type(error).__name__}: {error}", "hint": ""}
    out.write(json.dumps(told) + "\n")
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
