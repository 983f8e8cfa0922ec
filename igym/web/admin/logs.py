"""What participants' browsers and our own processes log, as data for the admin's client."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from flask_login import login_required

from igym.domain.access import Right, Role
from igym.errors import BadMessage
from igym.services.connect import Deployment
from igym.services.operations.tailing import Tails
from igym.web.admin.visitor import check_form, needs, visitor


def _since() -> float:
    try:
        return float(request.args.get("since", "0"))
    except ValueError:
        raise BadMessage("since must be a number of milliseconds.") from None


def add(admin: Blueprint, deployment: Deployment) -> None:
    """Add the routes to `admin`."""
    tails = Tails(deployment)

    @admin.get("/admin/logs/browsers.json")
    @login_required
    @needs(Right.ANSWERS)
    def browser_lines() -> Response:
        """What browsers logged, of the visitor's own experiments."""
        access = visitor().access
        said = tails.browsers(
            lambda name: access.may(Right.ANSWERS, name), _since(), request.args.get("session", "")
        )
        return jsonify(on=deployment.settings.browser_logs, **said)

    @admin.get("/admin/logs/server.json")
    @login_required
    @needs(Right.ANSWERS)
    def server_lines() -> Response:
        """What our processes logged about the visitor's own experiments; all of it to admins."""
        access = visitor().access

        def theirs(experiment: str) -> bool:
            if not experiment:
                return access.role is Role.ADMIN
            return access.may(Right.ANSWERS, experiment)

        return jsonify(tails.server(theirs, _since()))

    @admin.post("/admin/logs/follow.json")
    @login_required
    @needs(Right.ANSWERS)
    def follow_lines() -> Response:
        """Keep every line about an id for a while, and not only warnings."""
        check_form(deployment)
        id = request.form.get("id", "").strip()
        if not 0 < len(id) <= 64 or not id.isprintable():
            raise BadMessage("Name the id of a session, participant, game or episode.")
        return jsonify(followed=tails.follow(id))
