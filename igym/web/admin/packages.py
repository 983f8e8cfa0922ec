"""Packages for the admin's client: what there is, uploads and their reports, and what is done
with a version."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask_login import login_required

from igym.domain.access import Right
from igym.domain.package import Version
from igym.errors import BadMessage, NotFound, NotYours
from igym.services.connect import Deployment, now_ms
from igym.services.operations import crowding
from igym.services.packages import releasing, submitting
from igym.services.packages.shelf import Shelf
from igym.store import packages
from igym.web import upload
from igym.web.admin.visitor import check_form, visitor
from igym.wire import api

#: What may be done with a version, and the right it takes.
_DOES = {"activate": Right.RELEASE, "retire": Right.RELEASE, "rehearse": Right.CONTROL}


def number(said: object, what: str) -> int:
    """A whole number of a request's body. Raises `BadMessage`."""
    if isinstance(said, bool) or not isinstance(said, int):
        raise BadMessage(f"{what} is a whole number.")
    return said


def body() -> dict[str, Any]:
    """What a request's body says, as JSON. Raises `BadMessage`."""
    said = request.get_json(silent=True)
    if not isinstance(said, dict):
        raise BadMessage("That is not what this page sends.", hint="Load it once more.")
    return said


def add(admin: Blueprint, deployment: Deployment) -> None:
    """Add the routes to `admin`."""
    shelf = Shelf(deployment)

    def version(package: str, right: Right) -> Version:
        """That version, if the visitor has the right to it."""
        access, missing = visitor().access, NotFound("There is no such package among yours.")
        try:
            found = packages.find(deployment.redis, package[:64])
        except NotFound:
            raise missing from None
        if not access.may(Right.SEE, found.experiment):
            raise missing  # and nobody learns what others have sent
        if not access.may(right, found.experiment):
            raise NotYours(
                f"You are signed in as {access.role}.",
                hint=f"This needs the right to {right.value}: ask an admin.",
            )
        return found

    @admin.get("/admin/packages.json")
    @login_required
    def shelf_of() -> Response:
        """The experiments of this visitor and their versions, and what they may do with them."""
        access = visitor().access
        may = {right.value for right in (Right.RELEASE, Right.CONTROL) if access.has(right)}
        return jsonify(
            now_ms=now_ms(),
            most_mb=deployment.settings.max_package_mb,
            most_people=crowding.MOST_PEOPLE,
            most_seconds=crowding.MOST_SECONDS,
            may_submit=access.has(Right.SUBMIT),
            may_release=Right.RELEASE.value in may,
            may_rehearse=Right.CONTROL.value in may,
            experiments=[one for one in shelf.experiments() if access.reaches(one["id"])],
        )

    @admin.post("/admin/packages.json")
    @login_required
    def submit_package() -> Response:
        """Take in a ZIP, which is the body. Its check has not ended when this is answered."""
        check_form(deployment)
        access = visitor().access
        if not access.has(Right.SUBMIT):
            raise NotYours(
                f"You are signed in as {access.role}.",
                hint="This needs the right to submit: ask an admin.",
            )
        made, new = upload.package(deployment, request, access)
        shelf.again()
        return jsonify(
            package=made.package, experiment=made.experiment, version=made.version, new=new,
            standing=made.standing.value,
        )  # fmt: skip

    @admin.get("/admin/packages/<package>/report.json")
    @login_required
    def package_report(package: str) -> Response:
        """What its check found."""
        found = submitting.report(deployment, version(package, Right.SEE))
        return Response(api.encode(found), mimetype="application/json")

    @admin.post("/admin/packages/<package>/<what>.json")
    @login_required
    def release(package: str, what: str) -> Response:
        """Activate it, which is also how to roll back; retire it; or rehearse it."""
        check_form(deployment)
        if what not in _DOES:
            raise BadMessage("There is nothing of that name to do.")
        found, by = version(package, _DOES[what]), visitor().access
        if what == "activate":
            releasing.activate(deployment, found, by)
        elif what == "retire":
            releasing.retire(deployment, found, by)
        else:
            said = body()
            people = number(said.get("participants"), "participants")
            seconds = number(said.get("seconds"), "seconds")
            crowding.order(deployment, found, by, people, seconds)
        shelf.again()
        return jsonify(done=what)
