package io.hla.spark.validate;

import io.hla.algebra.State;
import io.hla.kernels.Recomputation;
import io.hla.spark.Attention;
import io.hla.spark.passes.RunProof;
import io.hla.spark.shuffle.Packing;
import io.hla.spark.state.SequenceState;
import io.hla.spark.table.SequenceKey;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.storage.StorageLevel;
import scala.Tuple2;

/**
 * The proof by induction. For every run, the plain recurrence in double from the job's own state in
 * front of it must give the job's outputs, and the state behind it must be the job's state in front
 * of the next run. With nothing in front of the first runs, that proves every token of a stream of
 * any length; the runs are computed again by all cores at once.
 */
final class Induction {
  /** The check that judges how outputs are computed from the states that their runs were given. */
  static final String OUTPUTS = "outputs = recurrence, run by run";

  /** The check that judges how the states in front of runs came about. */
  static final String STATES = "states = recurrence, run by run";

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

    static Found of(RunProof proof, DataType type) {
      return new Found(
          proof.problem() == null ? 1 : 0,
          proof.tokens(),
          proof.worst(),
          String.format(
              Locale.ROOT, "position %d of %s", proof.worstPosition(), proof.sequence().text(type)),
          proof.unbounded(),
          proof.problem() == null
              ? null
              : String.format(
                  Locale.ROOT,
                  "%s at position %d of %s",
                  proof.problem(),
                  proof.start(),
                  proof.sequence().text(type)));
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

    static Iterator<byte[]> together(Iterator<byte[]> proofs, DataType type) {
      Found all = NONE;
      while (proofs.hasNext()) {
        all = all.and(of(RunProof.unpack(proofs.next()), type));
      }
      return List.of(all.pack()).iterator();
    }
  }

  /** The checks of all outputs and of all states. */
  List<Check> checks() {
    JavaRDD<byte[]> proofs = job.recomputed(share, seed).persist(StorageLevel.DISK_ONLY());
    try {
      Found found = collected(proofs);
      return List.of(outputs(found), states(proofs, found));
    } finally {
      proofs.unpersist(false);
    }
  }

  private Found collected(JavaRDD<byte[]> proofs) {
    DataType type = job.sequenceType();
    return proofs.mapPartitions(found -> Found.together(found, type)).collect().stream()
        .map(Found::unpack)
        .reduce(Found.NONE, Found::and);
  }

  private Check outputs(Found found) {
    boolean complete = found.problem() == null && (share < 1 || found.tokens() == job.tokens());
    String detail =
        String.format(
            Locale.ROOT,
            found.worst() == 0
                ? "%,d of %,d tokens, in %,d of %,d runs"
                : "%,d of %,d tokens, in %,d of %,d runs; the worst is %s",
            found.tokens(),
            job.tokens(),
            found.runs(),
            job.runs(),
            found.where());
    if (found.unbounded() > 0) {
      detail +=
          String.format(
              Locale.ROOT, "; %,d values have denominators that cancel", found.unbounded());
    }
    return Check.atMost(
        OUTPUTS,
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
    DataType type = job.sequenceType();
    Compared all = Compared.NONE;
    for (byte[] packed :
        behind
            .join(inFront)
            .map(pair -> Compared.of(RunProof.unpack(pair._2()._1()), pair._2()._2(), type))
            .mapPartitions(Compared::together)
            .collect()) {
      all = all.and(Compared.unpack(packed));
    }
    // All runs but the last of their sequences are followed by one.
    boolean complete = share < 1 || all.states() == job.runs() - job.sequences();
    String detail =
        String.format(Locale.ROOT, "%,d states behind runs that others follow", all.states());
    return Check.atMost(
        STATES,
        complete && found.problem() == null ? all.worst() : Double.NaN,
        1,
        all.worst() > 1 ? detail + "; the worst is in front of " + all.where() : detail);
  }

  private static String place(SequenceKey sequence, long position) {
    return Base64.getEncoder().encodeToString(new SequenceState(sequence, position, null).pack());
  }

  /** What came of comparing some states with the recurrence over the runs in front of them. */
  private record Compared(long states, double worst, String where) {
    static final Compared NONE = new Compared(0, 0, "");

    static Compared of(RunProof proof, byte[] packed, DataType type) {
      byte[] state = SequenceState.unpack(packed).state();
      String where =
          String.format(Locale.ROOT, "position %d of %s", proof.end(), proof.sequence().text(type));
      // A state that follows a run does not stand behind nothing.
      double off =
          state == null
              ? Double.POSITIVE_INFINITY
              : Recomputation.offBy(
                  State.fromBytes(state),
                  State.fromBytes(proof.behind()),
                  State.fromBytes(proof.allowed()));
      return new Compared(1, off, where);
    }

    Compared and(Compared other) {
      boolean mine = Double.isNaN(worst) || worst >= other.worst;
      return new Compared(
          states + other.states,
          Math.max(worst, other.worst),
          mine && states > 0 ? where : other.where);
    }

    static Iterator<byte[]> together(Iterator<Compared> compared) {
      Compared all = NONE;
      while (compared.hasNext()) {
        all = all.and(compared.next());
      }
      return List.of(all.pack()).iterator();
    }

    byte[] pack() {
      return Packing.pack(
          out -> {
            out.writeLong(states);
            out.writeDouble(worst);
            out.writeUTF(where);
          });
    }

    static Compared unpack(byte[] packed) {
      return Packing.unpack(
          packed, in -> new Compared(in.readLong(), in.readDouble(), in.readUTF()));
    }
  }
}
