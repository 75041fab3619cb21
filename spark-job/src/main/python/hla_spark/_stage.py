"""What stages over the functions of SQL have in common."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from pyspark.ml import Transformer
from pyspark.sql import functions

from ._errors import HlaError
from .functions import call

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_S = TypeVar("_S", bound="TableStage")


class TableStage(Transformer):
    """A stage whose params are the options of a table function, and the name of a table of initial states."""

    _input_kwargs: dict[str, Any]

    def _set_given(self: _S, values: dict[str, Any]) -> _S:
        self._set(**{name: value for name, value in values.items() if value is not None})
        return self

    def _behind_all_columns(self, function: str, dataset: DataFrame, added: list[str]) -> DataFrame:
        """The columns of the input, and behind them those that the function adds."""
        sequence = self.getOrDefault("sequence") if self.isSet("sequence") else "seq"
        position = self.getOrDefault("position")
        names = dataset.columns
        there = {name.lower() for name in names}
        for name in added:
            if name.lower() in there:
                # The table function would refuse it as well, but only where it is not the sequence or the position.
                raise HlaError(
                    "HLA_OUTPUT_COLUMN", f"the output would have columns {[*names, *added]}, expected {name} once"
                )
        options = {
            re.sub("([A-Z])", r"_\1", param.name).lower(): self.getOrDefault(param)
            for param in self.params
            if self.isSet(param) and param.name != "initialStates"
        }
        options["keep"] = [name for name in names if name.lower() not in (sequence.lower(), position.lower())]
        states = None
        if self.isSet("initialStates"):
            states = dataset.sparkSession.table(self.getOrDefault("initialStates"))
        outputs = call(function, dataset, states, options)
        return outputs.select(*_as_they_were(dataset, sequence, position), *map(_named, added))


def _as_they_were(dataset: DataFrame, sequence: str, position: str) -> list[Column]:
    """The columns of the input in their order, with their names and types."""
    columns = []
    for field in dataset.schema.fields:
        if field.name.lower() == sequence.lower():
            columns.append(_named(sequence).alias(field.name, metadata=field.metadata))
        elif field.name.lower() == position.lower():
            columns.append(_named(position).cast(field.dataType).alias(field.name, metadata=field.metadata))
        else:
            columns.append(_named(field.name))
    return columns


def _named(name: str) -> Column:
    return functions.col("`" + name.replace("`", "``") + "`")
