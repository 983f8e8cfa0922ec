"""HTTP for participants: the page, the join, health. No author code, no state."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from igym import wire
from igym.domain.browser_logs import fewer
from igym.domain.language import said
from igym.errors import BadMessage, BadToken, IgymError, NotFound, Unavailable
from igym.services.connect import Deployment
from igym.services.packages import releasing
from igym.services.sessions import arriving, limits, relaying, tokens
from igym.store import RedisError, packages
from igym.web import gate
from igym.web.speaking import Speaker

_log = logging.getLogger(__name__)

_NO_SCRIPT = "This study needs JavaScript. Please turn it on and load the page again."
_PLACE = '<script type="application/json" id="igym">{}</script>'


def _shell(name: str = "index") -> str:
    """A page of the built client: the participant's, or another."""
    try:
        return (files("igym.web") / "static" / f"{name}.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise IgymError(
            "The participant page is not built.", hint="Install igym again: pip install -e ."
        ) from None


def filled(config: object, name: str = "index") -> str:
    """A page of the built client with what its script begins with."""
    told = json.dumps(config).replace("<", "\\u003c")
    return _shell(name).replace(_PLACE, _PLACE.replace("{}", told))


def _page(config: Mapping[str, object], language: str) -> str:
    """The participant page in that language."""
    page = filled({**config, "language": language, "wire": wire.VERSION})
    return page.replace('<html lang="en">', f'<html lang="{language}">').replace(
        _NO_SCRIPT, said(language, _NO_SCRIPT)
    )


def register(app: Flask, deployment: Deployment) -> None:
    """Add the routes and the error pages to `app`."""
    pages = Blueprint("pages", __name__)
    logs = deployment.settings.browser_logs
    secure = deployment.settings.public_url.startswith("https:")
    speaker = Speaker(deployment)

    @pages.get("/")
    def index() -> Response:
        """Where somebody lands without a link: say so, and offer what is open in development."""
        names = sorted(packages.active(deployment.redis))
        if deployment.settings.environment == "production":
            names = []
        return Response(_page({"experiments": names}, "en"), mimetype="text/html")

    @pages.get("/e/<experiment>")
    @pages.get("/x/<experiment>")  # as links looked before
    def participate(experiment: str) -> Response:
        """The participant page. Opening it consumes nothing; its script joins."""
        _, plan = releasing.offered(deployment, experiment, request.args)
        kept = fewer(logs, plan.browser_logs)
        told = {"experiment": experiment, "title": plan.title, "logs": kept}
        page = _page(told, plan.language)
        return Response(page, mimetype="text/html", headers={"Cache-Control": "no-store"})

    @pages.post("/api/x/<experiment>/join")
    def join(experiment: str) -> Response:
        """Make or find the session of whoever opened the link."""
        limits.arrives(deployment, request.remote_addr or "")
        asked: Any = request.get_json(silent=True)
        if not isinstance(asked, dict) or not isinstance(asked.get("query", {}), dict):
            raise BadMessage("That is not a join request.")
        fresh = asked.get("fresh") is True
        cookie = f"igym_{experiment}"
        token = asked.get("token") or (None if fresh else request.cookies.get(cookie))
        token, session = arriving.join(
            deployment,
            experiment,
            asked.get("query", {}),
            token if isinstance(token, str) else None,
            fresh=fresh,
            elsewhere={
                name.removeprefix("igym_"): value
                for name, value in request.cookies.items()
                if name.startswith("igym_")
            },
        )
        answer = jsonify(token=token, session=session)
        if not fresh:
            answer.set_cookie(
                cookie,
                token,
                max_age=30 * 86_400,
                httponly=True,
                samesite="Lax",
                secure=secure,
            )
        return answer

    @pages.post("/api/x/<experiment>/relay")
    def relay(experiment: str) -> Response:
        """Lend a participant the deployment's relay, where it has one."""
        asked: Any = request.get_json(silent=True)
        token = asked.get("token") if isinstance(asked, dict) else None
        where, session = tokens.identify(deployment, token)
        if where != experiment:
            raise BadToken(
                "Your sign-in is not valid here.", hint="Open the link you were given once more."
            )
        lent = relaying.relay(deployment, session)
        answer = jsonify(iceServers=[] if lent is None else [lent])
        answer.headers["Cache-Control"] = "no-store"
        return answer

    app.register_blueprint(pages)

    @app.after_request
    def harden(response: Response) -> Response:
        gate.harden(response.headers, request.environ, deployment.settings)
        if request.path.startswith("/static/assets/") and response.status_code != 404:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    def told(error: IgymError) -> Response | tuple[Response, int]:
        experiment = (request.view_args or {}).get("experiment", "")
        refused = speaker.refusal(experiment, error)
        if request.path.startswith("/api/"):
            at_ms = getattr(error, "at_ms", 0)
            answer = jsonify(code=error.code, text=refused.text, hint=refused.hint, at_ms=at_ms)
            if wait_s := getattr(error, "wait_s", 0):
                answer.headers["Retry-After"] = str(wait_s)
            return answer, error.status
        config = {"problem": {"code": error.code, "text": refused.text, "hint": refused.hint}}
        page = _page(config, speaker.language(experiment) if experiment else "en")
        return Response(page, status=error.status, mimetype="text/html")

    @app.errorhandler(IgymError)
    def igym_error(error: IgymError) -> Response | tuple[Response, int]:
        return told(error)

    @app.errorhandler(RedisError)
    def no_redis(error: RedisError) -> Response | tuple[Response, int]:
        _log.warning("Redis is away: %s", error)
        return told(Unavailable("We lost our own connection for a moment.", hint="Try again soon."))

    @app.errorhandler(404)
    def nothing_here(error: HTTPException) -> Response | tuple[Response, int]:
        return told(NotFound("There is nothing here.", hint="Check the link you were given."))

    @app.errorhandler(500)
    def broken(error: HTTPException) -> Response | tuple[Response, int]:
        cause = getattr(error, "original_exception", None)
        _log.error("request failed", exc_info=cause)
        shown = deployment.settings.debug and cause is not None
        hint = "".join(traceback.format_exception(cause)) if shown else "Please try again."
        return told(IgymError("Something went wrong on our side.", hint=hint))
