package io.hla.spark.text;

import io.hla.spark.plan.Canonical;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Ascending$;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.physical.Distribution;
import org.apache.spark.sql.catalyst.plans.physical.OrderedDistribution;
import org.apache.spark.sql.execution.SparkPlan;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The tokens of a table's texts in a physical plan. Rows that are joined come sorted by sequence
 * and order over all partitions.
 */
public final class TextRowsExec extends SparkPlan {
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial")
  private final Seq<SparkPlan> inputs;

  @SuppressWarnings("serial")
  private final List<Attribute> columns;

  private final RowTexts texts;

  /** For Spark, which makes copies by the product's elements. */
  public TextRowsExec(Seq<SparkPlan> inputs, List<Attribute> columns, RowTexts texts) {
    this.inputs = inputs;
    this.columns = List.copyOf(columns);
    this.texts = texts;
  }

  static TextRowsExec of(SparkPlan input, List<Attribute> columns, RowTexts texts) {
    return new TextRowsExec(CollectionConverters.asScala(List.of(input)).toSeq(), columns, texts);
  }

  @Override
  public RDD<InternalRow> doExecute() {
    RDD<InternalRow> rows = inputs.head().execute();
    return texts.hasOrder()
        ? new JoinedTexts(rows, texts)
        : rows.toJavaRDD().mapPartitionsWithIndex(ids(texts), false).rdd();
  }

  private static Function2<Integer, Iterator<InternalRow>, Iterator<InternalRow>> ids(
      RowTexts texts) {
    return (partition, rows) -> new TextRowIds(rows, texts, partition);
  }

  @Override
  public Seq<Distribution> requiredChildDistribution() {
    return texts.hasOrder()
        ? one(new OrderedDistribution(order()))
        : super.requiredChildDistribution();
  }

  @Override
  public Seq<Seq<SortOrder>> requiredChildOrdering() {
    return texts.hasOrder() ? one(order()) : super.requiredChildOrdering();
  }

  private Seq<SortOrder> order() {
    List<SortOrder> keys = new ArrayList<>();
    for (int ordinal : new int[] {RowTexts.SEQUENCE, RowTexts.ORDER}) {
      keys.add(
          new SortOrder(
              inputs.head().output().apply(ordinal),
              Ascending$.MODULE$,
              Ascending$.MODULE$.defaultNullOrdering(),
              CollectionConverters.asScala(List.<Expression>of()).toSeq()));
    }
    return CollectionConverters.asScala(keys).toSeq();
  }

  private static <T> Seq<T> one(T value) {
    return CollectionConverters.asScala(List.of(value)).toSeq();
  }

  @Override
  public Seq<SparkPlan> children() {
    return inputs;
  }

  @Override
  public Seq<Attribute> output() {
    return CollectionConverters.asScala(columns).toSeq();
  }

  @Override
  public AttributeSet producedAttributes() {
    return outputSet();
  }

  @Override
  public AttributeSet references() {
    return inputSet();
  }

  @Override
  public SparkPlan withNewChildrenInternal(IndexedSeq<SparkPlan> changed) {
    return of(changed.head(), columns, texts);
  }

  @Override
  public SparkPlan doCanonicalize() {
    return of(inputs.head().canonicalized(), Canonical.columns(columns), texts);
  }

  @Override
  public String nodeName() {
    return "Tokens";
  }

  @Override
  public String simpleString(int maxFields) {
    return nodeName() + " " + texts.describe();
  }

  @Override
  public int productArity() {
    return 3;
  }

  @Override
  public Object productElement(int n) {
    return switch (n) {
      case 0 -> inputs;
      case 1 -> columns;
      case 2 -> texts;
      default -> throw new IndexOutOfBoundsException(n);
    };
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof TextRowsExec;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TextRowsExec that
        && texts == that.texts
        && inputs.equals(that.inputs)
        && columns.equals(that.columns);
  }

  @Override
  public int hashCode() {
    return Objects.hash(inputs, columns, System.identityHashCode(texts));
  }
}
