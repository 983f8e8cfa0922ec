"""The data for the admin's client: how much there is, the first rows, exports, and erasing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request, send_file
from flask_login import login_required

from igym.domain.access import Right
from igym.errors import BadMessage, Conflict, NotFound, NotYours
from igym.services.connect import Deployment, now_ms
from igym.services.data import erasures, exporting
from igym.services.data.browsing import MOST_ROWS, SHOWN, Browser
from igym.services.packages import shelf as shelves
from igym.services.sessions.identity import MODES
from igym.store import counts, errands, exports, keys, packages, records, retired
from igym.store.exports import Export
from igym.web.admin.packages import body
from igym.web.admin.visitor import check_form, visitor
from igym.wire import api


def add(admin: Blueprint, deployment: Deployment) -> None:
    """Add the routes to `admin`."""
    browser = Browser(deployment)

    def reached(experiment: str, right: Right) -> None:
        """Raises `NotYours`, `NotFound`."""
        access = visitor().access
        if not access.may(Right.SEE, experiment):
            raise NotYours("That is no experiment of yours.", hint="Ask an admin to add you to it.")
        if not access.may(right, experiment):
            raise NotYours(
                f"You are signed in as {access.role}.",
                hint=f"This needs the right to {right.value}: ask an admin.",
            )
        if experiment not in packages.known(deployment.redis):
            raise NotFound("There is no experiment of that name.")

    def known(experiment: str, version: str) -> None:
        """Raises `NotFound`: no such version has rows here."""
        if version not in records.releases(deployment.redis, experiment):
            raise NotFound(f"{experiment} has no version {version[:40]!r} with data.")

    def one(name: str) -> dict[str, Any]:
        redis, access = deployment.redis, visitor().access
        releases = records.releases(redis, name)
        came = counts.by_release(redis, name, releases, MODES)
        about = {v.version: v for v in packages.versions(redis, name)}
        order = sorted(releases, key=lambda r: -about[r].sent_ms if r in about else 0)
        may_export = access.may(Right.EXPORT, name)
        first = next((about[r] for r in order if r in about), None)
        return {
            "id": name,
            "title": first.title if first else name,
            "versions": [
                {
                    "version": release,
                    "people": came[release],
                    "standing": about[release].standing.value if release in about else "",
                    "package_bytes": about[release].size if release in about else 0,
                }
                for release in order
            ],
            "exports": [_export(e) for e in exports.latest(redis, name)] if may_export else [],
            "kept": retired.waiting(redis, name),
            "may_export": may_export,
            "may_erase": access.may(Right.ERASE, name),
        }

    @admin.get("/admin/data.json")
    @login_required
    def amounts() -> Response:
        """The experiments of this visitor: who came to which version, exports, what is kept."""
        access = visitor().access
        return jsonify(
            now_ms=now_ms(),
            retention_days=deployment.settings.retention_days,
            export_days=keys.export.ttl_s // 86_400,
            rows_of_page=MOST_ROWS,
            tables=[t for t, right in SHOWN.items() if access.has(right)],
            experiments=[
                one(name) for name in packages.known(deployment.redis) if access.reaches(name)
            ],
        )

    @admin.get("/admin/data/<experiment>/<version>.json")
    @login_required
    def amounts_of(experiment: str, version: str) -> Response:
        """Rows and bytes of each table of a version."""
        reached(experiment, Right.SEE)
        known(experiment, version)
        return jsonify(browser.amounts(experiment, version))

    @admin.get("/admin/data/<experiment>/<version>/<table>.json")
    @login_required
    def rows(experiment: str, version: str, table: str) -> Response:
        """Rows of a table, from ?at= on."""
        if table not in SHOWN:
            raise NotFound("There is no table of that name to look at.")
        reached(experiment, SHOWN[table])
        known(experiment, version)
        at = request.args.get("at", "0")
        if not at.isascii() or not at.isdigit() or len(at) > 9:
            raise BadMessage("at= is the number of a row.")
        return jsonify(browser.page(experiment, version, table, int(at)))

    # --- exports ------------------------------------------------------------------------------

    @admin.post("/admin/data/<experiment>/exports.json")
    @login_required
    def start_export(experiment: str) -> Response:
        """Ask for one."""
        check_form(deployment)
        reached(experiment, Right.EXPORT)
        new: api.NewExport = api.parse(api.NewExport, request.get_data(cache=False))
        made = exporting.order(
            deployment, experiment, visitor().access, version=new.version,
            modes=tuple(dict.fromkeys(new.modes)), formats=tuple(dict.fromkeys(new.formats)),
        )  # fmt: skip
        return jsonify(_export(made))

    @admin.get("/admin/data/<experiment>/exports/<id>.zip")
    @login_required
    def download_export(experiment: str, id: str) -> Response:
        """The file."""
        reached(experiment, Right.EXPORT)
        found = exporting.find(deployment, experiment, id)
        file = exporting.path(deployment, found)
        if found.state != "done" or not file.is_file():
            raise Conflict(
                f"The export is {found.state if found.state != 'done' else 'gone'}.",
                hint=found.text or "Ask for a new one.",
            )
        name = f"{found.experiment}-{found.version}.zip"
        return send_file(file.resolve(), "application/zip", as_attachment=True, download_name=name)

    # --- erasing ------------------------------------------------------------------------------

    @admin.post("/admin/data/<experiment>/erase.json")
    @login_required
    def erase(experiment: str) -> Response:
        """Ask for somebody to be erased. The id is said twice, as it cannot be undone."""
        check_form(deployment)
        reached(experiment, Right.ERASE)
        said = body()
        who, again, how = (str(said.get(one, "")).strip() for one in ("who", "again", "how"))
        if who != again:
            raise BadMessage("The two ids are not the same.", hint="Type it once more.")
        return jsonify(id=erasures.order(deployment, experiment, who, how, visitor().access).id)

    @admin.get("/admin/data/<experiment>/erased/<id>.json")
    @login_required
    def erased(experiment: str, id: str) -> Response:
        """What came of it."""
        reached(experiment, Right.ERASE)
        found = errands.read(deployment.redis, experiment, id)
        if found.kind != "erase":
            raise NotFound("Nobody's erasure has that id.")
        return jsonify(shelves.told(found))


def _export(made: Export) -> dict[str, Any]:
    said = asdict(made)
    return {name: said[name] for name in said if name not in ("tries", "due_ms")}
