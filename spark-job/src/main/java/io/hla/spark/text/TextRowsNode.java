package io.hla.spark.text;

import io.hla.spark.plan.Canonical;
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

/** The tokens of a table's texts in a logical plan. It makes all of its columns. */
public final class TextRowsNode extends LogicalPlan implements MultiInstanceRelation {
  private static final long serialVersionUID = 1L;

  private final Seq<LogicalPlan> inputs;
  private final List<Attribute> columns;
  private final RowTexts texts;

  /** For Spark, which makes copies by the product's elements. */
  public TextRowsNode(Seq<LogicalPlan> inputs, List<Attribute> columns, RowTexts texts) {
    this.inputs = inputs;
    this.columns = List.copyOf(columns);
    this.texts = texts;
  }

  static TextRowsNode of(LogicalPlan input, List<Attribute> columns, RowTexts texts) {
    return new TextRowsNode(CollectionConverters.asScala(List.of(input)).toSeq(), columns, texts);
  }

  LogicalPlan input() {
    return inputs.head();
  }

  List<Attribute> columns() {
    return columns;
  }

  RowTexts texts() {
    return texts;
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

  /** All columns of the input: none may be pruned. */
  @Override
  public AttributeSet references() {
    return inputSet();
  }

  @Override
  public LogicalPlan withNewChildrenInternal(IndexedSeq<LogicalPlan> changed) {
    return of(changed.head(), columns, texts);
  }

  /** The same with columns of its own, for a plan that has it twice. */
  @Override
  public LogicalPlan newInstance() {
    List<Attribute> fresh = new ArrayList<>();
    columns.forEach(column -> fresh.add(column.newInstance()));
    return new TextRowsNode(inputs, fresh, texts);
  }

  /** Copies of one node are alike whatever the ids of their columns. */
  @Override
  public LogicalPlan doCanonicalize() {
    return of(input().canonicalized(), Canonical.columns(columns), texts);
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
    return other instanceof TextRowsNode;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TextRowsNode that
        && texts == that.texts
        && inputs.equals(that.inputs)
        && columns.equals(that.columns);
  }

  @Override
  public int hashCode() {
    return Objects.hash(inputs, columns, System.identityHashCode(texts));
  }
}
