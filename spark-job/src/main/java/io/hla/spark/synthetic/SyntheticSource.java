package io.hla.spark.synthetic;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * {@link SyntheticTokens} as a source of Spark: {@code spark.read().format(NAME)} with the options
 * tokens, sequences, num-heads, num-kv-heads, head-dim, value-dim, distribution, seed and
 * partitions, all of them required.
 */
public final class SyntheticSource implements TableProvider {
  /** The name of the format. */
  public static final String NAME = SyntheticSource.class.getName();

  @Override
  public StructType inferSchema(CaseInsensitiveStringMap options) {
    return tokens(options).schema();
  }

  @Override
  public Table getTable(
      StructType schema, Transform[] partitioning, Map<String, String> properties) {
    CaseInsensitiveStringMap options = new CaseInsensitiveStringMap(properties);
    return new SyntheticTable(tokens(options), Math.toIntExact(number(options, "partitions")));
  }

  private static SyntheticTokens tokens(CaseInsensitiveStringMap options) {
    return new SyntheticTokens(
        number(options, "tokens"),
        number(options, "sequences"),
        Math.toIntExact(number(options, "num-heads")),
        Math.toIntExact(number(options, "num-kv-heads")),
        Math.toIntExact(number(options, "head-dim")),
        Math.toIntExact(number(options, "value-dim")),
        Distribution.valueOf(options.get("distribution")),
        number(options, "seed"),
        options.getBoolean("gated", false));
  }

  static Map<String, String> options(SyntheticTokens tokens, int partitions) {
    Map<String, String> options = new HashMap<>();
    options.put("tokens", Long.toString(tokens.tokens()));
    options.put("sequences", Long.toString(tokens.sequences()));
    options.put("num-heads", Integer.toString(tokens.numHeads()));
    options.put("num-kv-heads", Integer.toString(tokens.numKvHeads()));
    options.put("head-dim", Integer.toString(tokens.headDim()));
    options.put("value-dim", Integer.toString(tokens.valueDim()));
    options.put("distribution", tokens.distribution().name());
    options.put("seed", Long.toString(tokens.seed()));
    options.put("gated", Boolean.toString(tokens.gated()));
    options.put("partitions", Integer.toString(partitions));
    return options;
  }

  private static long number(CaseInsensitiveStringMap options, String name) {
    String value = options.get(name);
    if (value == null) {
      throw new IllegalArgumentException("option " + name + " is missing");
    }
    return Long.parseLong(value);
  }
}
