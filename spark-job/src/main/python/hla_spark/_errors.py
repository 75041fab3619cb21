"""Errors with the stable names of the library."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from pyspark.errors import PySparkException

_NAMED = re.compile(r"\[(HLA_[A-Z0-9_]+)\]\s*([^\n]*)")
#: Spark Connect begins with Java's class and leaves the name of the error to getCondition.
_CLASS = re.compile(r"^\(io\.hla\.[\w.]+\)\s*")
_P = ParamSpec("_P")
_R = TypeVar("_R")


class HlaError(PySparkException):
    """Input or an option that is refused.

    Attributes:
        condition: the stable name, such as ``HLA_INPUT_COLUMN``.
        message: place, found and expected.

    Calls of this package raise it. What an action finds in the rows (``collect``, ``write``, ..) is raised by
    Spark, as a ``PySparkException`` or as py4j's ``Py4JJavaError``: ``HlaError.of`` finds the name in those.
    """

    def __init__(self, condition: str, message: str):
        super().__init__(f"[{condition}] {message}")
        self.condition = condition
        self.message = message

    def getCondition(self) -> str | None:
        return self.condition

    def __str__(self) -> str:
        return f"[{self.condition}] {self.message}"

    @staticmethod
    def of(error: BaseException) -> HlaError | None:
        """The same as an ``HlaError`` if it comes from this library, else None.

        Errors of tasks are found in the message of the job that they ended.
        """
        if isinstance(error, HlaError):
            return error
        condition = error.getCondition() if isinstance(error, PySparkException) else None
        named = _NAMED.search(str(error))
        if condition is not None and condition.startswith("HLA_"):
            message = named.group(2) if named else _first_line(error)
            return HlaError(condition, message)
        return HlaError(named.group(1), named.group(2)) if named else None


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return _CLASS.sub("", lines[0]) if lines else ""


def named_errors(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Raises the library's refusals as ``HlaError``, with Spark's exception as the cause."""

    @functools.wraps(function)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except HlaError:
            raise
        except Exception as error:
            named = HlaError.of(error)
            if named is None:
                raise
            raise named from error

    return call
