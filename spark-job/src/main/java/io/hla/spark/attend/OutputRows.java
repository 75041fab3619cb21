package io.hla.spark.attend;

import io.hla.kernels.Applier;
import io.hla.spark.input.RunReader;
import io.hla.spark.input.TokenBuffer;
import io.hla.spark.input.TokenRow;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.BoundReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.util.LongAccumulator;
import scala.jdk.javaapi.CollectionConverters;

/** The output rows of one partition, a buffer of tokens at a time. The row object is used again. */
final class OutputRows implements Iterator<InternalRow>, AutoCloseable {
  private final int partition;
  private final Iterator<PlannedRun> runs;
  private final RunReader reader;
  private final TokenBuffer buffer;
  private final TokenRow layout;
  private final Function<PlannedRun, Applier> open;
  private final LongAccumulator tokens;
  private final UnsafeProjection keep;
  private final UnsafeRow[] kept;
  private final GenericInternalRow output;
  private PlannedRun planned;
  private Applier applier;
  private long done;
  private int token;

  OutputRows(
      int partition,
      List<PlannedRun> runs,
      RunReader reader,
      TokenBuffer buffer,
      TokenRow layout,
      Function<PlannedRun, Applier> open,
      LongAccumulator tokens) {
    this.partition = partition;
    this.runs = runs.iterator();
    this.reader = reader;
    this.buffer = buffer;
    this.layout = layout;
    this.open = open;
    this.tokens = tokens;
    keep = layout.keptTypes().isEmpty() ? null : projection(layout);
    kept = new UnsafeRow[keep == null ? 0 : buffer.capacity()];
    output = new GenericInternalRow(position() + 2 + layout.keptTypes().size());
  }

  private static UnsafeProjection projection(TokenRow layout) {
    List<Expression> columns = new java.util.ArrayList<>();
    for (DataType type : layout.keptTypes()) {
      columns.add(new BoundReference(layout.firstKept() + columns.size(), type, true));
    }
    return UnsafeProjection.create(CollectionConverters.asScala(columns).toSeq());
  }

  @Override
  public boolean hasNext() {
    return token < buffer.size() || fill();
  }

  @Override
  public InternalRow next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    int at = position();
    if (at == 1) {
      output.update(0, planned.run().sequence().value());
    }
    output.update(at, planned.run().start() + done - buffer.size() + token);
    output.update(at + 1, buffer.output(token));
    for (int i = 0; i < layout.keptTypes().size(); i++) {
      output.update(at + 2 + i, kept[token].get(i, layout.keptTypes().get(i)));
    }
    token++;
    return output;
  }

  private int position() {
    return layout.sequenceType() == null ? 0 : 1;
  }

  /** Computes the next buffer of tokens; false at the end of the partition. */
  private boolean fill() {
    if (planned == null || done == planned.run().length()) {
      close();
      if (!runs.hasNext()) {
        reader.end(partition);
        return false;
      }
      planned = runs.next();
      reader.goTo(planned.run());
      applier = open.apply(planned);
      done = 0;
    }
    buffer.startAt(planned.run().sequence(), planned.run().start() + done);
    while (buffer.size() < buffer.capacity() && done < planned.run().length()) {
      InternalRow row = reader.next(planned.run(), done);
      if (keep != null) {
        kept[buffer.size()] = keep.apply(row).copy();
      }
      buffer.read(row);
      done++;
    }
    buffer.apply(applier);
    tokens.add(buffer.size());
    token = 0;
    return true;
  }

  @Override
  public void close() {
    if (applier != null) {
      applier.close();
      applier = null;
    }
  }
}
