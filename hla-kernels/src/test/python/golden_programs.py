"""Golden cases of programs, higher orders and gates, from their definition.

    python3 golden_programs.py           checks the definition against sums over explicit tuples of indices
    python3 golden_programs.py FOLDER    writes the cases as JSON

LA(x, y, z, g^n)_t is the sum over s <= t of (g_(s+1) .. g_t)^n (x_t . y_s) z_s, in extended precision (numpy.longdouble),
and LA< that over s < t of (g_(s+1) .. g_(t-1))^n (x_t . y_s) z_s. No state, no recurrence: nothing is shared with what is
tested. Shapes: q [n, H, d], k [n, Hkv, d], v [n, Hkv, dv], gates [n, H], o [n, H, dv].
"""
import itertools
import json
import sys

import numpy as np

X = np.longdouble


def decays(gates, power, strict):
    """[t, s]: the decay between token s and the read at t; 0 where t does not see s."""
    n = len(gates)
    table = np.zeros((n, n), X)
    for t in range(n):
        for s in range(t if strict else t + 1):
            table[t, s] = np.prod(gates[s + 1:t if strict else t + 1] ** power, dtype=X)
    return table


def la(x, y, z, gates, power=1, strict=False):
    return ((x @ y.T) * decays(gates, power, strict)) @ z


def evaluate(statements, signals, gates):
    """statements: (name, [(coefficient, x, y, z, power, strict)]); the last is the output."""
    signals = dict(signals)
    for name, terms in statements:
        signals[name] = sum(X(c) * la(signals[x], signals[y], signals[z], gates, e, s) for c, x, y, z, e, s in terms)
    return signals[statements[-1][0]]


def term(x, y, z, power=1, strict=False, coefficient=1):
    return (coefficient, x, y, z, power, strict)


def hla(order):
    statements = [("u", [term("q", "k", "k")])]
    x = "v"
    if order % 2:
        statements.append(("x1", [term("q", "k", "v")]))
        x = "x1"
    for n in range(order % 2 + 2, order + 1, 2):
        statements.append(("x%d" % n, [term("q", "u", x, n)]))
        x = "x%d" % n
    return statements


def ahla(order):
    statements, x = [("r1", [term("q", "k", "v")])], "r1"
    for n in range(2, order + 1):
        statements.append(("r%d" % n, [term("q", "k", x)]))
        x = "r%d" % n
    return statements


def text(statements):
    def one(c, x, y, z, e, s):
        factor = "" if c == 1 else "%r * " % c
        return "%sLA%s(%s, %s, %s, g^%d)" % (factor, "<" if s else "", x, y, z, e)
    return "; ".join("%s = %s" % (name, " + ".join(one(*t) for t in terms)) for name, terms in statements)


PROGRAMS = {
    # towers on both sides, strict reads
    "towers": [("x", [term("k", "q", "k", 2, True)]), ("y", [term("q", "k", "x", 3)]), ("r", [term("q", "k", "v", 1, True)]),
               ("o", [term("q", "y", "r", 5)])],
    # a matrix that decays faster than the one that reads it, a sum, no decay at all
    "faster": [("u", [term("q", "k", "k", 2)]), ("o", [term("q", "u", "v"), term("q", "k", "v", 0, True, 0.5)])],
    # read by what depends on the state: more steps than one
    "steps": [("a", [term("q", "k", "k")]), ("w", [term("a", "q", "v", 1, True)]), ("o", [term("q", "k", "w"), term("q", "k", "v", 2)])],
}


def attend(statements, q, k, v, gates, normalize=False, epsilon=1e-6):
    n, heads, _ = q.shape
    out = np.zeros((n, heads, v.shape[2]), X)
    for h in range(heads):
        kv = h // (heads // k.shape[1])
        signals = {"q": q[:, h], "k": k[:, kv], "v": v[:, kv]}
        out[:, h] = evaluate(statements, signals, gates[:, h])
        if normalize:
            ones = dict(signals, v=np.ones((n, 1), X))
            out[:, h] /= evaluate(statements, ones, gates[:, h]) + X(epsilon)
    return out


