package io.hla.spark.ml;

import io.hla.spark.InputException;
import io.hla.spark.RequestOption;
import java.io.Serializable;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
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

/**
 * A Param for every option of a request, {@code numHeads} for {@code num_heads}.
 *
 * @param <O> the options that there are
 */
final class OptionParams<O extends Enum<O> & RequestOption<?>> implements Serializable {
  private static final long serialVersionUID = 1;

  private final EnumMap<O, Param<?>> params;

  /** The params of a stage whose uid is known. All columns are kept, so that is not one of them. */
  OptionParams(Params stage, Class<O> options) {
    params = new EnumMap<>(options);
    for (O option : options.getEnumConstants()) {
      if (!option.key().equals("keep")) {
        params.put(option, param(stage, option));
      }
    }
  }

  private static <O extends Enum<O> & RequestOption<?>> Param<?> param(Params stage, O option) {
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
  static String name(RequestOption<?> option) {
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
  <T> Param<T> of(O option) {
    return (Param<T>) params.get(option);
  }

  void setDefaults(Params stage, Map<O, ?> defaults) {
    defaults.forEach((option, value) -> stage.setDefault(of(option), value));
  }

  /** What a stage was given; what it was not given stays as in any request. */
  Map<O, Object> given(Params stage) {
    Map<O, Object> values = new HashMap<>();
    params.forEach(
        (option, param) -> {
          if (stage.isSet(param)) {
            values.put(option, stage.getOrDefault(param));
          }
        });
    return values;
  }

  private static <O extends Enum<O> & RequestOption<?>, T> Check<O, T> check(O option) {
    return new Check<>(option);
  }

  /** Looks at one value by itself; whether all of them go together is asked with the schema. */
  private record Check<O extends Enum<O> & RequestOption<?>, T>(O option)
      implements Function1<T, Object>, Serializable {
    private static final long serialVersionUID = 1;

    /** Throws what the option says of a value that is none of those that there are. */
    @Override
    public Object apply(T value) {
      if (value == null) {
        throw new InputException(
            "HLA_OPTION_VALUE", name(option) + " is null; clear(param) takes a value back");
      }
      boolean inRange =
          switch (option.key()) {
            case "num_heads", "num_kv_heads", "head_dim", "value_dim" -> (Integer) value >= 1;
            case "fan_in" -> (Integer) value >= 2;
            case "cut_every", "window" -> (Long) value >= 0;
            case "ridge", "epsilon" -> (Double) value >= 0 && Double.isFinite((Double) value);
            case "scale" -> Double.isFinite((Double) value);
            case "decay" -> isDecay((double[]) value);
            default -> true;
          };
      if (inRange) {
        option.check(value);
      }
      return inRange;
    }

    private static boolean isDecay(double[] values) {
      Predicate<Double> inRange = g -> g > 0 && g <= 1;
      return values.length > 0 && Arrays.stream(values).boxed().allMatch(inRange);
    }
  }
}
