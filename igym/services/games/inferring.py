"""Having policies decide in an inference worker: the game worker's half, and the other one.

A request carries everything the answer depends on, recurrent state too, so an inference worker
keeps nothing: when it dies, what was asked of it is lost, a few ticks repeat the last action, and
the next request goes to another one, or to a thread of the game worker's own.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from igym.engine import batching, onnx
from igym.engine.onnx import Model
from igym.engine.seats import LOST, Elsewhere, Pending
from igym.engine.weights import Arrays
from igym.errors import BadPackage, BadPolicy, IgymError
from igym.services.connect import Deployment
from igym.store import RedisError, inference
from igym.store.post import Outbox
from igym.wire import inner

_log = logging.getLogger(__name__)

#: An answer is waited for so long, and this many times what the model took when it was loaded.
#: Then the request is lost. The game goes on meanwhile: this only bounds how long it repeats
#: itself when a worker has died.
PATIENCE_S, TIMES = 0.5, 4

#: A worker that did not answer is not asked again for so long.
SUSPECT_S = 2.0

#: How often the list of inference workers is read.
LOOK_S = 1.0

#: A request waits so long for others to the same model …
LINGER_S = 0.002

#: … or until so many wait: a larger batch is hardly cheaper for each of them.
MOST = 64

#: Models that are kept; the oldest goes first.
KEPT = 16


# --- in the game worker --------------------------------------------------------------------------


class Request:
    """A request on its way: `igym.engine.seats.Pending`."""

    def __init__(self, until_s: float, lost: Callable[[], None]) -> None:
        self._until_s = until_s
        self._lost = lost
        self._done = threading.Event()
        self._said: inner.Inferred | None = None

    def answer(self, said: inner.Inferred) -> None:
        """The answer has come."""
        self._said = said
        self._done.set()

    def wait(self, timeout_s: float) -> bool:
        """True once it is answered, or will not be any more."""
        left_s = max(0.0, self._until_s - time.monotonic())
        if self._done.wait(min(timeout_s, left_s)):
            return True
        if time.monotonic() < self._until_s:
            return False
        self._lost()
        return True

    def get(self) -> Any:
        """The model's outputs; LOST where no answer came. Raises `BadPolicy` as the model did."""
        if self._said is None:
            return LOST
        if self._said.error:
            raise BadPolicy(self._said.error)
        return batching.unpacked(self._said.outputs)


class Inference:
    """The requests of one game worker."""

    def __init__(self, deployment: Deployment, name: str, outbox: Outbox) -> None:
        self._deployment = deployment
        self._name = name
        self._outbox = outbox
        self._workers: list[str] = []
        self._suspects: dict[str, float] = {}  # not asked until then
        self._ids = itertools.count(1)
        self._asked: dict[int, Request] = {}
        self._looking = False

    def at(self, package: str, model: Model) -> Elsewhere:
        """Asks an inference worker to run that model, while one is there."""
        self._look_on()

        def ask(feeds: Arrays) -> Pending | None:
            return self._ask(package, model, feeds)

        return ask

    def hear(self, said: inner.Inferred) -> None:
        """An answer. One that nobody waits for any more is dropped."""
        request = self._asked.pop(said.id, None)
        if request is not None:
            request.answer(said)

    def _ask(self, package: str, model: Model, feeds: Arrays) -> Pending | None:
        now_s = time.monotonic()
        workers = [one for one in self._workers if self._suspects.get(one, 0) < now_s]
        if not workers:
            return None
        # One game worker asks one inference worker: more requests meet, and die together.
        worker = workers[zlib.crc32(self._name.encode()) % len(workers)]
        patience_s = PATIENCE_S + TIMES * min(model.cost_ms, 10_000) / 1000
        id = next(self._ids)

        def lost() -> None:
            self._asked.pop(id, None)
            self._suspects[worker] = time.monotonic() + SUSPECT_S

        request = self._asked[id] = Request(now_s + patience_s, lost)
        self._outbox.put(
            worker,
            inner.Infer(
                id, self._name, package, model.spec.file, list(model.outputs),
                batching.packed(feeds), patience_s * 1000,
            ),
        )  # fmt: skip
        return request

    def _look_on(self) -> None:
        """Read once who is there, and again and again beside the games."""
        if self._looking:
            return
        self._looking = True
        self._look()
        threading.Thread(target=self._keep_looking, name="inference", daemon=True).start()

    def _keep_looking(self) -> None:
        while True:
            time.sleep(LOOK_S)
            self._look()

    def _look(self) -> None:
        try:
            self._workers = inference.alive(self._deployment.redis)
        except RedisError:
            return  # as last seen
        now_s = time.monotonic()
        self._suspects = {k: s for k, s in self._suspects.items() if s > now_s}


