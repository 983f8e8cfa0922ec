"""Lua scripts as functions. Each `.lua` file opens with its contract."""

from __future__ import annotations

import hashlib
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
        self._hash = hashlib.sha1(self._text.encode()).hexdigest()  # as Redis names it
        self._script: RedisScript | None = None

    def queue(
        self, pipe: Redis, keys: Sequence[str], args: Sequence[str | bytes | int | float] = ()
    ) -> None:
        """Call it on a pipeline without asking first whether Redis knows it.

        Asking is a round trip of its own, for each pipeline. Where Redis has been started anew the
        answer is a `NoScriptError`: `load` it then, and say it again.
        """
        say: Any = pipe.execute_command
        say("EVALSHA", self._hash, len(keys), *keys, *args)

    def load(self, redis: Redis) -> None:
        """Make Redis know it."""
        redis.script_load(self._text)

    def __call__(
        self, redis: Redis, keys: Sequence[str], args: Sequence[str | bytes | int | float] = ()
    ) -> Any:
        if self._script is None:
            # Not `register_script`: on a pipeline that would queue a command.
            self._script = RedisScript(redis, self._text)
        return self._script(keys=list(keys), args=list(args), client=redis)
