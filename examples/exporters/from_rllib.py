"""A policy trained by RLlib as an ONNX file that igym runs.

    python from_rllib.py CHECKPOINT policies/rllib.onnx --policy default_policy

CHECKPOINT is what `algorithm.save_to_path()` wrote (the new API stack), or one RLModule's folder in
it. It prints the line for experiment.py. Modules with state (LSTM) are not done here: use
from_pytorch.py.

Of the old stack, `policy.export_model(folder, onnx=17)` writes the file itself. Its inputs and
outputs have names of RLlib's own, which `Onnx.from_rllib("policies/model.onnx")` knows.

Tried with ray 2.60.0 and torch 2.13.0 on Python 3.11: PPO on CartPole-v1 by the new API stack, and
by the old one's `export_model`. Continuous actions, DQN, SAC, several agents: not tried.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
from from_pytorch import export
from gymnasium import spaces
from ray.rllib.core.rl_module.rl_module import RLModule


class _Actor(torch.nn.Module):
    """Observation to what the action distribution is made from."""

    def __init__(self, module) -> None:
        super().__init__()
        self._module = module

    def forward(self, observation):
        return self._module.forward_inference({"obs": observation})["action_dist_inputs"]


class _Mean(_Actor):
    """Observation to the mean action: the first half, the other half is about its spread."""

    def forward(self, observation):
        return super().forward(observation).chunk(2, -1)[0]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("file", help="where the .onnx goes")
    parser.add_argument("--policy", default="default_policy", help="of several: which")
    said = parser.parse_args()
    inside = said.checkpoint / "learner_group" / "learner" / "rl_module" / said.policy
    module = RLModule.from_checkpoint((inside if inside.is_dir() else said.checkpoint).resolve())
    if module.is_stateful():
        sys.exit("Modules with state are not done here: use from_pytorch.py.")
    actions, more, kind = module.action_space, "", _Actor
    if isinstance(actions, spaces.MultiDiscrete):
        more = f", heads={tuple(int(n) for n in actions.nvec)}"
    elif isinstance(actions, spaces.Box):
        more, kind = ', choose="mean"', _Mean
    export(kind(module), module.observation_space.shape, said.file)
    sys.stdout.write(f'Onnx("{said.file}"{more})\n')


if __name__ == "__main__":
    main()
