"""Attention as a stage of pyspark.ml's pipelines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pyspark import keyword_only
from pyspark.ml import Transformer
from pyspark.ml.util import DefaultParamsReadable, DefaultParamsWritable
from pyspark.sql import functions

from ._errors import HlaError, named_errors
from ._params import AttentionParams
from .functions import call

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


class HigherOrderLinearAttention(
    Transformer,
    AttentionParams,
    DefaultParamsReadable["HigherOrderLinearAttention"],  # type: ignore[misc, unused-ignore]
    DefaultParamsWritable,
):
    """``attend`` as a stage: all columns of the input, and behind them the outputs, arrays of H dv floats.

    Params are the options of ``attend`` in camel case, and ``initialStates``, the name of a table or view. The stage
    is Python's own, over SQL: it is the same on classic sessions and on Spark Connect, and is saved in, and loaded
    from, Python pipelines. Java's stage of that name is ``io.hla.spark.ml.HigherOrderLinearAttention``.

    Raises:
        HlaError: from ``transform``, for columns, options and states that are refused.
    """

    _input_kwargs: dict[str, Any]

    @keyword_only
    def __init__(
        self,
        *,
        operator: str | None = None,
        program: str | None = None,
        mask: str | None = None,
        form: str | None = None,
        numHeads: int | None = None,
        numKvHeads: int | None = None,
        headDim: int | None = None,
        valueDim: int | None = None,
        decay: float | Sequence[float] | None = None,
        ridge: float | None = None,
        normalize: bool | None = None,
        epsilon: float | None = None,
        scale: float | None = None,
        featureMap: str | None = None,
        precision: str | None = None,
        outputType: str | None = None,
        sequence: str | None = None,
        position: str | None = None,
        query: str | None = None,
        key: str | None = None,
        value: str | None = None,
        gate: str | None = None,
        gateScale: str | None = None,
        outputColumn: str | None = None,
        requireState: bool | None = None,
        inputOrder: str | None = None,
        cutEvery: int | None = None,
        onNonfinite: str | None = None,
        fanIn: int | None = None,
        kernels: str | None = None,
        isa: str | None = None,
        initialStates: str | None = None,
    ):
        super().__init__()
        self._set_given(self._input_kwargs)

    @keyword_only
    def setParams(
        self,
        *,
        operator: str | None = None,
        program: str | None = None,
        mask: str | None = None,
        form: str | None = None,
        numHeads: int | None = None,
        numKvHeads: int | None = None,
        headDim: int | None = None,
        valueDim: int | None = None,
        decay: float | Sequence[float] | None = None,
        ridge: float | None = None,
        normalize: bool | None = None,
        epsilon: float | None = None,
        scale: float | None = None,
        featureMap: str | None = None,
        precision: str | None = None,
        outputType: str | None = None,
        sequence: str | None = None,
        position: str | None = None,
        query: str | None = None,
        key: str | None = None,
        value: str | None = None,
        gate: str | None = None,
        gateScale: str | None = None,
        outputColumn: str | None = None,
        requireState: bool | None = None,
        inputOrder: str | None = None,
        cutEvery: int | None = None,
        onNonfinite: str | None = None,
        fanIn: int | None = None,
        kernels: str | None = None,
        isa: str | None = None,
        initialStates: str | None = None,
    ) -> HigherOrderLinearAttention:
        """Sets those that are not None."""
        return self._set_given(self._input_kwargs)

    def _set_given(self, values: dict[str, Any]) -> HigherOrderLinearAttention:
        self._set(**{name: value for name, value in values.items() if value is not None})
        return self

    @named_errors
    def _transform(self, dataset: DataFrame) -> DataFrame:
        sequence = self.getSequence() if self.isSet(self.sequence) else "seq"
        keys = {sequence.lower(), self.getPosition().lower()}
        names = dataset.columns
        output = self.getOutputColumn()
        if output.lower() in (name.lower() for name in names):
            # The table function would refuse it as well, but only where it is not the sequence or the position.
            raise HlaError(
                "HLA_OUTPUT_COLUMN", f"the output would have columns {[*names, output]}, expected {output} once"
            )
        options = {
            re.sub("([A-Z])", r"_\1", param.name).lower(): self.getOrDefault(param)
            for param in self.params
            if self.isSet(param) and param.name != "initialStates"
        }
        options["keep"] = [name for name in names if name.lower() not in keys]
        states = None
        if self.isSet(self.initialStates):
            states = dataset.sparkSession.table(self.getInitialStates())
        outputs = call("hla_attention", dataset, states, options)
        return outputs.select(*self._as_they_were(dataset, sequence), _named(output))

    def _as_they_were(self, dataset: DataFrame, sequence: str) -> list[Column]:
        """The columns of the input in their order, with their names and types."""
        columns = []
        for field in dataset.schema.fields:
            if field.name.lower() == sequence.lower():
                columns.append(_named(sequence).alias(field.name, metadata=field.metadata))
            elif field.name.lower() == self.getPosition().lower():
                position = _named(self.getPosition()).cast(field.dataType)
                columns.append(position.alias(field.name, metadata=field.metadata))
            else:
                columns.append(_named(field.name))
        return columns

    def setOperator(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"operator": value})

    def setProgram(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"program": value})

    def setMask(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"mask": value})

    def setForm(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"form": value})

    def setNumHeads(self, value: int) -> HigherOrderLinearAttention:
        return self._set_given({"numHeads": value})

    def setNumKvHeads(self, value: int) -> HigherOrderLinearAttention:
        return self._set_given({"numKvHeads": value})

    def setHeadDim(self, value: int) -> HigherOrderLinearAttention:
        return self._set_given({"headDim": value})

    def setValueDim(self, value: int) -> HigherOrderLinearAttention:
        return self._set_given({"valueDim": value})

    def setDecay(self, value: float | Sequence[float]) -> HigherOrderLinearAttention:
        return self._set_given({"decay": value})

    def setRidge(self, value: float) -> HigherOrderLinearAttention:
        return self._set_given({"ridge": value})

    def setNormalize(self, value: bool) -> HigherOrderLinearAttention:
        return self._set_given({"normalize": value})

    def setEpsilon(self, value: float) -> HigherOrderLinearAttention:
        return self._set_given({"epsilon": value})

    def setScale(self, value: float) -> HigherOrderLinearAttention:
        return self._set_given({"scale": value})

    def setFeatureMap(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"featureMap": value})

    def setPrecision(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"precision": value})

    def setOutputType(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"outputType": value})

    def setSequence(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"sequence": value})

    def setPosition(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"position": value})

    def setQuery(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"query": value})

    def setKey(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"key": value})

    def setValue(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"value": value})

    def setGate(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"gate": value})

    def setGateScale(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"gateScale": value})

    def setOutputColumn(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"outputColumn": value})

    def setRequireState(self, value: bool) -> HigherOrderLinearAttention:
        return self._set_given({"requireState": value})

    def setInputOrder(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"inputOrder": value})

    def setCutEvery(self, value: int) -> HigherOrderLinearAttention:
        return self._set_given({"cutEvery": value})

    def setOnNonfinite(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"onNonfinite": value})

    def setFanIn(self, value: int) -> HigherOrderLinearAttention:
        return self._set_given({"fanIn": value})

    def setKernels(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"kernels": value})

    def setIsa(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"isa": value})

    def setInitialStates(self, value: str) -> HigherOrderLinearAttention:
        return self._set_given({"initialStates": value})


def _named(name: str) -> Column:
    return functions.col("`" + name.replace("`", "``") + "`")
