package io.hla.spark.ml;

import io.hla.spark.Attention;
import io.hla.spark.AttentionOption;
import io.hla.spark.InputException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.DoubleArrayParam;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;
import org.apache.spark.ml.param.StringArrayParam;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import scala.Function1;

/** A Param for every option of a request, {@code numHeads} for {@code num_heads}. */
final class OptionParams implements Serializable {
  private static final long serialVersionUID = 1;

  /** What options are where nothing is said, as far as that is one value for all tables. */
  private static final Map<AttentionOption, Object> DEFAULTS =
      Map.ofEntries(
          Map.entry(AttentionOption.OPERATOR, "hla2"),
          Map.entry(AttentionOption.MASK, "causal"),
          Map.entry(AttentionOption.FORM, "exact"),
          Map.entry(AttentionOption.NUM_HEADS, 1),
          Map.entry(AttentionOption.DECAY, new double[] {1}),
          Map.entry(AttentionOption.RIDGE, 0.0),
          Map.entry(AttentionOption.NORMALIZE, false),
          Map.entry(AttentionOption.EPSILON, 1e-6),
          Map.entry(AttentionOption.SCALE, 1.0),
          Map.entry(AttentionOption.FEATURE_MAP, "identity"),
          Map.entry(AttentionOption.PRECISION, "float64"),
          Map.entry(AttentionOption.OUTPUT_TYPE, "float"),
          Map.entry(AttentionOption.POSITION, "pos"),
          Map.entry(AttentionOption.QUERY, "q"),
          Map.entry(AttentionOption.KEY, "k"),
          Map.entry(AttentionOption.VALUE, "v"),
          Map.entry(AttentionOption.GATE_SCALE, "linear"),
          Map.entry(AttentionOption.OUTPUT_COLUMN, "o"),
          Map.entry(AttentionOption.REQUIRE_STATE, false),
          Map.entry(AttentionOption.INPUT_ORDER, "auto"),
          Map.entry(AttentionOption.CUT_EVERY, 0L),
          Map.entry(AttentionOption.ON_NONFINITE, "fail"),
          Map.entry(AttentionOption.FAN_IN, 16),
          Map.entry(AttentionOption.KERNELS, "auto"),
          Map.entry(AttentionOption.ISA, "auto"));

  private final EnumMap<AttentionOption, Param<?>> params = new EnumMap<>(AttentionOption.class);

  /** The params of a stage whose uid is known. All columns are kept, so that is not one of them. */
  OptionParams(Params stage) {
    for (AttentionOption option : AttentionOption.values()) {
      if (option != AttentionOption.KEEP) {
        params.put(option, param(stage, option));
      }
    }
  }

  private static Param<?> param(Params stage, AttentionOption option) {
    String name = name(option);
    String doc = option.description();
    DataType type = option.type();
    if (type.equals(DataTypes.StringType)) {
      return new Param<String>(stage.uid(), name, doc, check(option), String.class);
    } else if (type.equals(DataTypes.IntegerType)) {
      return new IntParam(stage, name, doc, check(option));
    } else if (type.equals(DataTypes.LongType)) {
      return new LongParam(stage, name, doc, check(option));
    } else if (type.equals(DataTypes.DoubleType)) {
      return new DoubleParam(stage, name, doc, check(option));
    } else if (type.equals(DataTypes.BooleanType)) {
      return new BooleanParam(stage, name, doc);
    } else if (type instanceof ArrayType array && array.elementType() == DataTypes.DoubleType) {
      return new DoubleArrayParam(stage, name, doc, check(option));
    }
    return new StringArrayParam(stage, name, doc, check(option));
  }

  /** The name of an option in camel case. */
  static String name(AttentionOption option) {
    StringBuilder name = new StringBuilder();
    for (String word : option.key().split("_")) {
      name.append(
              name.isEmpty() ? word.substring(0, 1) : word.substring(0, 1).toUpperCase(Locale.ROOT))
          .append(word.substring(1));
    }
    return name.toString();
  }

  Param<?>[] all() {
    return params.values().toArray(Param<?>[]::new);
  }

  /** The param of an option, whose values have the type that the option asks for. */
  // An option of type T has a Param<T>.
  @SuppressWarnings("unchecked")
  <T> Param<T> of(AttentionOption option) {
    return (Param<T>) params.get(option);
  }

  void setDefaults(Params stage) {
    DEFAULTS.forEach((option, value) -> stage.setDefault(of(option), value));
  }

  /** hla2 with what a stage was given; what it was not given stays as in any request. */
  Attention request(Params stage) {
    EnumMap<AttentionOption, Object> values = new EnumMap<>(AttentionOption.class);
    params.forEach(
        (option, param) -> {
          if (stage.isSet(param)) {
            values.put(option, stage.getOrDefault(param));
          }
        });
    return AttentionOption.request(values);
  }

  private static <T> Check<T> check(AttentionOption option) {
    return new Check<>(option);
  }

  /** Looks at one value by itself; whether all of them go together is asked with the schema. */
  private record Check<T>(AttentionOption option) implements Function1<T, Object>, Serializable {
    private static final long serialVersionUID = 1;

    /** Throws what the option says of a value that is none of those that there are. */
    @Override
    public Object apply(T value) {
      if (value == null) {
        throw new InputException(
            "HLA_OPTION_VALUE", name(option) + " is null; clear(param) takes a value back");
      }
      boolean inRange =
          switch (option) {
            case NUM_HEADS, NUM_KV_HEADS, HEAD_DIM, VALUE_DIM -> (Integer) value >= 1;
            case FAN_IN -> (Integer) value >= 2;
            case CUT_EVERY -> (Long) value >= 0;
            case RIDGE, EPSILON -> (Double) value >= 0 && Double.isFinite((Double) value);
            case SCALE -> Double.isFinite((Double) value);
            case DECAY -> isDecay((double[]) value);
            default -> true;
          };
      if (inRange) {
        option.set(Attention.hla2(), value);
      }
      return inRange;
    }

    private static boolean isDecay(double[] values) {
      Predicate<Double> inRange = g -> g > 0 && g <= 1;
      return values.length > 0 && Arrays.stream(values).boxed().allMatch(inRange);
    }
  }
}
