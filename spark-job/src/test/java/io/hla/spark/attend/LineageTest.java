package io.hla.spark.attend;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.spark.TestJob;
import io.hla.spark.TestSpark;
import io.hla.spark.TokenFiles;
import io.hla.spark.TokenStream;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.apache.spark.Dependency;
import org.apache.spark.api.java.JavaRDDLike;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import scala.jdk.javaapi.CollectionConverters;

/** What tasks are sent holds no table: an RDD in a closure would take its whole lineage along. */
class LineageTest {

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void closuresHoldNoTables(boolean scannedOnExecutors) {
    AttentionSettings settings = AttentionSettings.builder(2, 2).decay(0.9).build();
    SparkSession spark = TestSpark.newSession();
    List<Row> rows = TokenStream.normal(settings, 120, 1).rows("s", 0);
    Dataset<Row> table =
        TokenFiles.partitioned(spark, TokenStream.SCHEMA, TokenFiles.split(rows, 12));
    TestJob job = TestJob.stored(spark, settings).fanIn(2);
    job = scannedOnExecutors ? job.scannedOnExecutors() : job;
    Dataset<Row> outputs =
        new TestJob(spark, job.request().withFinalStates().withPrefixes()).run(table).outputs();
    RDD<?> last = outputs.queryExecution().toRdd();
    List<RDD<?>> lineage = lineage(last);
    assertThat(lineage).hasSizeGreaterThan(scannedOnExecutors ? 20 : 8);
    for (RDD<?> rdd : lineage) {
      assertThat(tablesIn(rdd)).as("what %s holds", rdd).isEmpty();
    }
  }

  @Test
  void aTableInAClosureIsFound() {
    RDD<Long> rdd = TestSpark.newSession().range(3).toJavaRDD().map(number -> number).rdd();
    org.apache.spark.api.java.JavaRDD<Long> other = rdd.toJavaRDD();
    assertThat(tablesIn(other.map(number -> number + other.getNumPartitions()).rdd())).isNotEmpty();
  }

  private static List<RDD<?>> lineage(RDD<?> last) {
    List<RDD<?>> all = new ArrayList<>();
    Set<RDD<?>> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Deque<RDD<?>> next = new ArrayDeque<>(List.of(last));
    while (!next.isEmpty()) {
      RDD<?> rdd = next.remove();
      if (seen.add(rdd)) {
        all.add(rdd);
        for (Dependency<?> parent : CollectionConverters.asJava(rdd.dependencies())) {
          next.add(parent.rdd());
        }
      }
    }
    return all;
  }

  /** RDDs that can be reached from the functions of an RDD. */
  private static List<Object> tablesIn(RDD<?> rdd) {
    List<Object> found = new ArrayList<>();
    Deque<Object> next = new ArrayDeque<>();
    Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Field field : fields(rdd.getClass())) {
      if (field.getType().getName().startsWith("scala.Function")) {
        add(value(field, rdd), next, seen);
      }
    }
    while (!next.isEmpty()) {
      Object held = next.remove();
      if (held instanceof RDD || held instanceof JavaRDDLike) {
        found.add(held);
        continue;
      }
      if (held instanceof Collection<?> all) {
        all.forEach(element -> add(element, next, seen));
      }
      if (isOurs(held.getClass())) {
        fields(held.getClass()).forEach(field -> add(value(field, held), next, seen));
      }
    }
    return found;
  }

  private static void add(Object held, Deque<Object> next, Set<Object> seen) {
    if (held != null && seen.add(held)) {
      next.add(held);
    }
  }

  /** Closures and what this project puts into them; Spark's own objects are not looked into. */
  private static boolean isOurs(Class<?> type) {
    return type.isHidden() || type.getName().startsWith("io.hla.");
  }

  private static List<Field> fields(Class<?> type) {
    List<Field> fields = new ArrayList<>();
    for (Class<?> c = type; c != null && c != Object.class && c != RDD.class; ) {
      for (Field field : c.getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers())
            && !Modifier.isTransient(field.getModifiers())
            && !field.getType().isPrimitive()) {
          fields.add(field);
        }
      }
      c = c.getSuperclass();
    }
    return fields;
  }

  private static Object value(Field field, Object of) {
    try {
      field.setAccessible(true);
      return field.get(of);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }
}
