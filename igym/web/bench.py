"""The bench page of `igym run`: an experiment under development, tried by its author.

Served only where igym runs for development and the experiment is on a bench, and only to this
machine, or to whoever has an admin link's key. It decides nothing: it shows what `igym run` says
and passes on what it is asked.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, jsonify, request

from igym import wire
from igym.domain.plan import Plan, ScenePlan
from igym.errors import BadMessage, BadToken, NotFound
from igym.services.connect import Deployment
from igym.services.sessions import tokens
from igym.store import bench as store
from igym.store import packages
from igym.web.pages import filled

_HERE = ("127.0.0.1", "::1", "localhost")

#: The most bots on a bench.
MOST_BOTS = 20

_COOKIE = "igym_bench"


def register(app: Flask, deployment: Deployment) -> None:
    """Add the bench's routes to `app`, where igym runs for development."""
    if deployment.settings.environment != "development":
        return
    bench = Blueprint("bench", __name__)
    redis = deployment.redis

    @bench.before_request
    def let_in() -> None:
        """This machine, or a key. Raises `BadToken`, `BadMessage`."""
        if not _at_home():
            key = request.args.get("key") or request.cookies.get(_COOKIE)
            try:
                tokens.identify_admin(deployment, key)
            except BadToken as error:
                raise BadToken(
                    "The bench is for the machine that igym runs on.",
                    hint="From another machine: add the ?key= that `igym run` has printed.",
                ) from error
        if request.method == "POST":
            origin = urlsplit(request.headers.get("Origin", "")).netloc
            if not request.is_json or (origin and origin != request.host):
                raise BadMessage("That did not come from the bench page.")

    def there(experiment: str) -> dict[str, Any]:
        """What is said of the experiment. Raises `NotFound`."""
        found = store.said(redis, experiment)
        if found is None:
            raise NotFound("That experiment is not on a bench.", hint="Start: igym run DIR")
        return found

    def seen(experiment: str) -> dict[str, Any]:
        found = there(experiment)
        package = packages.active(redis).get(experiment)
        plan = deployment.plans.get(experiment, package) if package else None
        base = deployment.settings.public_url.rstrip("/") or request.host_url.rstrip("/")
        return {
            **found,
            "experiment": experiment,
            "link": f"{base}/e/{experiment}",
            "plan": _shown(plan) if plan is not None else None,
        }

    @bench.get("/bench/<experiment>")
    def page(experiment: str) -> Response:
        """The page. Its script asks for news twice a second."""
        config = {"bench": seen(experiment), "wire": wire.VERSION}
        answer = Response(filled(config, "bench"), mimetype="text/html")
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["Referrer-Policy"] = "no-referrer"  # the address may hold a key
        if key := request.args.get("key"):
            answer.set_cookie(_COOKIE, key, httponly=True, samesite="Strict")
        return answer

    @bench.get("/api/bench/<experiment>")
    def news(experiment: str) -> Response:
        """The same as data."""
        return jsonify(seen(experiment))

    @bench.post("/api/bench/<experiment>/bots")
    def bots(experiment: str) -> Response:
        """Let so many simulated participants come, instead of those that are there."""
        there(experiment)
        said = request.get_json()
        count, query = said.get("count"), said.get("query", {})
        if not isinstance(count, int) or not 0 <= count <= MOST_BOTS:
            raise BadMessage(f"count must be a number from 0 to {MOST_BOTS}.")
        if not isinstance(query, dict) or not all(isinstance(v, str) for v in query.values()):
            raise BadMessage("query must be names and texts.")
        store.ask(redis, experiment, {"do": "bots", "count": count, "query": query})
        return jsonify(ok=True)

    @bench.post("/api/bench/<experiment>/data")
    def data(experiment: str) -> Response:
        """Look at the data once more."""
        there(experiment)
        store.ask(redis, experiment, {"do": "data"})
        return jsonify(ok=True)

    app.register_blueprint(bench)


def _at_home() -> bool:
    """Whether the browser runs on this machine and calls it by a name of this machine.

    Without the name, a page from elsewhere could have its own name point here.
    """
    name = urlsplit(f"//{request.host}").hostname
    passed_on = any(h in request.headers for h in ("X-Forwarded-For", "Forwarded"))
    return request.remote_addr in _HERE and name in _HERE and not passed_on


def _shown(plan: Plan) -> dict[str, Any]:
    """What the page needs of a plan."""
    last = plan.scenes[-1].end
    return {
        "title": plan.title,
        "version": plan.version,
        "package": plan.package,
        "scenes": [_scene(scene) for scene in plan.scenes],
        "treatments": [
            {"name": t.name, "per": t.per, "cells": list(t.cells)} for t in plan.treatments
        ],
        "outcomes": sorted({key.partition(":")[0] for key in last.codes}) if last else [],
        "waves": [wave.name for wave in plan.waves],
    }


def _scene(scene: ScenePlan) -> dict[str, Any]:
    kind = "page"
    if scene.asked is not None:
        kind = "survey"
    for name in ("play", "end"):
        kind = name if getattr(scene, name) is not None else kind
    people = len(scene.play.humans) if scene.play is not None else 1
    return {"name": scene.name, "kind": kind, "people": people}
