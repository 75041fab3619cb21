"""Bytes of states as matrices and back: bit for bit those of Java."""

import struct

import numpy as np
import pytest
from conftest import Tokens

import hla_spark
from hla_spark._crc32c import crc32c

HEADS = {"num_heads": 4, "num_kv_heads": 2}
CASES = [
    {"operator": "linear"},
    {"operator": "linear", "mask": "none", "decay": [0.5, 0.5, 0.25, 1.0]},
    {"operator": "hla2"},
    {"operator": "hla2", "ridge": 2.0},
    {"operator": "hla2", "ridge": 2.0, "decay": 0.5, "normalize": True},
    {"operator": "hla2", "decay": [0.5, 0.5, 0.25, 1.0]},
    {"operator": "hla2", "gate": "g", "decay": 0.5},
    {"operator": "hla2", "mask": "none", "decay": 0.9},
    {"operator": "hla2", "form": "published", "decay": 0.9, "ridge": 1.0},
    {"operator": "ahla", "normalize": True},
    {"operator": "ahla", "mask": "none"},
    {"operator": "ahla4", "gate": "g"},
    {"operator": "hla3", "decay": 0.9, "normalize": True},
    {"operator": "hla3", "gate": "g", "normalize": True},
    {"operator": "hla3", "mask": "none"},
    {"operator": "hla3", "form": "published"},
    {"operator": "hla4", "decay": 0.9},
    {"operator": "hla5", "normalize": True},
    {"operator": "hla10", "decay": 0.9},
    {"program": "u = LA(q, k, k); o = LA(q, u, v, g^2)", "decay": 0.9},
    {"program": "o = 2 * LA(LA(q, k, k, 1), q, v) - 0.5*LA<(q, k, v, g^3)", "decay": [0.5, 0.5, 0.25, 1.0]},
    {"program": "u = LA(q, k, k) + LA<(k, q, k, g^2); o = LA(q, u, v) + LA(u, k, LA(q, LA(q, k, k), v))"},
]


def state(spark, tokens, options):
    return bytes(hla_spark.final_states(tokens.frame(spark), **HEADS, **options).first().state)


@pytest.fixture(scope="module")
def states(spark, tokens):
    return [state(spark, tokens, options) for options in CASES]


@pytest.fixture(scope="module")
def infos(spark, states):
    frame = spark.createDataFrame(list(enumerate(states)), "i int, state binary")
    rows = frame.select("i", hla_spark.state_info("state").alias("info")).orderBy("i").collect()
    return [row.info for row in rows]


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda i: str(CASES[i]))
def test_round_trips(states, infos, case):
    read = hla_spark.state_matrices(states[case])
    assert list(read.matrices) == infos[case].matrices
    assert read.settings == infos[case].settings and read.tokens == infos[case].tokens == 12
    assert all(matrix.shape[0] == 4 and matrix.dtype == np.float64 for matrix in read.matrices.values())
    assert hla_spark.from_numpy(read.matrices, like=states[case]) == states[case]
    changed = {name: matrix + 1 for name, matrix in read.matrices.items()}
    written = hla_spark.from_numpy(changed, like=states[case], tokens=99)
    again = hla_spark.state_matrices(written)
    assert again.tokens == 99
    assert all(np.array_equal(again.matrices[name], changed[name]) for name in changed)


