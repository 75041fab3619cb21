"""A model and what it gives, token by token."""

import json

import numpy as np


class Decoder:
    """A model of random weights, its files, and its definition in numpy: hla2 without decay, two layers."""

    heads, d, width, inner, words, layers = 2, 4, 8, 6, 20, 2

    def __init__(self, folder):
        random = np.random.default_rng(9)
        shapes = {"model.embeddings.weight": (self.words, self.width), "model.norm.weight": (self.width,)}
        for n in range(self.layers):
            layer = f"model.layers.{n}."
            shapes |= {layer + name: (self.width,) for name in ("attn_norm.weight", "mlp_norm.weight")}
            shapes |= {layer + f"attn.{name}_proj.weight": (self.width, self.width) for name in "qkvo"}
            shapes |= {layer + f"mlp.{name}_proj.weight": (self.inner, self.width) for name in ("gate", "up")}
            shapes[layer + "mlp.down_proj.weight"] = (self.width, self.inner)
        self.weights = {name: random.normal(size=shape) / np.sqrt(shape[-1]) for name, shape in shapes.items()}
        self.folder = str(folder)
        config = {
            "model_type": "hla",
            "vocab_size": self.words,
            "hidden_size": self.width,
            "num_hidden_layers": self.layers,
            "num_heads": self.heads,
            "intermediate_size": self.inner,
            "operator": "hla2",
            "use_output_norm": False,
            "tie_word_embeddings": True,
        }
        (folder / "config.json").write_text(json.dumps(config))
        header, data = {}, b""
        for name, values in self.weights.items():
            end = len(data) + values.nbytes
            header[name] = {"dtype": "F64", "shape": values.shape, "data_offsets": [len(data), end]}
            data += values.tobytes()
        text = json.dumps(header).encode()
        (folder / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data)

    def hidden(self, ids):
        """Behind the last layer and the final norm, and the log probabilities of the tokens behind."""
        w = self.weights

        def norm(x, weight):
            return x / np.sqrt(np.mean(x * x, axis=1, keepdims=True) + 1e-5) * weight

        h = w["model.embeddings.weight"][ids]
        for n in range(self.layers):
            of = {
                name[len(f"model.layers.{n}.") :]: v for name, v in w.items() if name.startswith(f"model.layers.{n}.")
            }
            x = norm(h, of["attn_norm.weight"])
            q, k, v = (x @ of[f"attn.{name}_proj.weight"].T for name in "qkv")
            o = np.zeros_like(v)
            for head in range(self.heads):
                part = slice(head * self.d, (head + 1) * self.d)
                pairs = np.tril(self.d**-0.5 * q[:, part] @ k[:, part].T)
                # sum over i <= j <= t of (q_t . k_i) (k_i . q_j) v_j
                o[:, part] = np.tril(pairs @ pairs.T) @ v[:, part]
            h = h + o @ of["attn.o_proj.weight"].T
            m = norm(h, of["mlp_norm.weight"])
            gate = m @ of["mlp.gate_proj.weight"].T
            h = h + (gate / (1 + np.exp(-gate)) * (m @ of["mlp.up_proj.weight"].T)) @ of["mlp.down_proj.weight"].T
        y = norm(h, w["model.norm.weight"])
        logits = y @ w["model.embeddings.weight"].T
        logits = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return y, logits[np.arange(len(ids) - 1), ids[1:]]


#: One sequence.
IDS = np.random.default_rng(4).integers(0, Decoder.words, 30)
