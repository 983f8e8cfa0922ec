"""Lua scripts as functions. Each `.lua` file opens with its contract."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from redis import Redis
from redis.commands.core import Script as RedisScript


class Script:
    """A `.lua` file beside the module that calls it; sent once, then called by its hash.

    Libraries are files of functions whose text is put before it.
    """

    def __init__(self, file: str, *libraries: str) -> None:
        folder = files("igym.store")
        self._text = "\n".join(
            (folder / name).read_text(encoding="utf-8") for name in (*libraries, file)
        )
        self._script: RedisScript | None = None

    def __call__(
        self, redis: Redis, keys: Sequence[str], args: Sequence[str | bytes | int | float] = ()
    ) -> Any:
        if self._script is None:
            # Not `register_script`: on a pipeline that would queue a command.
            self._script = RedisScript(redis, self._text)
        return self._script(keys=list(keys), args=list(args), client=redis)
