package io.hla.spark.validate;

import io.hla.algebra.State;
import io.hla.kernels.Recomputation;
import io.hla.spark.Attention;
import io.hla.spark.passes.PlantedError;
import io.hla.spark.passes.RunProof;
import io.hla.spark.shuffle.Packing;
import io.hla.spark.state.SequenceState;
import io.hla.spark.table.SequenceKey;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.storage.StorageLevel;
import scala.Tuple2;

/**
 * The proof by induction. For every run, the plain recurrence in double from the job's own state in
 * front of it must give the job's outputs, and the state behind it must be the job's state in front
 * of the next run. With nothing in front of the first runs, that proves every token of a stream of
 * any length; the runs are computed again by all cores at once.
 */
final class Induction {
  private final Attention.Result job;
  private final JavaRDD<byte[]> prefixes;
  private final double share;
  private final long seed;

  /**
   * @param job one with prefixes
   * @param share of the runs that are computed again, 1 for all
   * @param seed chooses them
   */
  Induction(Attention.Result job, double share, long seed) {
    this.job = job;
    this.share = share;
    this.seed = seed;
    boolean named = job.sequenceType() != null;
    // A run without a state in front of it starts from nothing: it must not follow another.
    prefixes =
        job.prefixes()
            .toJavaRDD()
            .map(
                row ->
                    new SequenceState(
                            named ? SequenceKey.ofExternal(row, 0) : SequenceKey.ONLY,
                            row.getLong(row.fieldIndex("next_pos")),
                            row.getAs("state"))
                        .pack());
  }

  /** What was found in some runs together. */
  private record Found(
      long runs, long tokens, double worst, String where, long unbounded, String problem) {
    static final Found NONE = new Found(0, 0, 0, "", 0, null);

    static Found of(RunProof proof) {
      return new Found(
          proof.problem() == null ? 1 : 0,
          proof.tokens(),
          proof.worst(),
          String.format("position %d of %s", proof.worstPosition(), proof.sequence()),
          proof.unbounded(),
          proof.problem() == null
              ? null
              : String.format(
                  "%s at position %d of %s", proof.problem(), proof.start(), proof.sequence()));
    }

    Found and(Found other) {
      // What is no number is worse than any.
      boolean mine = Double.isNaN(worst) || worst >= other.worst;
      return new Found(
          runs + other.runs,
          tokens + other.tokens,
          Math.max(worst, other.worst),
          mine && runs > 0 ? where : other.where,
          unbounded + other.unbounded,
          problem == null ? other.problem : problem);
    }

    byte[] pack() {
      return Packing.pack(
          out -> {
            out.writeLong(runs);
            out.writeLong(tokens);
            out.writeDouble(worst);
            out.writeUTF(where);
            out.writeLong(unbounded);
            out.writeUTF(problem == null ? "" : problem);
          });
    }

    static Found unpack(byte[] packed) {
      return Packing.unpack(
          packed,
          in -> {
            long runs = in.readLong();
            long tokens = in.readLong();
            double worst = in.readDouble();
            String where = in.readUTF();
            long unbounded = in.readLong();
            String problem = in.readUTF();
            return new Found(
                runs, tokens, worst, where, unbounded, problem.isEmpty() ? null : problem);
          });
    }

    static Iterator<byte[]> together(Iterator<byte[]> proofs) {
      Found all = NONE;
      while (proofs.hasNext()) {
        all = all.and(of(RunProof.unpack(proofs.next())));
      }
      return List.of(all.pack()).iterator();
    }
  }

  /** Proves what is to be proved, and that planted errors are noticed. */
  List<Check> checks() {
    JavaRDD<byte[]> proofs =
        job.recomputed(share, seed, PlantedError.NONE).persist(StorageLevel.DISK_ONLY());
    try {
      List<Check> checks = new ArrayList<>();
      Found found = collected(proofs);
      checks.add(outputs(found));
      checks.add(states(proofs, found));
      if (found.runs() > 0) {
        checks.addAll(controls());
      }
      return checks;
    } finally {
      proofs.unpersist(false);
    }
  }

  private static Found collected(JavaRDD<byte[]> proofs) {
    return proofs.mapPartitions(Found::together).collect().stream()
        .map(Found::unpack)
        .reduce(Found.NONE, Found::and);
  }

