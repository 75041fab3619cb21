"""The "hla" decoder in plain torch: what the job's features are compared with, and what is trained.

A layer is h + attention(norm(h)), then h + mlp(norm(h)). Shapes: ids (B, T); signals of a head (B, H, T, width); hidden rows
(B, T, D).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from attention import Attention, BadModel, Decay, feature, program_of
from safetensors import safe_open
from torch import Tensor

CHUNK = 64
SPAN = 4096

States = list[dict[str, Tensor]]


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