def check():
    """Orders 4 and 5 as sums over tuples, every index decaying from its position to t."""
    rng = np.random.default_rng(5)
    n, g = 5, X(0.9)
    q, k, v = (rng.normal(size=(n, w)).astype(X) for w in (3, 3, 2))
    gates = np.full(n, g)
    for t in range(n):
        fourth, fifth = np.zeros(2, X), np.zeros(2, X)
        for c, b, a, i in itertools.product(range(t + 1), repeat=4):
            # x4 = sum over c of (q_t u_c) x2_c, u_c over a, x2_c over b, its u_b over i
            if a <= c and b <= c and i <= b:
                weight = g ** ((t - c) + (t - a) + (t - b) + (t - i))
                fourth += weight * (q[t] @ k[a]) * (k[a] @ q[c]) * (q[c] @ k[i]) * (k[i] @ q[b]) * v[b]
                for j in range(b + 1):
                    fifth += (weight * g ** (t - j) * (q[t] @ k[a]) * (k[a] @ q[c]) * (q[c] @ k[i]) * (k[i] @ q[b])
                              * (q[b] @ k[j]) * v[j])
        signals = {"q": q, "k": k, "v": v}
        for order, expected in ((4, fourth), (5, fifth)):
            error = abs(evaluate(hla(order), signals, gates)[t] - expected).max()
            assert error < 1e-14 * max(1, abs(expected).max()), (order, t, error)
    print("orders 4 and 5 are their sums over tuples of indices")
    whole = attend(hla(4), q[:, None], k[:, None], v[:, None], np.where(np.arange(n)[:, None] == 2, 0, gates[:, None]))
    tail = attend(hla(4), q[2:, None], k[2:, None], v[2:, None], gates[2:, None])
    assert abs(whole[2:] - tail).max() < 1e-15
    print("a gate of 0 begins a sequence")


def write(folder):
    cases = [("hla4", hla(4)), ("hla5", hla(5)), ("hla6", hla(6)), ("ahla3", ahla(3)), ("ahla4", ahla(4)), ("ahla6", ahla(6))]
    cases += [(name, statements) for name, statements in PROGRAMS.items()]
    cases += [("linear", ahla(1)), ("hla2", hla(2)), ("ahla", ahla(2)), ("hla3", hla(3))]
    seed = 100
    for name, statements in cases:
        for gated, normalize in ((False, False), (True, False), (True, True)):
            if not gated and name in ("linear", "hla2", "ahla", "hla3") or normalize and name in PROGRAMS:
                continue
            seed += 1
            rng = np.random.default_rng(seed)
            heads, kv_heads, d, dv, n = [(2, 1, 3, 4, 17), (4, 2, 2, 3, 13), (1, 1, 4, 2, 19)][seed % 3]
            # multiples of 1/64 are exact in float and in decimal text
            q, k, v = (np.round(rng.normal(size=(n, h, w)) * 64) / 64 for h, w in ((heads, d), (kv_heads, d), (kv_heads, dv)))
            if normalize:
                q, k = abs(q), abs(k)
            decay = [round(0.9 + 0.03 * h, 2) for h in range(heads)]
            gates = np.round(rng.uniform(0.5, 1, size=(n, heads)) * 64) / 64 if gated else np.ones((n, heads))
            if gated:
                gates[n // 3] = 0
                gates[n // 2, 0] = 0
                gates[n // 2 + 1] = 1
            o = attend(statements, *(x.astype(X) for x in (q, k, v)), gates.astype(X) * np.asarray(decay, X), normalize)
            operator = text(statements) if name in PROGRAMS else name
            case = "-".join([name, "gates" if gated else "decay"] + (["norm"] if normalize else []) + ["n%d" % n])
            options = dict(operator=operator, mask="causal", form="exact", decay=decay, ridge=0.0, normalize=normalize,
                           epsilon=1e-6, scale=1.0, feature_map="identity")
            record = dict(name=case, numHeads=heads, numKvHeads=kv_heads, headDim=d, valueDim=dv, tokens=n, options=options,
                          q=q.tolist(), k=k.tolist(), v=v.tolist(), o=np.asarray(o, float).tolist())
            if gated:
                record["gate"] = gates.tolist()
            with open("%s/%s.json" % (folder, case), "w") as file:
                json.dump(record, file)
                file.write("\n")
    print("wrote", seed - 100, "cases to", folder)


if __name__ == "__main__":
    check() if len(sys.argv) == 1 else write(sys.argv[1])
