package io.hla.spark;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Remembers the phases that ran. */
final class PhaseLog implements JobObserver {
  private final List<String> phases = Collections.synchronizedList(new ArrayList<>());

  @Override
  public void phaseStarted(String phase, String doing) {
    phases.add(phase);
  }

  /** In the order in which they began. */
  List<String> phases() {
    return List.copyOf(phases);
  }
}
