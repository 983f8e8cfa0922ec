"""What a real page paints of sprites and rendered pictures, by pixel; and Mountain Car, played."""

from __future__ import annotations

import io
import json
from typing import Any

import msgspec
import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from igym import wire
from igym.engine.camera import encode
from igym.sim import draw
from igym.sim.draw import Picture, Shape
from igym.sim.look import Pixels
from tests.system.browser import Tab
from tests.system.puppet import Puppet, state
from tests.system.test_screens import GAME, LOBBY

pytestmark = pytest.mark.browser

AT = f"/assets/{'a' * 64}/"
RED, GREEN, BLUE = (200, 40, 40), (40, 160, 60), (40, 60, 200)
ATLAS = {
    "frames": {
        "left": {"frame": {"x": 0, "y": 0, "w": 8, "h": 8}},
        "right": {"frame": {"x": 8, "y": 0, "w": 8, "h": 8}},
    },
    "meta": {"image": "two.png"},
}


def view(**more: Any) -> wire.GameView:
    return msgspec.structs.replace(GAME, title="Kitchen", seats={"a": "Red"}, chat=None, **more)


def frame(tick: int, shapes: list[Shape]) -> wire.Frame:
    picture = Picture()
    objects, gone = picture.change(shapes)
    return wire.Frame("g1", 0, 0, tick, 0, -1, [], objects, gone, None)


def two_colours() -> bytes:
    image = Image.new("RGB", (16, 8), RED)
    image.paste(BLUE, (8, 0, 16, 8))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def pixel(page: Page, x: float, y: float) -> tuple[int, int, int]:
    """What the canvas shows at those parts of its width and height."""
    script = """([x, y]) => {
        const c = document.querySelector('canvas');
        const at = [Math.floor(x * c.width), Math.floor(y * c.height), 1, 1];
        return [...c.getContext('2d').getImageData(...at).data].slice(0, 3);
    }"""
    return tuple(page.evaluate(script, [x, y]))