def test_decay_that_is_put_off_is_multiplied(spark, tokens):
    options = {**HEADS, "operator": "hla2", "decay": 0.9, "kernels": "java"}
    frame = tokens.frame(spark)
    before = hla_spark.final_states(frame.where("pos < 6"), **options).first()
    expected = hla_spark.to_numpy(before.state)
    settings = struct.unpack_from("<i", before.state, 8)[0]
    at, values = 12 + settings, before.state[32 + settings : -4]
    factors = np.linspace(0.3, 1, 4 * len(expected)).reshape(4, -1)
    factors[1::2, 0] = factors[::2, 0]  # two heads have one S
    head = b"HLAS" + struct.pack("<h", 3) + before.state[6:at]
    body = head + struct.pack("<iqq", 5, 6, factors.size + len(values) // 8) + factors.tobytes() + values
    written = sealed(body)
    for m, (name, matrix) in enumerate(hla_spark.to_numpy(written).items()):
        assert np.array_equal(matrix, expected[name] * factors[:, m, None, None])

    whole = hla_spark.from_numpy(hla_spark.to_numpy(written), like=written)
    assert whole[4] == 1 and len(whole) == len(before.state)
    later = frame.where("pos >= 6")

    def attended(state):
        states = spark.createDataFrame([("a", 6, state)], "seq string, next_pos long, state binary")
        return hla_spark.attend(later, states=states, **options).orderBy("pos").collect()

    assert attended(written) == attended(whole) != attended(before.state)
    for form, place, number in [("<i", at, 0), ("<i", at, 1 << 17), ("<d", at + 20, 2.0), ("<d", at + 20, 0.0)]:
        changed = bytearray(body)
        struct.pack_into(form, changed, place, number)
        assert refused(sealed(bytes(changed))) == "HLA_STATE_DAMAGED"


def test_matrices_are_the_sums(spark, tokens):
    read = hla_spark.to_numpy(state(spark, tokens, {"operator": "hla2", "decay": 0.5}))
    for head in range(4):
        q, k, v = tokens.q[:, head], tokens.k[:, head // 2], tokens.v[:, head // 2]
        s, f = np.zeros((3, 3)), np.zeros((3, 2))
        for t in range(12):
            s = 0.5 * s + np.outer(k[t], k[t])
            f = 0.25 * f + np.outer(q[t] @ s, v[t])
        assert np.array_equal(read["S"][head], s)
        assert np.array_equal(read["F"][head], f)


def test_java_goes_on_from_written_bytes(spark, tokens):
    options = {**HEADS, "operator": "hla3", "decay": 0.5, "normalize": True}
    frame = tokens.frame(spark)
    before = hla_spark.final_states(frame.where("pos < 6"), **options)
    row = before.first()
    halves = {name: matrix / 2 for name, matrix in hla_spark.to_numpy(row.state).items()}
    doubled = {name: matrix * 2 for name, matrix in halves.items()}
    written = hla_spark.from_numpy(doubled, like=hla_spark.from_numpy(halves, like=row.state))
    assert written == row.state
    states = spark.createDataFrame([("a", 6, written)], "seq string, next_pos long, state binary")
    later = frame.where("pos >= 6")
    expected = hla_spark.attend(later, states=before, **options).orderBy("pos").collect()
    assert hla_spark.attend(later, states=states, **options).orderBy("pos").collect() == expected


def test_torch_takes_and_gives_the_same(states):
    torch = pytest.importorskip("torch")
    tensors = hla_spark.to_torch(states[2])
    assert all(tensor.dtype == torch.float64 for tensor in tensors.values())
    assert hla_spark.from_torch(tensors, like=states[2]) == states[2]


def test_checksums():
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(b"") == 0 and crc32c(bytes(32)) == 0x8A9136AA
    data = np.random.default_rng(3).integers(0, 256, 5003, dtype=np.uint8).tobytes()
    table = [0] * 256
    for i in range(256):
        table[i] = i
        for _ in range(8):
            table[i] = table[i] >> 1 ^ (0x82F63B78 if table[i] & 1 else 0)
    for length in (1, 2, 3, 4, 15, 16, 17, 5003):
        crc = 0xFFFFFFFF
        for byte in data[:length]:
            crc = crc >> 8 ^ table[(crc ^ byte) & 255]
        assert crc32c(data[:length]) == crc ^ 0xFFFFFFFF


def refused(data):
    with pytest.raises(hla_spark.HlaError) as error:
        hla_spark.state_matrices(data)
    return error.value.condition


def sealed(body):
    return body + struct.pack("<I", crc32c(body))


def test_damaged_bytes_are_refused(states):
    good = states[2]
    for at in range(len(good)):
        damaged = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        assert refused(damaged).startswith("HLA_STATE_"), at
    for length in range(0, len(good), 7):
        assert refused(good[:length]) == "HLA_STATE_DAMAGED"
    assert refused(sealed(good[:4] + struct.pack("<h", 4) + good[6:-4])) == "HLA_STATE_VERSION"


@pytest.mark.parametrize(
    "lie",
    [
        lambda body, n: body[:6] + struct.pack("<h", 2) + body[8:],
        lambda body, n: body[:8] + struct.pack("<i", -1) + body[12:],
        lambda body, n: body[:8] + struct.pack("<i", 2**31 - 1) + body[12:],
        lambda body, n: body[: 12 + n] + struct.pack("<i", 1) + body[16 + n :],
        lambda body, n: body[: 16 + n] + struct.pack("<q", -5) + body[24 + n :],
        lambda body, n: body[: 24 + n] + struct.pack("<q", 2**60) + body[32 + n :],
        lambda body, n: body[: 24 + n] + struct.pack("<q", -1) + body[32 + n :],
        lambda body, n: body[:-8],
        lambda body, n: body + bytes(8),
        lambda body, n: body.replace(b"num-heads=4", b"num-heads=8"),
        lambda body, n: body.replace(b"head-dim=3", b"head-dim=0"),
        lambda body, n: body.replace(b"head-dim=3", b"head-dim=9"),
        lambda body, n: body.replace(b"value-dim=2", b"value-dim=x"),
        lambda body, n: body.replace(b"hla2", b"hla0"),
        lambda body, n: body.replace(b"operator", b"operatoR"),
        lambda body, n: body.replace(b"\n", b"\xff"),
        lambda body, n: body.replace(b"[1.0", b"[1.5"),
    ],
)
def test_bytes_that_lie_are_refused(states, lie):
    body = states[2][:-4]
    n = struct.unpack_from("<i", body, 8)[0]
    lying = lie(body, n)
    assert lying != body
    assert refused(sealed(lying)) == "HLA_STATE_DAMAGED"


def test_matrices_that_do_not_fit_are_refused(states):
    matrices = hla_spark.to_numpy(states[2])
    for wrong in (
        {"S": matrices["S"]},
        {**matrices, "X": matrices["S"]},
        {**matrices, "F": matrices["F"][:2]},
        {**matrices, "F": matrices["F"].transpose(0, 2, 1)},
    ):
        with pytest.raises(hla_spark.HlaError) as error:
            hla_spark.from_numpy(wrong, like=states[2])
        assert error.value.condition == "HLA_STATE_SIZE"


def test_summaries_are_no_states(spark, tokens):
    summary = hla_spark.summaries(tokens.frame(spark), **HEADS).first().summary
    assert refused(bytes(summary)) == "HLA_STATE_DAMAGED"


def test_large_states(spark):
    wide = Tokens(3, 2, 1, 64, 64)
    frame = wide.frame(spark)
    large = bytes(hla_spark.final_states(frame, num_heads=2, num_kv_heads=1).first().state)
    matrices = hla_spark.to_numpy(large)
    assert np.array_equal(matrices["S"][1], wide.k[:, 0].T @ wide.k[:, 0])
    assert hla_spark.from_numpy(matrices, like=large) == large
