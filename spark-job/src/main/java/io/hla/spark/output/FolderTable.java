package io.hla.spark.output;

import io.hla.spark.InputException;
import io.hla.spark.output.Journal.Entry;
import io.hla.spark.output.Journal.SessionEntry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * A table that is a folder of files, by path or in the session catalog. Spark's writer and commit
 * protocol fill a hidden folder beside it, which takes its place, or whose files are added to it,
 * when the publication comes.
 */
final class FolderTable extends OutputTable {
  /** Holds an empty file for every run that wrote into the table. */
  private static final String RUNS = "_hla_runs";

  private final Places places;
  private final OutputFormat format;
  private final NamedTable named;
  private final HiddenNames names;
  private final List<String> partitionBy;
  private StagingFolder staging;
  private StructType schema;

  /**
   * A table that may be there.
   *
   * @param named what the session catalog knows of it, or null for a table by path
   * @param id of the publication
   */
  FolderTable(
      SparkSession spark, TableRequest request, OutputFormat format, NamedTable named, String id) {
    super(spark, request);
    this.places = new Places(configuration());
    this.format = format;
    this.named = named;
    Path target = places.resolve(named == null ? request.path() : named.location());
    this.names = new HiddenNames(target, id);
    this.partitionBy =
        request.partitionBy().isEmpty() && named != null
            ? named.partitionColumns()
            : request.partitionBy();
  }

  Path target() {
    return names.target();
  }

  @Override
  public String place() {
    return named == null ? target().toString() : request().table();
  }

  @Override
  public String format() {
    return format.name();
  }

  @Override
  public Dataset<Row> read() {
    return named == null
        ? format.read(target(), partitionBy.isEmpty() ? schema : null)
        : spark().table(named.sql());
  }

  @Override
  boolean exists() {
    return named == null ? exists(target()) : named.table() != null;
  }

  @Override
  boolean has(String run) {
    return exists(marker(target(), run));
  }

  private static Path marker(Path folder, String run) {
    return Places.child(Places.child(folder, RUNS), run);
  }

  @Override
  void recover(Consumer<String> tell) {
    try {
      new JournalSteps(spark()).recover(target(), tell);
      for (Path stray : HiddenNames.strays(places.files(target()), target())) {
        tell.accept(
            stray
                + " was left by a command that did not end, or another one is filling it: delete it"
                + " if none is");
      }
    } catch (IOException e) {
      throw unwritable(target().getParent(), e);
    }
  }

  @Override
  void checkWritable() {
    if (named != null && named.table() == null && exists(target())) {
      throw named.refusal(
          "there is no such table, but a folder " + target() + " in its place", null);
    }
    Path folder = target().getParent();
    try {
      FileSystem files = places.files(target());
      while (!files.exists(folder)) {
        folder = folder.getParent();
      }
      if (!files.getFileStatus(folder).isDirectory()) {
        throw new InputException(
            "HLA_OUTPUT_PATH",
            String.format(
                Locale.ROOT,
                "%s cannot be made: %s is not a folder",
                "--" + option() + " " + target(),
                folder));
      }
      Path probe = Places.child(folder, names.probe().getName());
      if (!files.mkdirs(probe)) {
        throw new IOException("the file system refused to make a folder");
      }
      files.delete(probe, true);
    } catch (IOException e) {
      throw unwritable(folder, e);
    }
  }

  private InputException unwritable(Path folder, IOException e) {
    return new InputException(
        "HLA_OUTPUT_PATH",
        String.format(
            Locale.ROOT,
            "--%s %s cannot be made: nothing can be written in %s: %s",
            option(),
            target(),
            folder,
            e.getMessage()),
        e);
  }

  @Override
  public void checkOptions(Map<String, String> options) {
    format.checkOptions(options);
  }

  @Override
  boolean isAt(TableInput input) {
    return input.path() != null && places.isSame(target(), input.path());
  }

  @Override
  void checkOutside(TableInput input) {
    if (input.path() != null && places.touch(target(), input.path())) {
      throw new InputException(
          "HLA_OUTPUT_IN_INPUT",
          String.format(
              Locale.ROOT,
              "--%s %s and input %s lie in one another",
              option(),
              target(),
              input.path()));
    }
  }

