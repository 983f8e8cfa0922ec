"""A process that has one package's code and calls its functions, one at a time.

`python -m igym.services.functions.callee ROOT PACKAGE` reads requests from its standard input
and answers on its standard output, one JSON value a line. It has no Redis and no secrets. It
does not guard itself: `igym.services.functions.calling` kills it when it takes too long.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from igym.domain import rounds
from igym.domain.adaptive import Adaptive
from igym.domain.bonus import Record
from igym.domain.callbacks import instances
from igym.domain.experiment import Experiment, Play
from igym.domain.happenings import Happening
from igym.errors import BadPackage
from igym.services.packages.loading import load

#: The most characters of a traceback that are told.
MOST_TRACE = 8_000

#: The most failures of callbacks that are told at a time.
MOST_ERRORS = 5


def function(experiment: Experiment, what: str) -> Callable[..., Any]:
    """The function of the author that `what` names: "screen", "bonus", "happenings",
    "branch:<name>", "match:<scene>", "until:<scene>", "choose:<scene>:<seat>"; or "ready", which is
    none of theirs.

    Raises:
        BadPackage: there is none.
    """
    found: Callable[..., Any] | None = None
    if what == "ready":
        found = lambda *_: True  # noqa: E731 - whoever asks wants the package loaded
    elif what == "screen" and experiment.entry is not None:
        found = experiment.entry.check
    elif what == "happenings":
        found = _Told.of(experiment).tell
    elif what == "bonus" and experiment.bonus is not None:
        pays = experiment.bonus.function
        found = lambda record: pays(Record.of(record))  # noqa: E731
    elif what.startswith("branch:"):
        decides = experiment.functions.get(what.removeprefix("branch:"))
        found = decides and (lambda record: decides(Record.of(record)))
    elif what.startswith("match:"):
        scene = experiment.scene(what.removeprefix("match:"))
        found = scene.group.function if isinstance(scene, Play) else None
    elif what.startswith("until:"):
        scene = experiment.scene(what.removeprefix("until:"))
        found = _of_results(scene.until) if isinstance(scene, Play) else None
    elif what.startswith("choose:"):
        _, name, seat = what.split(":", 2)
        scene = experiment.scene(name)
        seats = scene.seats if isinstance(scene, Play) else {}
        who = next((who for agent, who in seats.items() if str(agent) == seat), None)
        if isinstance(who, Adaptive) and who.kind == "function":
            found = _of_results(who.rule)  # type: ignore[arg-type]
    if found is None:
        raise BadPackage(f"The package has no function for {what!r}.")
    return found


class _Told:
    """The callbacks of this process, which hear of what happened to people."""

    _made: _Told | None = None

    def __init__(self, experiment: Experiment) -> None:
        self._everywhere = instances(experiment.callbacks)
        self._scenes = {
            scene.name: instances(scene.callbacks)
            for scene in experiment.scenes
            if isinstance(scene, Play)
        }

    @classmethod
    def of(cls, experiment: Experiment) -> _Told:
        """The same ones again for as long as the process lives."""
        cls._made = cls._made or cls(experiment)
        return cls._made

    def tell(self, said: list[dict[str, Any]]) -> dict[str, list[Any]]:
        """Call the hooks one after the other. Returns what they record, and how they fail."""
        records: list[Any] = []
        errors: list[Any] = []
        for number, plain in enumerate(said):
            at = Happening(**plain)
            at.note = lambda name, value, n=number: records.append([n, str(name), value])
            for one in (*self._everywhere, *self._scenes.get(at.scene, ())):
                try:
                    getattr(one, at.hook)(at)
                except Exception as error:  # noqa: BLE001 - the author's code raises what it likes
                    what = f"{type(one).__name__}.{at.hook}: {type(error).__name__}: {error}"
                    errors.append([number, what[:500], traceback.format_exc()[-MOST_TRACE:]])
        return {"records": records, "errors": errors[:MOST_ERRORS]}


def _of_results(call: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """`call`, which takes results of episodes, for results as JSON has them."""
    if call is None:
        return None
    return lambda results: call([rounds.unpacked(result) for result in results])


def _plain(value: Any) -> Any:
    """numpy's numbers and arrays, and sets, as JSON has them."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, set | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} is not something JSON can hold")


def answer(ask: Callable[[], Any]) -> str:
    """What `ask` returns, or how it failed, as one line of JSON."""
    try:
        return json.dumps({"value": ask()}, default=_plain, allow_nan=False)
    except BaseException as error:  # noqa: BLE001 - the researcher's code raises what it likes
        trace = traceback.format_exc()[-MOST_TRACE:]
        return json.dumps({"error": f"{type(error).__name__}: {error}"[:500], "trace": trace})


def _main() -> None:
    root, package = Path(sys.argv[1]), sys.argv[2]
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    # What the author prints, or asks at a terminal, must not end up between the answers.
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    loaded: list[Experiment] = []

    def begin() -> bool:
        loaded.append(load(root, f"p{package[:24]}"))
        return True

    answers.write(answer(begin).encode() + b"\n")
    if not loaded:
        return
    for line in requests:
        what, arguments = json.loads(line)
        said = answer(lambda: function(loaded[0], what)(*arguments))  # noqa: B023 - called at once
        answers.write(said.encode() + b"\n")


if __name__ == "__main__":
    _main()
