#!/usr/bin/env python3
"""Trains the small byte model of the samples on Moby-Dick and writes its directory.

The book without its last tenth is cut into streams of equal length, each read in windows from the front; the states behind a
window are those in front of the next one, without gradients. Every epoch cuts at another place and begins from nothing. Learning
rates fall with the clock, so that the time is kept whatever the machine. At the end weights are rounded to BF16; the losses
printed last are those of the rounded weights over the whole book, in order.

    train_tiny.py BOOK MODEL_DIRECTORY [--minutes 30]
"""

import os

# Threads that wait for each other in a loop do no work where others need the cores.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import argparse
import json
import math
import time
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from decoder import Config, Decoder, States, spans
from safetensors.torch import save_file
from torch import Tensor

SEED = 1851
STREAMS = 4
WINDOW = 512

CONFIG = {
    "model_type": "hla",
    "vocab_size": 256,
    "hidden_size": 128,
    "num_hidden_layers": 3,
    "num_heads": 4,
    "intermediate_size": 320,
    "operator": "hla2",
    "decay": [[0.5, 0.8, 0.95, 0.99], [0.8, 0.95, 0.99, 0.999], [0.9, 0.99, 0.999, 0.9999]],
    "use_output_gate": True,
    "tie_word_embeddings": True,
    "tokenizer": {"type": "bytes"},
}


def initial_weights(config: Config) -> dict[str, Tensor]:
    weights = {}
    for name, shape in config.shapes().items():
        if len(shape) == 1:
            weights[name] = torch.ones(shape)
        else:
            std = 0.05 if "embeddings" in name else shape[1] ** -0.5
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                std *= (2 * config.num_hidden_layers) ** -0.5
            weights[name] = torch.randn(shape) * std
    return weights


class Muon:
    """Momentum, all singular values of a step brought near 1 by Newton-Schulz iterations: torch.optim.Muon, in float32."""

    def __init__(self, matrices: list[Tensor], rate: float, momentum: float = 0.95, decay: float = 0.1) -> None:
        self.rate, self.momentum, self.decay = rate, momentum, decay
        self.groups: dict[torch.Size, list[Tensor]] = {}
        for matrix in matrices:
            self.groups.setdefault(matrix.shape, []).append(matrix)
        self.means = {shape: torch.zeros(len(alike), *shape) for shape, alike in self.groups.items()}

    @torch.no_grad()
    def step(self, share: float) -> None:
        """Moves the matrices by `share` of the rate."""
        for shape, alike in self.groups.items():
            gradients = torch.stack([matrix.grad for matrix in alike])
            self.means[shape].lerp_(gradients, 1 - self.momentum)
            x = gradients.lerp(self.means[shape], self.momentum)
            x = x.mT if shape[0] > shape[1] else x
            x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
            for _ in range(5):
                a = x @ x.mT
                x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
            x = x.mT if shape[0] > shape[1] else x
            step = share * self.rate
            for matrix, direction in zip(alike, x):
                matrix.mul_(1 - step * self.decay).sub_(direction, alpha=step * max(1, shape[0] / shape[1]) ** 0.5)


def windows(book: Tensor, generator: torch.Generator) -> Iterator[tuple[Tensor, bool]]:
    """(ids (STREAMS, WINDOW + 1), whether all streams begin anew) without end."""
    while True:
        length = len(book) // (STREAMS + 1)
        first = int(torch.randint(length, (1,), generator=generator))
        streams = book[first : first + STREAMS * length].view(STREAMS, length)
        for at in range(0, length - WINDOW, WINDOW):
            yield streams[:, at : at + WINDOW + 1], at == 0


def detached(states: States) -> States:
    return [{name: state.detach() for name, state in layer.items()} for layer in states]


def loss_of(model: Decoder, ids: Tensor, states: States) -> tuple[Tensor, States]:
    """Nats per byte of ids (B, T + 1) from their second on."""
    hidden, states = model.hidden(ids[:, :-1], states)
    return F.cross_entropy(model.logits(hidden).flatten(0, 1), ids[:, 1:].flatten()), states


@torch.no_grad()
def bits(model: Decoder, book: Tensor, split: int) -> tuple[float, float]:
    """Bits per byte in front of and behind `split`, one stream from the first byte on."""
    scores = torch.cat([scores[0] for _, _, scores, _ in spans(model, book[None])]).double() / -math.log(2)
    return float(scores[1:split].mean()), float(scores[split:].mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("book", type=Path)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--learning-rate", type=float, default=0.003)
    parser.add_argument("--matrix-rate", type=float, default=0.02)
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(SEED)
    book = torch.frombuffer(bytearray(args.book.read_bytes()), dtype=torch.uint8).long()
    split = len(book) * 9 // 10
    config = Config.of(CONFIG)
    weights = initial_weights(config)
    for tensor in weights.values():
        tensor.requires_grad_()
    model = Decoder(config, weights)
    print(f"{sum(t.numel() for t in weights.values()):,} weights, {split:,} bytes to train on, {len(book) - split:,} held out")

    matrices = [t for name, t in weights.items() if t.dim() == 2 and "embeddings" not in name]
    others = [t for name, t in weights.items() if t.dim() < 2 or "embeddings" in name]
    muon = Muon(matrices, args.matrix_rate)
    adam = torch.optim.AdamW(others, lr=args.learning_rate, betas=(0.9, 0.98), weight_decay=0.0)
    begin, recent, states = time.monotonic(), [], model.initial_states()
    for step, (ids, fresh) in enumerate(windows(book[:split], torch.Generator().manual_seed(SEED))):
        done = (time.monotonic() - begin) / (60 * args.minutes)
        if done >= 1:
            break
        share = min(1.0, (step + 1) / 50, (1 - done) / 0.6)
        adam.param_groups[0]["lr"] = share * args.learning_rate
        loss, states = loss_of(model, ids, model.initial_states() if fresh else states)
        states = detached(states)
        for tensor in weights.values():
            tensor.grad = None
        loss.backward()
        torch.nn.utils.clip_grad_norm_(others, 1.0)
        muon.step(share)
        adam.step()
        recent.append(loss.item() / math.log(2))
        if step % 50 == 49:
            read = STREAMS * WINDOW * (step + 1) / split
            print(f"step {step + 1}, read {read:.2f} times, {time.monotonic() - begin:.0f} s: ", end="")
            print(f"{sum(recent) / len(recent):.3f} bits per byte", flush=True)
            recent = []

    rounded = {name: tensor.detach().bfloat16() for name, tensor in weights.items()}
    args.directory.mkdir(parents=True, exist_ok=True)
    save_file(rounded, args.directory / "model.safetensors", {"format": "pt"})
    (args.directory / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    train, held_out = bits(Decoder.load(args.directory, torch.float32), book, split)
    print(f"bits per byte of the rounded weights: {train:.3f} on what it was trained on, {held_out:.3f} held out")


if __name__ == "__main__":
    main()
