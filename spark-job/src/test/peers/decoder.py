"""The "hla" decoder in plain torch: what the job's features are compared with, and what is trained.

A layer is x + attention(norm(x)), then h + mlp(norm(h)). Attention is a program of causal linear attentions

    LA(x, y, z, g^n)_t = sum over s <= t of (g_(s+1) .. g_t)^n (x_t . y_s) z_s

on the queries, keys and values of a head, for example u = LA(q, k, k); o = LA(q, u, v, g^2). Every one of them is computed
exactly, in chunks of tokens: inside a chunk by masked products, from earlier tokens by the state
sum over s of (g_(s+1) ..)^n y_s z_s^T that is carried from chunk to chunk. Any dtype; differentiable.

Shapes: ids (B, T); signals of a head (B, H, T, width); hidden rows (B, T, D).
"""

import ast
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor

CHUNK = 64
SPAN = 4096

States = list[dict[str, Tensor]]


class BadModel(Exception):
    """A model directory that is not one of this decoder."""


# --- What is attended ---------------------------------------------------------------------------------------------


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


# --- The model ----------------------------------------------------------------------------------------------------

CONFIG_ALIASES = {"num_attention_heads": "num_heads", "num_key_value_heads": "num_kv_heads", "rms_norm_eps": "norm_eps"}

TENSOR_ALIASES = {
    "model.embed_tokens.weight": "model.embeddings.weight",
    "model.wte.weight": "model.embeddings.weight",
    "model.tok_embeddings.weight": "model.embeddings.weight",
    "input_layernorm.weight": "attn_norm.weight",
    "post_attention_layernorm.weight": "mlp_norm.weight",
    "attn.g_norm.weight": "attn.norm.weight",
    "attn.g_norm_swish_gate.weight": "attn.norm.weight",
    "attn.o_norm.weight": "attn.norm.weight",
}


@dataclass(frozen=True)
class Config:
    """config.json; sizes are numbers per vector or head."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_heads: int
    intermediate_size: int
    operator: str
    num_kv_heads: int | None = None
    head_dim: int | None = None
    value_dim: int | None = None
    decay: Any = 1.0
    ridge: float = 0.0
    normalize: bool = False
    normalize_epsilon: float = 1e-6
    scale: float | None = None
    feature_map: str = "identity"
    norm_eps: float = 1e-5
    use_output_norm: bool = True
    use_output_gate: bool = False
    use_gk: bool = False
    gate_logit_normalizer: float = 16.0
    hidden_act: str = "silu"
    tie_word_embeddings: bool = False
    tokenizer: Any = None

    @staticmethod
    def of(values: dict[str, Any]) -> "Config":
        if values.get("model_type") != "hla":
            raise BadModel(f"model_type is {values.get('model_type')}, expected hla")
        values = {CONFIG_ALIASES.get(key, key): value for key, value in values.items()}
        if "program" in values:
            values["operator"] = values.pop("program")
        known = {field.name for field in fields(Config)}
        return Config(**{key: value for key, value in values.items() if key in known and value is not None})

    @property
    def kv_heads(self) -> int:
        return self.num_kv_heads or self.num_heads

    @property
    def d(self) -> int:
        return self.head_dim or self.hidden_size // self.num_heads

    @property
    def dv(self) -> int:
        return self.value_dim or self.d

    @property
    def query_scale(self) -> float:
        return self.d**-0.5 if self.scale is None else self.scale

    def decay_of(self, layer: int) -> list[float]:
        """One number a head."""
        decay = self.decay
        if isinstance(decay, list) and isinstance(decay[0], list):
            decay = decay[layer]
        heads = decay if isinstance(decay, list) else [decay]
        return [float(g) for g in (heads * self.num_heads if len(heads) == 1 else heads)]

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every tensor that this model has, by its first name."""
        D, H, K, d, dv, M = self.hidden_size, self.num_heads, self.kv_heads, self.d, self.dv, self.intermediate_size
        shapes: dict[str, tuple[int, ...]] = {"model.embeddings.weight": (self.vocab_size, D)}
        for n in range(self.num_hidden_layers):
            layer = {
                "attn_norm.weight": (D,),
                "attn.q_proj.weight": (H * d, D),
                "attn.k_proj.weight": (K * d, D),
                "attn.v_proj.weight": (K * dv, D),
                "attn.o_proj.weight": (D, H * dv),
                "mlp_norm.weight": (D,),
                "mlp.gate_proj.weight": (M, D),
                "mlp.up_proj.weight": (M, D),
                "mlp.down_proj.weight": (D, M),
            }
            if self.use_output_norm:
                layer["attn.norm.weight"] = (dv,)
            if self.use_output_gate:
                layer["attn.g_proj.weight"] = (H * dv, D)
            if self.use_gk:
                layer["attn.gk_proj.weight"] = (H, D)
            shapes |= {f"model.layers.{n}.{name}": shape for name, shape in layer.items()}
        shapes["model.norm.weight"] = (D,)
        if not self.tie_word_embeddings:
            shapes["lm_head.weight"] = (self.vocab_size, D)
        return shapes


