package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Several threads on one stream, and use after close: exceptions, and right numbers elsewhere. */
class MisuseTest {
  private static final int THREADS = 4;
  private static final int CALLS = 200;
  private static final int TOKENS = 64;

  private static final AttentionSettings SETTINGS =
      AttentionSettings.builder(32, 32).heads(4, 2).decay(0.99).build();

  /** What a thread saw. */
  private record Seen(int done, List<RuntimeException> refused) {}

  /** Runs some work in threads that start together, {@code calls} times each. */
  private static List<Seen> inThreads(int calls, List<Runnable> works) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(works.size());
    try {
      CountDownLatch start = new CountDownLatch(works.size());
      List<Callable<Seen>> tasks = new ArrayList<>();
      for (Runnable work : works) {
        tasks.add(
            () -> {
              start.countDown();
              start.await();
              int done = 0;
              List<RuntimeException> refused = new ArrayList<>();
              for (int i = 0; i < calls; i++) {
                try {
                  work.run();
                  done++;
                } catch (RuntimeException e) {
                  refused.add(e);
                }
              }
              return new Seen(done, refused);
            });
      }
      List<Seen> seen = new ArrayList<>();
      for (Future<Seen> future : threads.invokeAll(tasks)) {
        seen.add(future.get());
      }
      return seen;
    } finally {
      threads.shutdownNow();
      threads.awaitTermination(1, TimeUnit.MINUTES);
    }
  }

  private static void assertOnly(List<Seen> seen, String message) {
    for (Seen one : seen) {
      assertThat(one.refused)
          .allSatisfy(
              e -> assertThat(e).isInstanceOf(IllegalStateException.class).hasMessage(message));
    }
  }

  @ParameterizedTest
  @MethodSource("io.hla.kernels.TestKernels#all")
  void oneStreamTakesOneThreadAtATime(TestKernels kernel) throws Exception {
    Stretch tokens = Stretch.normal(SETTINGS, TOKENS, 1);
    try (Applier applier = kernel.get().applier(State.initial(SETTINGS))) {
      List<Runnable> works = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        works.add(() -> tokens.outputs(applier, SETTINGS));
      }
      List<Seen> seen = inThreads(CALLS, works);
      assertOnly(seen, "the applier is in use by another thread");
      int done = seen.stream().mapToInt(Seen::done).sum();
      // Calls that were refused left no trace.
      assertThat(applier.state().tokens()).isEqualTo((long) done * TOKENS);
      State serial = State.initial(SETTINGS);
      try (Applier alone = kernel.get().applier(serial)) {
        for (int i = 0; i < done; i++) {
          tokens.outputs(alone, SETTINGS);
        }
        assertThat(applier.state().toBytes()).isEqualTo(alone.state().toBytes());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("io.hla.kernels.TestKernels#all")
  void closingDuringAUseIsRefusedAndUsingAfterwardsToo(TestKernels kernel) throws Exception {
    Stretch tokens = Stretch.normal(SETTINGS, TOKENS, 2);
    for (int round = 0; round < 20; round++) {
      Applier applier = kernel.get().applier(State.initial(SETTINGS));
      Summarizer summarizer = kernel.get().summarizer(0, State.initial(SETTINGS));
      List<Seen> seen =
          inThreads(
              20,
              List.of(
                  () -> tokens.outputs(applier, SETTINGS),
                  () -> tokens.add(summarizer, SETTINGS),
                  applier::close,
                  summarizer::close));
      for (Seen one : seen) {
        assertThat(one.refused)
            .allSatisfy(e -> assertThat(e).isInstanceOf(IllegalStateException.class));
      }
      applier.close();
      summarizer.close();
      assertThatThrownBy(applier::state).hasMessage("the applier is closed");
      assertThatThrownBy(summarizer::summary).hasMessage("the summarizer is closed");
    }
  }

  @ParameterizedTest
  @MethodSource("io.hla.kernels.TestKernels#all")
  void rowsAreNotFreedDuringAUse(TestKernels kernel) throws Exception {
    for (int round = 0; round < 20; round++) {
      TokenRows rows = kernel.get().rows(SETTINGS, TOKENS, Element.FLOAT, Element.FLOAT);
      try (Applier one = kernel.get().applier(State.initial(SETTINGS));
          Applier other = kernel.get().applier(State.initial(SETTINGS))) {
        List<Seen> seen =
            inThreads(
                20,
                List.of(
                    () -> one.apply(rows, TOKENS),
                    () -> other.apply(rows, TOKENS),
                    () -> rows.isFinite(TokenRows.Part.QUERY, TOKENS),
                    rows::close));
        for (Seen each : seen) {
          assertThat(each.refused)
              .allSatisfy(
                  e ->
                      assertThat(e)
                          .isInstanceOf(IllegalStateException.class)
                          .hasMessageContaining("token rows"));
        }
      }
      rows.close();
    }
  }
}
