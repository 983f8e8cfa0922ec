"""The images of packages, straight from the data volume. Imports no package and asks no Redis.

    /assets/<content hash of the package>/<file below its assets/>

What such an address names never changes, so a browser keeps it for good. Which files a package
may have there was checked when it was compiled (`igym.services.packages.gallery`); here the kind is
looked at again, since the folder of a package that was refused is on the volume too.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from flask import Blueprint, Flask, Response, send_file

from igym.errors import NotFound
from igym.services.connect import Deployment

#: File ending -> Content-Type. Nothing else is sent; no SVG, which can hold scripts.
TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".json": "application/json",
}

_HASH = re.compile(r"[0-9a-f]{64}")
_YEAR_S = 365 * 86_400


def register(app: Flask, deployment: Deployment) -> None:
    """Add the route to `app`."""
    assets = Blueprint("assets", __name__)

    @assets.get("/assets/<package>/<path:name>")
    def asset(package: str, name: str) -> Response:
        """One file. 404 for whatever is not a file of an allowed kind below assets/."""
        kind = TYPES.get(PurePosixPath(name).suffix.lower())
        missing = NotFound("There is no such image.")
        if kind is None or "\0" in name or not _HASH.fullmatch(package):
            raise missing
        folder = (deployment.package_root(package) / "assets").resolve()
        # Resolved: `..`, links and absolute names that lead out of the folder are not below it.
        file = (folder / name).resolve()
        if not file.is_relative_to(folder) or not file.is_file():
            raise missing
        response = send_file(file, mimetype=kind, etag=f"{package[:16]}-{name}", max_age=_YEAR_S)
        response.cache_control.public = True
        response.cache_control.immutable = True
        # Opened by itself in a tab it is an image and nothing else.
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response

    app.register_blueprint(assets)
