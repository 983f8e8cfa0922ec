"""A package whose functions do what the test tells them to."""

from __future__ import annotations

import shutil
from pathlib import Path

COUNTERS = Path(__file__).parent / "packages" / "counters"

EXPERIMENT = '''
"""Lets in and matches as the facts say, or goes wrong as they say."""

import ctypes
import os
import time

from igym import Experiment, Human, consent, custom, ending, play, screen

from .counters import Counters

LOADED = time.time()


def check(facts):
    match facts.get("query", {}).get("do", "pass"):
        case "pass":
            return True
        case "refuse":
            return False
        case "say":
            return "Only on Sundays."
        case "slow":
            time.sleep(0.9)
            return True
        case "raise":
            raise RuntimeError("no idea")
        case "hang":
            while True:
                pass
        case "hang in C":
            ctypes.PyDLL(None).sleep(60)  # keeps the GIL: no signal handler of Python's runs
        case "exit":
            os._exit(3)
        case "leave":
            raise SystemExit(0)
        case "flood":
            return "x" * 10_000_000
        case "object":
            return object()
        case "nan":
            return float("nan")
        case "print":
            print("hello")
            os.write(1, b"there")
            return input() if False else True
        case "environment":
            return sorted(os.environ)
        case "loaded":
            return [LOADED, os.getpid()]


def pairs(tickets, size):
    ids = [ticket["session"] for ticket in tickets]
    return [ids[i : i + size] for i in range(0, len(ids) - size + 1, size)]


experiment = Experiment(
    consent("consent", "hello.md"),
    play(
        "count",
        Counters,
        seats={"left": Human, "right": Human},
        keys={"a": 1},
        group=custom(pairs),
        marks={"left": "left", "right": "right"},
    ),
    ending("thanks", "thanks.md", codes={"complete": "OK", "screened_function": "NOT-FOR-YOU"}),
    entry=screen(check=check, limit="1 s"),
)
'''


def write(root: Path, id: str = "choosy", experiment: str = EXPERIMENT) -> Path:
    """The package as a folder of its own."""
    shutil.copytree(COUNTERS, root)
    (root / "experiment.py").write_text(experiment)
    (root / "experiment.toml").write_text(f'id = "{id}"\nversion = "1"\ntitle = "Choosy"\n')
    return root


def facts(do: str) -> dict[str, object]:
    """Facts that make `check` do that."""
    return {"query": {"do": do}}
