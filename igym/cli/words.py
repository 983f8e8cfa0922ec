"""How a command line may also be written. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Sequence


def spelled_out(words: Sequence[str]) -> list[str]:
    """A command line in which `--restart-redis@12` is `--restart-redis 12`, and so on."""
    made: list[str] = []
    for word in words:
        option, at, value = word.partition("@")
        if at and option in ("--restart-redis", "--kill", "--stop"):
            made += [option, value]
        else:
            made.append(word)
    return made
