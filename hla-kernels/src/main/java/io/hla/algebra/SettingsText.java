package io.hla.algebra;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Settings as UTF-8 lines "name=value" in the order of {@link AttentionSettings#describe}. A scan
 * reads and writes the same few settings with every summary, so both ways are remembered.
 */
final class SettingsText {
  private static final int MOST_KNOWN = 1000;
  private static final Map<AttentionSettings, byte[]> WRITTEN = new ConcurrentHashMap<>();
  private static final Map<ByteBuffer, AttentionSettings> READ = new ConcurrentHashMap<>();

  private SettingsText() {}

  /** The lines. The array is shared. */
  static byte[] write(AttentionSettings settings) {
    forgetTooMany(WRITTEN);
    return WRITTEN.computeIfAbsent(
        settings,
        s -> {
          StringJoiner lines = new StringJoiner("\n");
          s.describe().forEach((name, value) -> lines.add(name + "=" + value));
          return lines.toString().getBytes(StandardCharsets.UTF_8);
        });
  }

  /** Throws {@link RuntimeException} when the lines are not those of settings. */
  static AttentionSettings read(byte[] text) {
    forgetTooMany(READ);
    return READ.computeIfAbsent(
        ByteBuffer.wrap(text), key -> parse(new String(text, StandardCharsets.UTF_8)));
  }

  private static void forgetTooMany(Map<?, ?> known) {
    if (known.size() > MOST_KNOWN) {
      known.clear();
    }
  }

  private static AttentionSettings parse(String text) {
    Map<String, String> map = new HashMap<>();
    for (String line : text.split("\n")) {
      int at = line.indexOf('=');
      map.put(line.substring(0, Math.max(at, 0)), line.substring(at + 1));
    }
    String decay = map.get("decay");
    List<Double> decays =
        Arrays.stream(decay.substring(1, decay.length() - 1).split(","))
            .map(value -> Double.valueOf(value.trim()))
            .toList();
    return new AttentionSettings(
        Operator.parse(map.get("operator")),
        Mask.valueOf(constant(map, "mask")),
        Form.valueOf(constant(map, "form")),
        Integer.parseInt(map.get("num-heads")),
        Integer.parseInt(map.get("num-kv-heads")),
        Integer.parseInt(map.get("head-dim")),
        Integer.parseInt(map.get("value-dim")),
        decays,
        Double.parseDouble(map.get("ridge")),
        Boolean.parseBoolean(map.get("normalize")),
        Double.parseDouble(map.get("epsilon")),
        Double.parseDouble(map.get("scale")),
        FeatureMap.valueOf(constant(map, "feature-map")),
        Precision.valueOf(constant(map, "precision")),
        Boolean.parseBoolean(map.get("gated")));
  }

  private static String constant(Map<String, String> map, String name) {
    return map.getOrDefault(name, "").toUpperCase(Locale.ROOT);
  }
}
