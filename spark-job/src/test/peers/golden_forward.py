"""The sample of forward.py's numbers that the unit tests read; its README says how it is laid out."""

import math
from pathlib import Path

import numpy as np
import torch
from decoder import Decoder, spans
from random_model import MODELS, write
from safetensors.torch import save_file
from token_tables import sequences
from torch import Tensor

POSITIONS = 200

Array = np.ndarray


def chosen(length: int) -> Array:
    """Positions over a whole sequence: both ends, both sides of powers of two, others at a steady distance or ratio."""
    powers = 2 ** np.arange(1, int(math.log2(length)) + 1)
    edges = np.concatenate([[0, 1, length - 2, length - 1], powers - 1, powers])
    rest = POSITIONS - len(np.unique(edges))
    far = np.linspace(0, length - 1, rest - rest // 4 + 2)[1:-1]
    near = np.geomspace(3, length - 1, rest // 4 + 2)[1:-1]
    return np.unique(np.concatenate([edges, far, near]).astype(np.int64))


def sample(model: Decoder, ids: Array, attention: bool) -> dict[str, Tensor]:
    positions = chosen(len(ids))
    picked: dict[str, list[Tensor]] = {}
    total = torch.zeros(model.config.hidden_size, dtype=model.dtype)
    log_probability = 0.0
    for start, hidden, scores, attended in spans(model, torch.from_numpy(ids)[None], seen=attention):
        here = torch.from_numpy(positions[(positions >= start) & (positions < start + hidden.shape[1])] - start)
        rows = {"hidden": hidden[0], "score": scores[0]} | {f"attention.{n}": o[0].flatten(1) for n, o in enumerate(attended)}
        for name, of in rows.items():
            picked.setdefault(name, []).append(of[here])
        total += hidden[0].sum(0)
        log_probability += float(scores[0, 1 if start == 0 else 0 :].sum())
    tensors = {name: torch.cat(rows).contiguous() for name, rows in picked.items()}
    return tensors | {
        "position": torch.from_numpy(positions),
        "mean_hidden": total / len(ids),
        "mean_score": torch.tensor([log_probability / (len(ids) - 1)], dtype=torch.float64),
    }


def golden(model: Path, text: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    [(_, ids)] = sequences(text)
    save_file(sample(Decoder.load(model), ids, False), folder / f"{text.stem}.safetensors")
    for name in MODELS:
        ids = write(name, folder / name)
        tensors = sample(Decoder.load(folder / name), ids, True)
        save_file(tensors | {"id": torch.from_numpy(ids)}, folder / name / "expected.safetensors")
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    print(f"{folder}: {size:,} bytes")
