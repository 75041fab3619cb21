package io.hla.spark.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.hla.spark.JobObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Figures, phases and warnings of one run, from the moment it is made. */
public final class RunReport implements JobObserver {
  private final long started = System.nanoTime();
  private final Map<String, Object> figures = new LinkedHashMap<>();
  private final Map<String, Double> phases = new LinkedHashMap<>();
  private final List<String> warnings = new ArrayList<>();

  @Override
  public synchronized void phaseEnded(String phase, double seconds) {
    phases.merge(phase, seconds, Double::sum);
  }

  @Override
  public synchronized void figure(String name, Object value) {
    figures.put(name, value);
  }

  @Override
  public synchronized void warning(String message) {
    warnings.add(message);
  }

  /**
   * All figures in the order in which they came, then {@code warnings} if there are any, {@code
   * phaseSeconds}, {@code seconds} and, when tokens were counted, {@code tokensPerSecond}.
   */
  public synchronized Map<String, Object> toMap() {
    double seconds = (System.nanoTime() - started) / 1e9;
    Map<String, Object> all = new LinkedHashMap<>(figures);
    if (!warnings.isEmpty()) {
      all.put("warnings", List.copyOf(warnings));
    }
    all.put("phaseSeconds", new LinkedHashMap<>(phases));
    all.put("seconds", seconds);
    if (figures.get("tokens") instanceof Number tokens) {
      all.put("tokensPerSecond", Math.round(tokens.longValue() / seconds));
    }
    return all;
  }

  /** Writes all of it as JSON. */
  public void writeJson(Path file) throws IOException {
    if (file.toAbsolutePath().getParent() != null) {
      Files.createDirectories(file.toAbsolutePath().getParent());
    }
    new ObjectMapper()
        .enable(SerializationFeature.INDENT_OUTPUT)
        .writeValue(file.toFile(), toMap());
  }
}
