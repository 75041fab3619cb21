package io.hla.spark.validate;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.kernels.Element;
import io.hla.kernels.Recomputation;
import io.hla.spark.GateScale;
import io.hla.spark.passes.Expected;
import io.hla.spark.shuffle.Packing;
import io.hla.spark.table.Columns;
import io.hla.spark.table.SequenceKey;
import io.hla.spark.table.TokenColumns;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The sampled sequences as one machine would compute them: in stream order, token by token in
 * double, from their first tokens on.
 */
final class SerialRecurrence {
  private SerialRecurrence() {}

  /**
   * What the outputs at the sampled positions must be.
   *
   * @param output the type of the outputs
   */
  static TreeMap<OutputSample.Place, Expected> at(
      OutputSample sample,
      Dataset<Row> tokens,
      TokenColumns columns,
      AttentionSettings settings,
      Element output) {
    List<Column> order = new ArrayList<>();
    if (sample.isNamed()) {
      order.add(Columns.named(columns.sequence()));
    }
    order.add(Columns.named(columns.position()));
    List<Column> all = new ArrayList<>(order);
    for (String column : columns.numbers()) {
      all.add(Columns.named(column));
    }
    JavaRDD<Row> rows =
        sample
            .of(tokens, columns)
            .select(all.toArray(Column[]::new))
            .repartition(1)
            .sortWithinPartitions(order.toArray(Column[]::new))
            .toJavaRDD();
    boolean named = sample.isNamed();
    GateScale gateScale = columns.gateScale();
    TreeMap<SequenceKey, TreeSet<Long>> positions = sample.positions();
    TreeMap<OutputSample.Place, Expected> expected = new TreeMap<>();
    for (byte[] packed :
        rows.mapPartitions(stream -> packed(stream, named, positions, settings, gateScale, output))
            .collect()) {
      Packing.unpack(
          packed,
          in ->
              expected.put(
                  new OutputSample.Place(SequenceKey.read(in), in.readLong()),
                  new Expected(
                      Tokens.read(in, settings.outputWidth()),
                      Tokens.read(in, settings.outputWidth()),
                      Tokens.read(in, settings.outputWidth()))));
    }
    return expected;
  }

  private static Iterator<byte[]> packed(
      Iterator<Row> rows,
      boolean named,
      TreeMap<SequenceKey, TreeSet<Long>> positions,
      AttentionSettings settings,
      GateScale gateScale,
      Element output) {
    List<byte[]> packed = new ArrayList<>();
    SequenceKey sequence = null;
    Recomputation stream = null;
    int at = named ? 1 : 0;
    while (rows.hasNext()) {
      Row row = rows.next();
      SequenceKey key = named ? SequenceKey.ofExternal(row, 0) : SequenceKey.ONLY;
      if (!key.equals(sequence)) {
        sequence = key;
        stream = new Recomputation(State.initial(settings));
      }
      boolean isDouble = settings.precision().isDouble();
      stream.next(
          Tokens.numbers(row.getList(at + 1), isDouble),
          Tokens.numbers(row.getList(at + 2), isDouble),
          Tokens.numbers(row.getList(at + 3), isDouble),
          settings.gated()
              ? Tokens.gates(Tokens.numbers(row.getList(at + 4), true), gateScale)
              : null);
      long position = ((Number) row.get(at)).longValue();
      if (positions.get(key).contains(position)) {
        packed.add(packed(key, position, Expected.of(stream, settings, output)));
      }
    }
    return packed.iterator();
  }

  private static byte[] packed(SequenceKey key, long position, Expected expected) {
    return Packing.pack(
        out -> {
          key.write(out);
          out.writeLong(position);
          Tokens.write(expected.values(), out);
          Tokens.write(expected.allowed(), out);
          Tokens.write(expected.last(), out);
        });
  }
}
