"""What a package may have in assets/, and what its scenes may show of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from igym import draw
from igym.engine import images
from igym.errors import BadPackage
from igym.services.packages.gallery import FOLDER, Gallery
from igym.sim.draw import Shape
from igym.web.assets import TYPES


def paint(path: Path, size: tuple[int, int] = (64, 32), kind: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, "#c33").save(path, kind or None)
    return path


def box(x: int, y: int, w: int, h: int, **more: Any) -> dict[str, Any]:
    return {"frame": {"x": x, "y": y, "w": w, "h": h}, **more}


def atlas(root: Path, frames: Any, image: str = "cooks.png") -> None:
    file = root / FOLDER / "cooks.json"
    file.write_text(json.dumps({"frames": frames, "meta": {"image": image}}), "utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    paint(tmp_path / FOLDER / "cooks.png")
    paint(tmp_path / FOLDER / "tiles" / "floor.webp")
    atlas(tmp_path, {"up": box(0, 0, 32, 32), "down": box(32, 0, 32, 32)})
    (tmp_path / FOLDER / "LICENSE.txt").write_text("by a friend", "utf-8")
    return tmp_path


def sprite(image: str, frame: str = "") -> list[Shape]:
    return [draw.sprite("ann", image, 0, 0, 1, 1, frame=frame)]


def test_a_package_without_assets_has_none(tmp_path):
    assert Gallery(tmp_path).wanted(None) == ()


def test_images_and_atlases_are_found_and_notes_are_not_served(root):
    found = Gallery(root)
    assert sorted(found.wanted(None)) == ["cooks.json", "cooks.png", "tiles/floor.webp"]
    assert found.wanted(["tiles/", "cooks.json"]) == ("tiles/floor.webp", "cooks.json")
    with pytest.raises(BadPackage, match=r"'cook.json'. Did you mean 'cooks.json'"):
        found.wanted(["cook.json"])


def test_what_is_accepted_is_what_is_served():
    assert set(TYPES) == {*images.FORMATS, ".json"}


@pytest.mark.parametrize(
    ("shapes", "wrong"),
    [
        (sprite("cooks.json", "up"), ""),
        (sprite("tiles/floor.webp"), ""),
        ([draw.circle("ball", 0, 0, 1)], ""),
        (sprite("cook.png"), r"'ann' shows 'cook.png', which is not in assets/. Did you mean"),
        (sprite("../experiment.py"), "is not in assets/"),
        (sprite("cooks.json", "upp"), r"frame 'upp', which 'cooks.json' does not have. Did you"),
        (sprite("cooks.json"), "frame '', which 'cooks.json' does not have"),
        (sprite("cooks.png", "up"), "'cooks.png' is a plain image"),
    ],
)
def test_a_sprite_has_to_name_what_is_there(root, shapes, wrong):
    found = Gallery(root)
    if not wrong:
        found.check(shapes)
        return
    with pytest.raises(BadPackage, match=wrong):
        found.check(shapes)


def test_the_array_form_of_an_atlas_is_one_too(root):
    atlas(root, [{"filename": "left", **box(0, 0, 8, 8)}])
    Gallery(root).check(sprite("cooks.json", "left"))


@pytest.mark.parametrize(
    ("frames", "wrong"),
    [
        ({"up": box(60, 0, 8, 8)}, "frame 'up' is not inside its image of 64 x 32"),
        ({"up": box(0, 0, 8, 8, rotated=True)}, "stored rotated"),
        ({"up": {"x": 1}}, "has no x, y, w and h"),
        ({"up": 3}, "has no x, y, w and h"),
        (3, "it is no atlas"),
    ],
)
def test_an_atlas_that_does_not_fit_its_image_is_refused(root, frames, wrong):
    atlas(root, frames)
    with pytest.raises(BadPackage, match=rf"assets/cooks.json: .*{wrong}"):
        Gallery(root)


def test_an_atlas_without_its_image_is_refused(root):
    atlas(root, {}, image="../cooks.png")
    with pytest.raises(BadPackage, match=r"its image ../cooks.png is not in assets/"):
        Gallery(root)


@pytest.mark.parametrize(
    ("name", "content", "wrong"),
    [
        ("cat.svg", b"<svg/>", "cat.svg cannot be served"),
        ("cat.html", b"<p>", "cat.html cannot be served"),
        ("cat.png", b"<svg onload='alert(1)'/>", "cat.png: it cannot be read as an image"),
        ("c at.png", b"", "its name will not do"),
    ],
)
def test_what_is_no_image_is_refused(root, name, content, wrong):
    (root / FOLDER / name).write_bytes(content)
    with pytest.raises(BadPackage, match=wrong):
        Gallery(root)


def test_an_image_under_another_name_a_huge_one_and_a_link_are_refused(root):
    for make, wrong in (
        (lambda p: paint(p, kind="JPEG"), "its content is JPEG and its name says PNG"),
        (lambda p: paint(p, (images.MOST_PX + 1, 1)), f"{images.MOST_PX} is the most"),
        (lambda p: p.symlink_to(root / FOLDER / "cooks.png"), "is a link"),
    ):
        path = root / FOLDER / "odd.png"
        make(path)
        with pytest.raises(BadPackage, match=wrong):
            Gallery(root)
        path.unlink()
