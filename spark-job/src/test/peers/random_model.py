"""Small untrained models that together have every option, and tokens for them; the same on every machine."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from decoder import Config
from safetensors.torch import save_file

TOKENS = 2000

MODELS: dict[str, dict[str, Any]] = {
    # Everything that goes with hla2: grouped heads, gates with a bias, ridge, normalization, a gate on the output, two files.
    "options": {
        "model_type": "hla",
        "vocab_size": 61,
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_heads": 4,
        "num_kv_heads": 2,
        "head_dim": 5,
        "value_dim": 3,
        "intermediate_size": 24,
        "operator": "hla2",
        "decay": [[1.0, 0.99, 0.9, 0.999], [0.95, 1.0, 0.995, 0.5]],
        "ridge": 0.25,
        "normalize": True,
        "normalize_epsilon": 1e-4,
        "scale": 0.4,
        "feature_map": "elu1",
        "norm_eps": 1e-6,
        "use_output_gate": True,
        "use_gk": True,
        "gate_logit_normalizer": 8,
    },
    # Third order, no norm of the output, names and keys of other projects, one table for input and output.
    "third-order": {
        "model_type": "hla",
        "vocab_size": 37,
        "hidden_size": 14,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "intermediate_size": 20,
        "operator": "hla3",
        "decay": 0.97,
        "feature_map": "l2",
        "rms_norm_eps": 1e-4,
        "use_output_norm": False,
        "use_gk": True,
        "tie_word_embeddings": True,
        "hidden_act": "swish",
        "architectures": ["HLAForCausalLM"],
        "torch_dtype": "float16",
    },
    "fourth-order": {
        "model_type": "hla",
        "vocab_size": 29,
        "hidden_size": 12,
        "num_hidden_layers": 1,
        "num_heads": 3,
        "intermediate_size": 16,
        "operator": "hla4",
        "decay": [1.0, 0.99, 0.9],
        "normalize": True,
        "feature_map": "relu",
        "value_dim": 6,
    },
    "asymmetric": {
        "model_type": "hla",
        "vocab_size": 23,
        "hidden_size": 9,
        "num_hidden_layers": 2,
        "num_heads": 3,
        "intermediate_size": 11,
        "operator": "ahla",
        "decay": [0.999, 0.9, 1.0],
        "use_output_gate": True,
    },
    "linear": {
        "model_type": "hla",
        "vocab_size": 19,
        "hidden_size": 8,
        "num_hidden_layers": 2,
        "num_heads": 2,
        "num_kv_heads": 1,
        "intermediate_size": 12,
        "operator": "linear",
        "use_gk": True,
    },
    "program": {
        "model_type": "hla",
        "vocab_size": 31,
        "hidden_size": 10,
        "num_hidden_layers": 2,
        "num_heads": 2,
        "intermediate_size": 14,
        "program": "u = LA(q, k, k, g^2) - 0.5 * LA<(q, q, k); o = LA(q, u, v) + 2 * LA<(u, k, LA(q, k, v, 1))",
        "decay": [0.9, 0.99],
        "use_output_gate": True,
    },
}

DTYPES = {
    "options": torch.bfloat16,
    "third-order": torch.float16,
    "fourth-order": torch.float32,
    "asymmetric": torch.float64,
    "linear": torch.bfloat16,
    "program": torch.float32,
}

OTHER_NAMES = {
    "model.embeddings.": "model.embed_tokens.",
    ".attn_norm.": ".input_layernorm.",
    ".mlp_norm.": ".post_attention_layernorm.",
    ".attn.": ".self_attn.",
}


def write(name: str, directory: Path) -> np.ndarray:
    """Writes the directory of a model and gives its tokens (TOKENS)."""
    seed = list(MODELS).index(name) + 1
    rng = np.random.default_rng(seed)
    config = Config.of(MODELS[name])
    shapes = config.shapes()
    if name == "options":
        shapes |= {f"model.layers.{n}.attn.gk_proj.bias": (config.num_heads,) for n in range(config.num_hidden_layers)}
    tensors = {}
    for tensor, shape in shapes.items():
        if tensor.endswith("bias"):
            numbers = 2 + rng.normal(size=shape)
        elif len(shape) == 1:
            numbers = 1 + 0.2 * rng.normal(size=shape)
        else:
            numbers = rng.normal(size=shape) * (1 if "embeddings" in tensor else shape[1] ** -0.5)
        dtype = torch.float32 if len(shape) == 1 and DTYPES[name] != torch.float64 else DTYPES[name]
        if name == "third-order":
            for ours, other in OTHER_NAMES.items():
                tensor = tensor.replace(ours, other)
        tensors[tensor] = torch.from_numpy(numbers).to(dtype).contiguous()
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "config.json").write_text(json.dumps(MODELS[name], indent=2) + "\n")
    if name == "options":
        names = sorted(tensors)
        shards = {f"model-0000{i + 1}-of-00002.safetensors": names[i::2] for i in range(2)}
        for file, held in shards.items():
            save_file({tensor: tensors[tensor] for tensor in held}, directory / file, {"format": "pt"})
        index = {
            "metadata": {"total_size": sum(t.numel() * t.element_size() for t in tensors.values())},
            "weight_map": {tensor: file for file, held in shards.items() for tensor in held},
        }
        (directory / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")
    else:
        save_file(tensors, directory / "model.safetensors", {"format": "pt"})
    return rng.integers(0, config.vocab_size, TOKENS)