def near(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(abs(a - b) < 25 for a, b in zip(one, other, strict=True))


def until(page: Page, ask, what: str) -> None:
    for _ in range(600):
        if ask():
            return
        page.wait_for_timeout(15)
    raise AssertionError(f"{what} did not happen")


def kitchen(page: Page) -> tuple[Puppet, list[Route]]:
    """A page that has asked for its images; they come when the test lets them."""
    puppet = Puppet(page)
    held: list[Route] = []
    page.route(f"**{AT}**", lambda route: held.append(route))
    game = view(assets=["two.json", "two.png"], assets_at=AT)
    puppet.greeting = [state(game, "playing")]
    puppet.open()
    until(page, lambda: len(held) == 2, "a request for each file")
    return puppet, held


def give(page: Page, held: list[Route]) -> None:
    for route in held:
        if route.request.url.endswith(".json"):
            route.fulfill(body=json.dumps(ATLAS), content_type="application/json")
        else:
            route.fulfill(body=two_colours(), content_type="image/png")


def test_a_game_waits_for_its_images_and_says_how_far_it_is(page):
    puppet, held = kitchen(page)
    expect(page.get_by_role("progressbar", name="Loading the images")).to_be_visible()
    expect(page.locator(".loading")).to_contain_text("0 of 2")
    give(page, [one for one in held if one.request.url.endswith(".png")])
    expect(page.locator(".loading")).to_contain_text("1 of 2")
    assert puppet.heard("ready") == []  # the others wait

    give(page, [one for one in held if one.request.url.endswith(".json")])
    until(page, lambda: puppet.heard("ready"), "ready")
    expect(page.locator(".loading")).to_be_hidden()


def test_images_come_while_people_wait_one_after_the_other(page):
    puppet = Puppet(page)
    held: list[Route] = []
    page.route(f"**{AT}**", lambda route: held.append(route))
    waits = msgspec.structs.replace(LOBBY, assets=["two.json", "two.png"], assets_at=AT)
    puppet.greeting = [state(waits, "waiting")]
    puppet.open()
    until(page, lambda: held, "the first request")
    page.wait_for_timeout(200)
    assert [one.request.url.rpartition("/")[2] for one in held] == ["two.json"]
    give(page, held)
    until(page, lambda: len(held) == 2, "the second")
    give(page, held[1:])
    # and a game that begins asks for what it needs, wherever that was
    puppet.say(state(view(assets=["two.png"], assets_at=AT), "playing", version=4))
    until(page, lambda: len(held) == 3, "the game's own request")
    give(page, held[2:])
    until(page, lambda: puppet.heard("ready"), "ready")


def test_sprites_show_their_part_of_the_image_where_and_how_they_are_drawn(page):
    puppet, held = kitchen(page)
    give(page, held)
    until(page, lambda: puppet.heard("ready"), "ready")

    def cook(**how: Any) -> Shape:
        return draw.sprite("cook", "two.json", 0.25, 0.25, 0.25, 0.5, **how)

    puppet.say(frame(0, [cook(frame="left"), draw.sprite("all", "two.png", 0.6, 0.25, 0.3, 0.5)]))
    until(page, lambda: near(pixel(page, 0.3, 0.5), RED), "the left frame")
    assert near(pixel(page, 0.48, 0.5), RED) and near(pixel(page, 0.2, 0.5), (255, 255, 255))
    assert near(pixel(page, 0.65, 0.5), RED) and near(pixel(page, 0.85, 0.5), BLUE)

    both = draw.sprite("all", "two.png", 0.6, 0.25, 0.3, 0.5, flip=True)
    puppet.say(frame(1, [cook(frame="right"), both]))
    until(page, lambda: near(pixel(page, 0.3, 0.5), BLUE), "the right frame")
    assert near(pixel(page, 0.65, 0.5), BLUE) and near(pixel(page, 0.85, 0.5), RED)

    half = tuple((c + 255) // 2 for c in RED)
    puppet.say(frame(2, [cook(frame="left", opacity=0.5)]))
    until(page, lambda: near(pixel(page, 0.3, 0.5), half), "half of it")
    assert near(pixel(page, 0.7, 0.5), (255, 255, 255))


def test_a_rendered_picture_fills_the_stage_and_gives_way_to_the_next(page):
    puppet = Puppet(page)
    puppet.greeting = [state(view(), "playing")]
    puppet.open()
    until(page, lambda: puppet.heard("ready"), "ready")
    for tick, colour in ((0, GREEN), (1, BLUE)):
        jpeg = encode(Pixels(16, 16, bytes(colour) * 256), 90)
        # narrower than the stage: in its middle
        puppet.say(frame(tick, [draw.picture("picture", 0.25, 0, 0.5, 1, jpeg)]))
        until(page, lambda colour=colour: near(pixel(page, 0.5, 0.5), colour), "the picture")
        assert near(pixel(page, 0.26, 0.02), colour) and near(pixel(page, 0.74, 0.98), colour)
        assert near(pixel(page, 0.2, 0.5), (255, 255, 255))
    until(page, lambda: puppet.heard("keys")[-1][2] == 1, "the tick that is looked at")


@pytest.mark.stack
def test_mountain_car_is_seen_as_it_renders_and_moves_when_a_key_is_held(browser, stack):
    tab = Tab(browser)
    tab.page.goto(f"{stack.url}/e/mountain_car")
    tab.page.locator("button.primary").click()
    tab.until(lambda: tab.stage() == "playing" and tab.drawn(), within_s=40, what="the game")

    # The car stands in the valley, on white; where it stood is white once it has gone
    canvas = "document.querySelector('canvas')"
    shot = f"{canvas}.getContext('2d').getImageData(0, 0, {canvas}.width, {canvas}.height).data"
    tab.until(
        lambda: tab.page.evaluate(f"{shot}.some((v, i) => i % 4 !== 3 && v < 60)"), what="a car"
    )
    size = tab.page.evaluate(f"[{canvas}.width, {canvas}.height]")
    assert size[0] / size[1] == pytest.approx(1.5, abs=0.01)
    tab.page.evaluate(f"window.before = {shot}")
    tab.page.keyboard.down("ArrowRight")
    tab.until(
        lambda: tab.page.evaluate(f"{shot}.some((v, i) => Math.abs(v - window.before[i]) > 150)"),
        what="a pixel that changed",
    )
    tab.page.keyboard.up("ArrowRight")
    assert tab.errors == []

    frames = tab.all("frame")
    pictures = [one[7][1][22] for one in frames if one[7] and 22 in one[7][1]]
    assert len(pictures) > 1 and all(one[:2] == b"\xff\xd8" for one in pictures)
    assert max(map(len, pictures)) < 20_000
    tab.context.close()
