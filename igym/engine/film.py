"""A film of pictures, as MP4. Needs the extra `video` (ffmpeg from a wheel)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from PIL.Image import Image

from igym.errors import Unavailable


class Film(Protocol):
    """Takes pictures of one size."""

    def add(self, image: Image) -> None:
        """The next picture."""
        ...


class _Mp4:
    def __init__(self, path: Path, fps: float) -> None:
        self._path = path
        self._fps = fps
        self._frames: Any = None

    def add(self, image: Image) -> None:
        if self._frames is None:
            import imageio_ffmpeg

            # H.264 wants even sides; a picture of 320 by 167 is not scaled, but cut by a line.
            size = (image.width & ~1, image.height & ~1)
            self._frames = imageio_ffmpeg.write_frames(
                str(self._path), size, fps=self._fps, macro_block_size=2, ffmpeg_log_level="error"
            )
            self._frames.send(None)
            self._size = size
        self._frames.send(image.crop((0, 0, *self._size)).tobytes())

    def close(self) -> None:
        if self._frames is not None:
            self._frames.close()


@contextlib.contextmanager
def mp4(path: Path, fps: float) -> Iterator[Film]:
    """A film at `path`, whole once this is left.

    Raises:
        Unavailable: the extra is not installed.
    """
    try:
        import imageio_ffmpeg

        imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError) as error:
        raise Unavailable(
            "Films need ffmpeg, which is not here.", hint="pip install 'igym[video]'"
        ) from error
    film = _Mp4(path, fps)
    try:
        yield film
    finally:
        film.close()
