"""Muon (K. Jordan, 2024) for the matrices of the blocks, AdamW for embeddings and norms, with one learning rate for both.

Muon's update is the momentum made orthogonal by Newton-Schulz iterations, scaled to the size of AdamW's updates
(J. Liu et al., "Muon is scalable for LLM training", 2025).
"""

import math

import torch


def orthogonal(matrix):
    """Nearly U V^T of the matrix's singular value decomposition, by five steps of a quintic iteration."""
    x = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * (a @ a)) @ x
    return x if matrix.shape[0] <= matrix.shape[1] else x.T


class Optimizer:
    def __init__(self, model, extra=(), decay: float = 0.05):
        matrices = [w for n, w in model.named_parameters() if n.startswith("blk.") and w.dim() == 2]
        others = [w for n, w in model.named_parameters() if not (n.startswith("blk.") and w.dim() == 2)]
        self.matrices, self.decay = matrices, decay
        self.momenta = [torch.zeros_like(w) for w in matrices]
        self.adam = torch.optim.AdamW(
            [
                {"params": [w for w in others if w.dim() == 2], "weight_decay": 0.01},
                {"params": [w for w in others if w.dim() != 2], "weight_decay": 0.0},
                {"params": list(extra), "weight_decay": 0.01},
            ],
            lr=1e-3, betas=(0.9, 0.98),
        )  # fmt: skip

    @torch.no_grad()
    def step(self, rate: float):
        for group in self.adam.param_groups:
            group["lr"] = rate
        self.adam.step()
        self.adam.zero_grad(set_to_none=True)
        for weight, momentum in zip(self.matrices, self.momenta):
            momentum.mul_(0.95).add_(weight.grad, alpha=0.05)
            update = orthogonal(weight.grad.lerp(momentum, 0.95))
            weight.mul_(1 - rate * self.decay)
            weight.add_(update, alpha=-rate * 0.2 * math.sqrt(max(weight.shape)))
            weight.grad = None

    def state(self):
        return {"adam": self.adam.state_dict(), "momenta": self.momenta}

    def load(self, state):
        self.adam.load_state_dict(state["adam"])
        self.momenta = state["momenta"]