  @Override
  void checkHoldsNot(Path folder) {
    if (places.isWithin(folder, target())) {
      throw new InputException(
          "HLA_OUTPUT_IN_INPUT",
          String.format(
              Locale.ROOT, "--%s %s holds files of the input, in %s", option(), target(), folder));
    }
  }

  @Override
  void checkApart(OutputTable other) {
    if (other instanceof FolderTable folder && places.touch(target(), folder.target())) {
      throw new InputException(
          "HLA_OUTPUT_PATH",
          String.format(
              Locale.ROOT,
              "--%s %s and --%s %s lie in one another",
              option(),
              target(),
              other.option(),
              folder.target()));
    }
  }

  @Override
  public void stage(Dataset<Row> rows, Map<String, String> options, Consumer<Runnable> phase) {
    schema = rows.schema();
    checkPartitions(schema);
    if (exists() && (isAdded() || named != null)) {
      format.checkSameColumns(
          target(), named == null ? null : named.columns(), schema, partitionBy);
    }
    staging = new StagingFolder(spark().sparkContext(), names.staging());
    phase.accept(
        () ->
            format.save(
                rows.write().partitionBy(partitionBy.toArray(String[]::new)),
                options,
                staging.path()));
    if (request().runId() != null) {
      Path marker = marker(staging.path(), request().runId());
      try {
        places.files(marker).create(marker).close();
      } catch (IOException e) {
        throw new UncheckedIOException("cannot write " + marker + ": " + e.getMessage(), e);
      }
    }
  }

  private void checkPartitions(StructType columns) {
    List<String> all = List.of(columns.fieldNames());
    for (String column : partitionBy) {
      if (!all.contains(column)) {
        throw new InputException(
            "HLA_OUTPUT_COLUMN",
            String.format(
                Locale.ROOT, "--partition-by %s: --%s has columns %s", column, option(), all));
      }
    }
  }

  private boolean isAdded() {
    return mode() == SaveMode.Append && exists();
  }

  /** What the journal says of the staged rows. */
  Entry entry() throws IOException {
    boolean exists = exists();
    if (exists && mode() != SaveMode.Overwrite && mode() != SaveMode.Append) {
      throw new InputException(
          "HLA_OUTPUT_EXISTS",
          String.format(
              Locale.ROOT, "--%s %s came into being while the job ran", option(), target()));
    }
    boolean created = named != null && named.table() == null;
    return new Entry(
        target().toString(), exists, isAdded() || created ? stagedFiles() : null, session());
  }

  private SessionEntry session() {
    return named == null
        ? null
        : new SessionEntry(named.sql(), format.name(), schema.asNullable().json(), partitionBy);
  }

  /** The data files and markers of runs, relative to the table. */
  private List<String> stagedFiles() throws IOException {
    List<String> found = new ArrayList<>();
    List<String> markers = new ArrayList<>();
    String start = staging.path().toUri().getPath() + "/";
    RemoteIterator<LocatedFileStatus> files =
        places.files(staging.path()).listFiles(staging.path(), true);
    while (files.hasNext()) {
      String name = files.next().getPath().toUri().getPath().substring(start.length());
      if (name.startsWith(RUNS + "/")) {
        markers.add(name);
      } else if (List.of(name.split("/")).stream().noneMatch(FolderTable::isHidden)) {
        found.add(name);
      }
    }
    found.addAll(markers);
    return found;
  }

  /** As Spark has it: partitions of a column whose name starts with an underscore are seen. */
  private static boolean isHidden(String name) {
    return name.startsWith(".") || (name.startsWith("_") && !name.contains("="));
  }

  HiddenNames names() {
    return names;
  }

  /** What is staged is from now on the journal's. */
  void keep() {
    staging.keep();
  }

  /** What is staged is deleted by {@link #close} once more. */
  void drop() {
    staging.drop();
  }

  /** Removes what was staged and not published. */
  @Override
  public void close() {
    if (staging != null) {
      staging.close();
    }
  }

  private boolean exists(Path path) {
    try {
      return places.files(path).exists(path);
    } catch (IOException e) {
      throw new InputException("HLA_OUTPUT_PATH", path + ": " + e.getMessage(), e);
    }
  }
}
