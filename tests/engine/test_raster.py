"""A picture without a browser has what was drawn, where it was drawn, far things first."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from igym.engine import raster
from igym.sim import draw

RED, BLUE, SKY = (255, 0, 0), (0, 0, 255), (200, 220, 240)


def at(shapes, x: float, y: float, assets=None):
    """The colour there, on a stage of 200 by 100."""
    image = raster.picture(shapes, 200, 100, "#c8dcf0", assets)
    return image.getpixel((int(x * 200), int(y * 100)))


@pytest.mark.parametrize(
    "shape",
    [
        draw.rect("a", 0.4, 0.4, 0.2, 0.2, fill="#f00"),
        draw.rect("a", 0.4, 0.4, 0.2, 0.2, fill="#f00", radius=0.05, angle=0.125),
        draw.circle("a", 0.5, 0.5, 0.1, fill="#ff0000"),
        draw.ellipse("a", 0.5, 0.5, 0.2, 0.1, fill="#ff0000ff", angle=0.25),
        draw.polygon("a", [(0.4, 0.4), (0.6, 0.4), (0.5, 0.7)], fill="#f00"),
        draw.arc("a", 0.5, 0.55, 0.2, start=0.5, span=0.5, fill="#f00"),
        draw.line("a", [(0.4, 0.5), (0.6, 0.5)], stroke="#f00", width=0.1),
    ],
    ids=lambda shape: draw.KINDS[shape.kind],
)
def test_every_shape_is_where_it_was_drawn_and_nowhere_else(shape):
    assert at([shape], 0.5, 0.5) == RED
    assert at([shape], 0.1, 0.1) == SKY


def test_words_are_written():
    image = raster.picture(
        [draw.text("a", 0.5, 0.5, "score", size=0.3, align="center", fill="#f00")], 200, 100
    )
    left, top, right, bottom = image.getchannel("R").point(lambda v: v > 128 and 255).getbbox()
    assert left < 100 < right and top < 50 < bottom


def test_what_is_nearer_hides_what_is_farther_and_the_last_of_an_id_counts():
    near = draw.circle("near", 0.5, 0.5, 0.1, fill="#f00", depth=2)
    far = draw.circle("far", 0.5, 0.5, 0.2, fill="#00f", depth=1)
    assert at([near, far], 0.5, 0.5) == RED and at([near, far], 0.5, 0.65) == BLUE
    assert at([far, far._replace(x=1000)], 0.5, 0.65) == SKY


def test_sprites_come_from_files_and_atlases_and_a_missing_one_is_left_out(tmp_path):
    image = Image.new("RGBA", (20, 10), (255, 0, 0, 255))
    image.paste((0, 0, 255, 255), (10, 0, 20, 10))
    image.save(tmp_path / "two.png")
    frames = {"blue": {"frame": {"x": 10, "y": 0, "w": 10, "h": 10}}}
    (tmp_path / "a.json").write_text(json.dumps({"frames": frames, "meta": {"image": "two.png"}}))
    plain = draw.sprite("a", "two.png", 0.25, 0.25, 0.5, 0.5)
    assert at([plain], 0.3, 0.5, tmp_path) == RED and at([plain], 0.7, 0.5, tmp_path) == BLUE
    flipped = draw.sprite("a", "two.png", 0.25, 0.25, 0.5, 0.5, flip=True)
    assert at([flipped], 0.3, 0.5, tmp_path) == BLUE
    framed = draw.sprite("a", "a.json", 0.25, 0.25, 0.5, 0.5, frame="blue", angle=0.5)
    assert at([framed], 0.3, 0.5, tmp_path) == BLUE
    assert at([draw.sprite("a", "none.png", 0, 0, 1, 1)], 0.5, 0.5, tmp_path) == SKY


def test_what_an_environment_rendered_is_the_picture():
    image = raster.of_pixels(2, 1, bytes([255, 0, 0, 0, 0, 255]))
    assert [image.getpixel((x, 0)) for x in (0, 1)] == [RED, BLUE]
    assert raster.png(image)[1:4] == b"PNG"
