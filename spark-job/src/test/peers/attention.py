"""Programs of causal linear attentions in plain torch, any dtype, differentiable.

    LA(x, y, z, g^n)_t = sum over s <= t of (g_(s+1) .. g_t)^n (x_t . y_s) z_s

on the queries, keys and values of a head, for example u = LA(q, k, k); o = LA(q, u, v, g^2). Every one of them is computed
exactly, in chunks of tokens: inside a chunk by masked products, from earlier tokens by the state, the sum over s of
(g_(s+1) ..)^n y_s z_s^T, that is carried from chunk to chunk.
"""

import ast
import math
import re

import torch
import torch.nn.functional as F
from torch import Tensor


class BadModel(Exception):
    """A model directory that is not one of the decoder."""


def program_of(operator: str) -> str:
    """The program that an operator's name stands for; a program stands for itself."""
    if "=" in operator:
        return operator
    if operator == "linear":
        return "o = LA(q, k, v)"
    name = re.fullmatch(r"(a?)hla(\d*)", operator.replace(":", ""))
    if not name or not (name[1] or name[2]):
        raise BadModel(f"operator is {operator}, expected linear, hla2, hla3, .. or ahla, ahla3, ..")
    order = int(name[2] or 2)
    if name[1]:
        value = "v"
        for _ in range(order):
            value = f"LA(q, k, {value})"
        return f"o = {value}"
    value = "v" if order % 2 == 0 else "LA(q, k, v)"
    for n in range(2 + order % 2, order + 1, 2):
        value = f"LA(q, u, {value}, g^{n})"
    return f"u = LA(q, k, k); o = {value}"


def statements(program: str) -> list[tuple[str, ast.expr]]:
    """Names and expressions of a program, with LA< written BEFORE."""
    found = []
    for text in filter(str.strip, program.split(";")):
        text = re.sub(r"LA\s*<", "BEFORE", text).replace("^", "**")
        assign = ast.parse(text.strip()).body[0]
        if not isinstance(assign, ast.Assign) or not isinstance(assign.targets[0], ast.Name):
            raise BadModel(f"program has {text}, expected NAME = ..")
        found.append((assign.targets[0].id, assign.value))
    return found


def power_of(decay: ast.expr) -> int:
    match decay:
        case ast.Constant(value=1):
            return 0
        case ast.Name(id="g"):
            return 1
        case ast.BinOp(left=ast.Name(id="g"), op=ast.Pow(), right=ast.Constant(value=power)):
            return int(power)
    raise BadModel(f"decay is {ast.unparse(decay)}, expected g, g^n or 1")


class Decay:
    """Products of decays inside chunks, from the logarithms of the decays of tokens (B or 1, H, chunks or 1, length)."""

    def __init__(self, logs: Tensor) -> None:
        self.logs = logs
        self.sums = logs.cumsum(-1)
        before = self.sums - logs
        self.gaps = {
            False: self.sums[..., :, None] - self.sums[..., None, :],
            True: before[..., :, None] - self.sums[..., None, :],
        }
        self.fronts = {False: self.sums[..., None], True: before[..., None]}
        self.known: dict[tuple[int, bool], tuple[Tensor, Tensor, Tensor, Tensor]] = {}

    def weights(self, power: int, strict: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """From s to t (length, length); from the front to t, from s to the end (length, 1); the chunk's (1, 1)."""
        if (power, strict) not in self.known:
            gaps = self.gaps[strict]
            outside = torch.ones(gaps.shape[-2:], dtype=torch.bool).triu(0 if strict else 1)
            mask = (power * gaps).masked_fill(outside, -math.inf).exp()
            whole = self.sums[..., -1:, None]
            self.known[power, strict] = (
                mask,
                (power * self.fronts[strict]).exp(),
                (power * (whole - self.sums[..., None])).exp(),
                (power * whole).exp(),
            )
        return self.known[power, strict]


def linear_attention(
    x: Tensor, y: Tensor, z: Tensor, decay: Decay, power: int, strict: bool, state: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Outputs of all chunks and the state behind them; x, y, z (B, H, chunks, length, width)."""
    mask, front, end, whole = decay.weights(power, strict)
    sums = (y * end).transpose(-1, -2) @ z
    if state is None:
        state = torch.zeros_like(sums[:, :, 0])
    states = []
    for c in range(sums.shape[2]):
        states.append(state)
        state = state * whole[:, :, c if whole.shape[2] > 1 else 0] + sums[:, :, c]
    outputs = ((x @ y.transpose(-1, -2)) * mask) @ z + (x * front) @ torch.stack(states, 2)
    return outputs, state


class Attention:
    """A program over queries, keys and values in chunks."""

    def __init__(self, program: str, ridge: float = 0.0) -> None:
        self.statements = statements(program)
        self.ridge = ridge

    def __call__(
        self, q: Tensor, k: Tensor, v: Tensor, decay: Decay, before: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """(B, H, chunks, length, width) each; states by the text of the linear attention that they belong to."""
        signals = {"q": q, "k": k, "v": v}
        known: dict[str, Tensor] = {}
        behind: dict[str, Tensor] = {}

        def attend(name: str, x: Tensor, y: Tensor, z: Tensor, power: int, strict: bool) -> Tensor:
            if name not in known:
                known[name], behind[name] = linear_attention(x, y, z, decay, power, strict, before.get(name))
            return known[name]

        def value(node: ast.expr) -> Tensor:
            match node:
                case ast.Name(id=name) if name in signals:
                    return signals[name]
                case ast.UnaryOp(op=ast.USub(), operand=operand):
                    return -value(operand)
                case ast.BinOp(left=left, op=ast.Add(), right=right):
                    return value(left) + value(right)
                case ast.BinOp(left=left, op=ast.Sub(), right=right):
                    return value(left) - value(right)
                case ast.BinOp(left=ast.Constant(value=number), op=ast.Mult(), right=right):
                    return number * value(right)
                case ast.Call(func=ast.Name(id="LA" | "BEFORE" as kind), args=[x, y, z, *rate]):
                    power = power_of(rate[0]) if rate else 1
                    return attend(ast.unparse(node), value(x), value(y), value(z), power, kind == "BEFORE")
            raise BadModel(f"program has {ast.unparse(node)}")

        for name, node in self.statements:
            signals[name] = value(node)
        output = signals[self.statements[-1][0]]
        if self.ridge:
            output = output + self.ridge * attend("ridge", q, q, v, 1, False)
        return output, behind


def feature(x: Tensor, kind: str) -> Tensor:
    if kind == "identity":
        return x
    if kind == "relu":
        return F.relu(x)
    if kind == "elu1":
        return torch.where(x > 0, x + 1, x.clamp(max=0).exp())
    if kind == "l2":
        norm = (x * x).sum(-1, keepdim=True).sqrt()
        return x / torch.where(norm == 0, 1, norm)
    raise BadModel(f"feature_map is {kind}, expected identity, relu, elu1 or l2")
