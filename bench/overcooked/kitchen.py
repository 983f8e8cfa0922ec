"""CoGrid's Overcooked as it is, and how it looks: tiles, two cooks, and what they carry."""

from cogrid.envs import registry

from igym import draw

NOTHING = 6
KEYS = {"ArrowUp": 0, "ArrowDown": 1, "ArrowLeft": 2, "ArrowRight": 3, " ": 4, "x": 5}

WIDE, HIGH = 5, 4
TILES = {
    "Counter": "#c9a36b", "Pot": "#3d4345", "OnionStack": "#d9b44a", "PlateStack": "#dcdcdc",
    "DeliveryZone": "#7aa874",
}  # fmt: skip
THINGS = {"Onion": "#e8c23a", "Plate": "#ffffff", "OnionSoup": "#c9682e"}
COLOURS = ["#2b68b0", "#d9533b"]


def make_kitchen():
    """An environment whose episodes do not end after 1,000 steps."""
    env = registry.make("Overcooked-CrampedRoom-V0")
    env.max_steps = 10**9
    return env


def draw_kitchen(kitchen):
    """Everything on the grid, the cooks, and what is in hands and on counters."""
    shapes = []
    grid = kitchen.grid
    for n, tile in enumerate(grid.grid):
        if tile is None:
            continue
        y, x = divmod(n, grid.width)
        kind = type(tile).__name__
        shapes.append(
            draw.rect(f"t{n}", x / WIDE, y / HIGH, 1 / WIDE, 1 / HIGH, fill=TILES.get(kind, "#999"))
        )
        on = getattr(tile, "obj_placed_on", None)
        if on is not None:
            shapes.append(_thing(f"o{n}", on, x + 0.5, y + 0.5))
        for k, _ in enumerate(getattr(tile, "objects_in_pot", ())):
            at = (x + 0.25 + 0.25 * k) / WIDE, (y + 0.5) / HIGH
            shapes.append(draw.circle(f"p{n}-{k}", *at, 0.03, fill="#e8c23a", depth=1))
    for n, cook in enumerate(kitchen.env_agents.values()):
        y, x = cook.pos
        at = (float(x) + 0.5) / WIDE, (float(y) + 0.5) / HIGH
        shapes.append(draw.circle(f"cook{n}", *at, 0.1, fill=COLOURS[n], depth=2))
        for held in cook.inventory:
            shapes.append(_thing(f"h{n}", held, float(x) + 0.5, float(y) + 0.7, depth=3))
    return shapes


def _thing(name, thing, x, y, depth=1):
    fill = THINGS.get(type(thing).__name__, "#888")
    return draw.circle(name, x / WIDE, y / HIGH, 0.05, fill=fill, depth=depth)
