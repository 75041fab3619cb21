package io.hla.spark.text;

import io.hla.spark.tokenizer.TextBorders;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodecFactory;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.execution.datasources.CodecStreams;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import scala.collection.AbstractIterator;
import scala.collection.Iterator;
import scala.runtime.AbstractFunction1;

/** Reads the pieces of a split. */
final class PieceReadFunction extends AbstractFunction1<PartitionedFile, Iterator<InternalRow>>
    implements Serializable {
  private static final long serialVersionUID = 1L;

  private final TextBorders borders;
  private final Broadcast<SerializableConfiguration> configuration;

  PieceReadFunction(TextBorders borders, Broadcast<SerializableConfiguration> configuration) {
    this.borders = borders;
    this.configuration = configuration;
  }

  @Override
  public Iterator<InternalRow> apply(PartitionedFile split) {
    try {
      PieceReader pieces = open(split.toPath(), split.start(), split.start() + split.length());
      TaskContext task = TaskContext.get();
      if (task != null) {
        task.addTaskCompletionListener((TaskCompletionListener) context -> close(pieces));
      }
      return new Rows(pieces);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private PieceReader open(Path path, long start, long end) throws IOException {
    Configuration conf = configuration.value().value();
    if (new CompressionCodecFactory(conf).getCodec(path) != null) {
      InputStream in = CodecStreams.createInputStreamWithCloseResource(conf, path);
      return PieceReader.ofPart(in, 0, Long.MAX_VALUE, borders, path.toString());
    }
    FSDataInputStream in = path.getFileSystem(conf).open(path);
    in.seek(Math.max(0, start - 1));
    return PieceReader.ofPart(in, start, end, borders, path.toString());
  }

  private static void close(PieceReader pieces) {
    try {
      pieces.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class Rows extends AbstractIterator<InternalRow> {
    private final PieceReader pieces;
    private byte[] next;

    Rows(PieceReader pieces) throws IOException {
      this.pieces = pieces;
      next = pieces.next();
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public InternalRow next() {
      try {
        InternalRow row = new GenericInternalRow(new Object[] {next});
        next = pieces.next();
        if (next == null) {
          pieces.close();
        }
        return row;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
