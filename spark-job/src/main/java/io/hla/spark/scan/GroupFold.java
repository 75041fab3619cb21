package io.hla.spark.scan;

import io.hla.spark.runs.Home;

/** Combines the children of one node in their order, holding one summary. */
final class GroupFold<M> {
  private final ByteAction<?, M> action;
  private TreeItem firstChild;
  private TreeItem lastChild;
  private boolean present = true;
  private M summary;

  GroupFold(ByteAction<?, M> action) {
    this.action = action;
  }

  void add(TreeItem child) {
    present &= child.isPresent();
    if (firstChild == null) {
      firstChild = child;
    } else if (present) {
      summary = summary == null ? action.summary(firstChild.summary()) : summary;
      summary = action.combine(summary, action.summary(child.summary()));
    }
    lastChild = child;
  }

  /** The summary of all children, or null when one of them has none. */
  M summary() {
    if (present && summary == null) {
      summary = action.summary(firstChild.summary());
    }
    return present ? summary : null;
  }

  /** The node that the children make, told of as one that is sent on. */
  TreeItem item(Home home) {
    byte[] bytes = new byte[0];
    if (present) {
      bytes = action.sending(summary == null ? firstChild.summary() : action.summaryBytes(summary));
    }
    return new TreeItem(home, lastChild.last(), firstChild.first(), lastChild.tail(), bytes);
  }
}
