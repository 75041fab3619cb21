"""Attention and features as stages of pyspark.ml's pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark import keyword_only
from pyspark.ml.util import DefaultParamsReadable, DefaultParamsWritable

from ._errors import HlaError, named_errors
from ._feature_params import ExtractionParams
from ._params import AttentionParams
from ._stage import TableStage

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class HigherOrderLinearAttention(
    TableStage,
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

    @named_errors
    def _transform(self, dataset: DataFrame) -> DataFrame:
        return self._behind_all_columns("hla_attention", dataset, [self.getOutputColumn()])

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


class FeatureExtraction(
    TableStage,
    ExtractionParams,
    DefaultParamsReadable["FeatureExtraction"],  # type: ignore[misc, unused-ignore]
    DefaultParamsWritable,
):
    """``extract`` as a stage: all columns of the input, and behind them the vectors and, if scored, log_probability.

    With pooling there is a row a group, with the columns of its first token and ``tokens`` in front of the vectors.
    Params are the options of ``extract`` in camel case, and ``initialStates``, the name of a table or view. The stage
    is Python's own, over SQL: it is the same on classic sessions and on Spark Connect, and is saved in, and loaded
    from, Python pipelines. A saved stage has the path of the model, not the model. Java's stage of that name is
    ``io.hla.spark.ml.FeatureExtraction``.

    Raises:
        HlaError: from ``transform``, for the model, columns, options and states that are refused; HLA_OPTION_VALUE
            without a model.
    """

    @keyword_only
    def __init__(
        self,
        *,
        model: str | None = None,
        allowExtra: bool | None = None,
        features: str | None = None,
        score: bool | None = None,
        pool: str | None = None,
        window: int | None = None,
        precision: str | None = None,
        dtype: str | None = None,
        l2: bool | None = None,
        sequence: str | None = None,
        position: str | None = None,
        id: str | None = None,
        outputColumn: str | None = None,
        betweenLayers: str | None = None,
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
        model: str | None = None,
        allowExtra: bool | None = None,
        features: str | None = None,
        score: bool | None = None,
        pool: str | None = None,
        window: int | None = None,
        precision: str | None = None,
        dtype: str | None = None,
        l2: bool | None = None,
        sequence: str | None = None,
        position: str | None = None,
        id: str | None = None,
        outputColumn: str | None = None,
        betweenLayers: str | None = None,
        requireState: bool | None = None,
        inputOrder: str | None = None,
        cutEvery: int | None = None,
        onNonfinite: str | None = None,
        fanIn: int | None = None,
        kernels: str | None = None,
        isa: str | None = None,
        initialStates: str | None = None,
    ) -> FeatureExtraction:
        """Sets those that are not None."""
        return self._set_given(self._input_kwargs)

    @named_errors
    def _transform(self, dataset: DataFrame) -> DataFrame:
        if not self.isSet(self.model):
            raise HlaError("HLA_OPTION_VALUE", "model is not given, expected the directory of a model")
        added = []
        if self.getPool().lower() != "none":
            added.append("tokens")
        if self.getFeatures().lower() != "none":
            added.append(self.getOutputColumn())
        if self.getScore():
            added.append("log_probability")
        return self._behind_all_columns("hla_features", dataset, added)

    def setModel(self, value: str) -> FeatureExtraction:
        return self._set_given({"model": value})

    def setAllowExtra(self, value: bool) -> FeatureExtraction:
        return self._set_given({"allowExtra": value})

    def setFeatures(self, value: str) -> FeatureExtraction:
        return self._set_given({"features": value})

    def setScore(self, value: bool) -> FeatureExtraction:
        return self._set_given({"score": value})

    def setPool(self, value: str) -> FeatureExtraction:
        return self._set_given({"pool": value})

    def setWindow(self, value: int) -> FeatureExtraction:
        return self._set_given({"window": value})

    def setPrecision(self, value: str) -> FeatureExtraction:
        return self._set_given({"precision": value})

    def setDtype(self, value: str) -> FeatureExtraction:
        return self._set_given({"dtype": value})

    def setL2(self, value: bool) -> FeatureExtraction:
        return self._set_given({"l2": value})

    def setSequence(self, value: str) -> FeatureExtraction:
        return self._set_given({"sequence": value})

    def setPosition(self, value: str) -> FeatureExtraction:
        return self._set_given({"position": value})

    def setId(self, value: str) -> FeatureExtraction:
        return self._set_given({"id": value})

    def setOutputColumn(self, value: str) -> FeatureExtraction:
        return self._set_given({"outputColumn": value})

    def setBetweenLayers(self, value: str) -> FeatureExtraction:
        return self._set_given({"betweenLayers": value})

    def setRequireState(self, value: bool) -> FeatureExtraction:
        return self._set_given({"requireState": value})

    def setInputOrder(self, value: str) -> FeatureExtraction:
        return self._set_given({"inputOrder": value})

    def setCutEvery(self, value: int) -> FeatureExtraction:
        return self._set_given({"cutEvery": value})

    def setOnNonfinite(self, value: str) -> FeatureExtraction:
        return self._set_given({"onNonfinite": value})

    def setFanIn(self, value: int) -> FeatureExtraction:
        return self._set_given({"fanIn": value})

    def setKernels(self, value: str) -> FeatureExtraction:
        return self._set_given({"kernels": value})

    def setIsa(self, value: str) -> FeatureExtraction:
        return self._set_given({"isa": value})

    def setInitialStates(self, value: str) -> FeatureExtraction:
        return self._set_given({"initialStates": value})
