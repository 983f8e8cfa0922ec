"""The check of submitted packages: one director asks for it, the checks worker makes it.

The package's code runs in the sandbox (`checking`); what was found is kept for whoever sent it.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from dataclasses import replace
from typing import Literal

from igym import __version__
from igym.domain.package import Standing, Step, Version
from igym.domain.plan import Plan
from igym.domain.report import Finding, Report
from igym.errors import IgymError, NotFound
from igym.services.connect import Deployment, now_ms
from igym.services.packages import releasing
from igym.services.packages.packing import fingerprint
from igym.store import jobs, packages, submissions
from igym.store.submissions import Unchecked
from igym.wire import api

_log = logging.getLogger(__name__)

#: A check that a worker has begun and not ended is begun again after so long, and so often.
AGAIN_MS, MOST_TRIES = 600_000, 3

#: Of a report: findings, and the end of a traceback.
MOST_FINDINGS, MOST_TEXT, MOST_TRACE = 200, 4_000, 16_000


def look(deployment: Deployment) -> int:
    """Ask the checks worker about every package whose turn it is. Run by one director.

    Returns:
        How many were asked about.
    """
    asked = 0
    for waiting in submissions.waiting(deployment.redis):
        if now_ms() < waiting.due_ms:
            continue
        if waiting.tries >= MOST_TRIES:
            _give_up(deployment, waiting)
            continue
        # Before the job, so that it is the worker who has the last word on when it is due.
        submissions.put(deployment.redis, replace(waiting, due_ms=now_ms() + AGAIN_MS))
        jobs.check(deployment.redis, waiting.package)
        asked += 1
    return asked


def _give_up(deployment: Deployment, waiting: Unchecked) -> None:
    found = Finding(
        "error",
        "ended",
        f"The check was begun {waiting.tries} times and never came to an end.",
        "It may take too much memory. Try `igym check` on your own machine.",
    )
    with contextlib.suppress(NotFound):
        version = packages.find(deployment.redis, waiting.package)
        if version.standing is Standing.STORED:
            _refuse(deployment, version, found)
    submissions.done(deployment.redis, waiting.package)


def check(deployment: Deployment, package: str) -> None:
    """Check a package, say what was found, and move its version on. Takes up to some minutes.

    Safe to run twice: what has been checked is left alone, and two at a time find the same.
    """
    redis = deployment.redis
    waiting = submissions.read(redis, package)
    if waiting is None:
        return
    submissions.put(redis, replace(waiting, tries=waiting.tries + 1, due_ms=now_ms() + AGAIN_MS))
    try:
        version = packages.find(redis, package)
        if version.standing is Standing.STORED:
            version = _examine(deployment, version)
        if waiting.activate_by and version.standing is Standing.CHECKED:
            releasing.moved(deployment, version, Step.ACTIVATE, waiting.activate_by)
    except IgymError as error:
        # Somebody sent other files meanwhile, or it was retired: theirs is the last word.
        _log.warning("the check of %s came to nothing: %s", package[:12], error)
    submissions.done(redis, package)


def _examine(deployment: Deployment, version: Version) -> Version:
    """Have it checked; keep its plan and the report. Returns how its version stands now.

    Raises:
        NotFound, Conflict: the version has other files now, or was moved by somebody else.
    """
    root = deployment.package_root(version.package).resolve()
    if not root.is_dir():
        return _refuse(
            deployment, version,
            Finding(
                "error", "files", "Its files are not where the check looks for them.",
                "Submit it again. If that does not help: the web and the checks workers of the "
                "server have to share one data volume.",
            ),
        )  # fmt: skip
    if fingerprint(root) != version.package:
        said = "Its files on the server are not the ones that were sent."
        return _refuse(deployment, version, Finding("error", "files", said, "Submit it again."))
    report, plan = examined(deployment, version)
    if plan is None or not report.ok:
        return _refuse(deployment, version, *report.findings, report=report)
    if (plan.experiment, plan.version) != (version.experiment, version.version):
        said = "The package says another id or version than when it was sent."
        return _refuse(deployment, version, Finding("error", "manifest", said))
    packages.put_plan(deployment.redis, plan)
    _keep(deployment, version, "passed", report)
    return packages.move(deployment.redis, version, Step.PASS, "check", now_ms())


def examined(deployment: Deployment, version: Version) -> tuple[Report, Plan | None]:
    """`igym check` of the stored files, as it is done here."""
    # Not at the top: the director only asks for checks, and has no use for their weight.
    from igym.services.packages import checking

    root = deployment.package_root(version.package).resolve()
    return checking.examined(root, deployment.data)


def _refuse(
    deployment: Deployment, version: Version, *found: Finding, report: Report | None = None
) -> Version:
    """Say what will not do. The files go: nobody has begun with them, and the sender has them."""
    made = report or Report(folder="", igym=__version__, findings=found)
    _keep(deployment, version, "failed", made)
    # Before it may be sent again, so that files which come anew are not taken for the old ones.
    shutil.rmtree(deployment.package_root(version.package), ignore_errors=True)
    return packages.move(deployment.redis, version, Step.FAIL, "check", now_ms())


def _keep(
    deployment: Deployment, version: Version, state: Literal["passed", "failed"], report: Report
) -> None:
    root = str(deployment.package_root(version.package).resolve())

    def bounded(found: Finding) -> Finding:
        """Without our own folder, which says nothing to whoever sent it; and not for ever long."""
        text, hint, trace = (
            one.replace(f"{root}/", "").replace(root, "The package")
            for one in (found.message, found.hint, found.trace)
        )
        return replace(
            found, message=text[:MOST_TEXT], hint=hint[:MOST_TEXT], trace=trace[-MOST_TRACE:]
        )

    kept = api.Report(
        package=version.package,
        experiment=version.experiment,
        version=version.version,
        state=state,
        findings=tuple(map(bounded, report.findings[:MOST_FINDINGS])),
        scenes=report.scenes,
        checked_ms=now_ms(),
        took_s=report.took_s,
        igym=report.igym,
    )
    redis = deployment.redis
    submissions.put_report(redis, version.experiment, version.package, api.encode(kept))
    _log.info(
        "the check of %s %s %s after %.1f s",
        version.experiment, version.version, state, report.took_s,
    )  # fmt: skip
