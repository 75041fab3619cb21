package io.hla.spark.validate;

import io.hla.algebra.State;
import io.hla.algebra.Summary;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Ways to put brackets around the same ordered summaries. */
final class Bracketings {
  private static final int RANDOM = 3;

  private Bracketings() {}

  /** The largest difference between the states behind the items: left, and all other ways. */
  static double worst(State inFront, List<Summary> items) {
    State left = inFront.advance(left(items));
    double worst =
        Math.max(
            Errors.between(inFront.advance(right(items)), left),
            Errors.between(inFront.advance(balanced(items)), left));
    for (int seed = 0; seed < RANDOM; seed++) {
      worst = Math.max(worst, Errors.between(inFront.advance(random(items, seed)), left));
    }
    return worst;
  }

  static Summary left(List<Summary> items) {
    Summary all = items.get(0);
    for (Summary item : items.subList(1, items.size())) {
      all = all.combine(item);
    }
    return all;
  }

  static Summary right(List<Summary> items) {
    Summary all = items.get(items.size() - 1);
    for (int i = items.size() - 2; i >= 0; i--) {
      all = items.get(i).combine(all);
    }
    return all;
  }

  static Summary balanced(List<Summary> items) {
    int middle = items.size() / 2;
    return items.size() == 1
        ? items.get(0)
        : balanced(items.subList(0, middle)).combine(balanced(items.subList(middle, items.size())));
  }

  /** Combines random neighbours until one summary is left. */
  static Summary random(List<Summary> items, long seed) {
    Random random = new Random(seed);
    List<Summary> rest = new ArrayList<>(items);
    while (rest.size() > 1) {
      int at = random.nextInt(rest.size() - 1);
      Summary later = rest.remove(at + 1);
      rest.set(at, rest.get(at).combine(later));
    }
    return rest.get(0);
  }
}
