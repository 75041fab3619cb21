package io.hla.spark.text;

import io.hla.spark.InputException;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.Partition;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * Rows of ids of texts that are joined. The rows of texts are sorted by sequence and order over all
 * partitions; the positions of a sequence go on from row to row and from partition to partition.
 * Whoever asks for partitions first has the tokens counted, which is a Spark job; what failed is
 * not kept.
 */
final class JoinedTexts extends RDD<InternalRow> {
  private static final long serialVersionUID = 1L;
  private static final ClassTag<InternalRow> ROW = ClassTag$.MODULE$.apply(InternalRow.class);
  private static final String DESCRIPTION = "spark.job.description";

  private final RowTexts texts;

  JoinedTexts(RDD<InternalRow> sorted, RowTexts texts) {
    super(sorted, ROW);
    this.texts = texts;
  }

  /**
   * A partition of sorted rows.
   *
   * @param first position of its first token
   * @param tokens how many it has
   */
  private record Placed(Partition sorted, long first, long tokens) implements Partition {
    @Override
    public int index() {
      return sorted.index();
    }
  }

  /**
   * What a partition holds.
   *
   * @param first key of its first row, or null if it has none
   * @param last key of its last row
   * @param isOneSequence whether all rows are of one sequence
   * @param lastTokens tokens of the last sequence
   * @param tokens all tokens
   */
  private record Span(
      UnsafeRow first, UnsafeRow last, boolean isOneSequence, long lastTokens, long tokens)
      implements Serializable {}

  @Override
  public Partition[] getPartitions() {
    Partition[] sorted = firstParent(ROW).partitions();
    Partition[] placed = new Partition[sorted.length];
    List<Span> spans = spans();
    KeyOrder order = new KeyOrder(texts);
    UnsafeRow last = null;
    long position = 0;
    for (int i = 0; i < sorted.length; i++) {
      Span span = spans.get(i);
      long first = 0;
      if (span.first != null) {
        first = last != null && order.isSameSequence(last, span.first) ? position : 0;
        position = span.lastTokens + (span.isOneSequence ? first : 0);
        last = span.last;
      }
      placed[i] = new Placed(sorted[i], first, span.tokens);
    }
    return placed;
  }

  @Override
  public scala.collection.Iterator<InternalRow> compute(Partition split, TaskContext task) {
    Placed placed = (Placed) split;
    Iterator<InternalRow> rows =
        CollectionConverters.asJava(firstParent(ROW).iterator(placed.sorted, task));
    return CollectionConverters.asScala(new Ids(rows, texts, placed));
  }

  private List<Span> spans() {
    RowTexts counted = texts;
    SparkContext context = context();
    String description = context.getLocalProperty(DESCRIPTION);
    context.setJobDescription("count the tokens of the text");
    try {
      FlatMapFunction<Iterator<InternalRow>, Span> count =
          rows -> List.of(span(rows, counted)).iterator();
      return firstParent(ROW).toJavaRDD().mapPartitions(count).collect();
    } finally {
      context.setLocalProperty(DESCRIPTION, description);
    }
  }

  private static Span span(Iterator<InternalRow> rows, RowTexts texts) {
    TextSource source = texts.source();
    Keys keys = new Keys(texts);
    UnsafeRow first = null;
    boolean isOneSequence = true;
    long lastTokens = 0;
    long tokens = 0;
    while (rows.hasNext()) {
      InternalRow row = rows.next();
      boolean isFirst = first == null;
      boolean goesOn = keys.goesOn(row);
      if (isFirst) {
        first = keys.last;
      } else if (!goesOn) {
        isOneSequence = false;
        lastTokens = 0;
      }
      source.open(row, () -> texts.place(row, 0));
      for (int[] ids = source.next(); ids != null; ids = source.next()) {
        lastTokens += ids.length;
        tokens += ids.length;
      }
    }
    return new Span(first, keys.last, isOneSequence, lastTokens, tokens);
  }

  /** The keys of rows, one after the other. */
  private static final class Keys {
    private final KeyOrder order;
    private UnsafeRow last;

    Keys(RowTexts texts) {
      order = new KeyOrder(texts);
    }

    /** Whether a row is of the sequence of the row before; there is none before the first one. */
    boolean goesOn(InternalRow row) {
      UnsafeRow key = order.key(row);
      boolean goesOn = last != null && order.isSameSequence(last, key);
      last = key;
      return goesOn;
    }
  }

  private static final class Ids extends TextRowIds {
    private final Keys keys;
    private final Placed placed;

    Ids(Iterator<InternalRow> rows, RowTexts texts, Placed placed) {
      super(rows, texts, 0);
      this.keys = new Keys(texts);
      this.placed = placed;
    }

    @Override
    long begin(InternalRow row, long position) {
      boolean isFirst = keys.last == null;
      boolean goesOn = keys.goesOn(row);
      return isFirst ? placed.first : goesOn ? position : 0;
    }

    @Override
    void end(long tokens) {
      if (tokens != placed.tokens) {
        throw new InputException(
            "HLA_INPUT_CHANGED",
            "the table has texts of other lengths than were counted; write it first");
      }
    }
  }
}
