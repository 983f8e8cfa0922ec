"""A study's games as Minari datasets, one for each game scene and seat.

Made by running every episode again: what a seat observed is what the environment gives now,
once rewards and digests have shown that it is what it gave then. Of an environment that does
not repeat itself it is what the table `observations` has. An episode that does not come out as
it was is left out, and said to be.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from igym.archive.choice import Choice
from igym.archive.export import find
from igym.archive.parcel import half_of
from igym.archive.reading import Volume
from igym.engine.replay import Differs
from igym.errors import BadExport, BadTarget, IgymError, NotFound
from igym.services.data.replaying import Recorded, Replayer
from igym.sim import offline
from igym.sim.host import plain
from igym.sim.offline import Trajectory
from igym.wire.record import Tick


@dataclass
class Datasets:
    """What was written, and what could not be."""

    to: str
    datasets: dict[str, int] = field(default_factory=dict)  # path below `to` -> episodes
    left_out: dict[str, str] = field(default_factory=dict)  # episode -> why


def export(
    data: Path,
    experiment: str,
    *,
    to: Path,
    version: str = "",
    modes: Sequence[str] = ("live",),
    scenes: Sequence[str] = (),
    progress: Callable[[str, float], None] = lambda what, share: None,
) -> Datasets:
    """Write datasets below `to`: <scene>/<seat>, loaded by minari.MinariDataset(path).

    Args:
        scenes: of these game scenes; () = of all.

    Raises:
        NotFound: there is no such experiment, version or scene, or nothing was played.
        BadTarget: `to` is there already, or cannot be written.
        Unavailable: the extra is not installed.
    """
    to = to.absolute()  # Minari takes a path below the dataset's folder where it is relative
    root = find(data, experiment, version)
    choice = Choice.of(root, modes)
    archive = Volume(root, data / "packages")
    replayer = Replayer(archive)
    games = [g for g in archive.rows("games") if g["game_id"] in choice.games]
    known = sorted({game["scene"] for game in games})
    if unknown := [one for one in scenes if one not in known]:
        raise NotFound(
            f"Nobody has played {unknown[0]!r} in {experiment} {root.name}.",
            hint=f"Games were played in: {', '.join(known) or 'none'}.",
        )
    if not known:
        raise NotFound(f"Nobody has played a game of {experiment} {root.name} in those modes.")
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise BadTarget(f"{to} is there already.", hint="Name a new folder.")
    made = Datasets(str(to))
    half = half_of(to)
    try:
        for number, scene in enumerate(scenes or known):
            progress(scene, number / len(scenes or known))
            ids = {game["game_id"] for game in games if game["scene"] == scene}
            episodes = [e for e in replayer.episodes(scene) if e.rsplit("-", 1)[0] in ids]
            _scene(half, scene, replayer, episodes, choice, made, f"{experiment}-{root.name}")
        if to.exists():
            to.rmdir()
        os.replace(half, to)
    except OSError as error:
        raise BadTarget(f"The datasets could not be written to {to}: {error}.") from error
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return made


def _scene(
    root: Path,
    scene: str,
    replayer: Replayer,
    episodes: list[str],
    choice: Choice,
    made: Datasets,
    study: str,
) -> None:
    first = next((r for e in episodes if (r := _recorded(replayer, e, made)) is not None), None)
    if first is None:
        return
    sim, _ = replayer.stage(first)
    play = replayer.play(first)
    try:
        sim.reset(first.row["seed"])
        for agent in play.seats:
            seat = str(agent)
            name = f"{scene}/{seat}"
            made.datasets[name] = offline.write(
                root / name,
                f"{study}-{scene}-{seat}-v0".replace("_", "-"),
                sim.space(seat),
                offline.observation_space(sim.env, agent, sim.observe(seat)),
                _trajectories(replayer, episodes, seat, choice, made),
                description=f"Seat {seat} of {scene}, in {study}",
            )
    finally:
        sim.close()


def _recorded(replayer: Replayer, episode: str, made: Datasets) -> Recorded | None:
    try:
        return replayer.recorded(episode)
    except IgymError as error:
        made.left_out[episode] = str(error)
        return None


def _trajectories(
    replayer: Replayer, episodes: list[str], seat: str, choice: Choice, made: Datasets
) -> Iterator[Trajectory]:
    for episode in episodes:
        if (episode.rsplit("-", 1)[0], seat) in choice.withheld or episode in made.left_out:
            continue
        recorded = _recorded(replayer, episode, made)
        if recorded is None or not recorded.story.ticks:
            continue
        try:
            yield _trajectory(replayer, recorded, seat)
        except (Differs, IgymError) as error:
            made.left_out[episode] = str(error)


def _as_kept(
    replayer: Replayer, recorded: Recorded, made: Trajectory, place: int, idle: Any
) -> Trajectory:
    """What the table of observations has: the environment does not repeat itself.

    Raises:
        BadExport: it does not have all of them.
    """
    seat, ticks = recorded.seats[place], recorded.story.ticks
    rows = replayer.archive.table("observations", episode=recorded.id).to_pylist()
    seen = {row["ticks"]: row["observation"] for row in rows if row["seat"] == seat}
    for moment in range(len(ticks) + 1):
        text = seen.get(moment)
        if text is None and not made.observations:
            raise BadExport(
                "its environment does not repeat itself, and what it observed was not kept",
                hint="play(…, observations=True) keeps it.",
            )
        made.observations.append(made.observations[-1] if text is None else json.loads(text))
    for tick in ticks:
        _took(made, tick, place, idle)
    made.plain = True
    return made


def _took(made: Trajectory, tick: Tick, place: int, idle: Any) -> None:
    action = tick.actions[place]
    made.actions.append(idle if action is None else action)
    made.actors.append(tick.actors[place])
    made.rewards.append(tick.rewards[place])
    made.terminations.append(tick.terminated)
    made.truncations.append(tick.truncated)


def _trajectory(replayer: Replayer, recorded: Recorded, seat: str) -> Trajectory:
    place = recorded.seats.index(seat)
    play = replayer.play(recorded)
    idle = plain(play.keymap.idle)
    about: dict[str, Any] = {
        "igym_episode": recorded.id,
        "session": recorded.people[seat],  # None = a policy
        "cells": recorded.row["cells"],
    }
    made = Trajectory(about, recorded.row["seed"])
    if not recorded.deterministic:
        return _as_kept(replayer, recorded, made, place, idle)
    for moment in replayer.moments(recorded):
        try:
            made.observations.append(moment.sim.observe(seat))
        except KeyError:  # the seat is no longer observed: what it saw last
            made.observations.append(made.observations[-1])
        if moment.tick is not None:
            _took(made, moment.tick, place, idle)
    return made
