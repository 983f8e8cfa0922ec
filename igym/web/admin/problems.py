"""What went wrong lately, as data for the admin's client."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from flask_login import login_required

from igym.errors import NotFound
from igym.services.connect import now_ms
from igym.services.watching import Watch, short
from igym.web.admin.visitor import visitor


def add(admin: Blueprint, watch: Watch) -> None:
    """Add the routes to `admin`. Each tells of this visitor's own experiments."""

    @admin.get("/admin/problems.json")
    @login_required
    def latest() -> Response:
        """All without their tracebacks, of which a page of twenty may have 160 kB."""
        sees = visitor().access.reaches
        mine = [short(one) for one in watch.problems() if sees(one["experiment"])]
        return jsonify(now_ms=now_ms(), problems=mine)

    @admin.get("/admin/trace.json")
    @login_required
    def trace() -> Response:
        """The traceback of the problem `id`."""
        id, sees = request.args.get("id", ""), visitor().access.reaches
        for one in watch.problems():
            if one["id"] == id and sees(one["experiment"]):
                return jsonify(trace=one["trace"])
        raise NotFound("That problem is not among the latest.")
