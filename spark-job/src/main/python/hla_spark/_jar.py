"""The jar in the wheel: how a session gets it, and whether it has it."""

from __future__ import annotations

import os
import re
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.errors import PySparkException

from ._errors import HlaError
from ._version import JAR_VERSION

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Sessions whose jar is known to be there, and of this version.
_checked: weakref.WeakSet[Any] = weakref.WeakSet()


def jar_path() -> str:
    """The path of hla-spark.jar in this package, for ``--jars`` and ``spark.jars``."""
    return str(Path(__file__).parent / "jars" / "hla-spark.jar")


def configure(builder: SparkSession.Builder) -> SparkSession.Builder:
    """Puts the jar on ``spark.jars``, behind what the builder or spark-defaults.conf has there.

    It takes effect where the builder starts the JVM: before the first session of a Python process. A Connect
    server elsewhere needs the jar when it is started (``--jars``).
    """
    options: dict[str, Any] = getattr(builder, "_options", {})
    before = options.get("spark.jars") or _defaults().get("spark.jars") or ""
    jars = [jar for jar in str(before).split(",") if jar]
    if jar_path() not in jars:
        jars.append(jar_path())
    return builder.config("spark.jars", ",".join(jars))


def _defaults() -> dict[str, str]:
    """spark-defaults.conf, whose settings a builder would replace."""
    folder = os.environ.get("SPARK_CONF_DIR")
    if folder is None and "SPARK_HOME" in os.environ:
        folder = str(Path(os.environ["SPARK_HOME"]) / "conf")
    file = Path(folder, "spark-defaults.conf") if folder else None
    if file is None or not file.is_file():
        return {}
    lines = (line.strip() for line in file.read_text().splitlines())
    pairs = (re.split(r"[\s=:]+", line, maxsplit=1) for line in lines if line and not line.startswith("#"))
    return {pair[0]: pair[1].strip() for pair in pairs if len(pair) == 2}


def check(spark: SparkSession) -> None:
    """Whether the session has this package's jar; asked once a session.

    Raises:
        HlaError: HLA_JAR_MISSING if it has none, HLA_JAR_VERSION if it is of another version.
    """
    if spark in _checked:
        return
    try:
        version = spark.sql("SELECT hla_version()").collect()[0][0]
    except PySparkException as error:
        if error.getCondition() not in ("UNRESOLVED_ROUTINE", "UNRESOLVABLE_TABLE_VALUED_FUNCTION"):
            raise
        raise HlaError("HLA_JAR_MISSING", _missing()) from error
    if version != JAR_VERSION:
        raise HlaError(
            "HLA_JAR_VERSION",
            f"the session has hla-spark.jar {version}, this package is of {JAR_VERSION}: "
            f"start it with {jar_path()}, or install the wheel of {version}",
        )
    _checked.add(spark)


def _missing() -> str:
    return (
        "the Spark session does not have hla-spark.jar: make it with "
        "hla_spark.configure(SparkSession.builder).getOrCreate() before any other session of this process, "
        f"or start Spark (the server, with Spark Connect) with --jars {jar_path()}"
    )


def jvm(spark: SparkSession, what: str) -> Any:
    """The JVM of a session that has one in this process.

    Raises:
        HlaError: HLA_CONNECT on Spark Connect.
    """
    gateway = getattr(spark, "_jvm", None) if _is_classic(spark) else None
    if gateway is None:
        raise HlaError(
            "HLA_CONNECT",
            f"{what} calls the driver's JVM, which Spark Connect does not give: use a classic session",
        )
    return gateway


def _is_classic(spark: SparkSession) -> bool:
    return type(spark).__module__.startswith("pyspark.sql.") and ".connect" not in type(spark).__module__
