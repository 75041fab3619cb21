package io.hla.spark.parquet;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.parquet.hadoop.util.HadoopStreams;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;

/** A file to be written as {@link HadoopOutputFile} is, but more than 4 kB at a time. */
record BufferedOutputFile(HadoopOutputFile file, FileSystem files, Path path)
    implements OutputFile {
  private static final int BUFFER = 512 << 10;

  static BufferedOutputFile of(Path path, Configuration conf) throws IOException {
    FileSystem files = path.getFileSystem(conf);
    return new BufferedOutputFile(
        HadoopOutputFile.fromPath(path, conf), files, files.makeQualified(path));
  }

  @Override
  public PositionOutputStream create(long blockSizeHint) throws IOException {
    return open(blockSizeHint, false);
  }

  @Override
  public PositionOutputStream createOrOverwrite(long blockSizeHint) throws IOException {
    return open(blockSizeHint, true);
  }

  private PositionOutputStream open(long blockSizeHint, boolean overwrite) throws IOException {
    long blockSize = Math.max(files.getDefaultBlockSize(path), blockSizeHint);
    return HadoopStreams.wrap(
        files.create(path, overwrite, BUFFER, files.getDefaultReplication(path), blockSize));
  }

  @Override
  public boolean supportsBlockSize() {
    return file.supportsBlockSize();
  }

  @Override
  public long defaultBlockSize() {
    return file.defaultBlockSize();
  }

  @Override
  public String getPath() {
    return file.getPath();
  }
}
