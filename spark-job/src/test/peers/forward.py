#!/usr/bin/env python3
"""The decoder of a model directory over a text on one machine, in one process: what a job's features are compared with.

    forward.py MODEL TEXT --compare JOB    a table of the job's with pos and features (hidden rows), log_probability or both
    forward.py MODEL TEXT --output FILE    hidden rows, scores and attention outputs as .safetensors
    forward.py MODEL TEXT --golden FOLDER  the sample that unit tests read, with random models beside it
    forward.py MODEL TEXT --bench          time per token
    forward.py --self-test                 random models of every option against the definition

TEXT is a file of bytes (each a token), an .npy of ids, or a table (a .parquet, or a folder) with seq, pos and id. Arithmetic
is float64. The score of a token is ln p(token | earlier tokens); the first of a sequence has none. A job's log_probability is that
of the token behind.
"""

import os

# Threads that wait for each other in a loop do no work where others need the cores.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from bench_forward import bench
from decoder import CHUNK, Decoder, spans
from decoder_check import check
from golden_forward import golden
from safetensors.torch import save_file
from token_tables import columns_of, in_order, sequences
from torch import Tensor

BOUND = 1e-5
BATCH = 4096
TOKENS = 1_200_000

Array = np.ndarray


def worst_of(ours: Array, theirs: Array) -> float:
    """The largest difference of rows against a row's largest number, of numbers against 1 or the number."""
    error, size = np.abs(theirs.astype(float) - ours), np.abs(ours)
    error = error.max(1) / size.max(1) if ours.ndim == 2 else error / np.maximum(size, 1)
    return float(np.where(np.isnan(error), np.inf, error).max(initial=0))


def of_their_tokens(log_probability: Array) -> Array:
    """Scores of the tokens themselves from those of the tokens behind; fails unless the last row has none."""
    if not np.isnan(log_probability[-1]):
        raise SystemExit(f"the last token of a sequence has log_probability {log_probability[-1]}, expected null")
    return np.concatenate([[np.nan], log_probability[:-1]]).astype(float)


def batches(sequences: dict[Any, Array]) -> Iterator[list[Any]]:
    """Names of sequences of one length."""
    by_length: dict[int, list[Any]] = {}
    for name, ids in sequences.items():
        by_length.setdefault(len(ids), []).append(name)
    for length, alike in by_length.items():
        at_once = max(1, BATCH // length)
        for first in range(0, len(alike), at_once):
            yield alike[first : first + at_once]


def compare(model: Decoder, text: Path, job: Path) -> dict[str, float]:
    """The worst relative error of each column of a job's table."""
    names = [name for name in ("features", "log_probability") if name in columns_of(job)]
    if not names:
        raise SystemExit(f"{job} has neither features nor log_probability")
    ours, theirs = dict(sequences(text)), dict(in_order(job, names))
    if len(ours) == len(theirs) == 1:
        ours = dict(zip(theirs, ours.values()))
    if ours.keys() != theirs.keys():
        raise SystemExit(f"{job} has {len(theirs)} sequences, expected the {len(ours)} of {text}")
    worst = dict.fromkeys(names, 0.0)
    begin = time.monotonic()
    for name, ids in ours.items():
        if (rows := len(theirs[name][names[0]])) != len(ids):
            raise SystemExit(f"sequence {name} has {rows} rows in {job}, expected {len(ids)}")
        if "log_probability" in names:
            theirs[name]["log_probability"] = of_their_tokens(theirs[name]["log_probability"])
    for batch in batches(ours):
        for start, hidden, scores, _ in spans(model, torch.from_numpy(np.stack([ours[name] for name in batch]))):
            rows = {"features": hidden.numpy(), "log_probability": scores.numpy()}
            for b, name in enumerate(batch):
                for column in names:
                    skipped = 1 if column == "log_probability" and start == 0 else 0
                    there = theirs[name][column][start : start + hidden.shape[1]]
                    worst[column] = max(worst[column], worst_of(rows[column][b, skipped:], there[skipped:]))
    tokens = sum(len(ids) for ids in ours.values())
    print(f"{tokens:,} tokens in {len(ours):,} sequences, {time.monotonic() - begin:.1f} s")
    return worst


def save(model: Decoder, text: Path, file: Path) -> None:
    """Every hidden row, score and attention output of one sequence."""
    [(_, ids)] = sequences(text)
    parts: dict[str, list[Tensor]] = {}
    for _, hidden, scores, attended in spans(model, torch.from_numpy(ids)[None], seen=True):
        for name, rows in [
            ("hidden", hidden),
            ("score", scores),
            *((f"attention.{n}", o.flatten(2)) for n, o in enumerate(attended)),
        ]:
            parts.setdefault(name, []).append(rows[0])
    save_file(
        {name: torch.cat(rows).contiguous() for name, rows in parts.items()} | {"id": torch.from_numpy(ids).contiguous()}, file
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?")
    parser.add_argument("text", type=Path, nargs="?")
    parser.add_argument("--compare", type=Path)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--golden", type=Path)
    parser.add_argument("--bench", type=int, nargs="?", const=TOKENS, metavar="TOKENS", help=f"in the long text; {TOKENS:,}")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--bound", type=float, default=BOUND, help=f"exit code 1 where --compare finds more; {BOUND:g}")
    parser.add_argument("--chunk", type=int, default=CHUNK, help="tokens of a chunk; 1 is the recurrence, token by token")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    with torch.inference_mode():
        if args.self_test:
            return 0 if check() else 1
        if args.model is None or args.text is None:
            parser.error("MODEL and TEXT are needed")
        if args.bench:
            bench(args.model, args.text, args.bench)
            return 0
        model = Decoder.load(args.model, torch.float64, args.chunk)
        if args.golden:
            golden(args.model, args.text, args.golden)
        if args.output:
            save(model, args.text, args.output)
        if args.compare:
            worst = compare(model, args.text, args.compare)
            for name, error in worst.items():
                print(f"{name}: worst relative error {error:.2e}, bound {args.bound:g}")
            return 0 if max(worst.values()) <= args.bound else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
