"""The decoder by definition, in extended precision: every weight of attention is a sum over tuples of tokens.

Nothing here is streamed or in chunks, and it shares no code with decoder.py but the reading of files.
"""

import itertools
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from decoder import Config, Decoder, spans, stored
from random_model import MODELS, write

X = np.longdouble
TOKENS = 13
BOUND = 1e-11

Array = np.ndarray


def passed(gates: Array, power: int, frm: int, to: int) -> Any:
    """(g_(frm+1) .. g_to)^power."""
    return np.prod(gates[frm + 1 : to + 1]) ** power


def weights(q: Array, k: Array, gates: Array, operator: str, ridge: float) -> Array:
    """(n, n): the weight of v_j in the output of token t; q and k (n, d), gates (n)."""
    n = len(q)
    out = np.zeros((n, n), X)
    for t in range(n):
        past = range(t + 1)
        if operator == "linear":
            for j in past:
                out[t, j] = passed(gates, 1, j, t) * (q[t] @ k[j])
        elif operator == "hla2":
            for i, j in itertools.product(past, past):
                if i <= j:
                    out[t, j] += passed(gates, 1, i, t) * passed(gates, 1, j, t) * (q[t] @ k[i]) * (k[i] @ q[j])
        elif operator == "ahla":
            for i, j in itertools.product(past, past):
                if j <= i:
                    out[t, j] += passed(gates, 1, j, t) * (q[t] @ k[i]) * (q[i] @ k[j])
        elif operator == "hla3":
            for i, u, j in itertools.product(past, past, past):
                if i <= u and j <= u:
                    decay = passed(gates, 1, i, t) * passed(gates, 1, u, t) * passed(gates, 1, j, t)
                    out[t, j] += decay * (q[t] @ k[i]) * (k[i] @ q[u]) * (q[u] @ k[j])
        elif operator == "hla4":
            # o_t over i <= u <= t with weight g^4 from u on, of x_u by hla2.
            inner = weights(q, k, gates, "hla2", 0)
            for i, u in itertools.product(past, past):
                if i <= u:
                    out[t] += passed(gates, 1, i, u) * passed(gates, 4, u, t) * (q[t] @ k[i] * (k[i] @ q[u])) * inner[u]
        elif operator == MODELS["program"]["program"]:
            # u = LA(q, k, k, g^2) - 0.5 * LA<(q, q, k); o = LA(q, u, v) + 2 * LA<(u, k, LA(q, k, v, 1))
            def u(s: int) -> Array:
                before = (passed(gates, 1, i, s - 1) * (q[s] @ q[i]) * k[i] for i in range(s))
                return sum(passed(gates, 2, i, s) * (q[s] @ k[i]) * k[i] for i in range(s + 1)) - X(0.5) * sum(before)

            for j in past:
                out[t, j] += passed(gates, 1, j, t) * (q[t] @ u(j))
            for i in range(t):
                for j in range(i + 1):
                    out[t, j] += 2 * passed(gates, 1, i, t - 1) * (u(t) @ k[i]) * (q[i] @ k[j])
        else:
            raise ValueError(operator)
        if ridge:
            for j in past:
                out[t, j] += X(ridge) * passed(gates, 1, j, t) * (q[t] @ q[j])
    return out


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def silu(x: Array) -> Array:
    return x * sigmoid(x)


def feature(x: Array, kind: str) -> Array:
    if kind == "l2":
        return x / np.sqrt((x**2).sum(-1, keepdims=True))
    return {
        "identity": lambda: x,
        "relu": lambda: np.maximum(x, 0),
        "elu1": lambda: np.where(x > 0, x + 1, np.exp(np.minimum(x, 0))),
    }[kind]()


def norm(x: Array, weight: Array, eps: float) -> Array:
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + X(eps)) * weight


def decays(raw: dict[str, Any], layer: int, heads: int) -> list[float]:
    """The decay of each head as config.json has it: a number, one a head, or such lists a layer."""
    decay = np.array(raw.get("decay", 1.0), float)
    return list(np.broadcast_to(decay[layer] if decay.ndim == 2 else decay, heads))


