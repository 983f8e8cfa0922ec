"""Image files of a package, looked at: their format and size. Runs where packages are compiled."""

from __future__ import annotations

from pathlib import Path

from igym.errors import BadPackage

#: File ending -> format, as Pillow calls it. What is not in here is not served.
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}

#: The longest side that every phone can paint.
MOST_PX = 4096


def size(file: Path) -> tuple[int, int]:
    """Width and height of an image in pixels.

    Raises:
        BadPackage: it is no image of the kind its name says, or too large to paint.
    """
    from PIL import Image, UnidentifiedImageError

    wanted = FORMATS[file.suffix.lower()]
    try:
        with Image.open(file, formats=list(set(FORMATS.values()))) as image:
            found, (width, height) = image.format, image.size
            if max(width, height) > MOST_PX:
                raise BadPackage(f"it is {width} x {height} pixels, and {MOST_PX} is the most")
            image.verify()
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError) as error:
        raise BadPackage(f"it cannot be read as an image ({error})") from error
    if found != wanted:
        raise BadPackage(f"its content is {found} and its name says {wanted}")
    return width, height
