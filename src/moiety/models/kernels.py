"""The parts of a block that autograd would do in many small passes, with their backward passes written out.

On a CPU a small model is bound by memory passes as much as by products; these halve them. Checked against autograd
through the Hugging Face module. Not faster than a compiled step, but free of its half minute of compilation.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


class _UnitNorm(torch.autograd.Function):
    """y = x r with r = (mean x^2 + eps)^-1/2; dx = r (g - y mean(g y))."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, eps: float) -> Tensor:
        scale = torch.rsqrt(torch.linalg.vecdot(x, x).unsqueeze(-1) / x.shape[-1] + eps)
        y = x * scale
        ctx.save_for_backward(y, scale)
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        y, scale = ctx.saved_tensors
        gradient = gradients[0].to(y.dtype)
        mean = torch.linalg.vecdot(gradient, y).unsqueeze(-1) / y.shape[-1]
        return torch.addcmul(gradient, y, mean, value=-1) * scale, None


class _GatedUnit(torch.autograd.Function):
    """h = silu(gate) up, from one tensor that holds both halves."""

    @staticmethod
    def forward(ctx: Any, gate_up: Tensor) -> Tensor:
        gate, up = gate_up.chunk(2, dim=-1)
        active = functional.silu(gate)
        ctx.save_for_backward(gate, up, active)
        return active * up

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        gate, up, active = ctx.saved_tensors
        gradient = gradients[0]
        return torch.cat([torch.ops.aten.silu_backward(gradient * up, gate), gradient * active], dim=-1)


class _Rotate(torch.autograd.Function):
    """Turn each pair (x_i, x_i+half) by its angle; the backward pass turns the gradient back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        ctx.save_for_backward(cos, sin)
        return turn(x, cos, sin)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        cos, sin = ctx.saved_tensors
        return turn(gradients[0], cos, -sin), None, None


def turn(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each head (last axis) of `x` by its position's angles; the tables broadcast over heads."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat(
        [torch.addcmul(first * cos, second, sin, value=-1), torch.addcmul(second * cos, first, sin)], dim=-1
    )


def unit_norm(x: Tensor, eps: float) -> Tensor:
    """Scale the last axis to unit root mean square (Zhang and Sennrich 2019, arXiv 1910.07467)."""
    result: Tensor = _UnitNorm.apply(x, eps)
    return result


def gated_unit(gate_up: Tensor) -> Tensor:
    """Return silu(gate) * up of the two halves of the last axis (SwiGLU, Shazeer 2020, arXiv 2002.05202)."""
    result: Tensor = _GatedUnit.apply(gate_up)
    return result


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each head of `x` by its position's angles (Su et al. 2021, arXiv 2104.09864)."""
    result: Tensor = _Rotate.apply(x, cos, sin)
    return result
