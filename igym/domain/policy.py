"""Who can sit in a seat: a person, or a policy as its author describes it. Loads no model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

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
class Normal:
    """Draw each number about the model's mean, with the episode's own generator.

    Args:
        std: the standard deviation, or the name of the model's output that gives it.
        log: that output is its logarithm.
    """

    std: float | str = 1.0
    log: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.std, str) and not self.std > 0:
            raise BadPackage(f"Normal(std={self.std}) must be above 0, or an output's name.")


@dataclass(frozen=True, slots=True)
class Onnx:
    """A policy from an ONNX file.

    Args:
        file: path inside the package.
        take: where in the seat's observation the numbers are: () for the observation
            itself, ("obs",) for a dict's entry, (0,) for the first of a tuple. The value
            becomes [1, *shape] in the dtype of the model's input.
        one_hot: the value is one of so many numbers; the model sees a 1 in its place among zeros.
        scale, shift: the model sees observation * scale + shift.
        observation: name of the model's observation input; the only input if "".
        inputs: for a model of several observation inputs: {input name: where in the observation
            its numbers are}, an entry's key or a path as of `take`. Each is only cast to its
            input's dtype, so leave out take, one_hot, scale, shift and observation.
        logits: name of the output to choose from; the first if "".
        memory: recurrent state, as {input name: output name}. Zero at each episode's start.
        choose: "argmax", or `Sample(temperature)`; for continuous actions "mean", where the
            output is the action itself, or `Normal(std)`. Those are kept within the space.
        heads: for several discrete actions at once: how many logits each has, in their order.
        actions: the environment's action for each logit; None means its index.
        every: decide at every n-th tick and repeat the action in between. In a game of turns,
            or where `idle` is None, nothing is done in between.
        where: the model runs in the game's process ("inline"), in an inference worker, together
            with those of other games ("worker"), or there only if it takes over a millisecond
            ("auto"). Without an inference worker always in the game's process. A slow one never
            delays a tick: its last action stands in, and the data say so.
        fixed: {input name: the number it always gets, in every place}. A name the file does
            not have is passed over.
    """

    file: str
    take: tuple[str | int, ...] = ()
    one_hot: int = 0
    scale: float = 1.0
    shift: float = 0.0
    observation: str = ""
    logits: str = ""
    memory: Mapping[str, str] = field(default_factory=dict)
    choose: str | Sample | Normal = "argmax"
    heads: tuple[int, ...] = ()
    actions: tuple[Any, ...] | None = None
    every: int = 1
    where: Literal["auto", "inline", "worker"] = "auto"
    fixed: Mapping[str, float] = field(default_factory=dict)
    inputs: Mapping[str, str | int | tuple[str | int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.where not in ("auto", "inline", "worker"):
            raise BadPackage(
                f"Onnx(where={self.where!r}) is not known.",
                hint='Use "auto", "inline" or "worker".',
            )
        if isinstance(self.choose, str) and self.choose not in ("argmax", "mean"):
            raise BadPackage(
                f"Onnx(choose={self.choose!r}) is not known.",
                hint='Use "argmax", Sample(temperature), "mean" or Normal(std).',
            )
        if self.every < 1:
            raise BadPackage(f"Onnx(every={self.every}) must be at least 1.")
        if self.one_hot < 0 or any(size < 2 for size in self.heads):
            raise BadPackage("Onnx: one_hot cannot be below 0, nor an entry of heads below 2.")
        single = (self.take, self.one_hot, self.scale, self.shift, self.observation)
        if self.inputs and single != ((), 0, 1.0, 0.0, ""):
            raise BadPackage(
                f"Onnx({self.file!r}): inputs= is for several observation inputs; take, one_hot, "
                "scale, shift and observation are about one.",
                hint="Put the scaling into the model, and every path into inputs=.",
            )
        for name, place in self.inputs.items():
            if not isinstance(place, (str, int, tuple)):
                raise BadPackage(
                    f"Onnx({self.file!r}): inputs[{name!r}]={place!r} is no key and no path.",
                    hint='Write {"image": "pixels"} or {"image": ("camera", "pixels")}.',
                )
        if self.heads and self.actions is not None:
            raise BadPackage("Onnx: with heads each action is the index of a logit; drop actions.")
        if self.continuous and (self.heads or self.actions is not None):
            raise BadPackage(f"Onnx(choose={self.choose!r}): numbers have no heads and no actions.")

    @classmethod
    def from_rllib(cls, file: str, **more: Any) -> Onnx:
        """A file that RLlib's `policy.export_model(folder, onnx=…)` wrote, without recurrent state.

        Its observation is "obs" and its logits "output"; "state_ins" and "seq_lens" stand for a
        memory that it does not have. `more` are other arguments of `Onnx`.
        """
        names = {"observation": "obs", "logits": "output"}
        fixed = {"state_ins": 0.0, "seq_lens": 1.0}
        return cls(file, **{**names, "fixed": fixed, **more})

    @property
    def continuous(self) -> bool:
        """Whether the output is about numbers, and not about choices."""
        return self.choose == "mean" or isinstance(self.choose, Normal)


@dataclass(frozen=True, slots=True)
class Python:
    """A policy in Python.

    Args:
        factory: makes the policy, anew for each episode: factory() -> act, and
            act(observation, rng) -> action, or None for no action. `rng` is a NumPy
            generator of its own for each decision; draw from nothing else.
        memory: act remembers earlier observations. When its game moves to another worker they
            are shown to a new one again, or it is pickled, where that can be done.
        every: decide at every n-th tick, as `Onnx`.
    """

    factory: Callable[[], Callable[[Any, Any], Any]]
    memory: bool = False
    every: int = 1

    def __post_init__(self) -> None:
        if not callable(self.factory):
            raise BadPackage(f"Python({self.factory!r}) is not a function that makes a policy.")
        if self.every < 1:
            raise BadPackage(f"Python(every={self.every}) must be at least 1.")


@dataclass(frozen=True, slots=True)
class Heuristic:
    """A rule: function(observation) -> action, or None for no action. It remembers nothing."""

    function: Callable[[Any], Any]
    every: int = 1

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise BadPackage(f"Heuristic({self.function!r}) is not a function.")
        if self.every < 1:
            raise BadPackage(f"Heuristic(every={self.every}) must be at least 1.")


Policy = Random | Onnx | Python | Heuristic


def describe(who: Policy) -> str:
    """The policy in a few characters, for the data."""
    match who:
        case Random():
            return "random"
        case Onnx(file=file, choose=choose):
            match choose:
                case Sample(temperature=t):
                    return f"onnx:{file}:sample@{t:g}"
                case Normal(std=std):
                    return f"onnx:{file}:normal@{std if isinstance(std, str) else format(std, 'g')}"
            return f"onnx:{file}:{choose}"
        case Python(factory=made):
            return f"python:{_name(made)}"
        case Heuristic(function=made):
            return f"heuristic:{_name(made)}"


def _name(function: Any) -> str:
    named = getattr(function, "__qualname__", type(function).__qualname__)
    return str(named).replace("<locals>.", "")
