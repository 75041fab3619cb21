package io.hla.spark.input;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.size;

import io.hla.spark.InputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.AtomicType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.VariantType;
import org.apache.spark.util.LongAccumulator;

/**
 * A checked token table. Its rows are read as (pos, q, k, v, [seq], kept columns) from one physical
 * plan, so that every pass sees the same partitions.
 */
public final class TokenTable {
  /** Runs of a sorted table end at multiples of this position, whatever the partitioning. */
  public static final long SORTED_CHUNK = 16384;

  private static final int RUN_LIMIT = 1 << 20;

  private final Dataset<Row> data;
  private final Dataset<Row> positions;
  private final TokenRow layout;
  private final StructType keptSchema;
  private final long chunk;
  private JavaRDD<InternalRow> rows;

  private TokenTable(
      Dataset<Row> data,
      Dataset<Row> positions,
      TokenRow layout,
      StructType keptSchema,
      long chunk) {
    this.data = data;
    this.positions = positions;
    this.layout = layout;
    this.keptSchema = keptSchema;
    this.chunk = chunk;
  }

  /**
   * Checks the columns of a table and learns the head sizes from its first row.
   *
   * @param numHeads query heads H
   * @param numKvHeads key and value heads Hkv, a divisor of H
   * @throws InputException HLA_INPUT_COLUMN, HLA_INPUT_TYPE, HLA_INPUT_NULL or HLA_INPUT_WIDTH
   */
  public static TokenTable open(
      Dataset<Row> table, TokenColumns columns, int numHeads, int numKvHeads) {
    StructType schema = table.schema();
    List<Column> selected = new ArrayList<>();
    StructField position = find(schema, columns.position());
    check(
        isIntegral(position.dataType()),
        "HLA_INPUT_TYPE",
        "column %s is %s, expected an integral type",
        position.name(),
        position.dataType().simpleString());
    selected.add(quoted(position).cast(DataTypes.LongType).as("pos"));
    StructField[] arrays = {
      find(schema, columns.query()), find(schema, columns.key()), find(schema, columns.value())
    };
    for (int i = 0; i < 3; i++) {
      selected.add(numbers(arrays[i]).as("qkv".substring(i, i + 1)));
    }
    StructField sequence = null;
    if (columns.sequenceRequired() || has(schema, columns.sequence())) {
      sequence = find(schema, columns.sequence());
      check(
          sequence.dataType() instanceof AtomicType
              && !(sequence.dataType() instanceof VariantType),
          "HLA_INPUT_TYPE",
          "column %s is %s, expected an atomic type",
          sequence.name(),
          sequence.dataType().simpleString());
      selected.add(quoted(sequence).as("seq"));
    }
    StructType kept = new StructType();
    for (String name : columns.keep()) {
      StructField field = find(schema, name);
      kept = kept.add(field);
      selected.add(quoted(field).as("keep" + kept.size()));
    }
    Dataset<Row> data = table.select(selected.toArray(Column[]::new));
    Dataset<Row> positions = sequence == null ? data.select("pos") : data.select("pos", "seq");
    TokenRow layout =
        TokenRow.of(
            data.schema(), columns, sequence, headSizes(data, columns, numHeads, numKvHeads));
    return new TokenTable(data, positions, layout, kept, 0);
  }

  /** The same tokens, shuffled into chunks of consecutive positions, for a table without order. */
  public TokenTable sorted() {
    return sorted(rows().getNumPartitions());
  }

  /** The same in a number of partitions. */
  public TokenTable sorted(int partitions) {
    List<Column> keys = new ArrayList<>();
    if (layout.sequenceType() != null) {
      keys.add(col("seq"));
    }
    List<Column> order = new ArrayList<>(keys);
    order.add(col("pos"));
    // Which partition a chunk lands in has no influence on the runs: they end with their chunk.
    long runs = chunk > 0 ? chunk : SORTED_CHUNK;
    keys.add(expr("pos - pmod(pos, " + runs + "L)"));
    Dataset<Row> sorted =
        data.repartition(partitions, keys.toArray(Column[]::new))
            .sortWithinPartitions(order.toArray(Column[]::new));
    return new TokenTable(sorted, null, layout, keptSchema, runs);
  }

  /** The same tokens with runs that also end in front of every multiple of a position. */
  public TokenTable cutEvery(long positions) {
    return new TokenTable(data, this.positions, layout, keptSchema, positions);
  }

  /** The same tokens in fewer partitions, each several of the stored ones. */
  public TokenTable coalesced(int partitions) {
    return new TokenTable(data.coalesce(partitions), null, layout, keptSchema, chunk);
  }

  /** The same tokens in one partition, in stream order: what one machine would read. */
  public TokenTable inOnePartition() {
    Column[] order =
        layout.sequenceType() == null
            ? new Column[] {col("pos")}
            : new Column[] {col("seq"), col("pos")};
    return new TokenTable(
        data.repartition(1).sortWithinPartitions(order), null, layout, keptSchema, 0);
  }

