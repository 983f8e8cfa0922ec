"""Which version newcomers get, and whether anybody new is let in. Sessions keep what they have."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

from igym.domain.package import Standing, Step, Version
from igym.domain.plan import Plan
from igym.errors import BadMessage, NotFound, Unavailable
from igym.services.connect import Deployment, now_ms
from igym.store import packages
from igym.store.packages import Opening

_log = logging.getLogger(__name__)


def find(deployment: Deployment, name: str) -> Version:
    """The version that `name` means: "<experiment>/<version>", or a content hash.

    Raises:
        BadMessage: it is neither.
        NotFound: there is none.
    """
    if re.fullmatch(r"[0-9a-f]{64}", name):
        return packages.find(deployment.redis, name)
    experiment, slash, wanted = name.partition("/")
    if not slash:
        raise BadMessage(
            f"{name!r} does not name a version.", hint="Write EXPERIMENT/VERSION, or the hash."
        )
    for version in packages.versions(deployment.redis, experiment):
        if version.version == wanted:
            return version
    raise NotFound(
        f"{experiment!r} has no version {wanted!r}.", hint="List them: igym packages list"
    )


def offered(
    deployment: Deployment, experiment: str, query: Mapping[str, object]
) -> tuple[Opening, Plan]:
    """What whoever opens a link gets: the active version, or the one that a preview names.

    A preview names the content hash, which is known to those who may see the version.

    Raises:
        NotFound: no version was ever active, or none that was checked has that hash.
    """
    named = query.get("package")
    if isinstance(named, str) and query.get("mode") == "preview":
        plan = deployment.plans.get(experiment, named[:64])
        return Opening(active=plan.package, latest=plan.package), plan
    opening = packages.opening(deployment.redis, experiment)
    return opening, deployment.plans.get(experiment, opening.active or opening.latest)


def preview(version: Version) -> str:
    """The end of a link under which one may look at a version that passed its check; "" = none."""
    if version.standing in (Standing.STORED, Standing.REFUSED):
        return ""
    return f"/e/{version.experiment}?mode=preview&package={version.package}&new"


def activate(deployment: Deployment, version: Version, by: str) -> Version:
    """Give `version` to newcomers; the one that was active retires. Also how to roll back.

    Raises:
        NotFound: it is gone. Conflict: its check has not passed.
        Unavailable: its files are not on the data volume.
    """
    if not deployment.package_root(version.package).is_dir():
        raise Unavailable(
            f"The files of {version.experiment} {version.version} are not on the data volume.",
            hint="Submit the package again.",
        )
    moved = packages.move(deployment.redis, version, Step.ACTIVATE, by, now_ms())
    _log.info("%s activated %s %s", by, version.experiment, version.version)
    return moved


def retire(deployment: Deployment, version: Version, by: str) -> Version:
    """Give `version` to nobody new. Where it was active, the study is over until another one is.

    Raises:
        NotFound: it is gone. Conflict: its check has not passed.
    """
    moved = packages.move(deployment.redis, version, Step.RETIRE, by, now_ms())
    _log.info("%s retired %s %s", by, version.experiment, version.version)
    return moved


def recruit(deployment: Deployment, experiment: str, *, is_open: bool, by: str) -> None:
    """Let newcomers in, or nobody new. Whoever has a session goes on. Raises `NotFound`."""
    packages.opening(deployment.redis, experiment)
    packages.recruit(deployment.redis, experiment, 0 if is_open else now_ms())
    _log.info("%s %s recruitment of %s", by, "opened" if is_open else "closed", experiment)
