"""Which version newcomers get, and whether anybody new is let in. Sessions keep what they have."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

from igym.domain.access import Access
from igym.domain.deeds import Did
from igym.domain.package import Standing, Step, Version
from igym.domain.plan import Plan
from igym.errors import BadMessage, NotFound, Unavailable
from igym.services import auditing
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
    """What whoever opens a link gets: the active version, or the one that a trial names.

    A preview or a rehearsal names the content hash, known to those who may see the version.

    Raises:
        NotFound: no version was ever active, or none that was checked has that hash.
    """
    named = query.get("package")
    if isinstance(named, str) and query.get("mode") in ("preview", "rehearsal"):
        plan = deployment.plans.get(experiment, named[:64])
        return Opening(active=plan.package, latest=plan.package), plan
    opening = packages.opening(deployment.redis, experiment)
    return opening, deployment.plans.get(experiment, opening.active or opening.latest)


def preview(version: Version) -> str:
    """The end of a link under which one may look at a version that passed its check; "" = none."""
    if version.standing in (Standing.STORED, Standing.REFUSED):
        return ""
    return f"/e/{version.experiment}?mode=preview&package={version.package}&new"


def activate(deployment: Deployment, version: Version, by: Access | str) -> Version:
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
    return moved(deployment, version, Step.ACTIVATE, by)


def retire(deployment: Deployment, version: Version, by: Access | str) -> Version:
    """Give `version` to nobody new. Where it was active, the study is over until another one is.

    Raises:
        NotFound: it is gone. Conflict: its check has not passed.
    """
    return moved(deployment, version, Step.RETIRE, by)


def moved(deployment: Deployment, version: Version, step: Step, by: Access | str) -> Version:
    """Take a step that changes what newcomers get, and write down who did.

    Raises:
        NotFound: it is gone. Conflict: its check has not passed.
    """
    redis, name = deployment.redis, version.experiment
    before = active(deployment, name) | {"standing": _standing(deployment, version)}
    made = packages.move(redis, version, step, auditing.name(by), now_ms())
    did = Did.RETIRED if step is Step.RETIRE else Did.ACTIVATED
    if did is Did.ACTIVATED and before["standing"] == Standing.RETIRED:
        did = Did.ROLLED_BACK
    after = active(deployment, name) | {"standing": str(made.standing)}
    what = version.version
    auditing.note(deployment, by, did, experiment=name, what=what, before=before, after=after)
    _log.info("%s: %s %s %s", auditing.name(by), did, name, version.version)
    return made


def active(deployment: Deployment, experiment: str) -> dict[str, str]:
    """What newcomers get, as the audit log has it; "" = nothing."""
    try:
        package = packages.active_package(deployment.redis, experiment)
        return {"active": packages.find(deployment.redis, package).version, "package": package}
    except NotFound:
        return {"active": "", "package": ""}


def _standing(deployment: Deployment, version: Version) -> str:
    """How it stands now, which may be other than when it was read."""
    try:
        return str(packages.find(deployment.redis, version.package).standing)
    except NotFound:
        return ""


def recruit(deployment: Deployment, experiment: str, *, is_open: bool, by: Access | str) -> None:
    """Let newcomers in, or nobody new. Whoever has a session goes on. Raises `NotFound`."""
    was_open = not packages.opening(deployment.redis, experiment).closed_ms
    packages.recruit(deployment.redis, experiment, 0 if is_open else now_ms())
    auditing.note(
        deployment, by, Did.OPENED if is_open else Did.CLOSED, experiment=experiment,
        before={"open": was_open}, after={"open": is_open},
    )  # fmt: skip
    doing = "opened" if is_open else "closed"
    _log.info("%s %s recruitment of %s", auditing.name(by), doing, experiment)


def cap(deployment: Deployment, experiment: str, most: int, *, by: Access | str) -> None:
    """Let newcomers in while fewer than `most` are in the study or completed it; 0 = always.

    Whoever has begun goes on. Those who left without completing make room. Raises `NotFound`.
    """
    packages.opening(deployment.redis, experiment)
    before = packages.cap(deployment.redis, experiment, most)
    auditing.note(
        deployment, by, Did.CAPPED, experiment=experiment,
        before={"most": before}, after={"most": most},
    )  # fmt: skip