  private Check outputs(Found found) {
    boolean complete = found.problem() == null && (share < 1 || found.tokens() == job.tokens());
    String detail =
        String.format(
            "%,d of %,d tokens, in %,d of %,d runs; the worst is %s",
            found.tokens(), job.tokens(), found.runs(), job.runs(), found.where());
    if (found.unbounded() > 0) {
      detail += String.format("; %,d values have denominators that cancel", found.unbounded());
    }
    return Check.atMost(
        "outputs = recurrence, run by run",
        found.tokens() == 0 || !complete ? Double.NaN : found.worst(),
        1,
        found.problem() == null ? detail : found.problem());
  }

  /** The states in front of the runs that follow those that were computed again. */
  private Check states(JavaRDD<byte[]> proofs, Found found) {
    JavaPairRDD<String, byte[]> behind =
        proofs
            .filter(packed -> RunProof.unpack(packed).problem() == null)
            .mapToPair(
                packed -> {
                  RunProof proof = RunProof.unpack(packed);
                  return new Tuple2<>(place(proof.sequence(), proof.end()), packed);
                });
    JavaPairRDD<String, byte[]> inFront =
        prefixes.mapToPair(
            packed -> {
              SequenceState state = SequenceState.unpack(packed);
              return new Tuple2<>(place(state.sequence(), state.nextPosition()), packed);
            });
    List<Double> worst =
        behind
            .join(inFront)
            .map(pair -> offBy(RunProof.unpack(pair._2()._1()), pair._2()._2()))
            .mapPartitions(Induction::countAndWorst)
            .collect();
    long compared = 0;
    double most = 0;
    for (int i = 0; i < worst.size(); i += 2) {
      compared += worst.get(i).longValue();
      most = Math.max(most, worst.get(i + 1));
    }
    // All runs but the last of their sequences are followed by one.
    boolean complete = share < 1 || compared == job.runs() - job.sequences();
    return Check.atMost(
        "states = recurrence, run by run",
        complete && found.problem() == null ? most : Double.NaN,
        1,
        String.format("%,d states behind runs that others follow", compared));
  }

  private static String place(SequenceKey sequence, long position) {
    return Base64.getEncoder().encodeToString(new SequenceState(sequence, position, null).pack());
  }

  private static double offBy(RunProof proof, byte[] packed) {
    byte[] state = SequenceState.unpack(packed).state();
    if (state == null) {
      // It follows a run and stands behind nothing.
      return Double.POSITIVE_INFINITY;
    }
    return Recomputation.offBy(
        State.fromBytes(state), State.fromBytes(proof.behind()), State.fromBytes(proof.allowed()));
  }

  private static Iterator<Double> countAndWorst(Iterator<Double> all) {
    double count = 0;
    double worst = 0;
    while (all.hasNext()) {
      count++;
      worst = Math.max(worst, all.next());
    }
    return List.of(count, worst).iterator();
  }

  /** The last partition again, with something wrong in it. */
  private List<Check> controls() {
    List<Check> checks = new ArrayList<>();
    checks.add(
        Check.caught(
            "an output that is off by half a bound",
            planted(PlantedError.OUTPUT).worst(),
            1,
            "one token of every run of a partition"));
    Found forgetful = planted(PlantedError.STATE);
    // Where nothing in front of a run reaches its outputs, there is nothing to notice.
    if (forgetful.runs() > 0) {
      checks.add(
          Check.caught(
              "runs without the states in front",
              forgetful.worst(),
              1,
              "in a partition with runs whose outputs depend on them"));
    }
    return checks;
  }

  /** What the last partition notices that has something to notice. */
  private Found planted(PlantedError error) {
    JavaRDD<byte[]> wrong =
        job.recomputed(1, seed, error)
            .map(packed -> RunProof.unpack(packed).withoutStates().pack());
    for (int p = wrong.getNumPartitions() - 1; p >= 0; p--) {
      Found found = Found.NONE;
      for (byte[] packed : wrong.collectPartitions(new int[] {p})[0]) {
        found = found.and(Found.of(RunProof.unpack(packed)));
      }
      if (found.runs() > 0) {
        return found;
      }
    }
    return Found.NONE;
  }
}
