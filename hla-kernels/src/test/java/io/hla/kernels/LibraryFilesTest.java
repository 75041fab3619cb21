package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The libraries that go into the jar, also those that this machine cannot load. */
class LibraryFilesTest {
  private static final Map<String, String> MACHINES =
      Map.of("linux-x86_64", "Advanced Micro Devices X86-64", "linux-aarch64", "AArch64");

  @TestFactory
  Stream<DynamicTest> isForItsMachineExportsTheNativesAndNeedsTheCLibraryAlone() throws Exception {
    Path classes =
        Path.of(NativeLibrary.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Path folder = classes.resolve("native");
    List<Path> platforms = List.of();
    if (Files.exists(folder)) {
      try (Stream<Path> entries = Files.list(folder)) {
        platforms =
            entries.filter(platform -> Files.exists(platform.resolve("libhla.so"))).toList();
      }
    }
    return platforms.stream()
        .map(
            platform ->
                DynamicTest.dynamicTest(platform.getFileName() + "", () -> check(platform)));
  }

  private static void check(Path platform) throws Exception {
    String elf = readelf(platform.resolve("libhla.so"));
    String expected = MACHINES.get(platform.getFileName().toString());
    if (expected != null) {
      assertThat(find("Machine: +(.+)", elf)).containsExactly(expected);
    }
    assertThat(find("Type: +(\\w+)", elf)).containsExactly("DYN");
    assertThat(find("\\(NEEDED\\).*\\[(.+)]", elf)).containsExactly("libc.so.6");
    // Among them names that are no versions, such as GLIBC_ABI_DT_RELR, which older loaders refuse.
    assertThat(find("Name: (\\S+) +Flags:", elf))
        .as("versions of symbols")
        .isNotEmpty()
        .allMatch(LibraryFilesTest::isInOldestLibrary);
    List<String> natives =
        Stream.of(
                NativeSession.class, NativeRows.class, Class.forName("io.hla.layers.NativeLayers"))
            .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
            .filter(method -> Modifier.isNative(method.getModifiers()))
            .map(LibraryFilesTest::symbol)
            .toList();
    // Symbols of a section of their own, by number; those that other libraries give have UND.
    assertThat(find(" (?:GLOBAL|WEAK) +DEFAULT +\\d+ (\\S+)", elf))
        .containsExactlyInAnyOrderElementsOf(natives);
    assertThat(find("GNU_STACK .* (\\w+) +0x\\w+", elf))
        .as("flags of the stack")
        .containsExactly("RW");
  }

  /** Whether glibc 2.17 has it, the oldest that the libraries are for. */
  private static boolean isInOldestLibrary(String version) {
    Matcher matcher = Pattern.compile("GLIBC_2\\.(\\d+)(\\.\\d+)?").matcher(version);
    return matcher.matches() && Integer.parseInt(matcher.group(1)) <= 17;
  }

  private static String symbol(Method method) {
    String type = method.getDeclaringClass().getName().replace('.', '_');
    return "Java_" + type + "_" + method.getName();
  }

  /** Comes with gcc, and reads the files of any machine. */
  private static String readelf(Path library) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            "readelf",
            "--wide",
            "--file-header",
            "--segments",
            "--dynamic",
            "--dyn-syms",
            "--version-info",
            library.toString());
    builder.environment().put("LC_ALL", "C");
    Process process = builder.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  private static List<String> find(String pattern, String text) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    return matcher.results().map(result -> result.group(1)).toList();
  }
}
