package io.hla.spark.passes;

import io.hla.algebra.AttentionSettings;
import io.hla.kernels.AttentionKernel;
import io.hla.spark.runs.PlannedRun;
import io.hla.spark.runs.RunReader;
import io.hla.spark.table.TokenBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import org.apache.spark.sql.execution.metric.SQLMetric;

/**
 * Feeds the rows of a partition to the sessions of its runs. Where sequences are interleaved, the
 * tokens of each still reach its session in whole blocks, which kernels take the fastest.
 *
 * @param <S> what tokens are fed to
 */
final class OpenRuns<S extends AutoCloseable> implements AutoCloseable {
  private final RunReader reader;
  private final Predicate<PlannedRun> wanted;
  private final Function<PlannedRun, S> openSession;
  private final Buffers buffers;
  private final SQLMetric reading;
  private final Map<Long, OpenRun<S>> open = new HashMap<>();
  private OpenRun<S> current;
  private boolean closed;

  /**
   * @param wanted whether the tokens of a run are to be read; others are passed over
   * @param openSession asked in the order of the runs
   * @param makeBuffer of a capacity
   * @param reading counts the time of {@link #next}
   */
  OpenRuns(
      AttentionSettings settings,
      RunReader reader,
      Predicate<PlannedRun> wanted,
      Function<PlannedRun, S> openSession,
      IntFunction<TokenBuffer> makeBuffer,
      SQLMetric reading) {
    this.reading = reading;
    this.reader = reader;
    this.wanted = wanted;
    this.openSession = openSession;
    this.buffers = new Buffers(makeBuffer, TokenBuffer.fullCapacity(settings));
  }

  /**
   * Reads on until the tokens of a run are to be fed: its buffer is full, or the run has ended.
   * What the last call returned is done with: its buffer is emptied, its session is closed if it
   * has ended.
   *
   * @return null at the end of the partition
   */
  synchronized OpenRun<S> next() {
    checkOpen();
    release();
    long start = System.nanoTime();
    try {
      return read();
    } finally {
      reading.add(System.nanoTime() - start);
    }
  }

  private OpenRun<S> read() {
    while (reader.next()) {
      PlannedRun planned = reader.run();
      if (!wanted.test(planned)) {
        continue;
      }
      if (current == null || current.planned() != planned) {
        current = open.get(planned.ordinal());
      }
      if (current == null) {
        current = new OpenRun<>(planned, openSession.apply(planned), buffers.take());
        open.put(planned.ordinal(), current);
      }
      current.tokens().read(reader.row());
      if (current.tokens().isFull() || reader.endsRun()) {
        return current;
      }
    }
    return null;
  }

  private void release() {
    if (current == null) {
      return;
    }
    if (current.hasEnded()) {
      open.remove(current.planned().ordinal());
      close(current.session());
      buffers.giveBack(current.tokens());
      current = null;
    } else {
      current.tokens().startAt(current.planned().run().sequence(), current.next());
    }
  }

  /**
   * Closes all sessions and buffers, also while another thread reads: Spark may end a task whose
   * rows a thread of their own passes on. What is read from a run behind this is gone.
   */
  @Override
  public synchronized void close() {
    closed = true;
    for (OpenRun<S> run : open.values()) {
      close(run.session());
      run.tokens().close();
    }
    open.clear();
    buffers.close();
    current = null;
  }

  /** Throws if tokens and sessions are gone. */
  synchronized void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the task has ended");
    }
  }

  private static void close(AutoCloseable session) {
    try {
      session.close();
    } catch (Exception e) {
      throw new IllegalStateException("cannot close a session", e);
    }
  }

  /** One buffer of full capacity and, for interleaved sequences, more that hold one block. */
  private static final class Buffers {
    private final IntFunction<TokenBuffer> make;
    private final int fullCapacity;
    private final Deque<TokenBuffer> free = new ArrayDeque<>();
    private boolean hasFull;

    Buffers(IntFunction<TokenBuffer> make, int fullCapacity) {
      this.make = make;
      this.fullCapacity = fullCapacity;
    }

    TokenBuffer take() {
      if (!hasFull) {
        hasFull = true;
        return make.apply(fullCapacity);
      }
      return free.isEmpty() ? make.apply(AttentionKernel.BLOCK) : free.pop();
    }

    /** The full one is the first that is taken again. */
    void giveBack(TokenBuffer buffer) {
      if (buffer.capacity() == fullCapacity) {
        free.addFirst(buffer);
      } else {
        free.addLast(buffer);
      }
    }

    void close() {
      free.forEach(TokenBuffer::close);
      free.clear();
    }
  }
}
