package io.hla.kernels;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Every kernel that this machine can run, by name; native ones once for each instruction set. */
record TestKernels(String name, AttentionKernel get) {

  static Stream<TestKernels> all() {
    return Stream.concat(
        Stream.of(
            new TestKernels("recurrent", Kernels.recurrent()),
            new TestKernels("java", Kernels.java())),
        natives());
  }

  /** All but the recurrence, for tests that compare with it. */
  static Stream<TestKernels> sweeping() {
    return all().filter(kernel -> kernel.get != Kernels.recurrent());
  }

  /**
   * None where the library was not built; that is an error where {@code -Dhla.test.require=native}
   * says that it must have been.
   */
  static Stream<TestKernels> natives() {
    Map<String, AttentionKernel> kernels = new LinkedHashMap<>();
    for (String cap : List.of("baseline", "avx2", "avx512")) {
      NativeKernel.open(cap)
          .ifAvailable()
          .ifPresent(kernel -> kernels.put(kernel.instructionSet(), kernel));
    }
    if (kernels.isEmpty() && "native".equals(System.getProperty("hla.test.require"))) {
      throw new IllegalStateException("native kernels are required: " + NativeKernel.open("auto"));
    }
    return kernels.entrySet().stream()
        .map(entry -> new TestKernels("native " + entry.getKey(), entry.getValue()));
  }

  @Override
  public String toString() {
    return name;
  }
}
