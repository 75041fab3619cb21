"""Params of the stage, by the names of the Java stage."""

from __future__ import annotations

from typing import Any

from pyspark.ml.param import Param, Params, TypeConverters


def _numbers(value: Any) -> list[float]:
    return TypeConverters.toListFloat([value] if isinstance(value, (int, float)) else value)


class AttentionParams(Params):
    """A param for every option of ``attend`` but ``keep``: a stage keeps all columns."""

    operator: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "operator",
        "linear, hla2, hla3, .. or ahla, ahla3, ..",
        TypeConverters.toString,
    )
    program: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "program",
        "linear attentions instead of an operator",
        TypeConverters.toString,
    )
    mask: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "mask",
        "causal or none",
        TypeConverters.toString,
    )
    form: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "form",
        "exact, or the paper's recurrences as published",
        TypeConverters.toString,
    )
    numHeads: Param[int] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "numHeads",
        "query heads H",
        TypeConverters.toInt,
    )
    numKvHeads: Param[int] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "numKvHeads",
        "key and value heads, a divisor of H; H unless set",
        TypeConverters.toInt,
    )
    headDim: Param[int] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "headDim",
        "length d of a query or key of one head; as in the first row unless set",
        TypeConverters.toInt,
    )
    valueDim: Param[int] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "valueDim",
        "length dv of a value of one head; d unless set",
        TypeConverters.toInt,
    )
    decay: Param[list[float]] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "decay",
        "in (0, 1], one number for all heads or one per query head",
        _numbers,
    )
    ridge: Param[float] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "ridge",
        "x adds x q C to the outputs of hla2, causal",
        TypeConverters.toFloat,
    )
    normalize: Param[bool] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "normalize",
        "whether outputs are divided by the same sum with all values 1",
        TypeConverters.toBoolean,
    )
    epsilon: Param[float] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "epsilon",
        "is added to that denominator, its sign kept",
        TypeConverters.toFloat,
    )
    scale: Param[float] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "scale",
        "multiplies q in front of the feature map",
        TypeConverters.toFloat,
    )
    featureMap: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "featureMap",
        "identity, relu, elu1 or l2, applied to q and k",
        TypeConverters.toString,
    )
    precision: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "precision",
        "arithmetic: float64, mixed or float32",
        TypeConverters.toString,
    )
    outputType: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "outputType",
        "float or double",
        TypeConverters.toString,
    )
    sequence: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "sequence",
        "the sequence column; seq if there is one unless set",
        TypeConverters.toString,
    )
    position: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "position",
        "the column of positions",
        TypeConverters.toString,
    )
    query: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "query",
        "the column of queries, arrays of H d numbers",
        TypeConverters.toString,
    )
    key: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "key",
        "the column of keys, arrays of Hkv d numbers",
        TypeConverters.toString,
    )
    value: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "value",
        "the column of values, arrays of Hkv dv numbers",
        TypeConverters.toString,
    )
    gate: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "gate",
        "the column of gates, arrays of H numbers; none unless set",
        TypeConverters.toString,
    )
    gateScale: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "gateScale",
        "linear or log",
        TypeConverters.toString,
    )
    outputColumn: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "outputColumn",
        "the name of the output column",
        TypeConverters.toString,
    )
    requireState: Param[bool] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "requireState",
        "whether a sequence without an initial state is an error",
        TypeConverters.toBoolean,
    )
    inputOrder: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "inputOrder",
        "auto, stored or sort",
        TypeConverters.toString,
    )
    cutEvery: Param[int] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "cutEvery",
        "runs also end in front of every multiple of this position; 0 for nowhere",
        TypeConverters.toInt,
    )
    onNonfinite: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "onNonfinite",
        "fail or propagate",
        TypeConverters.toString,
    )
    fanIn: Param[int] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "fanIn",
        "children of a node of the prefix tree",
        TypeConverters.toInt,
    )
    kernels: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "kernels",
        "auto, java or native",
        TypeConverters.toString,
    )
    isa: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "isa",
        "the best instruction set of native kernels",
        TypeConverters.toString,
    )
    initialStates: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "initialStates",
        "table or view of the states that sequences go on from; none unless set",
        TypeConverters.toString,
    )

    def __init__(self) -> None:
        super().__init__()
        self._setDefault(
            operator="hla2",
            mask="causal",
            form="exact",
            numHeads=1,
            decay=[1.0],
            ridge=0.0,
            normalize=False,
            epsilon=1e-6,
            scale=1.0,
            featureMap="identity",
            precision="float64",
            outputType="float",
            position="pos",
            query="q",
            key="k",
            value="v",
            gateScale="linear",
            outputColumn="o",
            requireState=False,
            inputOrder="auto",
            cutEvery=0,
            onNonfinite="fail",
            fanIn=16,
            kernels="auto",
            isa="auto",
        )

    def getOperator(self) -> str:
        return self.getOrDefault(self.operator)

    def getProgram(self) -> str:
        return self.getOrDefault(self.program)

    def getMask(self) -> str:
        return self.getOrDefault(self.mask)

    def getForm(self) -> str:
        return self.getOrDefault(self.form)

    def getNumHeads(self) -> int:
        return self.getOrDefault(self.numHeads)

    def getNumKvHeads(self) -> int:
        return self.getOrDefault(self.numKvHeads)

    def getHeadDim(self) -> int:
        return self.getOrDefault(self.headDim)

    def getValueDim(self) -> int:
        return self.getOrDefault(self.valueDim)

    def getDecay(self) -> list[float]:
        return self.getOrDefault(self.decay)

    def getRidge(self) -> float:
        return self.getOrDefault(self.ridge)

    def getNormalize(self) -> bool:
        return self.getOrDefault(self.normalize)

    def getEpsilon(self) -> float:
        return self.getOrDefault(self.epsilon)

    def getScale(self) -> float:
        return self.getOrDefault(self.scale)

    def getFeatureMap(self) -> str:
        return self.getOrDefault(self.featureMap)

    def getPrecision(self) -> str:
        return self.getOrDefault(self.precision)

    def getOutputType(self) -> str:
        return self.getOrDefault(self.outputType)

    def getSequence(self) -> str:
        return self.getOrDefault(self.sequence)

    def getPosition(self) -> str:
        return self.getOrDefault(self.position)

    def getQuery(self) -> str:
        return self.getOrDefault(self.query)

    def getKey(self) -> str:
        return self.getOrDefault(self.key)

    def getValue(self) -> str:
        return self.getOrDefault(self.value)

    def getGate(self) -> str:
        return self.getOrDefault(self.gate)

    def getGateScale(self) -> str:
        return self.getOrDefault(self.gateScale)

    def getOutputColumn(self) -> str:
        return self.getOrDefault(self.outputColumn)

    def getRequireState(self) -> bool:
        return self.getOrDefault(self.requireState)

    def getInputOrder(self) -> str:
        return self.getOrDefault(self.inputOrder)

    def getCutEvery(self) -> int:
        return self.getOrDefault(self.cutEvery)

    def getOnNonfinite(self) -> str:
        return self.getOrDefault(self.onNonfinite)

    def getFanIn(self) -> int:
        return self.getOrDefault(self.fanIn)

    def getKernels(self) -> str:
        return self.getOrDefault(self.kernels)

    def getIsa(self) -> str:
        return self.getOrDefault(self.isa)

    def getInitialStates(self) -> str:
        return self.getOrDefault(self.initialStates)
