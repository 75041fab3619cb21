package io.hla.spark.extract;

import io.hla.spark.runs.PlannedRun;
import io.hla.spark.shuffle.Packing;
import io.hla.spark.table.SequenceKey;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;

/**
 * The ids of the first tokens of runs that stand behind another one: the last token of that one has
 * them for its next.
 */
final class FirstIds implements Serializable {
  private static final long serialVersionUID = 1L;

  private final HashMap<Place, Integer> ids = new HashMap<>();

  /** A position of a sequence. */
  private record Place(SequenceKey sequence, long position) implements Serializable {}

  private FirstIds() {}

  /** No ids: no run stands behind another one. */
  static FirstIds none() {
    return new FirstIds();
  }

  /** Reads them from rows of hidden vectors, which is one Spark job. */
  static FirstIds read(
      JavaRDD<InternalRow> hidden, JavaRDD<PlannedRun> runs, DataType sequenceType) {
    FirstIds found = new FirstIds();
    for (byte[] packed :
        hidden
            .zipPartitions(runs, (rows, planned) -> find(rows, planned, sequenceType))
            .collect()) {
      Packing.unpack(
          packed,
          in -> {
            SequenceKey sequence = SequenceKey.read(in);
            return found.ids.put(new Place(sequence, in.readLong()), in.readInt());
          });
    }
    return found;
  }

  /** Reads no further than the last of them stands. */
  private static Iterator<byte[]> find(
      Iterator<InternalRow> rows, Iterator<PlannedRun> runs, DataType sequenceType) {
    Map<Long, Set<SequenceKey>> wanted = new HashMap<>();
    int left = 0;
    while (runs.hasNext()) {
      PlannedRun run = runs.next();
      if (run.rank() > 0) {
        wanted
            .computeIfAbsent(run.run().start(), start -> new HashSet<>())
            .add(run.run().sequence());
        left++;
      }
    }
    List<byte[]> found = new ArrayList<>();
    while (left > 0 && rows.hasNext()) {
      InternalRow row = rows.next();
      long position = row.getLong(HiddenLayout.POSITION);
      Set<SequenceKey> sequences = wanted.get(position);
      if (sequences == null) {
        continue;
      }
      SequenceKey sequence =
          sequenceType == null
              ? SequenceKey.ONLY
              : SequenceKey.view(row.get(HiddenLayout.SEQUENCE, sequenceType));
      if (sequences.remove(sequence)) {
        left--;
        int id = row.getInt(HiddenLayout.ID);
        found.add(
            Packing.pack(
                out -> {
                  sequence.write(out);
                  out.writeLong(position);
                  out.writeInt(id);
                }));
      }
    }
    return found.iterator();
  }

  /** The id of the token at a position where a run begins; null if it is not known. */
  Integer at(SequenceKey sequence, long position) {
    return ids.get(new Place(sequence, position));
  }
}
