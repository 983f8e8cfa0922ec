"""A model saved by Stable-Baselines3 as an ONNX file that igym runs.

    python from_sb3.py ppo model.zip policies/sb3.onnx

It prints the line for experiment.py. PPO, A2C (discrete, multi-discrete and continuous actions) and
DQN; CNN policies on images as well, whose scaling by 1/255 stays inside the file. Dict observations
and recurrent policies (sb3-contrib) are not done here: use from_pytorch.py.

Tried with stable-baselines3 2.9.2 and torch 2.13.0 on Python 3.11: PPO and DQN on CartPole-v1, PPO
on Pendulum-v1. A2C, multi-discrete actions and CNN policies: not tried.
"""

from __future__ import annotations

import argparse
import sys

import stable_baselines3
import torch
from from_pytorch import export
from gymnasium import spaces


class _Actor(torch.nn.Module):
    """Observation to logits, to the mean action, or to Q values."""

    def __init__(self, policy) -> None:
        super().__init__()
        self._policy = policy

    def forward(self, observation):
        policy = self._policy
        if hasattr(policy, "q_net"):
            return policy.q_net(observation)
        latent = policy.mlp_extractor.forward_actor(
            policy.extract_features(observation, policy.pi_features_extractor)
        )
        return policy.action_net(latent)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("algorithm", choices=["ppo", "a2c", "dqn"])
    parser.add_argument("model", help="the .zip that model.save() wrote")
    parser.add_argument("file", help="where the .onnx goes")
    said = parser.parse_args()
    model = getattr(stable_baselines3, said.algorithm.upper()).load(said.model, device="cpu")
    space, actions = model.observation_space, model.action_space
    if not isinstance(space, spaces.Box):
        sys.exit(f"Observations of {space} are not done here: use from_pytorch.py.")
    dtype = torch.uint8 if space.dtype == "uint8" else torch.float32
    export(_Actor(model.policy), space.shape, said.file, dtype=dtype)
    more = ""
    if isinstance(actions, spaces.MultiDiscrete):
        more = f", heads={tuple(int(n) for n in actions.nvec)}"
    elif isinstance(actions, spaces.Box):
        more = ', choose="mean"'
    sys.stdout.write(f'Onnx("{said.file}"{more})\n')


if __name__ == "__main__":
    main()
