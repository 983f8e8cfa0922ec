"""The assets/ of a package: images and atlases, checked when it is compiled.

An atlas is the JSON of TexturePacker and its kind ("JSON hash" or "JSON array") beside its
image. The browser reads the same files, from `igym.web.assets`.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igym.engine import images
from igym.errors import BadPackage
from igym.sim.draw import KINDS, Shape

FOLDER = "assets"

#: Files that may lie beside the images and are not served: where they come from.
NOTES = (".txt", ".md")

#: A person waits for these before the game: 16 MB are 13 s at 10 Mbit/s.
MOST_FILES, MOST_BYTES = 300, 16_000_000

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_SPRITE = KINDS.index("sprite")


@dataclass(frozen=True)
class Image:
    """One file that sprites can name. `frames` are those of an atlas, None of a plain image."""

    frames: frozenset[str] | None = None


def _near(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(names), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _atlas(file: Path, sizes: dict[str, tuple[int, int]], name: str) -> Image:
    """The atlas in `file`. `sizes` has the images of the folder.

    Raises:
        BadPackage: it is none, its image is missing, or a frame lies outside of it.
    """
    try:
        made = json.loads(file.read_text("utf-8"))
        listed = made["frames"]
        of = made["meta"]["image"]
        frames = {one["filename"]: one for one in listed} if isinstance(listed, list) else listed
        assert isinstance(of, str)
        assert isinstance(frames, dict)
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AssertionError) as error:
        raise BadPackage(
            f"it is no atlas ({type(error).__name__}: {error}); one has frames and meta.image"
        ) from error
    image = (Path(name).parent / of).as_posix()
    if image not in sizes:
        raise BadPackage(f"its image {image} is not in {FOLDER}/")
    width, height = sizes[image]
    for frame, about in frames.items():
        _frame(frame, about, width, height)
    return Image(frozenset(frames))


def _frame(frame: str, about: Any, width: int, height: int) -> None:
    try:
        if about.get("rotated"):
            raise BadPackage(f"frame {frame!r} is stored rotated: export it without rotation")
        at = about["frame"]
        x, y, w, h = (float(at[k]) for k in "xywh")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadPackage(f"frame {frame!r} has no x, y, w and h") from error
    if x < 0 or y < 0 or w <= 0 or h <= 0 or x + w > width or y + h > height:
        raise BadPackage(f"frame {frame!r} is not inside its image of {width} x {height}")


class Gallery:
    """What sprites can name."""

    def __init__(self, root: Path) -> None:
        """Look at every file of `root`/assets.

        Raises:
            BadPackage: naming the file that will not do.
        """
        folder = root / FOLDER
        files = sorted(path for path in folder.rglob("*") if not path.is_dir())
        self.images: dict[str, Image] = {}
        sizes: dict[str, tuple[int, int]] = {}
        atlases = []
        for path in files:
            name = path.relative_to(folder).as_posix()
            suffix = path.suffix.lower()
            if suffix in NOTES or path.name.startswith("."):
                continue
            if path.is_symlink():
                raise BadPackage(f"{FOLDER}/{name} is a link.", hint="Put the file itself there.")
            if not _NAME.fullmatch(name):
                raise BadPackage(
                    f"{FOLDER}/{name}: its name will not do.",
                    hint="Use letters without accents, digits, _, - and dots.",
                )
            if suffix == ".json":
                atlases.append((name, path))
            elif suffix in images.FORMATS:
                sizes[name] = _told(name, lambda path=path: images.size(path))
                self.images[name] = Image()
            else:
                raise BadPackage(
                    f"{FOLDER}/{name} cannot be served.",
                    hint="An SVG can hold scripts: save it as PNG or WebP."
                    if suffix == ".svg"
                    else f"Use {', '.join(sorted(images.FORMATS))} and the .json of an atlas.",
                )
        for name, path in atlases:
            self.images[name] = _told(name, lambda n=name, p=path: _atlas(p, sizes, n))
        total = sum(path.stat().st_size for path in files)
        if len(self.images) > MOST_FILES or total > MOST_BYTES:
            raise BadPackage(
                f"{FOLDER}/ has {len(self.images)} files of {total / 1e6:.1f} MB; "
                f"{MOST_FILES} and {MOST_BYTES / 1e6:.0f} MB are the most.",
                hint="Put images together into an atlas, and save photographs as JPEG or WebP.",
            )

    def wanted(self, names: Sequence[str] | None) -> tuple[str, ...]:
        """What a scene loads: all, or what it names (a file, or a folder that ends with /).

        Raises:
            BadPackage: one of the names is nothing.
        """
        if names is None:
            return tuple(self.images)
        found: dict[str, None] = {}
        for name in names:
            some = [
                n for n in self.images if n == name or (name[-1:] == "/" and n.startswith(name))
            ]
            if not some:
                raise BadPackage(f"assets names {name!r}.{_near(name, self.images)}")
            found |= dict.fromkeys(some)
        return tuple(found)

    def check(self, shapes: Iterable[Shape]) -> None:
        """Whether every sprite among them can be painted.

        Raises:
            BadPackage: naming the shape, and what is near to what it asks for.
        """
        for shape in shapes:
            if shape.kind != _SPRITE:
                continue
            image = self.images.get(shape.image)
            if image is None:
                raise BadPackage(
                    f"the sprite {shape.id!r} shows {shape.image!r}, which is not in {FOLDER}/."
                    + _near(shape.image, self.images)
                )
            if image.frames is None and shape.frame:
                raise BadPackage(
                    f"the sprite {shape.id!r} has frame={shape.frame!r}, and {shape.image!r} is a "
                    "plain image. Name the .json of an atlas, or leave the frame out."
                )
            if image.frames is not None and shape.frame not in image.frames:
                raise BadPackage(
                    f"the sprite {shape.id!r} shows the frame {shape.frame!r}, which "
                    f"{shape.image!r} does not have.{_near(shape.frame, image.frames)}"
                )


def _told(name: str, look: Any) -> Any:
    """The answer of `look`, or what is wrong with that file."""
    try:
        return look()
    except BadPackage as wrong:
        raise BadPackage(f"{FOLDER}/{name}: {wrong.message}.") from wrong
