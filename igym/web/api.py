"""The REST API: each route of `igym.wire.api` with what it does. Bearer tokens, no cookies.

The guard is the only way in: it knows the token, its right, the path and the body before a
handler is called, and whatever is refused is an `Error`.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, NamedTuple

from flask import Blueprint, Flask, Response, jsonify, request, send_file
from werkzeug.exceptions import HTTPException

from igym import __version__
from igym.domain.access import Access, Right, Role
from igym.domain.commands import Command
from igym.domain.package import Version
from igym.errors import (
    BadMessage,
    Conflict,
    IgymError,
    NotFound,
    NotYours,
    TooLarge,
    Unavailable,
)
from igym.services import access, auditing
from igym.services.connect import Deployment
from igym.services.data import exporting
from igym.services.operations import commanding
from igym.services.packages import releasing, submitting
from igym.services.sessions.identity import MODES
from igym.store import RedisError, counts, packages
from igym.store.access import Known
from igym.store.exports import Export
from igym.store.packages import Opening
from igym.store.post import Outbox
from igym.web import upload
from igym.wire import api, openapi

_log = logging.getLogger(__name__)


class Asked(NamedTuple):
    """A request that got past the guard."""

    who: Access
    path: dict[str, str]
    query: dict[str, str]
    body: Any


Answer = Any  # a struct of `wire.api`, (struct, status), or a file
Handler = Callable[[Asked], Answer]


def answered(value: Any, status: int) -> Response:
    """`value` as JSON. Nothing here is for a cache."""
    return Response(
        api.encode(value), status, mimetype="application/json",
        headers={"Cache-Control": "no-store"},
    )  # fmt: skip


def refused(error: IgymError) -> Response:
    """`error` as JSON."""
    answer = answered(api.Error(error.code, error.message, error.hint), error.status)
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="igym"'
    return answer


def _matched(name: str, pattern: str, value: str) -> str:
    # `fullmatch`, since `$` would let a line break at the end pass.
    if not re.fullmatch(pattern, value) or value.endswith("\n"):
        raise BadMessage(f"{name} = {value[:100]!r} will not do.", hint=f"It matches {pattern}")
    return value


class Guard:
    """What stands before every route."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def __call__(self, route: api.Route, handler: Handler) -> Callable[..., Response]:
        """A view that calls `handler` with what may be believed."""

        @functools.wraps(handler)
        def view(**path: str) -> Response:
            try:
                answer = handler(self._asked(route, path))
            except IgymError as error:
                return refused(error)
            except RedisError as error:
                _log.warning("Redis is away: %s", error)
                return refused(Unavailable("The server's Redis does not answer.", hint="Again."))
            if isinstance(answer, Response):
                return answer
            value, status = answer if isinstance(answer, tuple) else (answer, route.status)
            return answered(value, status)

        return view

    def _asked(self, route: api.Route, path: dict[str, str]) -> Asked:
        # First of all, so that nobody without a token learns anything.
        who = access.identify(
            self._deployment, request.headers.get("Authorization", ""), request.remote_addr or ""
        )
        if route.right and not who.has(route.right):
            raise NotYours(
                f"This token has not the right to {route.right.value}.",
                hint="Ask an admin: igym token create",
            )
        for name, value in path.items():
            _matched(name, api.PATTERNS[name], value)
        if route.right and "experiment" in path and not who.reaches(path["experiment"]):
            raise NotYours(f"This token does not open the experiment {path['experiment']!r}.")
        query = {
            one.name: _matched(one.name, one.pattern, request.args[one.name])
            for one in route.query
            if one.name in request.args
        }
        body = None
        if isinstance(route.takes, type):
            if (request.content_length or 0) > api.MAX_BODY_BYTES:
                raise TooLarge(f"A request may have {api.MAX_BODY_BYTES} bytes.")
            request.max_content_length = api.MAX_BODY_BYTES
            body = api.parse(route.takes, request.get_data(cache=False))
        return Asked(who, path, query, body)


