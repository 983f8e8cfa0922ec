"""Games for the admin's client: looking on at a live one."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from flask_login import login_required

from igym.services.connect import Deployment
from igym.services.games import spectating
from igym.web.admin.visitor import check_form, visitor


def add(admin: Blueprint, deployment: Deployment) -> None:
    """Add the routes to `admin`."""

    @admin.post("/admin/games/<experiment>/<game>/watch.json")
    @login_required
    def watch_game(experiment: str, game: str) -> Response:
        """A ticket to look on, and what there is to know of the game. A line in the audit log."""
        check_form(deployment)
        me = visitor()
        return jsonify(spectating.admit(deployment, me.visit, me.access, experiment, game))
