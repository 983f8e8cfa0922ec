"""The tiny study of `tests/services`, compiled, for tests of what the web tier says of it."""

from __future__ import annotations

from tests.services.conftest import compiled

__all__ = ["compiled"]
