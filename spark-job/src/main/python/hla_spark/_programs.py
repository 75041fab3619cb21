"""Which matrices the state of an operator has: the programs of io.hla.algebra.Operators, as far as states go.

Signals are numbers: 0, 1, 2 are q, k, v, and every read x^T M of a matrix is the next one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

QUERY, KEY, VALUE = 0, 1, 2
_MOST = 64
_HIGHEST_POWER = 16
_HIGHEST_ORDER = 10


@dataclass(frozen=True)
class Matrix:
    """A sum of y z^T that decays with a power of g."""

    name: str
    y: int
    z: int
    power: int = 1
    diagonal: float = 0.0


@dataclass
class Program:
    """Matrices and reads; equal ones are one."""

    matrices: list[Matrix] = field(default_factory=list)
    reads: list[tuple[int, int, bool]] = field(default_factory=list)

    def matrix(self, name: str, y: int, z: int, power: int = 1, diagonal: float = 0.0) -> int:
        for index, known in enumerate(self.matrices):
            if (known.y, known.z, known.power, known.diagonal) == (y, z, power, diagonal):
                return index
        while any(known.name == name for known in self.matrices):
            name += "'"
        if len(self.matrices) == _MOST:
            raise ValueError(f"a program has over {_MOST} matrices")
        self.matrices.append(Matrix(name, y, z, power, diagonal))
        return len(self.matrices) - 1

    def read(self, x: int, matrix: int, strict: bool = False) -> int:
        signal = (x, matrix, strict)
        if signal not in self.reads:
            if len(self.reads) == _MOST:
                raise ValueError(f"a program has over {_MOST} signals")
            self.reads.append(signal)
        return 3 + self.reads.index(signal)

    def is_of_values(self, signal: int) -> bool:
        """Whether a signal is as wide as v; others are as wide as q and k."""
        while signal > VALUE:
            signal = self.matrices[self.reads[signal - 3][1]].z
        return signal == VALUE


def program(operator: str, mask: str, form: str, ridge: float, decays: bool) -> Program:
    """The program of an operator. Raises ValueError if there is none of that name."""
    p = Program()
    if "=" in operator:
        _Text(operator, p).build()
        return p
    name = re.fullmatch(r"linear|(a?)hla(\d{0,3})", operator)
    if name is None or (operator == "hla"):
        raise ValueError(f"operator is {operator}")
    order = 1 if operator == "linear" else int(name.group(2) or 2)
    if not 1 <= order <= _HIGHEST_ORDER:
        raise ValueError(f"operator is {operator}, expected an order from 1 to {_HIGHEST_ORDER}")
    family = "linear" if order == 1 else "ahla" if name.group(1) else "hla"
    if mask == "none" and family != "linear":
        _without_mask(p, family, order)
    elif form == "published":
        _published(p, order, ridge)
    elif family == "linear":
        p.matrix("P", KEY, VALUE)
    elif family == "hla":
        _hla(p, order, ridge, decays)
    else:
        x = p.read(QUERY, p.matrix("P", KEY, VALUE))
        for n in range(2, order + 1):
            x = p.read(QUERY, p.matrix("E" if n == order else f"E{n}", KEY, x))
    return p


def _without_mask(p: Program, family: str, order: int) -> None:
    if family == "ahla":
        p.matrix("R", KEY, QUERY)
        p.matrix("P", KEY, VALUE)
        return
    p.matrix("S", KEY, KEY)
    if order == 2:
        p.matrix("C", QUERY, VALUE)
    else:
        p.matrix("Q", QUERY, QUERY)
        p.matrix("P", KEY, VALUE)


def _hla(p: Program, order: int, ridge: float, decays: bool) -> None:
    u = p.read(QUERY, p.matrix("S", KEY, KEY, 1, 0.0 if decays else ridge))
    x = VALUE if order % 2 == 0 else p.read(QUERY, p.matrix("P", KEY, VALUE))
    for n in range(order % 2 + 2, order + 1, 2):
        x = p.read(QUERY, p.matrix("F" if n == order else f"F{n}", u, x, n))
    if decays and ridge != 0:
        p.matrix("C", QUERY, VALUE)


def _published(p: Program, order: int, ridge: float) -> None:
    if order == 2:
        c = p.matrix("C", QUERY, VALUE)
        w = p.read(KEY, c, True)
        p.matrix("S", KEY, KEY)
        p.matrix("G", KEY, w)
        return
    s = p.matrix("S", KEY, KEY)
    q = p.matrix("Q", QUERY, QUERY)
    v = p.matrix("P", KEY, VALUE)
    x = p.read(KEY, q, True)
    p.matrix("G1", KEY, p.read(x, v, True))
    p.matrix("G2", p.read(QUERY, s, True), p.read(QUERY, v, True))
    p.matrix("G3", p.read(x, s, True), VALUE)


#: A sum of signals with numbers in front.
_Sum = list[tuple[float, int]]


class _Text:
    """A program of linear attentions as text: io.hla.algebra.ProgramText."""

    def __init__(self, text: str, to: Program):
        self.text = text
        self.tokens = re.findall(r"[A-Za-z_][A-Za-z_0-9]*|[0-9.]+(?:[eE][+-]?[0-9]+)?|\S", text) + [""]
        self.at = 0
        self.to = to
        self.known: dict[str, _Sum] = {}

    def build(self) -> None:
        while True:
            name = self._name()
            if name in ("q", "k", "v", "g", "LA") or name in self.known:
                raise self._unexpected(name)
            self._require("=")
            self.known[name] = self._sum(name)
            if not self._take(";") or not self.tokens[self.at]:
                break
        if self.tokens[self.at]:
            raise self._unexpected(self.tokens[self.at])

    def _sum(self, name: str) -> _Sum:
        sign = -1.0 if self._take("-") else 1.0
        terms: _Sum = []
        while True:
            terms += [(sign * c, signal) for c, signal in self._term(name)]
            if self._take("+"):
                sign = 1.0
            elif self._take("-"):
                sign = -1.0
            else:
                return terms

    def _term(self, name: str) -> _Sum:
        coefficient = 1.0
        if re.match(r"[0-9.]", self.tokens[self.at]):
            coefficient = self._number()
            self._require("*")
        self._require("LA")
        strict = self._take("<")
        self._require("(")
        # Signals are made in the order in which Java makes them: y, z, x.
        places = []
        for closing in (",", ",", None):
            places.append(self.at)
            self._skip_signal()
            if closing:
                self._require(closing)
        power = self._decay() if self._take(",") else 1
        self._require(")")
        end = self.at
        y, z, x = (self._signal_at(places[i], name) for i in (1, 2, 0))
        self.at = end
        return [
            (coefficient * cx * cy * cz, self.to.read(sx, self.to.matrix(name, sy, sz, power), strict))
            for cx, sx in x
            for cy, sy in y
            for cz, sz in z
        ]

    def _skip_signal(self) -> None:
        depth = 0
        while self.tokens[self.at] and (depth or self.tokens[self.at] not in ",)"):
            depth += {"(": 1, ")": -1}.get(self.tokens[self.at], 0)
            self.at += 1

    def _signal_at(self, place: int, name: str) -> _Sum:
        self.at = place
        if self.tokens[place] == "LA":
            return self._term(name)
        signal = self._name()
        if self.tokens[self.at] not in (",", ")"):
            raise self._unexpected(self.tokens[self.at])
        if signal in ("q", "k", "v"):
            return [(1.0, "qkv".index(signal))]
        if signal not in self.known:
            raise self._unexpected(signal)
        return self.known[signal]

    def _decay(self) -> int:
        if self._take("1"):
            return 0
        self._require("g")
        if not self._take("^"):
            return 1
        power = self._number()
        if power != int(power) or not 0 <= power <= _HIGHEST_POWER:
            raise self._unexpected(str(power))
        return int(power)

    def _number(self) -> float:
        self.at += 1
        return float(self.tokens[self.at - 1])

    def _name(self) -> str:
        name = self.tokens[self.at]
        if not re.match(r"[A-Za-z_]", name):
            raise self._unexpected(name)
        self.at += 1
        return name

    def _take(self, token: str) -> bool:
        if self.tokens[self.at] != token:
            return False
        self.at += 1
        return True

    def _require(self, token: str) -> None:
        if not self._take(token):
            raise self._unexpected(self.tokens[self.at])

    def _unexpected(self, token: str) -> ValueError:
        return ValueError(f"program has {token or 'the end'} where it cannot be: {self.text}")
