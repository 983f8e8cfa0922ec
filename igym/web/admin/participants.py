"""Who is in an experiment, as data for the admin's client."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from flask_login import login_required

from igym.domain.access import Right
from igym.errors import BadMessage, NotFound, NotYours
from igym.services.connect import Deployment
from igym.services.sessions import knowing
from igym.services.sessions.roster import Rosters
from igym.store import packages
from igym.web.admin.visitor import visitor


def _reached(deployment: Deployment, experiment: str) -> None:
    """Raises `NotYours`, `NotFound`."""
    if not visitor().access.may(Right.SEE, experiment):
        raise NotYours("That is no experiment of yours.", hint="Ask an admin to add you to it.")
    if experiment not in packages.known(deployment.redis):
        raise NotFound("There is no experiment of that name.")


def add(admin: Blueprint, deployment: Deployment, rosters: Rosters) -> None:
    """Add the routes to `admin`."""

    @admin.get("/admin/participants.json")
    @login_required
    def everybody() -> Response:
        """The sessions of an experiment that changed since a moment of ours; all where that is
        0 or long ago."""
        experiment = request.args.get("experiment", "")
        _reached(deployment, experiment)
        try:
            since_ms = float(request.args.get("since", "0"))
        except ValueError:
            raise BadMessage("since must be a number of milliseconds.") from None
        return jsonify(rosters.of(experiment).since(since_ms))

    @admin.get("/admin/participants/<experiment>/<session>.json")
    @login_required
    def one(experiment: str, session: str) -> Response:
        """What is known of one of them."""
        _reached(deployment, experiment)
        answers = visitor().access.may(Right.ANSWERS, experiment)
        return jsonify(knowing.about(deployment, experiment, session, answers=answers))