def dense(raw: dict[str, Any], w: dict[str, Array], ids: Array) -> tuple[Array, Array]:
    """Hidden rows (n, D) and scores (n) by definition."""
    config = Config.of(raw)
    n, H, K, d, dv = len(ids), config.num_heads, config.kv_heads, config.d, config.dv
    h = w["model.embeddings.weight"][ids]
    for layer in range(config.num_hidden_layers):
        prefix = f"model.layers.{layer}."
        at = {name.removeprefix(prefix): numbers for name, numbers in w.items() if name.startswith(prefix)}
        x = norm(h, at["attn_norm.weight"], config.norm_eps)
        q = feature((x @ at["attn.q_proj.weight"].T).reshape(n, H, d) * X(raw.get("scale", d**-0.5)), config.feature_map)
        k = feature((x @ at["attn.k_proj.weight"].T).reshape(n, K, d), config.feature_map)
        v = (x @ at["attn.v_proj.weight"].T).reshape(n, K, dv)
        o = np.zeros((n, H, dv), X)
        for head in range(H):
            gates = np.full(n, X(decays(raw, layer, H)[head]))
            if config.use_gk:
                bias = at.get("attn.gk_proj.bias")
                z = x @ at["attn.gk_proj.weight"][head] + (0 if bias is None else bias[head])
                gates = gates * sigmoid(z) ** (1 / X(config.gate_logit_normalizer))
            kv = head // (H // K)
            W = weights(q[:, head], k[:, kv], gates, config.operator, config.ridge)
            o[:, head] = W @ v[:, kv]
            if config.normalize:
                o[:, head] /= (W.sum(1) + X(config.normalize_epsilon))[:, None]
        if config.use_output_norm:
            o = norm(o, at["attn.norm.weight"], config.norm_eps)
        o = o.reshape(n, H * dv)
        if config.use_output_gate:
            o = o * silu(x @ at["attn.g_proj.weight"].T)
        h = h + o @ at["attn.o_proj.weight"].T
        m = norm(h, at["mlp_norm.weight"], config.norm_eps)
        h = h + (silu(m @ at["mlp.gate_proj.weight"].T) * (m @ at["mlp.up_proj.weight"].T)) @ at["mlp.down_proj.weight"].T
    y = norm(h, w["model.norm.weight"], config.norm_eps)
    logits = y @ w["model.embeddings.weight" if config.tie_word_embeddings else "lm_head.weight"].T
    scores = np.full(n, X("nan"))
    for t in range(1, n):
        scores[t] = logits[t - 1, ids[t]] - np.log(np.exp(logits[t - 1]).sum())
    return y, scores


def difference(ours: Array, theirs: Array) -> float:
    """The largest difference in a row against the row's largest number; of scores against 1 or the score."""
    ours, theirs = np.asarray(ours, X), np.asarray(theirs, X)
    if ours.ndim == 1:
        return float((np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1))[1:].max())
    return float((np.abs(ours - theirs).max(-1) / np.abs(theirs).max(-1)).max())


def forward(model: Decoder, ids: Array) -> tuple[Array, Array]:
    """Hidden rows (n, D) and scores (n) of one sequence."""
    parts = [(hidden[0], scores[0]) for _, hidden, scores, _ in spans(model, torch.from_numpy(ids)[None])]
    return torch.cat([p[0] for p in parts]).numpy(), torch.cat([p[1] for p in parts]).numpy()


def check() -> bool:
    """Every random model in chunks of 1, 4 and all tokens against the definition."""
    good = True
    for name in MODELS:
        with tempfile.TemporaryDirectory() as folder:
            ids = write(name, Path(folder))[:TOKENS]
            raw = json.loads((Path(folder) / "config.json").read_text())
            w = {key: tensor.double().numpy().astype(X) for key, tensor in stored(Path(folder))}
            y, s = dense(raw, w, ids)
            for chunk in (1, 4, TOKENS):
                model = Decoder.load(Path(folder), torch.float64, chunk)
                hidden, scores = forward(model, ids)
                worst = difference(hidden, y), difference(scores, s)
                good &= max(worst) < BOUND
                print(
                    f"{name}, chunks of {chunk}: hidden within {worst[0]:.1e}, scores within {worst[1]:.1e} of the definition"
                )
    return good
