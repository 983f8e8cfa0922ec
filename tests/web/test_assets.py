"""A package's images come from the data volume, for good, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from igym.errors import IgymError
from igym.services.connect import Deployment
from igym.settings import Settings
from igym.web import assets

PACKAGE, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "packages" / PACKAGE
    (folder / "assets" / "tiles").mkdir(parents=True)
    (folder / "assets" / "cook.png").write_bytes(b"\x89PNG")
    (folder / "assets" / "tiles" / "floor.webp").write_bytes(b"RIFF")
    (folder / "assets" / "cooks.json").write_bytes(b"{}")
    (folder / "assets" / "evil.svg").write_bytes(b"<svg/>")
    (folder / "assets" / "note.txt").write_bytes(b"hello")
    (folder / "assets" / "out.png").symlink_to(tmp_path / "secret.png")
    (folder / "experiment.json").write_bytes(b"{}")
    (tmp_path / "secret.png").write_bytes(b"secret")
    return tmp_path


@pytest.fixture
def client(data):
    app = Flask("test")
    assets.register(app, Deployment(Settings(data_dir=data), None, None, "s" * 32))  # type: ignore[arg-type]
    app.register_error_handler(IgymError, lambda error: (error.code, error.status))
    return app.test_client()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cook.png", "image/png"),
        ("tiles/floor.webp", "image/webp"),
        ("cooks.json", "application/json"),
    ],
)
def test_an_image_is_served_for_good_as_what_it_is(client, data, name, kind):
    got = client.get(f"/assets/{PACKAGE}/{name}", buffered=True)
    assert got.status_code == 200 and got.mimetype == kind
    assert got.data == (data / "packages" / PACKAGE / "assets" / name).read_bytes()
    kept = got.headers["Cache-Control"]
    assert "public" in kept and "immutable" in kept and "max-age=31536000" in kept
    assert got.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    etag = got.headers["ETag"]
    again = client.get(f"/assets/{PACKAGE}/{name}", headers={"If-None-Match": etag}, buffered=True)
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        f"{PACKAGE}/gone.png",
        f"{PACKAGE}/evil.svg",
        f"{PACKAGE}/note.txt",
        f"{PACKAGE}/tiles",
        f"{PACKAGE}/out.png",
        f"{PACKAGE}/../experiment.json",
        f"{PACKAGE}/%2e%2e/experiment.json",
        f"{PACKAGE}/..%2f..%2f..%2fsecret.png",
        f"{PACKAGE}/tiles/../../../../secret.png",
        f"{PACKAGE}//{PACKAGE}/cook.png",
        f"{PACKAGE}/cook.png%00.png",
        f"{PACKAGE}/%2fetc%2fhostname.png",
        f"{OTHER}/cook.png",
        "../cook.png",
        f"..%2fpackages%2f{PACKAGE}/cook.png",
        f"{PACKAGE.upper()}/cook.png",
    ],
)
def test_nothing_else_is(client, path):
    got = client.get(f"/assets/{path}")
    assert got.status_code in (308, 404)
    assert b"secret" not in got.data
