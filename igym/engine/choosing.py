"""From what a policy network gives to an action. Pure, and the same in any language.

Random numbers come in from outside, so many to a decision (`draws`), each a float in [0, 1):
one `numpy.random.Generator.random()`, which is the upper 53 bits of the next 64-bit output of
the bit generator, times 2**-53.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

from igym.domain.policy import Normal, Onnx, Sample

_NORMAL = NormalDist()

#: The least that is asked of the inverse of the normal distribution; 0 would be infinitely far.
_LEAST = 2.0**-54


def draws(spec: Onnx, width: int) -> int:
    """How many random numbers a decision takes; `width` is how many numbers the network gives."""
    if isinstance(spec.choose, Sample):
        return len(spec.heads) or 1
    return width if isinstance(spec.choose, Normal) else 0


def action(
    spec: Onnx, row: Sequence[float], deviations: Sequence[float], us: Sequence[float], mask: Any
) -> Any:
    """The environment's action.

    Args:
        row: what the network gives: finite, as many as `spec` wants.
        deviations: for `Normal` one for each number of `row`, else empty.
        us: `draws(spec, len(row))` random numbers.
        mask: 1 for each action of a discrete space that is allowed; None = all are.
    """
    if isinstance(spec.choose, Normal):
        parts = zip(row, deviations, us, strict=True)
        return [mean + std * _NORMAL.inv_cdf(max(u, _LEAST)) for mean, std, u in parts]
    if spec.choose == "mean":
        return list(row)
    if spec.heads:
        picked, begin = [], 0
        for n, size in enumerate(spec.heads):
            picked.append(_pick(spec, row[begin : begin + size], us[n : n + 1]))
            begin += size
        return picked
    known = range(len(row)) if spec.actions is None else spec.actions
    left = [i for i, one in enumerate(known) if mask is None or _lets(mask, one)]
    if not left or len(left) == len(row):
        return known[_pick(spec, row, us)]
    return known[left[_pick(spec, [row[i] for i in left], us)]]


def _lets(mask: Any, one: Any) -> bool:
    return not isinstance(one, int) or bool(mask[one])


def _pick(spec: Onnx, logits: Sequence[float], us: Sequence[float]) -> int:
    if isinstance(spec.choose, Sample):
        return draw(logits, spec.choose.temperature, us[0])
    return logits.index(max(logits))  # the first of the largest


def draw(logits: Sequence[float], temperature: float, u: float) -> int:
    """The index that `u` picks from softmax(logits / temperature), by the inverse CDF.

    All in float64, sums from left to right, so that another language can do the same:

        z[i]   = logits[i] / temperature
        w[i]   = exp(z[i] - max(z))
        total  = w[0] + w[1] + ... + w[n-1]
        answer = the first i with w[0] + ... + w[i] > u * total

    Rounding can leave no such i; the answer is then the last i with w[i] > 0. The weights
    are not normalised. `exp` may differ in its last bit between platforms, which changes
    an answer only where u * total falls within that bit of a boundary.

    Args:
        logits: finite, at least one. float32 and float16 are widened first.
        temperature: unitless, > 0. 1 is the policy as trained, near 0 is greedy.
        u: in [0, 1).
    """
    scaled = [logit / temperature for logit in logits]
    top = max(scaled)
    weights = [math.exp(z - top) for z in scaled]
    total = 0.0
    for weight in weights:
        total += weight
    threshold, reached, last = u * total, 0.0, 0
    for i, weight in enumerate(weights):
        reached += weight
        if reached > threshold:
            return i
        if weight > 0:
            last = i
    return last
