"""Actions as they are logged, and as an environment wants them. Knows no environment.

Keys, policies and logs know plain values: numbers, lists, dicts. An action space says which
array or tuple of these an environment was promised, so the same plain value always becomes
the same action, in a game and in its replay.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium import Space, spaces

from igym.errors import BadPackage

#: From one form of an action to the other. None = both are the same.
Form = Callable[[Any], Any] | None


def plain(value: Any) -> Any:
    """`value` without numpy: what JSON and msgpack can hold."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    return value


def live(space: Space[Any]) -> Form:
    """What makes an action of `space` from a plain value."""
    match space:
        case spaces.Box() | spaces.MultiDiscrete() | spaces.MultiBinary():
            return lambda value: _array(space, value)
        case spaces.Dict():
            parts = {str(key): (key, live(part)) for key, part in space.spaces.items()}
            return lambda value: {
                key: form(_entry(space, value, name)) if form else _entry(space, value, name)
                for name, (key, form) in parts.items()
            }
        case spaces.Tuple():
            forms = [live(part) for part in space.spaces]
            return lambda value: tuple(
                form(one) if form else one for form, one in _pairs(space, forms, value)
            )
    return None


def fitted(space: Space[Any]) -> Form:
    """What makes the plain value that is logged: in the space's precision, within its bounds."""
    if isinstance(space, spaces.Box):
        return lambda value: np.clip(_array(space, value), space.low, space.high).tolist()
    if isinstance(space, spaces.Dict):
        parts = {str(key): fitted(part) for key, part in space.spaces.items()}
        return lambda value: {
            name: form(_entry(space, value, name)) if form else _entry(space, value, name)
            for name, form in parts.items()
        }
    if isinstance(space, spaces.Tuple):
        forms = [fitted(part) for part in space.spaces]
        return lambda value: [
            form(one) if form else one for form, one in _pairs(space, forms, value)
        ]
    made = live(space)
    return None if made is None else lambda value: plain(made(value))


def size(space: Space[Any]) -> int | None:
    """How many numbers a policy network gives for `space`: logits, or an entry each; else None."""
    match space:
        case spaces.Discrete():
            return int(space.n)
        case spaces.MultiDiscrete():
            return int(space.nvec.sum())
        case spaces.Box():
            return int(np.prod(space.shape))
    return None


def _array(space: Space[Any], value: Any) -> Any:
    try:
        return np.asarray(value, space.dtype).reshape(space.shape)
    except (TypeError, ValueError) as error:
        raise _refused(space, value) from error


def _entry(space: Space[Any], value: Any, name: str) -> Any:
    try:
        return value[name]
    except (KeyError, TypeError, IndexError) as error:
        raise _refused(space, value) from error


def _pairs(space: Space[Any], forms: list[Form], value: Any) -> list[tuple[Form, Any]]:
    try:
        return list(zip(forms, value, strict=True))
    except (TypeError, ValueError) as error:
        raise _refused(space, value) from error


def _refused(space: Space[Any], value: Any) -> BadPackage:
    return BadPackage(
        f"{value!r} is no action of {space}.",
        hint="Actions of keys and policies are the numbers, lists and dicts of the action space.",
    )
