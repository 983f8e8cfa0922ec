"""What one seat saw, did and got, as a Minari dataset for offline reinforcement learning.

Knows no log: it is given trajectories. Needs the extra `minari`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import Space, spaces

from igym.errors import Unavailable
from igym.sim.actions import live


@dataclass
class Trajectory:
    """One episode of one seat. `observations` has one more than the others."""

    about: dict[str, Any]  # kept with the episode: ids, who acted
    seed: int
    observations: list[Any] = field(default_factory=list)
    actions: list[Any] = field(default_factory=list)  # plain, as in a log
    rewards: list[float] = field(default_factory=list)
    terminations: list[bool] = field(default_factory=list)
    truncations: list[bool] = field(default_factory=list)
    actors: list[str] = field(default_factory=list)
    plain: bool = False  # whether observations are plain values, as from JSON


def observation_space(env: Any, agent: Any, seen: Any) -> Space[Any]:
    """The space `env` declares for that agent, or one made from what it `seen`, if that lies."""
    space = getattr(env, "observation_space", None)
    if callable(space):
        space = space(agent)
    elif isinstance(space, spaces.Dict) and agent in space.spaces:
        space = space[agent]
    return space if isinstance(space, Space) and space.contains(seen) else _space_of(seen)


def _space_of(seen: Any) -> Space[Any]:
    if isinstance(seen, dict):
        return spaces.Dict({str(key): _space_of(value) for key, value in seen.items()})
    if isinstance(seen, tuple):
        return spaces.Tuple([_space_of(value) for value in seen])
    array = np.asarray(seen)
    kind = array.dtype if array.dtype.kind in "fiu" else np.dtype(np.float64)
    low, high = (-np.inf, np.inf) if kind.kind == "f" else (np.iinfo(kind).min, np.iinfo(kind).max)
    return spaces.Box(low, high, array.shape, kind.type)


def write(
    folder: Path,
    dataset: str,
    action: Space[Any],
    observation: Space[Any],
    trajectories: Iterable[Trajectory],
    *,
    description: str,
) -> int:
    """Write a dataset into `folder`, an episode at a time. Returns the number of episodes.

    Raises:
        Unavailable: the extra is not installed.
    """
    try:
        import minari
        from minari.data_collector.episode_buffer import EpisodeBuffer
        from minari.dataset.minari_storage import MinariStorage
    except ImportError as error:
        raise Unavailable(
            "Datasets for offline learning need Minari.", hint="pip install 'igym[minari]'"
        ) from error
    folder.mkdir(parents=True)
    storage = MinariStorage.new(
        folder,
        observation_space=observation,
        action_space=action,
        data_format="arrow",
        jpeg_encoding=False,
    )
    storage.update_metadata(
        {
            "dataset_id": dataset,
            "description": description,
            "algorithm_name": "people and policies",
            "minari_version": minari.__version__,
        }
    )
    form, see, count = live(action), live(observation), 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what Minari thinks about its own dependencies
        for one in trajectories:
            acts = [form(a) if form else a for a in one.actions]
            seen = (
                [see(o) if see else o for o in one.observations]
                if one.plain
                else (one.observations)
            )
            buffer = EpisodeBuffer(
                id=count,
                seed=one.seed,
                observations=_columns(observation, seen),
                actions=_columns(action, acts),
                rewards=one.rewards,
                terminations=one.terminations,
                truncations=one.truncations,
            )
            storage.update_episodes([buffer])
            about = one.about | {"actors": one.actors}
            storage.update_episode_metadata([about], [count])
            count += 1
    return count


def _columns(space: Space[Any], values: list[Any]) -> Any:
    """Values of a space as Minari holds them: structures of arrays, not arrays of structures."""
    if isinstance(space, spaces.Dict):
        return {k: _columns(part, [v[k] for v in values]) for k, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(_columns(part, [v[i] for v in values]) for i, part in enumerate(space.spaces))
    return np.asarray(values, dtype=getattr(space, "dtype", None))