class Handlers:
    """One method for each route, of its name."""

    def __init__(self, deployment: Deployment, outbox: Callable[[], Outbox]) -> None:
        self._deployment = deployment
        self._outbox = outbox

    # --- tokens -------------------------------------------------------------------------------

    def whoami(self, asked: Asked) -> Answer:
        """The caller's own token."""
        return _token(access.find(self._deployment, asked.who.id))

    def list_tokens(self, asked: Asked) -> Answer:
        """Every token."""
        return api.Tokens([_token(one) for one in access.listed(self._deployment)])

    def make_token(self, asked: Asked) -> Answer:
        """A researcher's. Nobody makes an admin over the network."""
        new: api.NewToken = asked.body
        text, made = access.create(
            self._deployment, new.name, Role.RESEARCHER, tuple(new.experiments), new.days,
            trusted=new.trusted, by=asked.who,
        )  # fmt: skip
        return api.MadeToken(text, _token(Known(made, "")))

    def revoke_token(self, asked: Asked) -> Answer:
        """One's own, or with the right to it anybody's."""
        id = asked.path["token"]
        if id != asked.who.id and not asked.who.has(Right.TOKENS):
            raise NotYours("That token is somebody else's.")
        known = access.find(self._deployment, id)
        access.revoke(self._deployment, id, asked.who)
        return _token(known)

    def list_audit(self, asked: Asked) -> Answer:
        """Who did what."""
        found = auditing.read(
            self._deployment, experiment=asked.query.get("experiment", ""),
            before=asked.query.get("before", ""),
        )  # fmt: skip
        return api.Audit([api.Deed(**asdict(one)) for one in found])

    # --- packages -----------------------------------------------------------------------------

    def list_packages(self, asked: Asked) -> Answer:
        """Of one's own experiments."""
        names = [asked.query["experiment"]] if "experiment" in asked.query else self._names()
        found = [
            version
            for name in names
            if asked.who.reaches(name)
            for version in packages.versions(self._deployment.redis, name)
        ]
        return api.Packages([self._package(one) for one in sorted(found, key=lambda v: -v.sent_ms)])

    def submit_package(self, asked: Asked) -> Answer:
        """Take in a ZIP."""
        version, new = upload.package(
            self._deployment, request, asked.who, activate=asked.query.get("activate") == "yes"
        )
        return api.Submitted(self._package(version), new), 201 if new else 200

    def get_package(self, asked: Asked) -> Answer:
        """One version."""
        return self._package(self._version(asked, Right.SEE))

    def get_report(self, asked: Asked) -> Answer:
        """What its check found."""
        return submitting.report(self._deployment, self._version(asked, Right.SEE))

    def activate_package(self, asked: Asked) -> Answer:
        """Give it to newcomers."""
        version = self._version(asked, Right.RELEASE)
        return self._package(releasing.activate(self._deployment, version, asked.who))

    def retire_package(self, asked: Asked) -> Answer:
        """Give it to nobody new."""
        version = self._version(asked, Right.RELEASE)
        return self._package(releasing.retire(self._deployment, version, asked.who))

    def _package(self, version: Version) -> api.Package:
        return _package(self._base(), version)

    def _base(self) -> str:
        """Where participants' links begin."""
        return self._deployment.settings.public_url.rstrip("/") or request.host_url.rstrip("/")

    def _version(self, asked: Asked, right: Right) -> Version:
        """The version that the path names, if the token opens it."""
        missing = NotFound("There is no such package among yours.", hint="List them first.")
        try:
            version = packages.find(self._deployment.redis, asked.path["package"])
        except NotFound:
            raise missing from None
        if not asked.who.may(right, version.experiment):
            raise missing  # and nobody learns what others have sent
        return version

    # --- experiments --------------------------------------------------------------------------

    def list_experiments(self, asked: Asked) -> Answer:
        """One's own."""
        openings = packages.openings(self._deployment.redis)
        return api.Experiments(
            [self._experiment(n, o) for n, o in openings.items() if asked.who.reaches(n)]
        )

    def get_experiment(self, asked: Asked) -> Answer:
        """One."""
        name = self._known(asked)
        return self._experiment(name, packages.openings(self._deployment.redis)[name])

    def count_sessions(self, asked: Asked) -> Answer:
        """Its sessions."""
        name = self._known(asked)
        found = counts.read(self._deployment.redis, name, MODES)
        modes = [
            api.ModeCount(mode, dict(one.now), dict(one.ever), dict(one.outcomes))
            for mode, one in found.items()
        ]
        return api.Sessions(name, modes)

    def recruit(self, asked: Asked) -> Answer:
        """Open or close it for newcomers."""
        wanted: api.Recruitment = asked.body
        name = asked.path["experiment"]
        releasing.recruit(self._deployment, name, is_open=wanted.open, by=asked.who)
        return self.get_experiment(asked)

    # --- commands -----------------------------------------------------------------------------

    def give_command(self, asked: Asked) -> Answer:
        """Act."""
        made = commanding.give(
            self._deployment, self._outbox(), asked.who, self._known(asked), asked.body
        )
        return api.Commands([command(one) for one in made])

    def list_commands(self, asked: Asked) -> Answer:
        """What was asked for lately."""
        found = commanding.recent(self._deployment, self._known(asked), 100)
        return api.Commands([command(one) for one in found])

    # --- exports ------------------------------------------------------------------------------

    def start_export(self, asked: Asked) -> Answer:
        """Ask for one."""
        new: api.NewExport = asked.body
        made = exporting.order(
            self._deployment, self._known(asked), asked.who, version=new.version,
            modes=tuple(dict.fromkeys(new.modes)), formats=tuple(dict.fromkeys(new.formats)),
        )  # fmt: skip
        return _export(made)

    def get_export(self, asked: Asked) -> Answer:
        """How far it is."""
        return _export(self._export(asked))

    def download_export(self, asked: Asked) -> Answer:
        """The file."""
        one = self._export(asked)
        file = exporting.path(self._deployment, one)
        if one.state != "done" or not file.is_file():
            raise Conflict(
                f"The export is {one.state if one.state != 'done' else 'gone'}.",
                hint=one.text or "Ask how far it is, or for a new one.",
            )
        answer = send_file(
            file.resolve(), "application/zip", as_attachment=True,
            download_name=f"{one.experiment}-{one.version}.zip",
        )  # fmt: skip
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _export(self, asked: Asked) -> Export:
        return exporting.find(self._deployment, asked.path["experiment"], asked.path["export"])

    def _names(self) -> list[str]:
        return packages.known(self._deployment.redis)

    def _known(self, asked: Asked) -> str:
        if asked.path["experiment"] not in self._names():
            raise NotFound("There is no such experiment.", hint="List yours first.")
        return asked.path["experiment"]

    def _experiment(self, name: str, opening: Opening) -> api.Experiment:
        versions = packages.versions(self._deployment.redis, name)
        shown = next((v for v in versions if v.package == opening.active), None)
        titled = shown or (versions[0] if versions else None)
        return api.Experiment(
            experiment=name,
            title=titled.title if titled else name,
            active=shown.version if shown else "",
            active_package=opening.active,
            open=bool(opening.active) and not opening.closed_ms,
            closed_ms=opening.closed_ms,
            versions=len(versions),
            link=f"{self._base()}/e/{name}",
        )


