package io.hla.spark.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.metric.SQLMetric;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Attention in a physical plan. Executing it starts nothing: index, order, summaries and scan run
 * when somebody asks for the partitions of its rows, once for all copies of the node.
 */
public final class AttentionExec extends SparkPlan {
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial")
  private final Seq<SparkPlan> inputs;

  @SuppressWarnings("serial")
  private final List<Attribute> columns;

  private final AttentionTable table;
  private final transient SequencePlan plan;

  AttentionExec(
      List<SparkPlan> inputs, List<Attribute> columns, AttentionTable table, SequencePlan plan) {
    this(CollectionConverters.asScala(inputs).toSeq(), columns, table, plan);
  }

  /** For Spark, which makes copies by the product's elements. */
  public AttentionExec(
      Seq<SparkPlan> inputs, List<Attribute> columns, AttentionTable table, SequencePlan plan) {
    this.inputs = inputs;
    this.columns = List.copyOf(columns);
    this.table = table;
    this.plan = plan;
  }

  SequencePlan plan() {
    return plan;
  }

  /** What the node gives. */
  public AttentionTable table() {
    return table;
  }

  /** The physical plans of its inputs. */
  public List<SparkPlan> inputs() {
    return CollectionConverters.asJava(inputs);
  }

  @Override
  public RDD<InternalRow> doExecute() {
    return new AttentionRows(this);
  }

  @Override
  public scala.collection.immutable.Map<String, SQLMetric> metrics() {
    return scala.collection.immutable.Map.from(
        CollectionConverters.asScala(plan == null ? Map.of() : plan.metrics()));
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
    return new AttentionExec(CollectionConverters.asJava(changed), columns, table, plan);
  }

  @Override
  public SparkPlan doCanonicalize() {
    List<SparkPlan> canonical = new ArrayList<>();
    inputs().forEach(input -> canonical.add(input.canonicalized()));
    return new AttentionExec(canonical, Canonical.columns(columns), table, plan);
  }

  @Override
  public String nodeName() {
    return "HigherOrderLinearAttention";
  }

  @Override
  public String simpleString(int maxFields) {
    return nodeName() + " " + plan.describe(table);
  }

  @Override
  public int productArity() {
    return 4;
  }

  @Override
  public Object productElement(int n) {
    return switch (n) {
      case 0 -> inputs;
      case 1 -> columns;
      case 2 -> table;
      case 3 -> plan;
      default -> throw new IndexOutOfBoundsException(n);
    };
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof AttentionExec;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AttentionExec that
        && plan == that.plan
        && table == that.table
        && inputs.equals(that.inputs)
        && columns.equals(that.columns);
  }

  @Override
  public int hashCode() {
    return Objects.hash(inputs, columns, table, System.identityHashCode(plan));
  }
}
