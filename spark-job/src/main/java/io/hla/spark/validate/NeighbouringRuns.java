package io.hla.spark.validate;

import static org.apache.spark.sql.functions.col;

import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.spark.Attention;
import io.hla.spark.runs.Run;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Bracketings of what the scan combines: the summaries of neighbouring runs of the longest
 * sequence, from its middle, and the states that the job has in front of them.
 */
final class NeighbouringRuns {
  private static final int MOST = 16;

  private final Attention.Result job;
  private final List<Run> runs;

  NeighbouringRuns(Attention.Result job) {
    this.job = job;
    long count = Math.min(MOST, job.longest());
    long from = (job.longest() - count) / 2;
    runs = job.runsOf(job.longestSequence(), from, from + count);
  }

  /** None where every sequence lies in one run, and nothing is combined. */
  List<Check> checks() {
    if (runs.size() < 2) {
      return List.of();
    }
    List<Summary> items = job.summaries(runs);
    Run first = runs.get(0);
    Run last = runs.get(runs.size() - 1);
    Map<Long, State> states = inFrontOf(first, last);
    State inFront = states.getOrDefault(first.start(), State.initial(items.get(0).settings()));
    String place =
        String.format(
            Locale.ROOT,
            "%,d runs of %s, positions %,d to %,d",
            runs.size(),
            first.sequence().text(job.sequenceType()),
            first.start(),
            last.end() - 1);
    State bracketed = inFront.advance(Bracketings.balanced(items.subList(0, items.size() - 1)));
    return List.of(
        Check.atMost(
            "bracketings of real runs agree",
            Bracketings.worst(inFront, items),
            Laws.LIMIT,
            "left, right, balanced and 3 random, " + place),
        Check.atMost(
            "bracketed runs = the job's state",
            Errors.between(
                bracketed, states.get(last.start()), Laws.moved(items.get(0), bracketed)),
            Laws.LIMIT,
            String.format(Locale.ROOT, "in front of position %,d", last.start())));
  }

  private Map<Long, State> inFrontOf(Run first, Run last) {
    Dataset<Row> prefixes =
        job.prefixes()
            .where(col("next_pos").isin(first.start(), last.start()).and(col("state").isNotNull()));
    if (job.sequenceType() != null) {
      prefixes = prefixes.where(col("seq").equalTo(first.sequence().external(job.sequenceType())));
    }
    return prefixes.select("next_pos", "state").collectAsList().stream()
        .collect(Collectors.toMap(row -> row.getLong(0), row -> State.fromBytes(row.getAs(1))));
  }
}
