"""Which encoder for pictures that environments render: bytes, CPU and likeness of each.

Mountain Car is flat colour with a few edges, Frozen Lake small painted tiles. Likeness is PSNR in
dB, of which 35 is hard to tell from the original. Pillow brings libjpeg-turbo itself; simplejpeg
is another binding of it, fetched into a folder that goes away again. Then what the pace of
pictures (`igym.engine.camera.Pace`) makes of less and less room on the line.
"""

from __future__ import annotations

import io
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
from PIL import Image

from bench.figure import Figure
from bench.pictures import FPS, TICKS, Now, cpu_us, make_car
from bench.wire import packet
from igym.engine.camera import Camera, Pace, encode
from igym.sim.draw import Picture
from igym.sim.host import Sim
from igym.sim.look import Pixels

SIMPLEJPEG = "simplejpeg==1.9.0"
QUALITY = 75

Encoder = Callable[[Any], bytes]


def _pillow(kind: str, **options: Any) -> Encoder:
    def made(image: Any) -> bytes:
        out = io.BytesIO()
        Image.fromarray(image).save(out, kind, **options)
        return out.getvalue()

    return made


def _simplejpeg(folder: str) -> Encoder:
    """Installed for this run only."""
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*command, "--target", folder, SIMPLEJPEG], check=True)
    sys.path.insert(0, folder)
    try:
        import simplejpeg  # type: ignore[import-not-found]
    finally:
        sys.path.remove(folder)

    def made(image: Any) -> bytes:
        said: bytes = simplejpeg.encode_jpeg(image, QUALITY, colorsubsampling="420", fastdct=True)
        return said

    return made


def psnr(one: Any, encoded: bytes) -> float:
    """Of what comes out again, in dB; infinite where it is the same."""
    other = np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB"), np.float64)
    error = float(np.mean((one.astype(np.float64) - other) ** 2))
    return 10 * math.log10(255**2 / error) if error else math.inf


def scenes() -> dict[str, Any]:
    """Name -> what is seen, uint8 [height, width, 3]."""
    car = make_car()
    car.reset(seed=1)
    lake = gymnasium.make("FrozenLake-v1", map_name="8x8", render_mode="rgb_array")
    lake.reset(seed=1)
    return {
        name: np.ascontiguousarray(env.render())
        for name, env in {"Mountain Car, 600 x 400": car, "Frozen Lake, 512 x 512": lake}.items()
    }


def paced(budget: float) -> tuple[float, float, int]:
    """Ten seconds of a car that is driven, with so many bytes a second for whoever looks.

    Returns:
        Pictures a second, bytes a second, and the quality in the end.
    """
    sim = Sim(make_car(), ["driver"])
    sim.reset(1)
    pace = Pace(FPS, FPS, QUALITY, 0.2, budget)
    camera, picture, sizes = Camera(pace, 1.5, Now), Picture(), []
    camera.begin(0)
    for tick in range(TICKS):
        sim.step([2 if tick // 40 % 2 else 0])
        camera.take(tick, sim.render)
        sizes.append(len(packet(tick, tick - 1, *picture.change(camera.shown(0.01)))))
    sim.close()
    pictures = sum(size > 200 for size in sizes)
    return pictures / TICKS * FPS, sum(sizes) / TICKS * FPS, pace.quality


def figures() -> list[Figure]:
    """Each encoder of each picture; then the pace."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        encoders: dict[str, Encoder] = {
            "Pillow JPEG, as igym does": lambda image: encode(
                Pixels(image.shape[1], image.shape[0], image.tobytes()), QUALITY
            ),
            "Pillow JPEG, colours at full size": _pillow("JPEG", quality=QUALITY, subsampling=0),
            "simplejpeg, fast DCT": _simplejpeg(folder),
            "WebP, method 0": _pillow("WEBP", quality=QUALITY, method=0),
            "WebP, method 4": _pillow("WEBP", quality=QUALITY, method=4),
            "WebP without loss, method 0": _pillow("WEBP", lossless=True, quality=0, method=0),
            "PNG, level 1": _pillow("PNG", compress_level=1),
        }
        for scene, image in scenes().items():
            for name, encoder in encoders.items():
                said = encoder(image)
                spent = cpu_us(30, lambda n, e=encoder, i=image: e(i))  # type: ignore[misc]
                found += [
                    Figure(f"{scene}: {name}", len(said), "bytes"),
                    Figure("… CPU", spent, "µs"),
                    Figure("… likeness", min(99.0, psnr(image, said)), "dB"),
                ]
    # The last is less than two pictures a second of the least quality, which nobody goes below.
    for budget in (0, 60_000, 20_000, 8_000):
        fps, rate, quality = paced(budget)
        room = f"{budget / 1000:g} kB/s" if budget else "any number of bytes"
        found += [
            Figure(f"a car that is driven, {room}: pictures", fps, "a second"),
            Figure("… sent", rate / 1000, "kB/s", budget / 1000 if budget >= 20_000 else None),
            Figure("… quality in the end", quality, f"of {QUALITY}"),
        ]
    return found