  /** Columns pos, q, k, v and, if there is one, seq. */
  public Dataset<Row> tokens() {
    return data;
  }

  /** How a row is laid out, and the head sizes. */
  public TokenRow layout() {
    return layout;
  }

  /** Whether the table holds no token, so that nothing is known of its head sizes. */
  public boolean isEmpty() {
    return layout.sizes() == HeadSizes.EMPTY;
  }

  /** The kept columns under their own names. */
  public StructType keptSchema() {
    return keptSchema;
  }

  /** All rows; every call gives the same partitions in the same order. */
  public JavaRDD<InternalRow> rows() {
    if (rows == null) {
      rows = PhysicalRows.of(data);
    }
    return rows;
  }

  /** The files that the rows are read from. */
  public InputFiles files() {
    return new InputFiles(rows().rdd());
  }

  /**
   * Reads the positions alone and cuts every partition into runs.
   *
   * @param mostOpen the most runs of one partition whose rows may take turns, at least 1
   * @param positionsRead counts what tasks read
   * @throws InputException HLA_INPUT_NULL if a row has no position or no sequence
   */
  public RunIndex index(int mostOpen, LongAccumulator positionsRead) {
    JavaRDD<InternalRow> source;
    RunCutter cutter = new RunCutter(layout.sequenceType(), chunk, mostOpen, RUN_LIMIT);
    JavaRDD<InternalRow> narrow = positions == null ? null : PhysicalRows.of(positions);
    if (narrow != null && narrow.getNumPartitions() == rows().getNumPartitions()) {
      source = narrow;
    } else {
      int sequence = layout.sequenceOrdinal();
      DataType type = layout.sequenceType();
      source =
          rows()
              .map(
                  row ->
                      InternalRow.apply(
                          scala.jdk.javaapi.CollectionConverters.asScala(
                                  Arrays.asList(
                                      row.isNullAt(0) ? null : (Object) row.getLong(0),
                                      type == null || row.isNullAt(sequence)
                                          ? null
                                          : row.get(sequence, type)))
                              .toSeq()));
    }
    List<RunCutter.Cut> cuts =
        source
            .mapPartitionsWithIndex(
                (p, it) -> {
                  RunCutter.Cut cut = cutter.cut(p, it);
                  positionsRead.add(cut.tokens());
                  return List.of(cut).iterator();
                },
                true)
            .collect();
    return RunIndex.of(cuts);
  }

  private static HeadSizes headSizes(
      Dataset<Row> data, TokenColumns columns, int numHeads, int numKvHeads) {
    Row[] first = (Row[]) data.select(size(col("q")), size(col("k")), size(col("v"))).head(1);
    if (first.length == 0) {
      return HeadSizes.EMPTY;
    }
    return HeadSizes.of(
        columns,
        first[0].isNullAt(0) ? -1 : first[0].getInt(0),
        first[0].isNullAt(1) ? -1 : first[0].getInt(1),
        first[0].isNullAt(2) ? -1 : first[0].getInt(2),
        numHeads,
        numKvHeads);
  }

  private static Column numbers(StructField field) {
    DataType element =
        field.dataType() instanceof ArrayType array ? array.elementType() : DataTypes.NullType;
    check(
        element instanceof NumericType,
        "HLA_INPUT_TYPE",
        "column %s is %s, expected array<float> or array<double>",
        field.name(),
        field.dataType().simpleString());
    boolean asStored = element.equals(DataTypes.FloatType) || element.equals(DataTypes.DoubleType);
    return asStored
        ? quoted(field)
        : quoted(field).cast(DataTypes.createArrayType(DataTypes.DoubleType));
  }

  private static boolean isIntegral(DataType type) {
    return type.equals(DataTypes.LongType)
        || type.equals(DataTypes.IntegerType)
        || type.equals(DataTypes.ShortType)
        || type.equals(DataTypes.ByteType);
  }

  private static Column quoted(StructField field) {
    return col("`" + field.name().replace("`", "``") + "`");
  }

  private static boolean has(StructType schema, String name) {
    return Arrays.stream(schema.fieldNames()).anyMatch(name::equalsIgnoreCase);
  }

  private static StructField find(StructType schema, String name) {
    List<StructField> matches =
        Arrays.stream(schema.fields()).filter(f -> f.name().equalsIgnoreCase(name)).toList();
    check(
        matches.size() == 1,
        "HLA_INPUT_COLUMN",
        matches.isEmpty()
            ? "the table has no column %s, it has %s"
            : "the table has several columns %s, it has %s",
        name,
        Arrays.toString(schema.fieldNames()));
    return matches.get(0);
  }

  private static void check(boolean holds, String condition, String message, Object... values) {
    if (!holds) {
      throw new InputException(condition, String.format(message, values));
    }
  }
}
