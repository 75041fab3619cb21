"""The lines of the README, run as they stand."""

from pathlib import Path

import numpy as np
from conftest import Tokens

README = Path(__file__).parents[3] / "README.md"


def test_examples(classic, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tokens = Tokens(40, 8, 2, 16, 16)
    tokens.frame(classic).write.parquet("tokens")
    section = README.read_text().split("## From Python\n")[1].split("\n## ")[0]
    code = "\n".join(line[4:] for line in section.splitlines() if line.startswith("    "))
    said = {}
    exec(compile(code, str(README), "exec"), said)
    assert said["outputs"].columns == ["seq", "pos", "o", "word"]
    assert said["outputs"].count() == said["later"].count() == 40
    assert said["later"].columns == [*said["tokens"].columns, "o"]
    assert {name: list(matrix.shape) for name, matrix in said["matrices"].items()} == {
        "S": [8, 16, 16],
        "F": [8, 16, 16],
    }
    assert len(said["state"]) == len(said["states"].first().state)
    assert np.all(np.array([row.passed for row in said["checks"].collect()]))
