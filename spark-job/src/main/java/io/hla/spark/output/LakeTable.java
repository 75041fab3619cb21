package io.hla.spark.output;

import io.hla.spark.InputException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.CreateTableWriter;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.DataFrameWriterV2;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.catalog.StagingTableCatalog;
import org.apache.spark.sql.functions;

/**
 * A table that has commits of its own, such as one of Delta or Iceberg, by name in a catalog or by
 * path. Its rows are computed and committed at once, when it is published.
 */
final class LakeTable extends OutputTable {
  /** The property of an Iceberg snapshot, and the text of a Delta commit, that names the run. */
  private static final String RUN = "hla.run-id";

  private final OutputFormat format;
  private final NamedTable named;
  private final Places places;
  private Runnable commit;

  /**
   * A table that may be there.
   *
   * @param named the table of a catalog, or null for one by path
   */
  LakeTable(SparkSession spark, TableRequest request, OutputFormat format, NamedTable named) {
    super(spark, request);
    this.format = format;
    this.named = named;
    this.places = new Places(configuration());
  }

  @Override
  public String place() {
    return named == null ? request().path() : request().table();
  }

  @Override
  public String format() {
    return format.name();
  }

  @Override
  public Dataset<Row> read() {
    return named == null
        ? spark().read().format(format.name()).load(request().path())
        : spark().table(named.sql());
  }

  @Override
  boolean exists() {
    if (named != null) {
      return named.table() != null;
    }
    try {
      Path path = new Path(request().path());
      return path.getFileSystem(configuration()).exists(path);
    } catch (java.io.IOException | IllegalArgumentException e) {
      throw new InputException("HLA_OUTPUT_PATH", request().label() + ": " + e.getMessage(), e);
    }
  }

  @Override
  boolean has(String runId) {
    if (!exists()) {
      return false;
    }
    String table = named == null ? "delta.`" + request().path() + "`" : named.sql();
    if (isDelta()) {
      return !spark()
          .sql("DESCRIBE HISTORY " + table)
          .where(functions.col("userMetadata").equalTo(mark(runId)))
          .isEmpty();
    }
    return !spark()
        .table(table + ".snapshots")
        .where(functions.col("summary").getItem(RUN).equalTo(runId))
        .isEmpty();
  }

  private static String mark(String runId) {
    return RUN + "=" + runId;
  }

  private boolean isDelta() {
    return "delta".equalsIgnoreCase(format.name());
  }

  private boolean isIceberg() {
    String name = format.name() == null ? "" : format.name().toLowerCase(Locale.ROOT);
    boolean catalog =
        named != null && named.catalog().getClass().getName().startsWith("org.apache.iceberg.");
    return named != null && (name.equals("iceberg") || catalog);
  }

  @Override
  void recover(Consumer<String> tell) {}

  @Override
  void checkWritable() {
    if (request().runId() != null && !isDelta() && !isIceberg()) {
      throw refusal(
          "--run-id marks tables of files, of Delta and of Iceberg by name, and this is none",
          null);
    }
    if (named != null
        && named.table() != null
        && mode() == SaveMode.Overwrite
        && !(named.catalog() instanceof StagingTableCatalog)) {
      throw refusal(
          String.format(
              Locale.ROOT,
              "catalog %s would drop the table before it is written again; expected another mode,"
                  + " or a table of Delta or Iceberg",
              named.catalog().name()),
          null);
    }
  }

  @Override
  boolean isAt(TableInput input) {
    return input.table() != null && named != null
        ? input.table().equals(named.sql())
        : input.path() != null && location() != null && places.isSame(location(), input.path());
  }

  @Override
  void checkOutside(TableInput input) {
    boolean touches =
        input.path() != null && location() != null && places.touch(location(), input.path());
    if (touches || isAt(input)) {
      throw new InputException(
          "HLA_OUTPUT_IN_INPUT",
          String.format(
              Locale.ROOT, "%s and input %s lie in one another", request().label(), input.text()));
    }
  }

  /** Where the files are, as far as the catalog says. */
  private Path location() {
    String location =
        named == null
            ? request().path()
            : named.table() == null ? null : named.table().properties().get("location");
    return location == null ? null : places.resolve(location);
  }

  @Override
  void checkHoldsNot(Path folder) {
    if (location() != null && places.isWithin(folder, location())) {
      throw new InputException(
          "HLA_OUTPUT_IN_INPUT",
          String.format(
              Locale.ROOT, "%s holds files of the input, in %s", request().label(), folder));
    }
  }

  @Override
  void checkApart(OutputTable other) {
    if (other instanceof LakeTable lake && key().equals(lake.key())) {
      throw new InputException(
          "HLA_OUTPUT_PATH",
          String.format(
              Locale.ROOT, "%s and %s are one table", request().label(), other.request().label()));
    }
  }

  private String key() {
    return named == null ? places.resolve(request().path()).toString() : named.sql();
  }

  @Override
  public void stage(Dataset<Row> rows, Map<String, String> options, Consumer<Runnable> phase) {
    Map<String, String> all = new HashMap<>(options);
    if (request().runId() != null && isDelta()) {
      all.put("userMetadata", mark(request().runId()));
      all.put("txnAppId", mark(request().runId()));
      all.put("txnVersion", "1");
    } else if (request().runId() != null) {
      all.put("snapshot-property." + RUN, request().runId());
    }
    commit = () -> phase.accept(() -> write(rows, all));
  }

  /** Writes the rows and commits them, if there are any to write. */
  void commit() {
    if (commit != null) {
      commit.run();
    }
  }

  // Spark throws checked exceptions here that not all of its Java signatures declare.
  private void write(Dataset<Row> rows, Map<String, String> options) {
    try {
      if (named == null) {
        save(rows.write(), options);
      } else if (named.table() != null && mode() == SaveMode.Append) {
        DataFrameWriterV2<Row> writer = rows.writeTo(named.sql());
        options.forEach(writer::option);
        writer.append();
      } else {
        create(rows, options);
      }
    } catch (Exception e) {
      if (e instanceof AnalysisException) {
        throw refusal(String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
      }
      throw e instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(e);
    }
  }

  private void save(DataFrameWriter<Row> writer, Map<String, String> options) {
    writer
        .format(format.name())
        .mode(mode())
        .partitionBy(request().partitionBy().toArray(String[]::new))
        .options(options)
        .save(request().path());
  }

  private void create(Dataset<Row> rows, Map<String, String> options) throws Exception {
    CreateTableWriter<Row> writer = rows.writeTo(named.sql());
    if (format.name() != null) {
      writer = writer.using(format.name());
    }
    for (Map.Entry<String, String> option : options.entrySet()) {
      writer = writer.option(option.getKey(), option.getValue());
    }
    Column[] columns =
        request().partitionBy().stream()
            .map(column -> functions.col("`" + column.replace("`", "``") + "`"))
            .toArray(Column[]::new);
    if (columns.length > 0) {
      writer =
          writer.partitionedBy(
              columns[0], java.util.Arrays.copyOfRange(columns, 1, columns.length));
    }
    if (named.table() == null) {
      writer.create();
    } else {
      writer.createOrReplace();
    }
  }

  private InputException refusal(String reason, Exception cause) {
    return new InputException("HLA_OUTPUT_TABLE", request().label() + ": " + reason, cause);
  }

  @Override
  public void close() {}
}
