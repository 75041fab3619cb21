package io.hla.kernels;

import java.util.stream.Stream;

/** Every kernel that this machine can run, by name. */
record TestKernels(String name, AttentionKernel get) {

  static Stream<TestKernels> all() {
    return Stream.of(
        new TestKernels("recurrent", Kernels.recurrent()), new TestKernels("java", Kernels.java()));
  }

  @Override
  public String toString() {
    return name;
  }
}