# --- in the inference worker ---------------------------------------------------------------------

#: What requests must share to be one run: model, outputs, shapes and types.
Kind = tuple[Any, ...]


class ModelRunner:
    """Answers requests: those of one kind together, kinds beside each other."""

    def __init__(
        self,
        deployment: Deployment,
        outbox: Outbox,
        apart: Callable[[Callable[[], Any]], Any],
    ) -> None:
        """`apart(call)` runs it in an OS thread while others run, and returns what it returns."""
        self._deployment = deployment
        self._outbox = outbox
        self._apart = apart
        self._lock = threading.Lock()
        self._waiting: dict[Kind, list[tuple[float, inner.Infer]]] = {}
        self._batchers: dict[tuple[str, str, tuple[str, ...]], batching.Batcher] = {}
        self.runs = 0  # of a model, batches counted once
        self.answered = 0
        self._heard_s = float("-inf")

    def busy(self, within_s: float) -> bool:
        """Whether something waits for its answer or was asked within the last seconds."""
        return bool(self._waiting) or time.monotonic() - self._heard_s < within_s

    def handle(self, batch: Sequence[inner.Infer]) -> None:
        """Requests from game workers."""
        now_s = self._heard_s = time.monotonic()
        for said in batch:
            shapes = tuple((t.name, t.dtype, *t.shape) for t in said.feeds)
            kind = (said.package, said.file, tuple(said.outputs), shapes)
            with self._lock:
                served = kind in self._waiting
                self._waiting.setdefault(kind, []).append((now_s, said))
            if not served:
                threading.Thread(target=self._serve, args=(kind,), daemon=True).start()

    def _serve(self, kind: Kind) -> None:
        """Answer all requests of that kind, until none waits."""
        while True:
            if len(self._waiting[kind]) < MOST:
                time.sleep(LINGER_S)
            with self._lock:
                taken, rest = self._waiting[kind][:MOST], self._waiting[kind][MOST:]
                if not taken:
                    del self._waiting[kind]
                    return
                self._waiting[kind] = rest
            now_s = time.monotonic()
            wanted = [said for at_s, said in taken if now_s - at_s < said.patience_ms / 1000]
            if wanted:
                self._answer(kind, wanted)

    def _answer(self, kind: Kind, wanted: list[inner.Infer]) -> None:
        package, file, outputs, _ = kind
        feeds = [batching.unpacked(said.feeds) for said in wanted]
        error = ""
        found: list[Arrays] = []
        try:
            found = self._apart(lambda: self._batcher(package, file, outputs).run(feeds))
        except IgymError as refused:
            error = refused.message
        except Exception as failed:  # noqa: BLE001 - one model must not stop the others
            _log.exception("%s of package %s", file, package[:12])
            error = f"{file}: {type(failed).__name__}: {failed}"
        self.runs += 1
        self.answered += len(wanted)
        for n, said in enumerate(wanted):
            given = batching.packed(found[n]) if not error else []
            self._outbox.put(said.back, inner.Inferred(said.id, given, error))

    def _batcher(self, package: str, file: str, outputs: tuple[str, ...]) -> batching.Batcher:
        key = (package, file, outputs)
        if key not in self._batchers:
            root = self._deployment.package_root(package).resolve()
            if not root.is_dir():
                raise BadPackage(f"The files of package {package[:12]} are not in {root}.")
            self._batchers[key] = batching.Batcher(onnx.opened(file, root), outputs)
            if len(self._batchers) > KEPT:
                del self._batchers[next(iter(self._batchers))]
        return self._batchers[key]
