package io.hla.spark.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.hla.spark.Figure;
import io.hla.spark.Figure.Section;
import io.hla.spark.JobObserver;
import io.hla.spark.PhaseFigures;
import io.hla.spark.Version;
import io.hla.spark.page.Readable;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.spark.SparkContext;

/**
 * All that one command did: {@code version}, {@code job}, {@code settings}, {@code input}, {@code
 * plan}, {@code phases}, {@code output}, {@code accuracy}, {@code warnings}, {@code error}. Begins
 * with the moment it is made.
 */
public final class RunReport implements JobObserver {
  /** Of the form of reports. */
  public static final int VERSION = 1;

  /** How a command ended. */
  public enum Status {
    /** It has not ended, or its process was killed. */
    RUNNING,
    DONE,
    /** There was nothing to do, as the outputs are there. */
    SKIPPED,
    /** Options, input or states are not what they have to be; nothing was written. */
    REFUSED,
    FAILED;

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Instant begun = Instant.now();
  private final long started = System.nanoTime();
  private final Map<String, Object> job = new LinkedHashMap<>();
  private final Map<String, Object> settings = new LinkedHashMap<>();
  private final Map<String, Object> input = new LinkedHashMap<>();
  private final Map<Figure, Object> figures = new EnumMap<>(Figure.class);
  private final List<PhaseFigures> phases = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private Map<String, Object> error;
  private Status status = Status.RUNNING;
  private Double seconds;

  /**
   * A report of a command.
   *
   * @param command such as {@code attend}
   * @param where it runs: what {@link #where} says, or nothing
   */
  public RunReport(String command, Map<String, ?> where) {
    job.put("command", command);
    job.putAll(where);
    job.put("java", Runtime.version().toString());
    job.put("hla", Version.text());
  }

  /** Application, master and version of a Spark. */
  public static Map<String, String> where(SparkContext context) {
    Map<String, String> where = new LinkedHashMap<>();
    where.put("application", context.applicationId());
    where.put("master", context.master());
    where.put("spark", context.version());
    return where;
  }

  @Override
  public synchronized void phaseEnded(PhaseFigures phase) {
    phases.add(phase);
  }

  @Override
  public synchronized void figure(Figure figure, Object value) {
    figures.put(figure, value);
  }

  @Override
  public synchronized void warning(String message) {
    warnings.add(message);
  }

  /** What was to be computed; names as options have them become {@code camelCase}. */
  public synchronized void settings(Map<String, ?> values) {
    values.forEach((name, value) -> settings.put(camelCase(name), value));
  }

  /** What the command was told of its input. */
  public synchronized void input(Map<String, ?> values) {
    values.forEach((name, value) -> input.put(camelCase(name), value));
  }

  /** The command ended. */
  public synchronized void ended(Status how) {
    status = how;
    seconds = elapsed();
  }

  /**
   * The command ended badly.
   *
   * @param condition such as HLA_INPUT_GAP, or null
   */
  public synchronized void failed(String condition, String message) {
    ended(condition == null ? Status.FAILED : Status.REFUSED);
    error = new LinkedHashMap<>();
    error.put("condition", condition == null ? "JOB_FAILED" : condition);
    error.put("message", message);
  }

  private double elapsed() {
    return (System.nanoTime() - started) / 1e9;
  }

  /** From the beginning to the end, or to now. */
  public synchronized double seconds() {
    return seconds == null ? elapsed() : seconds;
  }

  public synchronized Status status() {
    return status;
  }

  /** What went wrong: its condition and message; null if nothing did. */
  public synchronized Map<String, Object> error() {
    return error;
  }

  /** A figure; null while it is not known. */
  public synchronized Object get(Figure figure) {
    return figures.get(figure);
  }

  /** A figure that is a number; 0 while it is not known. */
  public synchronized long number(Figure figure) {
    return figures.get(figure) instanceof Number number ? number.longValue() : 0;
  }

  public synchronized List<PhaseFigures> phases() {
    return List.copyOf(phases);
  }

  public synchronized List<String> warnings() {
    return List.copyOf(warnings);
  }

  /** What was computed, by name. */
  public synchronized Map<String, Object> settings() {
    return Collections.unmodifiableMap(new LinkedHashMap<>(settings));
  }

  /** Seconds of the phases of each name, in the order in which the first of them ended. */
  public synchronized Map<String, Double> phaseSeconds() {
    Map<String, Double> sums = new LinkedHashMap<>();
    phases.forEach(phase -> sums.merge(phase.name(), phase.seconds(), Double::sum));
    return sums;
  }

  /** The whole report, as it is written for machines. */
  public synchronized Map<String, Object> toMap() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("version", VERSION);
    all.put("job", section(Section.JOB, jobSection()));
    all.put("settings", new LinkedHashMap<>(settings));
    all.put("input", section(Section.INPUT, input));
    all.put("plan", section(Section.PLAN, Map.of()));
    all.put("phases", List.copyOf(phases));
    all.put("output", section(Section.OUTPUT, Map.of()));
    all.put("accuracy", section(Section.ACCURACY, Map.of()));
    all.put("warnings", List.copyOf(warnings));
    all.put("error", error);
    return all;
  }

  private Map<String, Object> jobSection() {
    Map<String, Object> all = new LinkedHashMap<>(job);
    all.put("status", status.text());
    all.put("started", begun.truncatedTo(ChronoUnit.MILLIS).toString());
    all.put("seconds", seconds());
    if (tokensPerSecond() > 0) {
      all.put("tokensPerSecond", tokensPerSecond());
    }
    return all;
  }

  /** Tokens by all of the time; 0 where no outputs were computed. */
  public synchronized long tokensPerSecond() {
    boolean computed = phases.stream().anyMatch(phase -> phase.name().equals("attend"));
    return computed ? Math.round(number(Figure.TOKENS) / seconds()) : 0;
  }

  private Map<String, Object> section(Section section, Map<String, Object> before) {
    Map<String, Object> all = new LinkedHashMap<>(before);
    figures.forEach(
        (figure, value) -> {
          if (figure.section() == section) {
            all.put(figure.key(), value);
          }
        });
    return all;
  }

  /** {@link #toMap} as JSON. */
  public String json() {
    try {
      return new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .writeValueAsString(toMap());
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The figures as people read them, but for some. */
  public synchronized Map<String, String> inWords(Set<Figure> without) {
    Map<String, String> words = new LinkedHashMap<>();
    figures.forEach(
        (figure, value) -> {
          if (!without.contains(figure)) {
            words.put(figure.words(), Readable.value(figure.key(), value));
          }
        });
    words.put("total", Readable.seconds(seconds()));
    if (tokensPerSecond() > 0) {
      words.put("tokens per second", Readable.count(tokensPerSecond()));
    }
    return words;
  }

  private static String camelCase(String option) {
    StringBuilder name = new StringBuilder();
    for (String word : option.split("-")) {
      name.append(
          name.isEmpty()
              ? word
              : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1));
    }
    return name.toString();
  }
}
