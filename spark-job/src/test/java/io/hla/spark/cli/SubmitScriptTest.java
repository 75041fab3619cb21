package io.hla.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What {@code submit.sh} does before Spark runs, with scripts in place of Java, Maven and Spark
 * that say how they were called.
 */
class SubmitScriptTest {
  private static final String OLD_CLIENT = "org/apache/hadoop/security/UserGroupInformation.class";
  private static final String NEW_CLIENT =
      "org/apache/hadoop/security/authentication/util/SubjectUtil.class";

  @TempDir Path folder;

  private Path root;
  private Path bin;

  @BeforeEach
  void copyTheScript() throws IOException {
    root = Files.createDirectories(folder.resolve("checkout"));
    bin = Files.createDirectories(folder.resolve("bin"));
    Files.copy(Path.of("..", "submit.sh"), root.resolve("submit.sh"));
    Files.createDirectories(root.resolve("spark-job/src/main"));
    Files.createFile(root.resolve("pom.xml"));
    Files.createFile(root.resolve("spark-job/pom.xml"));
    script(bin.resolve("mvn"), "echo mvn \"$@\" >\"" + folder + "/mvn.log\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"11", "16", "23", "25"})
  void javaThatNoDefaultSparkRunsOnIsRefusedBeforeAnythingIsFetched(String version)
      throws Exception {
    Run run = submit(java(version), null);
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.text()).contains("is Java " + version, "expected 17", "set JAVA_HOME");
    assertThat(folder.resolve("mvn.log")).doesNotExist();
  }

  /** Columns: version of Java, line of Spark, and whether its Hadoop does without getSubject. */
  @ParameterizedTest
  @CsvSource({
    "17, 4.0.1, false, true",
    "22, 4.1.0, false, true",
    "23, 4.1.0, false, false",
    "25, 4.0.1, false, false",
    "25, 4.2.0, true, true",
    "25, 4.1.7, true, true"
  })
  void theHadoopOfADistributionDecides(String java, String spark, boolean isNew, boolean runs)
      throws Exception {
    Run run = submit(java(java), distribution("2.13-" + spark, isNew));
    assertThat(run.code()).as(run.text()).isEqualTo(runs ? 0 : 1);
    assertThat(run.text()).contains(runs ? "spark-submit --conf" : "is Java " + java);
    if (!runs) {
      assertThat(run.text()).contains("expected 17 to 22", "set JAVA_HOME", "Spark 4.2");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "4.0.1, 4.0, spark-job/target/spark-4.0/hla-spark.jar",
    "4.1.3, 4.1, spark-job/target/hla-spark.jar",
    "4.2.0, 4.2, spark-job/target/spark-4.2/hla-spark.jar"
  })
  void everyLineOfSparkHasItsOwnBuild(String version, String line, String jar) throws Exception {
    Path spark = distribution("2.13-" + version, false);
    Run run = submit(java("17"), spark);
    assertThat(run.code()).as(run.text()).isZero();
    assertThat(folder.resolve("mvn.log"))
        .content()
        .contains("-Dspark.line=" + line, "package")
        .doesNotContain("embedded-spark");
    assertThat(run.text()).contains(" " + root.toRealPath().resolve(jar) + " inspect here");

    // Built now, it is not built again.
    Files.delete(folder.resolve("mvn.log"));
    Files.createDirectories(root.resolve(jar).getParent());
    Files.createFile(root.resolve(jar));
    assertThat(submit(java("17"), spark).code()).isZero();
    assertThat(folder.resolve("mvn.log")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"2.12-3.5.7", "2.13-3.5.7", "2.13-4.3.0", "2.13-5.0.0", "2.13-4.10.0"})
  void otherSparksAreRefused(String version) throws Exception {
    Run run = submit(java("17"), distribution(version, false));
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.text())
        .contains("Spark " + version.substring(5) + " for Scala " + version.substring(0, 4))
        .contains("expected Spark 4.0, 4.1 or 4.2 for Scala 2.13");
    assertThat(folder.resolve("mvn.log")).doesNotExist();
  }

  @Test
  void theDefaultIsFetched() throws Exception {
    Run run = submit(java("17"), null);
    assertThat(run.code()).isNotZero();
    assertThat(folder.resolve("mvn.log")).content().contains("-Dspark.line=4.1 -Pembedded-spark");
  }

  private record Run(int code, String text) {}

  private Run submit(Path javaHome, Path sparkHome) throws Exception {
    Path log = folder.resolve("log");
    ProcessBuilder builder =
        new ProcessBuilder("bash", root.resolve("submit.sh").toString(), "inspect", "here")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    Map<String, String> environment = builder.environment();
    List.of("SPARK_HOME", "SPARK_CONF_DIR", "HLA_LOG_LEVEL", "HLA_MVN_OPTS", "MASTER")
        .forEach(environment::remove);
    environment.put("JAVA_HOME", javaHome.toString());
    environment.put("PATH", bin + ":" + environment.get("PATH"));
    if (sparkHome != null) {
      environment.put("SPARK_HOME", sparkHome.toString());
    }
    int code = builder.start().waitFor();
    return new Run(code, Files.readString(log));
  }

  private Path java(String version) throws IOException {
    Path home = folder.resolve("jdk-" + version);
    script(home.resolve("bin/java"), "echo 'openjdk version \"" + version + ".0.1\"' >&2");
    return home;
  }

  private Path distribution(String version, boolean isNew) throws IOException {
    Path home = folder.resolve("spark-" + version);
    script(home.resolve("bin/spark-submit"), "echo spark-submit \"$@\"");
    Path jars = Files.createDirectories(home.resolve("jars"));
    Files.createFile(jars.resolve("spark-core_" + version + ".jar"));
    List<String> classes = new ArrayList<>(List.of(OLD_CLIENT));
    if (isNew) {
      classes.add(NEW_CLIENT);
    }
    Path client = jars.resolve("hadoop-client-api-3.jar");
    try (ZipOutputStream jar = new ZipOutputStream(Files.newOutputStream(client))) {
      for (String name : classes) {
        jar.putNextEntry(new ZipEntry(name));
      }
    }
    return home;
  }

  private static void script(Path file, String line) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/sh\n" + line + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }
}
