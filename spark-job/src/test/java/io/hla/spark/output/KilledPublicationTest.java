package io.hla.spark.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.TestSpark;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process that dies anywhere between two changes of the file system leaves the old tables or,
 * after the next start, the new ones: all of them. What it stops at are all of its changes.
 */
class KilledPublicationTest {
  private static final String[] TABLES = {"a/out", "b/added", "b/states", "a/new"};

  private final SparkSession spark = TestSpark.newSession();
  private final Configuration configuration = spark.sparkContext().hadoopConfiguration();
  private final List<String> told = new ArrayList<>();

  @TempDir Path folder;
  private Path world;
  private Path staged;
  private Publication publication;

  /**
   * Tables in two folders: one is replaced, one is added to, states take their place, one is new.
   */
  @BeforeEach
  void stage() {
    world = folder.resolve("world");
    staged = folder.resolve("staged");
    for (String old : List.of("a/out", "b/states")) {
      spark.range(3).repartition(2).write().parquet(world + "/" + old);
    }
    spark
        .range(4)
        .selectExpr("id", "id % 2 as day")
        .repartition(1)
        .write()
        .partitionBy("day")
        .parquet(world + "/b/added");
    publication = new Publication(spark, told::add);
    stage("a/out", SaveMode.Overwrite, List.of());
    stage("b/added", SaveMode.Append, List.of("day"));
    stage("b/states", SaveMode.Overwrite, List.of());
    stage("a/new", SaveMode.ErrorIfExists, List.of());
    copy(world, staged);
    StoppingFileSystem.install(configuration);
  }

  private void stage(String name, SaveMode mode, List<String> partitionBy) {
    publication
        .add(request(name, mode, partitionBy))
        .stage(
            spark.range(5).selectExpr("id", "id % 2 as day").repartition(1),
            Map.of(),
            Runnable::run);
  }

  private TableRequest request(String name, SaveMode mode, List<String> partitionBy) {
    return new TableRequest(
        "output", world + "/" + name, null, null, mode, partitionBy, "run", false, null);
  }

  @AfterEach
  void goOn() {
    StoppingFileSystem.uninstall(configuration);
    publication.close();
  }

  @Test
  void everyTableIsOldOrEveryTableIsNew() {
    Map<String, Integer> before = tables();
    publication.publish(() -> {});
    Map<String, Integer> after = tables();
    assertThat(after.keySet()).containsAll(List.of("a/new/_hla_runs/run", "b/added/_hla_runs/run"));
    assertThat(hidden()).isEmpty();

    int old = 0;
    int finished = 0;
    int changes = 0;
    while (!dies(changes, () -> publication.publish(() -> {}))) {
      // Whatever table it is that the next start writes, and wherever that dies too.
      String next = TABLES[changes % TABLES.length];
      boolean published = !restarts(next).equals(before);
      int again = 0;
      while (published && changes % 4 == 0 && !diesTwice(changes, again, next)) {
        again++;
        assertThat(restarts(next)).as("%d changes, then %d", changes, again).isEqualTo(after);
      }
      assertThat(restored(changes, next))
          .as("%d changes", changes)
          .isEqualTo(published ? after : before);
      Stream.of(TABLES).forEach(this::start);
      assertThat(hidden().isEmpty()).as("%d changes: %s", changes, hidden()).isEqualTo(published);
      old += published ? 0 : 1;
      finished += published ? 1 : 0;
      changes++;
    }
    assertThat(tables()).isEqualTo(after);
    assertThat(old).isGreaterThan(5);
    assertThat(finished).isGreaterThan(15);
  }

  /** Starts from what was staged; whether the work ends. */
  private boolean dies(int changes, Runnable work) {
    delete(world);
    copy(staged, world);
    return ends(changes, work);
  }

  private boolean ends(int changes, Runnable work) {
    StoppingFileSystem.stopBehind(changes);
    try {
      work.run();
      return true;
    } catch (RuntimeException e) {
      assertThat(e).hasStackTraceContaining("the process is dead");
      return false;
    } finally {
      StoppingFileSystem.go();
    }
  }

  /** The second process dies behind some changes of its own; whether it ends instead. */
  private boolean diesTwice(int changes, int again, String next) {
    dies(changes, () -> publication.publish(() -> {}));
    return ends(again, () -> start(next));
  }

  private Map<String, Integer> restored(int changes, String next) {
    dies(changes, () -> publication.publish(() -> {}));
    return restarts(next);
  }

  private Map<String, Integer> restarts(String next) {
    start(next);
    return tables();
  }

  private void start(String name) {
    try (Publication later = new Publication(spark, told::add)) {
      later.add(request(name, SaveMode.Ignore, List.of()));
      later.prepare(JobInputs.none());
    }
  }

  @Test
  void whatSomebodyElseDidMeanwhileIsNotOverwritten() throws IOException {
    Map<String, Integer> before = tables();
    int changes = 0;
    while (!dies(changes, () -> publication.publish(() -> {}))
        && !Files.exists(world.resolve("a/.out.journal-" + id()))) {
      changes++;
    }
    spark.range(2).write().parquet(world + "/a/new");
    assertThatThrownBy(() -> start("b/states"))
        .hasMessageContaining("/a/new came into being meanwhile");
    assertThat(spark.read().parquet(world + "/a/new").count()).isEqualTo(2);
    assertThat(before).isNotEmpty();
  }

  private String id() {
    return publication.id();
  }

  /** Hashes of all files that are seen, by their names. */
  private Map<String, Integer> tables() {
    Map<String, Integer> seen = new TreeMap<>();
    for (Path file : files(world)) {
      String name = world.relativize(file).toString();
      boolean hidden = Stream.of(name.split("/")).anyMatch(part -> part.startsWith("."));
      if (!hidden && !name.endsWith("_SUCCESS")) {
        try {
          seen.put(name, Arrays.hashCode(Files.readAllBytes(file)));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
    return seen;
  }

  /** What lies beside the tables. */
  private List<String> hidden() {
    try (Stream<Path> names = Files.find(world, 2, (path, is) -> isBeside(path))) {
      return names.map(path -> world.relativize(path).toString()).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isBeside(Path path) {
    return path.getFileName().toString().matches("\\.+(out|added|states|new)\\..*");
  }

  private static List<Path> files(Path folder) {
    try (Stream<Path> files = Files.find(folder, 9, (path, is) -> is.isRegularFile())) {
      return files.toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void copy(Path from, Path to) {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : (Iterable<Path>) all::iterator) {
        Path copy = to.resolve(from.relativize(path).toString());
        if (Files.isDirectory(path)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(path, copy);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path folder) {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