def command(one: Command) -> api.Command:
    """A command as the API tells of it."""
    return api.Command(
        one.id, one.experiment, one.what, one.state, one.by, one.made_ms, one.at_ms, one.until_ms,
        one.session, one.game, one.seat, one.text, one.number, one.why, one.hint, one.read_ms,
        one.batch,
    )  # fmt: skip


def _export(one: Export) -> api.Export:
    return api.Export(
        one.id, one.experiment, one.version, one.state, one.share, one.size, one.sha256, one.text,
        one.hint, one.asked_by, one.asked_ms,
    )  # fmt: skip


def _token(known: Known) -> api.Token:
    one = known.access
    return api.Token(
        one.id, one.name, one.role, list(one.experiments), one.trusted, one.made_ms,
        one.expires_ms, known.used_ms,
    )  # fmt: skip


def _package(base: str, version: Version) -> api.Package:
    path = releasing.preview(version)
    return api.Package(
        package=version.package,
        experiment=version.experiment,
        version=version.version,
        title=version.title,
        standing=version.standing,
        sent_by=version.sent_by,
        sent_ms=version.sent_ms,
        moved_by=version.moved_by,
        moved_ms=version.moved_ms,
        size=version.size,
        preview=base + path if path else "",
    )


def register(app: Flask, deployment: Deployment, outbox: Outbox | None = None) -> None:
    """Add the routes to `app`, and answers in JSON to what is no route of the API."""
    blueprint = Blueprint("api", __name__)
    guard = Guard(deployment)
    handlers = Handlers(deployment, functools.cache(lambda: outbox or Outbox(deployment.redis)))
    for route in api.ROUTES:
        blueprint.add_url_rule(
            re.sub(r"{(\w+)}", r"<\1>", route.path),
            endpoint=route.name,
            view_func=guard(route, getattr(handlers, route.name)),
            methods=[route.method],
            provide_automatic_options=False,
        )

    @blueprint.get("/api/openapi.json")
    def description() -> Response:
        """The description of all this. It is public, as igym's code is."""
        return jsonify(openapi.describe(__version__))

    app.register_blueprint(blueprint)

    @app.errorhandler(HTTPException)
    def not_a_route(error: HTTPException) -> Response | HTTPException:
        """What Flask refuses by itself, in the words of the API where it was asked."""
        if not request.path.startswith("/api/"):
            return error
        text = f"{request.method} {request.path[:200]} cannot be answered: {error.name}."
        answer = answered(api.Error("refused", text, "See /api/openapi.json."), error.code or 500)
        for name, value in error.get_headers():
            if name == "Allow":
                answer.headers[name] = value
        return answer
