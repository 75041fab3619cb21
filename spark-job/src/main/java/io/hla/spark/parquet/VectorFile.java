package io.hla.spark.parquet;

import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.HadoopReadOptions;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.FileMetaData.EncryptionType;
import org.apache.parquet.hadoop.util.HadoopCodecs;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.spark.sql.execution.datasources.PartitionedFile;

/**
 * What the footer of a file says of a split, and how its pages are read.
 *
 * @param rowGroups those of the split
 * @param verified whether pages are compared with their checksums
 * @param withChecksums whether pages without a checksum are none to be believed
 * @param codecs to be released by the owner
 */
record VectorFile(
    InputFile input,
    MessageType schema,
    List<BlockMetaData> rowGroups,
    boolean verified,
    boolean withChecksums,
    CompressionCodecFactory codecs) {

  /** Bytes to read ahead of a page: the header of the next one. */
  private static final int LOCALLY = 1 << 10;

  /** The same where every request takes its time. */
  private static final int REMOTELY = 8 << 20;

  /**
   * Reads a footer.
   *
   * @return null if the file is encrypted
   */
  static VectorFile of(PartitionedFile split, Configuration conf) throws IOException {
    Path path = split.toPath();
    ParquetReadOptions.Builder options =
        HadoopReadOptions.builder(conf, path)
            .withRange(split.start(), split.start() + split.length())
            .withUseHadoopVectoredIo(false);
    InputFile input = HadoopInputFile.fromPath(path, conf);
    boolean withChecksums = false;
    if (path.getFileSystem(conf) instanceof LocalFileSystem files) {
      LocalFile local = new LocalFile(files.pathToFile(path).toPath());
      // In place of Hadoop's checksums of the file, those that its pages carry.
      withChecksums = local.hasChecksums();
      input = local;
    }
    ParquetReadOptions read = options.build();
    try (ParquetFileReader file = ParquetFileReader.open(input, read)) {
      return file.getFileMetaData().getEncryptionType() == EncryptionType.UNENCRYPTED
          ? new VectorFile(
              input,
              file.getFileMetaData().getSchema(),
              file.getRowGroups(),
              withChecksums || read.usePageChecksumVerification(),
              withChecksums,
              HadoopCodecs.newFactory(conf, 0))
          : null;
    }
  }

  /** Rows of the split. */
  long rows() {
    return rowGroups.stream().mapToLong(BlockMetaData::getRowCount).sum();
  }

  /** Pages from anywhere in the file, to be closed by the caller. */
  ChunkPages open() throws IOException {
    int ahead = input instanceof LocalFile ? LOCALLY : REMOTELY;
    return new ChunkPages(input.newStream(), ahead, verified);
  }
}
