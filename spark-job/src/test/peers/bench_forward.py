"""Time per token of the forward pass: one long text, and many documents of 50 tokens."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from decoder import Decoder, spans
from token_tables import sequences

DOCUMENT = 50
DOCUMENT_TOKENS = 200_000
TRIAL = 16_384
TRIAL_DOCUMENTS = 16_000


@dataclass(frozen=True, order=True)
class Cost:
    """Seconds per token: by the clock, and of all threads together."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{1e9 * self.wall:,.0f} ns a token, {1e9 * self.cpu:,.0f} of CPU time"


def cost(run: Callable[[], int], times: int = 1) -> Cost:
    """The least of some runs."""
    costs = []
    for _ in range(times):
        begin = time.perf_counter(), time.process_time()
        tokens = run()
        costs.append(Cost((time.perf_counter() - begin[0]) / tokens, (time.process_time() - begin[1]) / tokens))
    return Cost(min(c.wall for c in costs), min(c.cpu for c in costs))


def long_text(model: Decoder, ids: torch.Tensor, span: int, score: bool) -> Callable[[], int]:
    def run() -> int:
        return sum(hidden.shape[1] for _, hidden, _, _ in spans(model, ids[None], span=span, score=score))

    return run


def documents(model: Decoder, ids: torch.Tensor, batch: int, score: bool) -> Callable[[], int]:
    def run() -> int:
        for part in ids.view(-1, DOCUMENT).split(batch):
            for _ in spans(model, part, score=score):
                pass
        return len(ids)

    return run


def bench(directory: Path, text: Path, tokens: int) -> None:
    [(_, book)] = sequences(text)
    ids = torch.from_numpy(np.resize(book, max(tokens, DOCUMENT_TOKENS)))
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}")
    for dtype in (torch.float32, torch.float64):
        trials = {}
        for chunk, span in itertools.product((32, 64, 128), (1024, 4096, 16384)):
            trials[chunk, span] = cost(long_text(Decoder.load(directory, dtype, chunk), ids[:TRIAL], span, False), 2)
        chunk, span = min(trials, key=trials.__getitem__)
        model = Decoder.load(directory, dtype, chunk)
        for score in (False, True):
            best = cost(long_text(model, ids[:tokens], span, score))
            report(dtype, f"{tokens:,} tokens in one sequence (chunks of {chunk}, {span} at once)", score, best)
        model = Decoder.load(directory, dtype, DOCUMENT)
        trials = {batch: cost(documents(model, ids[:TRIAL_DOCUMENTS], batch, False), 2) for batch in (20, 80, 320)}
        batch = min(trials, key=trials.__getitem__)
        for score in (False, True):
            best = cost(documents(model, ids[:DOCUMENT_TOKENS], batch, score))
            report(dtype, f"{DOCUMENT_TOKENS // DOCUMENT:,} documents of {DOCUMENT} tokens ({batch} at once)", score, best)


def report(dtype: torch.dtype, what: str, score: bool, best: Cost) -> None:
    print(f"{dtype}, {what}, hidden rows{' and scores' if score else ''}: {best}", flush=True)
