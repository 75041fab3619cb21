package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KernelIdTest {
  private static final KernelId BASELINE = new KernelId("native", "baseline", "amd64");
  private static final KernelId AVX2 = new KernelId("native", "avx2", "amd64");
  private static final KernelId AVX512 = new KernelId("native", "avx512", "amd64");
  private static final KernelId ARM = new KernelId("native", "baseline", "aarch64");
  private static final KernelId RECURRENT = KernelId.of(Kernels.recurrent());
  private static final List<KernelId> ALL =
      List.of(KernelId.JAVA, BASELINE, AVX2, AVX512, ARM, RECURRENT);

  @Test
  void machinesAgreeOnThePlainerInstructionSet() {
    assertThat(AVX512.least(AVX2)).isEqualTo(AVX2);
    assertThat(AVX2.least(AVX512)).isEqualTo(AVX2);
    assertThat(AVX512.least(BASELINE)).isEqualTo(BASELINE);
    assertThat(AVX512.least(AVX512)).isEqualTo(AVX512);
  }

  @Test
  void machinesWithoutNativeKernelsComputeInJava() {
    assertThat(AVX512.least(KernelId.JAVA)).isEqualTo(KernelId.JAVA);
    assertThat(KernelId.JAVA.least(BASELINE)).isEqualTo(KernelId.JAVA);
    assertThat(KernelId.JAVA.least(KernelId.JAVA)).isEqualTo(KernelId.JAVA);
  }

  /** Sets of one name have other instructions, and other bits, on another architecture. */
  @Test
  void otherArchitecturesComputeInJava() {
    assertThat(BASELINE.least(ARM)).isEqualTo(KernelId.JAVA);
    assertThat(ARM.least(AVX512)).isEqualTo(KernelId.JAVA);
    assertThat(ARM.least(ARM)).isEqualTo(ARM);
  }

  @Test
  void theReferenceMeetsOthersInJava() {
    assertThat(RECURRENT.least(RECURRENT)).isEqualTo(RECURRENT);
    assertThat(RECURRENT.least(AVX2)).isEqualTo(KernelId.JAVA);
    assertThat(RECURRENT.least(KernelId.JAVA)).isEqualTo(KernelId.JAVA);
  }

  /** Which machine answers first has no influence. */
  @Test
  void agreementDoesNotDependOnTheOrderOfMachines() {
    for (KernelId a : ALL) {
      for (KernelId b : ALL) {
        assertThat(a.least(b)).as("%s, %s", a, b).isEqualTo(b.least(a));
        for (KernelId c : ALL) {
          assertThat(a.least(b).least(c)).as("%s, %s, %s", a, b, c).isEqualTo(a.least(b.least(c)));
        }
      }
    }
  }

  @Test
  void kernelsOfThisMachineOpenByTheirId() {
    List<String> opened = new ArrayList<>();
    TestKernels.all()
        .forEach(
            kernel -> {
              KernelId id = KernelId.of(kernel.get());
              AttentionKernel open = id.open();
              assertThat(KernelId.of(open)).isEqualTo(id);
              assertThat(open.name() + " " + open.instructionSet()).hasToString(id.toString());
              opened.add(id.toString());
            });
    assertThat(opened).doesNotHaveDuplicates().contains("java jvm");
    assertThat(KernelId.JAVA.open()).isSameAs(Kernels.java());
    assertThat(KernelId.JAVA.architecture()).isEmpty();
  }

  @Test
  void otherKernelsAreRefused() {
    List<String> here = TestKernels.natives().map(kernel -> kernel.get().instructionSet()).toList();
    List<KernelId> elsewhere = new ArrayList<>();
    elsewhere.add(new KernelId("native", "baseline", "a-machine"));
    for (String set : NativeKernel.instructionSets()) {
      if (!here.contains(set)) {
        elsewhere.add(new KernelId("native", set, System.getProperty("os.arch")));
      }
    }
    String condition = here.isEmpty() ? "HLA_NATIVE_UNAVAILABLE" : "HLA_KERNELS_UNAVAILABLE";
    for (KernelId id : elsewhere) {
      assertThatThrownBy(id::open)
          .as("%s on %s", id, id.architecture())
          .isInstanceOfSatisfying(
              KernelException.class, e -> assertThat(e.condition()).isEqualTo(condition));
    }
  }
}
