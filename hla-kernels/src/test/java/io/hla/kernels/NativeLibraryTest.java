package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.SettingsException;
import io.hla.algebra.State;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loading, in class loaders of their own: a library that is loaded stays so. */
class NativeLibraryTest {
  @TempDir Path directory;

  @BeforeEach
  void libraryWasBuilt() {
    assumeTrue(
        NativeLibrary.class.getResource(NativeLibrary.resource()) != null,
        "no native library in this build");
  }

  @AfterEach
  void restoreProperties() {
    List.of(NativeLibrary.PATH, NativeLibrary.TEMPORARY_DIRECTORY, "hla.kernels", "hla.kernels.isa")
        .forEach(System::clearProperty);
  }

  @Test
  void loadsInSeveralClassLoadersAndLeavesNoFileBehind() throws Exception {
    System.setProperty(NativeLibrary.TEMPORARY_DIRECTORY, directory.toString());
    try (URLClassLoader first = isolated();
        URLClassLoader second = isolated()) {
      assertThat(chosen(first, "native", "auto")).isEqualTo(chosen(second, "native", "auto"));
    }
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void forcedAndUnavailableSaysWhy() throws Exception {
    Path broken = Files.writeString(directory.resolve("broken.so"), "not a library");
    System.setProperty(NativeLibrary.PATH, broken.toString());
    try (URLClassLoader loader = isolated()) {
      assertThatThrownBy(() -> chosen(loader, "native", "auto"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("native kernels were asked for")
          .hasMessageContaining(broken.toString())
          .hasCauseInstanceOf(UnsatisfiedLinkError.class);
      assertThat(chosen(loader, "auto", "auto")).isEqualTo("java jvm");

      System.clearProperty(NativeLibrary.PATH);
      assertThat(chosen(loader, "native", "baseline")).isEqualTo("native baseline");
    }
  }

  @Test
  void unusableTemporaryDirectoryIsNamed() throws Exception {
    Path missing = directory.resolve("missing");
    System.setProperty(NativeLibrary.TEMPORARY_DIRECTORY, missing.toString());
    try (URLClassLoader loader = isolated()) {
      assertThatThrownBy(() -> chosen(loader, "native", "auto"))
          .hasMessageContaining(missing.toString());
    }
  }

  @Test
  void propertiesDecideWhereArgumentsSayAuto() {
    System.setProperty("hla.kernels", "java");
    assertThat(Kernels.choose("auto", "auto").name()).isEqualTo("java");
    assertThat(Kernels.choose("native", "auto").name()).isEqualTo("native");
    System.setProperty("hla.kernels", "native");
    System.setProperty("hla.kernels.isa", "baseline");
    assertThat(Kernels.choose("auto", "auto").instructionSet()).isEqualTo("baseline");
    assertThatThrownBy(() -> Kernels.choose("gpu", "auto"))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("gpu");
    assertThatThrownBy(() -> Kernels.choose("native", "mmx"))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("mmx");
  }

  /** What the kernel lists of the operating system promise, read apart from the library's way. */
  @Test
  void takesTheBestInstructionSetOfTheProcessor() throws Exception {
    Path info = Path.of("/proc/cpuinfo");
    assumeTrue(Files.exists(info) && NativeLibrary.resource().contains("x86_64"));
    List<String> flags =
        Files.readAllLines(info).stream()
            .filter(line -> line.startsWith("flags"))
            .map(line -> List.of(line.split("\\s+")))
            .findFirst()
            .orElseThrow();
    List<String> avx2 = List.of("avx2", "fma", "bmi1", "bmi2", "f16c", "movbe", "abm");
    List<String> avx512 = List.of("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl");
    String expected =
        !flags.containsAll(avx2) ? "baseline" : flags.containsAll(avx512) ? "avx512" : "avx2";
    assertThat(Kernels.choose("native", "auto").instructionSet()).isEqualTo(expected);
  }

  @Test
  void closedSessionRefusesTokens() {
    AttentionSettings settings = AttentionSettings.builder(2, 2).build();
    Applier applier = Kernels.choose("native", "auto").applier(State.initial(settings));
    applier.close();
    applier.close();
    float[] two = new float[2];
    assertThatThrownBy(() -> applier.apply(two, two, two, two, 0, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  private static URLClassLoader isolated() {
    URL classes = NativeLibrary.class.getProtectionDomain().getCodeSource().getLocation();
    return new URLClassLoader(new URL[] {classes}, ClassLoader.getPlatformClassLoader());
  }

  /** Name and instruction set of the kernel that another class loader's classes choose. */
  private static String chosen(ClassLoader loader, String kernels, String instructionSet)
      throws Exception {
    Class<?> type = loader.loadClass(Kernels.class.getName());
    try {
      Object kernel =
          type.getMethod("choose", String.class, String.class)
              .invoke(null, kernels, instructionSet);
      Class<?> base = loader.loadClass(AttentionKernel.class.getName());
      return base.getMethod("name").invoke(kernel)
          + " "
          + base.getMethod("instructionSet").invoke(kernel);
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }
}
