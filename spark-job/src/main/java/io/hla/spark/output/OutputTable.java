package io.hla.spark.output;

import io.hla.spark.InputException;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;

/** A table of a {@link Publication}. */
public abstract class OutputTable implements AutoCloseable {
  private final SparkSession spark;
  private final TableRequest request;
  private String left;

  OutputTable(SparkSession spark, TableRequest request) {
    this.spark = spark;
    this.request = request;
  }

  static OutputTable of(SparkSession spark, TableRequest request, String id) {
    if (!request.isWanted()) {
      return new NoTable(spark, request);
    }
    if (request.table() != null) {
      return named(spark, request, id);
    }
    OutputFormat format =
        new OutputFormat(
            spark, request.option(), request.format() == null ? "parquet" : request.format());
    format.check();
    return format.isOfFiles()
        ? new FolderTable(spark, request, format, null, id)
        : new LakeTable(spark, request, format, null);
  }

  private static OutputTable named(SparkSession spark, TableRequest request, String id) {
    NamedTable named = NamedTable.of(spark, request.label(), request.table());
    if (named.isView()) {
      throw named.refusal("it is a view, expected a table", null);
    }
    String provider = named.provider();
    if (named.table() == null && named.isInSessionCatalog()) {
      provider =
          request.format() == null
              ? spark.conf().get("spark.sql.sources.default")
              : request.format();
    }
    boolean isInSession =
        named.session() != null || (named.table() == null && named.isInSessionCatalog());
    if (!isInSession) {
      OutputFormat format =
          new OutputFormat(spark, request.option(), provider == null ? request.format() : provider);
      return new LakeTable(spark, request, format, named);
    }
    OutputFormat format = new OutputFormat(spark, request.option() + "-table", provider);
    if (named.table() == null) {
      format.check();
    }
    if (format.isOfFiles()) {
      if (named.session() != null && named.session().bucketSpec().isDefined()) {
        throw named.refusal("it has buckets, which files that are added would not fit", null);
      }
      return new FolderTable(spark, request, format, named, id);
    }
    if (named.session() != null) {
      throw named.refusal(
          "a table of format "
              + provider
              + " is neither replaced nor added to at once, expected parquet, orc, json, ... or a"
              + " table of Delta or Iceberg",
          null);
    }
    return new LakeTable(spark, request, format, named);
  }

  final SparkSession spark() {
    return spark;
  }

  final TableRequest request() {
    return request;
  }

  final Configuration configuration() {
    return spark.sparkContext().hadoopConfiguration();
  }

  /** The option that says where the table is. */
  public final String option() {
    return request.option();
  }

  /** Whether there is a table to write. */
  public final boolean isWritten() {
    return request.isWanted() && left == null;
  }

  /** Path or name; null for a table that is not wanted. */
  public abstract String place();

  /** The format that it is written in; null where that is up to its catalog. */
  public abstract String format();

  /** The table as it is stored. */
  public abstract Dataset<Row> read();

  /**
   * Takes the rows where nobody sees them yet. A table that has commits of its own takes them when
   * it is published.
   *
   * @param options of the format's writer; {@code vectors} names columns of arrays of numbers that
   *     are written faster where the format is Parquet
   * @param phase runs the writing, now or then
   */
  public abstract void stage(
      Dataset<Row> rows, Map<String, String> options, Consumer<Runnable> phase);

  /**
   * Refuses options that {@link #stage} could not write with, as far as they can be tried before.
   *
   * @param options of the format's writer
   * @throws io.hla.spark.InputException HLA_OUTPUT_OPTION
   */
  public void checkOptions(Map<String, String> options) {}

  abstract boolean exists();

  /** Whether a run has written the table. */
  abstract boolean has(String runId);

  /** Finishes what commands that did not end left. */
  abstract void recover(Consumer<String> tell);

  /** Refuses a table that cannot be written, before anything is computed for it. */
  abstract void checkWritable();

  /** Whether the table is the one that is read. */
  abstract boolean isAt(TableInput input);

  /** Refuses to lie in something that the job reads, or around it. */
  abstract void checkOutside(TableInput input);

  /** Refuses to hold files that the job reads in a folder. */
  abstract void checkHoldsNot(Path folder);

  /** Refuses two tables in one place. */
  abstract void checkApart(OutputTable other);

  @Override
  public abstract void close();

  /** Whether the table takes the place of one that the job reads. */
  final boolean isInPlace() {
    return request.replaces() != null
        && TableInputs.of(spark, request.replaces(), request.table() != null).stream()
            .anyMatch(this::isAt);
  }

  /** What happens to a table that exists. */
  final SaveMode mode() {
    if (!request.whole() || request.mode() != SaveMode.Append) {
      return request.mode();
    }
    return isInPlace() ? SaveMode.Overwrite : SaveMode.ErrorIfExists;
  }

  /**
   * Decides whether the table is written.
   *
   * @return why not; null if it is
   * @throws InputException if it cannot be or must not be
   */
  final String decide() {
    if (!request.isWanted()) {
      return null;
    }
    if (request.runId() != null && has(request.runId())) {
      left =
          String.format(Locale.ROOT, "run %s is in %s already", request.runId(), request.label());
    } else if (exists() && mode() == SaveMode.ErrorIfExists) {
      throw new InputException(
          "HLA_OUTPUT_EXISTS",
          String.format(
              Locale.ROOT,
              "--%s %s exists, expected a new path (or --mode overwrite, append, ignore)",
              option(),
              place()));
    } else if (exists() && mode() == SaveMode.Ignore) {
      left = String.format(Locale.ROOT, "%s exists and the mode is ignore", request.label());
    } else {
      checkWritable();
    }
    return left;
  }
}
