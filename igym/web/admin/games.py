"""Games for the admin's client: looking on at a live one, and seeing an episode once more."""

from __future__ import annotations

import tempfile
import zipfile

from flask import Blueprint, Response, jsonify, request, send_file
from flask_login import login_required

from igym.domain.access import Right
from igym.domain.deeds import Did
from igym.errors import NotYours
from igym.services import auditing
from igym.services.connect import Deployment, now_ms
from igym.services.data import filming
from igym.services.data.filming import Place
from igym.services.games import listing, spectating
from igym.services.games.listing import PAGE, Live
from igym.store import packages
from igym.web.admin.visitor import check_form, visitor


def add(admin: Blueprint, deployment: Deployment, live: Live) -> None:
    """Add the routes to `admin`."""

    @admin.get("/admin/games.json")
    @login_required
    def live_games() -> Response:
        """Live games of this visitor's experiments from `from` on, those in trouble first."""
        mine = live.games(visitor().access.reaches)
        begin = min(max(0, request.args.get("from", 0, int)), max(0, len(mine) - 1))
        begin -= begin % PAGE
        some = mine[begin : begin + PAGE]
        return jsonify({"now_ms": now_ms(), "total": len(mine), "from": begin, "games": some,
                        "most": PAGE})  # fmt: skip

    @admin.post("/admin/games/<experiment>/<game>/watch.json")
    @login_required
    def watch_game(experiment: str, game: str) -> Response:
        """A permit to look on, and what there is to know of the game. A line in the audit log."""
        check_form(deployment)
        me = visitor()
        return jsonify(spectating.admit(deployment, me.visit, me.access, experiment, game))

    @admin.get("/admin/finished.json")
    @login_required
    def finished() -> Response:
        """The games that ended last, of this visitor's experiments."""
        sees = visitor().access.reaches
        known = packages.known(deployment.redis)
        return jsonify(now_ms=now_ms(), games=listing.finished(deployment, known, sees))

    def place(episode: str) -> Place:
        return filming.find(deployment, visitor().access, episode)

    def stands(episode: str, where: Place, how: dict[str, object]) -> Response:
        may = visitor().access.may(Right.EXPORT, where.experiment)
        return jsonify(episode=episode, experiment=where.experiment, may_export=may, **how)

    @admin.post("/admin/episodes/<episode>/film.json")
    @login_required
    def film(episode: str) -> Response:
        """Have it filmed, where it is not yet. A line in the audit log."""
        check_form(deployment)
        where = place(episode)
        return stands(episode, where, filming.order(deployment, visitor().access, where))

    @admin.get("/admin/episodes/<episode>.json")
    @login_required
    def filmed(episode: str) -> Response:
        """How far its film is, and what is in it."""
        where = place(episode)
        return stands(episode, where, filming.state(deployment, where))

    @admin.get("/admin/episodes/<episode>/strips.json")
    @login_required
    def strips(episode: str) -> Response:
        """What each seat did, and how late everything was."""
        return _packed(filming.content(place(episode), "strips.gz"), "application/json")

    @admin.get("/admin/episodes/<episode>/<int:view>-<int:piece>.json")
    @login_required
    def piece(episode: str, view: int, piece: int) -> Response:
        """Frames of one view. Refusals are JSON, as the end of the address says; frames are not."""
        found = filming.content(place(episode), f"{view}-{piece}.gz")
        return _packed(found, "application/octet-stream")

    @admin.get("/admin/episodes/<episode>/download.zip")
    @login_required
    def download(episode: str) -> Response:
        """Its tables as they are on the volume: those of an export, with one episode in them."""
        where, access = place(episode), visitor().access
        if not access.may(Right.EXPORT, where.experiment):
            raise NotYours(f"You are signed in as {access.role}.", hint="This needs: export.")
        packed = tempfile.TemporaryFile()  # noqa: SIM115 - closed once it is sent
        with zipfile.ZipFile(packed, "w") as made:
            for table in ("ticks", "inputs", "observations"):
                path = where.root / table / f"{episode}.parquet"
                if path.is_file():
                    made.write(path, f"parquet/{table}.parquet")
        packed.seek(0)
        auditing.note(deployment, access, Did.EXPORTED, experiment=where.experiment, what=episode)
        return send_file(packed, "application/zip", True, f"{episode}.zip")


def _packed(content: bytes, kind: str) -> Response:
    """What is kept compressed goes as it is: every browser that can be here unpacks it."""
    return Response(content, mimetype=kind, headers={"Content-Encoding": "gzip"})
