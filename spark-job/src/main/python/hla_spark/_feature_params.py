"""Params of the stage that extracts features, by the names of the Java stage."""

from __future__ import annotations

from pyspark.ml.param import Param, Params, TypeConverters


class ExtractionParams(Params):
    """A param for every option of ``extract`` but ``keep``: a stage keeps all columns."""

    model: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "model",
        "the directory of the model",
        TypeConverters.toString,
    )
    allowExtra: Param[bool] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "allowExtra",
        "whether unknown keys of the config and tensors of no layer are passed over",
        TypeConverters.toBoolean,
    )
    features: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "features",
        "hidden, layer:N from 0, attention:N from 1, or none",
        TypeConverters.toString,
    )
    score: Param[bool] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "score",
        "whether tokens get the log probability of the token behind them",
        TypeConverters.toBoolean,
    )
    pool: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "pool",
        "none, mean, last or max: how vectors of several tokens become one",
        TypeConverters.toString,
    )
    window: Param[int] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "window",
        "tokens that are pooled, from one multiple of it to the next; 0: whole sequences",
        TypeConverters.toInt,
    )
    precision: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "precision",
        "arithmetic: float64, mixed or float32",
        TypeConverters.toString,
    )
    dtype: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "dtype",
        "float, double or half",
        TypeConverters.toString,
    )
    l2: Param[bool] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "l2",
        "whether vectors are divided by their Euclidean norms",
        TypeConverters.toBoolean,
    )
    sequence: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "sequence",
        "the sequence column; seq, if there is one, unless set",
        TypeConverters.toString,
    )
    position: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "position",
        "the column of positions",
        TypeConverters.toString,
    )
    id: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "id",
        "the column of token ids",
        TypeConverters.toString,
    )
    outputColumn: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "outputColumn",
        "the name of the column of vectors",
        TypeConverters.toString,
    )
    betweenLayers: Param[str] = Param(
        Params._dummy(),  # type: ignore[no-untyped-call, unused-ignore]
        "betweenLayers",
        "auto, keep or recompute: where the vectors between layers come from",
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
        "runs also end in front of every multiple of this position; 0: nowhere",
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
        "children of a node of the prefix trees",
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
        "table or view of the states of all layers that sequences go on from; none unless set",
        TypeConverters.toString,
    )

    def __init__(self) -> None:
        super().__init__()
        self._setDefault(
            allowExtra=False,
            features="hidden",
            score=False,
            pool="none",
            window=0,
            precision="float64",
            dtype="float",
            l2=False,
            position="pos",
            id="id",
            outputColumn="features",
            betweenLayers="auto",
            requireState=False,
            inputOrder="auto",
            cutEvery=0,
            onNonfinite="fail",
            fanIn=16,
            kernels="auto",
            isa="auto",
        )

    def getModel(self) -> str:
        return self.getOrDefault(self.model)

    def getAllowExtra(self) -> bool:
        return self.getOrDefault(self.allowExtra)

    def getFeatures(self) -> str:
        return self.getOrDefault(self.features)

    def getScore(self) -> bool:
        return self.getOrDefault(self.score)

    def getPool(self) -> str:
        return self.getOrDefault(self.pool)

    def getWindow(self) -> int:
        return self.getOrDefault(self.window)

    def getPrecision(self) -> str:
        return self.getOrDefault(self.precision)

    def getDtype(self) -> str:
        return self.getOrDefault(self.dtype)

    def getL2(self) -> bool:
        return self.getOrDefault(self.l2)

    def getSequence(self) -> str:
        return self.getOrDefault(self.sequence)

    def getPosition(self) -> str:
        return self.getOrDefault(self.position)

    def getId(self) -> str:
        return self.getOrDefault(self.id)

    def getOutputColumn(self) -> str:
        return self.getOrDefault(self.outputColumn)

    def getBetweenLayers(self) -> str:
        return self.getOrDefault(self.betweenLayers)

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
