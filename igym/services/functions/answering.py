"""Answering what was asked of authors' functions. Runs in the checks worker."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from igym.errors import IgymError
from igym.services import problems
from igym.services.connect import Deployment, now_ms
from igym.services.functions.calling import Callees, CallFailed
from igym.services.packages import depending
from igym.store import bell, questions

_log = logging.getLogger(__name__)

#: A problem that stays the same is told again after so long.
AGAIN_S = 60.0


class Answerer:
    """Calls functions and writes down what they say."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._callees = Callees()
        self._told: dict[tuple[str, str, str], float] = {}

    def answer(
        self,
        experiment: str,
        question: str,
        package: str,
        what: str,
        arguments: str,
        limit_s: float,
    ) -> None:
        """Answer one question. A failure is an answer too, and a problem for the researcher."""
        if now_ms() > float(question.partition("-")[0]):
            return  # whoever asked has given up
        said: dict[str, Any]
        root = self._deployment.package_root(package).resolve()
        try:
            own = depending.libraries(self._deployment.data, package)
            given = json.loads(arguments)
            said = {"value": self._callees.call(root, package, what, given, limit_s, own)}
        except CallFailed as failed:
            said = {"error": failed.message}
            self._report(experiment, package, what, failed)
        questions.answer(self._deployment.redis, experiment, question, json.dumps(said))
        bell.ring(self._deployment.redis)

    def close(self) -> None:
        """End the processes that hold packages."""
        self._callees.close()

    def _report(self, experiment: str, package: str, what: str, failed: CallFailed) -> None:
        told, now_s = (package, what, failed.message), time.monotonic()
        self._told = {k: s for k, s in self._told.items() if now_s - s < AGAIN_S}
        if told in self._told:
            return
        self._told[told] = now_s
        try:
            release = self._deployment.plans.get(experiment, package).version
        except IgymError:
            release = ""
        problems.report(
            self._deployment,
            experiment,
            release,
            "function_failed",
            f"The function for {what}: {failed.message}",
            where=f"package {package[:12]}",
            trace=failed.trace,
        )
