package io.hla.spark.shuffle;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.io.Serializable;

/** How keys of a shuffle are written. */
public interface KeyCodec<K> extends Serializable {
  void write(K key, DataOutput out) throws IOException;

  K read(DataInput in) throws IOException;
}