def stored(directory: Path) -> Iterator[tuple[str, Tensor]]:
    """Every tensor of a directory under its first name, as it is stored."""
    index = directory / "model.safetensors.index.json"
    names = sorted(set(json.loads(index.read_text())["weight_map"].values())) if index.exists() else ["model.safetensors"]
    for file in names:
        with safe_open(directory / file, "pt") as tensors:
            for name in tensors.keys():
                layer = re.fullmatch(r"(model\.layers\.\d+\.)(.*)", name)
                if layer:
                    inner = layer[2].replace("self_attn.", "attn.")
                    yield layer[1] + TENSOR_ALIASES.get(inner, inner), tensors.get_tensor(name)
                else:
                    yield TENSOR_ALIASES.get(name, name), tensors.get_tensor(name)


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    return x / (x.square().mean(-1, keepdim=True) + eps).sqrt() * weight


class Decoder:
    """A model; `states` are those of each layer's linear attentions, empty in front of the first token."""

    def __init__(self, config: Config, weights: dict[str, Tensor], chunk: int = CHUNK) -> None:
        self.config, self.weights, self.chunk = config, weights, chunk
        self.dtype = weights["model.norm.weight"].dtype
        self.attention = Attention(program_of(config.operator), config.ridge)
        self.constant: dict[tuple[int, int], Decay] = {}
        if config.hidden_act not in ("silu", "swish"):
            raise BadModel(f"hidden_act is {config.hidden_act}, expected silu")

    @staticmethod
    def load(directory: Path, dtype: torch.dtype = torch.float64, chunk: int = CHUNK) -> "Decoder":
        config = Config.of(json.loads((directory / "config.json").read_text()))
        weights = {name: tensor.to(dtype) for name, tensor in stored(directory)}
        if config.tie_word_embeddings:
            weights.pop("lm_head.weight", None)
        expected = config.shapes()
        for name, tensor in weights.items():
            if expected.get(name) != tuple(tensor.shape) and not (config.use_gk and name.endswith("attn.gk_proj.bias")):
                raise BadModel(f"{name} is {tuple(tensor.shape)}, expected {expected.get(name)}")
        if missing := expected.keys() - weights.keys():
            raise BadModel(f"{directory} has no {sorted(missing)}")
        return Decoder(config, weights, chunk)

    def initial_states(self) -> States:
        return [{} for _ in range(self.config.num_hidden_layers)]

    def attend(self, layer: int, x: Tensor, before: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Attention outputs (B, T, H, dv) of one layer for rows x (B, T, D), and the states behind them."""
        c, at = self.config, f"model.layers.{layer}.attn."
        B, T, _ = x.shape
        length = min(self.chunk, T)

        def heads(name: str, count: int, width: int) -> Tensor:
            return F.linear(x, self.weights[at + name]).view(B, T, count, width).transpose(1, 2)

        def chunks(rows: Tensor) -> Tensor:
            if rows.shape[1] < c.num_heads:
                rows = rows.repeat_interleave(c.num_heads // rows.shape[1], 1)
            return rows.unflatten(2, (-1, length))

        q = chunks(feature(heads("q_proj.weight", c.num_heads, c.d) * c.query_scale, c.feature_map))
        k = chunks(feature(heads("k_proj.weight", c.kv_heads, c.d), c.feature_map))
        v = chunks(heads("v_proj.weight", c.kv_heads, c.dv))
        if c.normalize:
            v = F.pad(v, (0, 1), value=1)
        decay = self._constant_decay(layer, length, x.dtype)
        if c.use_gk:
            gates = F.linear(x, self.weights[at + "gk_proj.weight"], self.weights.get(at + "gk_proj.bias"))
            logs = (F.logsigmoid(gates) / c.gate_logit_normalizer).transpose(1, 2).unflatten(2, (-1, length))
            decay = Decay(logs + decay.logs)
        o, behind = self.attention(q, k, v, decay, before)
        o = o.flatten(2, 3).transpose(1, 2)
        if c.normalize:
            o = o[..., :-1] / (o[..., -1:] + c.normalize_epsilon)
        return o, behind

    def _constant_decay(self, layer: int, length: int, dtype: torch.dtype) -> Decay:
        if (layer, length) not in self.constant:
            logs = torch.tensor(self.config.decay_of(layer), dtype=torch.float64).log().to(dtype)
            self.constant[layer, length] = Decay(logs[None, :, None, None].expand(-1, -1, -1, length))
        return self.constant[layer, length]

    def layer(
        self, layer: int, h: Tensor, before: dict[str, Tensor], seen: list[Tensor] | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Rows behind one layer; appends the attention's outputs to `seen`."""
        c, w = self.config, lambda name: self.weights[f"model.layers.{layer}.{name}"]
        x = rms_norm(h, w("attn_norm.weight"), c.norm_eps)
        o, behind = self.attend(layer, x, before)
        if seen is not None:
            seen.append(o)
        if c.use_output_norm:
            o = rms_norm(o, w("attn.norm.weight"), c.norm_eps)
        o = o.flatten(2)
        if c.use_output_gate:
            o = o * F.silu(F.linear(x, w("attn.g_proj.weight")))
        h = h + F.linear(o, w("attn.o_proj.weight"))
        m = rms_norm(h, w("mlp_norm.weight"), c.norm_eps)
        m = F.silu(F.linear(m, w("mlp.gate_proj.weight"))) * F.linear(m, w("mlp.up_proj.weight"))
        return h + F.linear(m, w("mlp.down_proj.weight")), behind

    def hidden(self, ids: Tensor, states: States, seen: list[Tensor] | None = None) -> tuple[Tensor, States]:
        """Normalized last rows (B, T, D) of tokens behind `states`, and the states behind them."""
        whole = ids.shape[1] // self.chunk * self.chunk
        if 0 < whole < ids.shape[1]:
            raise ValueError(f"{ids.shape[1]} tokens at once, expected a multiple of {self.chunk} or fewer")
        h = self.weights["model.embeddings.weight"][ids]
        behind = []
        for n in range(self.config.num_hidden_layers):
            h, state = self.layer(n, h, states[n], seen)
            behind.append(state)
        return rms_norm(h, self.weights["model.norm.weight"], self.config.norm_eps), behind

    def logits(self, hidden: Tensor) -> Tensor:
        tied = self.config.tie_word_embeddings
        return F.linear(hidden, self.weights["model.embeddings.weight" if tied else "lm_head.weight"])


# --- Long sequences -----------------------------------------------------------------------------------------------


def spans(
    model: Decoder, ids: Tensor, seen: bool = False, span: int = SPAN, score: bool = True
) -> Iterator[tuple[int, Tensor, Tensor, list[Tensor]]]:
    """Sequences ids (B, T) span after span: where it starts, hidden rows (B, S, D), scores (B, S) and, if they are to be seen,
    attention outputs (B, S, H, dv) of each layer. A score is ln p(token | earlier tokens), NaN for the first token."""
    states = model.initial_states()
    length = ids.shape[1]
    span = max(span // model.chunk, 1) * model.chunk
    whole = length // model.chunk * model.chunk
    cuts = [*range(0, whole, span), *([whole] if whole < length else []), length]
    last = torch.full((ids.shape[0], 1), torch.nan, dtype=model.dtype)
    ahead = None
    for start, stop in zip(cuts, cuts[1:]):
        attended: list[Tensor] = []
        hidden, states = model.hidden(ids[:, start:stop], states, attended if seen else None)
        scores = hidden.new_empty(hidden.shape[:2])
        if score:
            logits = model.logits(hidden)
            logits -= logits.logsumexp(-1, keepdim=True)
            next_ids = ids[:, start + 1 : stop, None]
            first = last if ahead is None else ahead.gather(1, ids[:, start, None])
            scores = torch.cat([first, logits[:, :-1].gather(2, next_ids)[..., 0]], 1)
            ahead = logits[:, -1].clone()
        yield start, hidden, scores, attended
