"""Erases who asked for it: a process that the director starts, as Parquet is heavy."""

from __future__ import annotations

from igym.services.connect import Deployment
from igym.services.data import erasing


def run(deployment: Deployment) -> None:
    """Do what was asked for by now."""
    erasing.perform(deployment)
