"""Who can sit in a seat: a person, or a policy as its author describes it. Loads no model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from igym.errors import BadPackage


class HumanSeat:
    """The type of `Human`: a seat for a person."""

    def __repr__(self) -> str:
        return "Human"


#: A seat for a person.
Human: Final = HumanSeat()


@dataclass(frozen=True, slots=True)
class Random:
    """A policy that draws uniformly from the seat's action space, seeded per episode."""

    every: int = 1  # decide at every n-th tick, repeat in between

    def __post_init__(self) -> None:
        if self.every < 1:
            raise BadPackage(f"Random(every={self.every}) must be at least 1.")


@dataclass(frozen=True, slots=True)
class Sample:
    """Draw the action from softmax(logits / temperature), with the episode's own generator."""

    temperature: float = 1.0

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise BadPackage(f"Sample(temperature={self.temperature}) must be above 0.")


@dataclass(frozen=True, slots=True)
class Onnx:
    """A policy from an ONNX file.

    Args:
        file: path inside the package.
        take: where in the seat's observation the numbers are: () for the observation
            itself, ("obs",) for a dict's entry. The value becomes [1, *shape] in the
            dtype of the model's input.
        scale, shift: the model sees observation * scale + shift.
        observation: name of the model's observation input; the only input if "".
        logits: name of the output to choose from; the first if "".
        memory: recurrent state, as {input name: output name}. Zero at each episode's start.
        choose: "argmax", or `Sample(temperature)`.
        actions: the environment's action for each logit; None means its index.
        every: decide at every n-th tick and repeat the action in between.
    """

    file: str
    take: tuple[str, ...] = ()
    scale: float = 1.0
    shift: float = 0.0
    observation: str = ""
    logits: str = ""
    memory: Mapping[str, str] = field(default_factory=dict)
    choose: str | Sample = "argmax"
    actions: tuple[Any, ...] | None = None
    every: int = 1

    def __post_init__(self) -> None:
        if isinstance(self.choose, str) and self.choose != "argmax":
            raise BadPackage(
                f"Onnx(choose={self.choose!r}) is not known.",
                hint='Use "argmax" or Sample(temperature).',
            )
        if self.every < 1:
            raise BadPackage(f"Onnx(every={self.every}) must be at least 1.")


Policy = Random | Onnx
