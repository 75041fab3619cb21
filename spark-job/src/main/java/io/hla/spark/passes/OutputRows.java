package io.hla.spark.passes;

import io.hla.kernels.Applier;
import io.hla.spark.table.TokenRow;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.SpecificInternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import scala.jdk.javaapi.CollectionConverters;

/** The output rows of one partition, a buffer of tokens at a time. The row object is used again. */
final class OutputRows implements Iterator<InternalRow> {
  private final OpenRuns<Applier> runs;
  private final JobMetrics metrics;
  private final List<DataType> keptTypes;
  private final int position;
  private final SpecificInternalRow output;
  private OpenRun<Applier> run;
  private int token;

  OutputRows(OpenRuns<Applier> runs, TokenRow layout, JobMetrics metrics) {
    this.runs = runs;
    this.metrics = metrics;
    keptTypes = layout.keptTypes();
    position = layout.sequenceType() == null ? 0 : 1;
    output = new SpecificInternalRow(CollectionConverters.asScala(types(layout)).toSeq());
  }

  /** Of the columns; of the outputs the row need only know that they are objects. */
  private static List<DataType> types(TokenRow layout) {
    List<DataType> types = new ArrayList<>();
    if (layout.sequenceType() != null) {
      types.add(layout.sequenceType());
    }
    types.add(DataTypes.LongType);
    types.add(DataTypes.NullType);
    types.addAll(layout.keptTypes());
    return types;
  }

  @Override
  public boolean hasNext() {
    return (run != null && token < run.tokens().size()) || fill();
  }

  @Override
  public InternalRow next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    output.setLong(position, run.tokens().start() + token);
    synchronized (runs) {
      runs.checkOpen();
      output.update(position + 1, run.tokens().output(token));
    }
    for (int i = 0; i < keptTypes.size(); i++) {
      output.update(position + 2 + i, run.tokens().kept(token).get(i, keptTypes.get(i)));
    }
    token++;
    return output;
  }

  /** Computes the next buffer of tokens; false at the end of the partition. */
  private boolean fill() {
    run = runs.next();
    if (run == null) {
      return false;
    }
    long start = System.nanoTime();
    synchronized (runs) {
      runs.checkOpen();
      run.tokens().apply(run.session());
    }
    metrics.computing().add(System.nanoTime() - start);
    metrics.attendedTokens().add(run.tokens().size());
    if (position == 1) {
      output.update(0, run.planned().run().sequence().value());
    }
    token = 0;
    return true;
  }
}
