package io.hla.layers;

import io.hla.kernels.KernelException;
import io.hla.kernels.Kernels;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Every kernel that this machine can run, by name; native ones once for each instruction set. */
record TestLayers(String name, LayerKernel get) {

  static Stream<TestLayers> all() {
    Map<String, TestLayers> kernels = new LinkedHashMap<>();
    kernels.put("java", new TestLayers("java", LayerKernel.of(Kernels.java())));
    for (String cap : List.of("baseline", "avx2", "avx512")) {
      try {
        var kernel = Kernels.choose("native", cap);
        String name = "native " + kernel.instructionSet();
        kernels.put(name, new TestLayers(name, LayerKernel.of(kernel)));
      } catch (KernelException e) {
        if ("native".equals(System.getProperty("hla.test.require"))) {
          throw e;
        }
      }
    }
    return kernels.values().stream();
  }

  @Override
  public String toString() {
    return name;
  }
}
