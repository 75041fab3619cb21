package io.hla.spark.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.spark.sql.catalyst.analysis.MultiInstanceRelation;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Attention in a logical plan: over the tokens, as {@link io.hla.spark.table.TokenSelection}
 * selects them, and over initial states if there are any. It makes all of its columns.
 */
public final class AttentionNode extends LogicalPlan implements MultiInstanceRelation {
  private static final long serialVersionUID = 1L;

  private final Seq<LogicalPlan> inputs;
  private final List<Attribute> columns;
  private final AttentionTable table;
  private final transient SequencePlan plan;

  /** A node that makes {@code columns}. */
  public AttentionNode(
      List<LogicalPlan> inputs, List<Attribute> columns, AttentionTable table, SequencePlan plan) {
    this(CollectionConverters.asScala(inputs).toSeq(), columns, table, plan);
  }

  /** For Spark, which makes copies by the product's elements. */
  public AttentionNode(
      Seq<LogicalPlan> inputs, List<Attribute> columns, AttentionTable table, SequencePlan plan) {
    this.inputs = inputs;
    this.columns = List.copyOf(columns);
    this.table = table;
    this.plan = plan;
  }

  SequencePlan plan() {
    return plan;
  }

  AttentionTable table() {
    return table;
  }

  List<LogicalPlan> inputs() {
    return CollectionConverters.asJava(inputs);
  }

  List<Attribute> columns() {
    return columns;
  }

  @Override
  public Seq<LogicalPlan> children() {
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

  /** All columns of the inputs: none may be pruned. */
  @Override
  public AttributeSet references() {
    return inputSet();
  }

  @Override
  public LogicalPlan withNewChildrenInternal(IndexedSeq<LogicalPlan> changed) {
    return new AttentionNode(CollectionConverters.asJava(changed), columns, table, plan);
  }

  /** The same with columns of its own, for a plan that has it twice. */
  @Override
  public LogicalPlan newInstance() {
    List<Attribute> fresh = new ArrayList<>();
    columns.forEach(column -> fresh.add(column.newInstance()));
    return new AttentionNode(inputs, fresh, table, plan);
  }

  /** Copies of one node are alike whatever the ids of their columns. */
  @Override
  public LogicalPlan doCanonicalize() {
    List<LogicalPlan> canonical = new ArrayList<>();
    inputs().forEach(input -> canonical.add(input.canonicalized()));
    return new AttentionNode(canonical, Canonical.columns(columns), table, plan);
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
    return other instanceof AttentionNode;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AttentionNode that
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
