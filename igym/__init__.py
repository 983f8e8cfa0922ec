"""igym: Gymnasium and PettingZoo environments as online experiments with people.

This is the author's vocabulary. Importing it loads no server library.
"""

import os

from igym.domain.adaptive import Adaptive, chosen_by, staircase
from igym.domain.bonus import Record, bonus
from igym.domain.callbacks import Callback, Moment
from igym.domain.conditions import answer, cell
from igym.domain.controls import Gamepad, Pointer
from igym.domain.dropout import hold
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
    quiz,
    survey,
)
from igym.domain.grouping import custom, fifo, fill, nearest, offer, reunion, roles, strangers
from igym.domain.happenings import Happening
from igym.domain.keymap import Last
from igym.domain.policy import Heuristic, Normal, Python
from igym.domain.rounds import Result, scored, won
from igym.domain.routes import branch, choose, repeat, shuffle
from igym.domain.screening import screen
from igym.domain.treatments import Treatment
from igym.domain.watch import hidden, idle, slow
from igym.domain.waves import wave

# From 1.32 on, as soon as it is imported, onnxruntime sends usage events and keeps an id of the
# machine in HOME. Nothing of a study goes anywhere unasked, whoever imports it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"

__all__ = [
    "Adaptive",
    "Callback",
    "Experiment",
    "Gamepad",
    "Happening",
    "Heuristic",
    "Human",
    "Last",
    "Moment",
    "Normal",
    "Onnx",
    "Pointer",
    "Python",
    "Random",
    "Record",
    "Result",
    "Sample",
    "Touch",
    "Treatment",
    "answer",
    "bonus",
    "branch",
    "cell",
    "choose",
    "chosen_by",
    "consent",
    "custom",
    "ending",
    "fifo",
    "fill",
    "finish",
    "hidden",
    "hold",
    "idle",
    "nearest",
    "offer",
    "page",
    "play",
    "quiz",
    "repeat",
    "reunion",
    "roles",
    "scored",
    "screen",
    "shuffle",
    "slow",
    "staircase",
    "strangers",
    "survey",
    "wave",
    "won",
]
