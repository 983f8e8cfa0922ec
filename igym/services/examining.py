"""The check of a submitted package, on the server. Runs in the checks worker.

The package's code runs in a process of its own (`igym.services.publishing`); what that says
becomes a report for whoever sent it.
"""

from __future__ import annotations

import logging
import shutil
import time
from typing import Literal

from igym import __version__
from igym.domain.package import Standing, Step, Version
from igym.domain.plan import ScenePlan
from igym.errors import BadPackage
from igym.services import publishing
from igym.services.connect import Deployment, now_ms
from igym.services.packing import fingerprint
from igym.store import packages, submissions
from igym.wire import api

_log = logging.getLogger(__name__)

#: Of a traceback, its end; of a sentence, its beginning.
MOST_TRACE, MOST_TEXT = 16_000, 4_000


def examine(deployment: Deployment, version: Version) -> Version:
    """Compile the package, keep its plan and a report, and say how its version stands now.

    Raises:
        NotFound, Conflict: the version has other files now, or was moved by somebody else.
    """
    root = deployment.package_root(version.package).resolve()
    began_s = time.monotonic()
    try:
        if not root.is_dir():
            raise BadPackage(
                "Its files are not where the check looks for them.",
                hint="Submit it again. If that does not help: the web and the checks workers of "
                "the server have to share one data volume.",
            )
        if fingerprint(root) != version.package:
            raise BadPackage("Its files on the server are not the ones that were sent.")
        plan = publishing.compiled(deployment, version.package)
        if (plan.experiment, plan.version) != (version.experiment, version.version):
            raise BadPackage("experiment.toml says another id or version than when it was sent.")
    except BadPackage as refused:
        return refuse(deployment, version, refused, began_s)
    packages.put_plan(deployment.redis, plan)
    scenes = [_scene(scene) for scene in plan.scenes]
    _keep(deployment, version, "passed", began_s, scenes=scenes)
    return packages.move(deployment.redis, version, Step.PASS, "check", now_ms())


def refuse(
    deployment: Deployment, version: Version, refused: BadPackage, began_s: float = 0
) -> Version:
    """Say what will not do. The files go: nobody has begun with them, and the sender has them."""
    text, trace = refused.message, ""
    if text.startswith("Traceback"):  # the sentence is what it ends with
        trace, _, text = text.rstrip().rpartition("\n")
    finding = api.Finding(text[:MOST_TEXT], refused.hint[:MOST_TEXT], trace[-MOST_TRACE:])
    _keep(deployment, version, "failed", began_s, findings=[finding])
    # Before it may be sent again, so that files which come anew are not taken for the old ones.
    shutil.rmtree(deployment.package_root(version.package), ignore_errors=True)
    return packages.move(deployment.redis, version, Step.FAIL, "check", now_ms())


def report(deployment: Deployment, version: Version) -> api.Report:
    """What the check of that version found; waiting while it has not come to an end."""
    raw = submissions.report(deployment.redis, version.experiment, version.package)
    if raw and version.standing is not Standing.STORED:
        return api.report(raw)
    state: Literal["waiting", "passed"] = (
        "waiting" if version.standing is Standing.STORED else "passed"  # by `igym up`
    )
    return api.Report(version.package, version.experiment, version.version, state)


def _keep(
    deployment: Deployment,
    version: Version,
    state: Literal["passed", "failed"],
    began_s: float,
    findings: list[api.Finding] | None = None,
    scenes: list[api.SceneFound] | None = None,
) -> None:
    found = api.Report(
        package=version.package,
        experiment=version.experiment,
        version=version.version,
        state=state,
        findings=findings or [],
        scenes=scenes or [],
        checked_ms=now_ms(),
        took_s=round(time.monotonic() - began_s, 2) if began_s else 0,
        igym=__version__,
    )
    redis = deployment.redis
    submissions.put_report(redis, version.experiment, version.package, api.encode(found))
    _log.info(
        "the check of %s %s %s after %.1f s",
        version.experiment, version.version, state, found.took_s,
    )  # fmt: skip


def _scene(scene: ScenePlan) -> api.SceneFound:
    if scene.play:
        seats = (
            f"{seat}: {scene.play.policies.get(seat) or scene.play.treated.get(seat) or 'human'}"
            for seat in scene.play.seats
        )
        about = f"{', '.join(seats)} · {scene.play.fps:g} fps"
        found = f" · {scene.play.found}" if scene.play.found else ""
        return api.SceneFound(scene.name, "game", about + found)
    if scene.survey:
        asked = [item for item in scene.survey.items if not item.endswith("-Comment")]
        return api.SceneFound(scene.name, "survey", f"{len(asked)} questions")
    if scene.end:
        return api.SceneFound(scene.name, "ending", ", ".join(scene.end.codes) or "no codes")
    return api.SceneFound(scene.name, "page", "")
