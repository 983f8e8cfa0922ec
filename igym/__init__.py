"""igym: Gymnasium and PettingZoo environments as online experiments with people.

This is the author's vocabulary. Importing it loads no server library.
"""

from igym.domain.experiment import (
    Experiment,
    Human,
    Onnx,
    Random,
    Sample,
    Touch,
    consent,
    ending,
    finish,
    page,
    play,
    survey,
)

__version__ = "0.1.0"

__all__ = [
    "Experiment",
    "Human",
    "Onnx",
    "Random",
    "Sample",
    "Touch",
    "consent",
    "ending",
    "finish",
    "page",
    "play",
    "survey",
]
