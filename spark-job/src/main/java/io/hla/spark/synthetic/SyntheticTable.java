package io.hla.spark.synthetic;

import java.util.Set;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** What Spark asks for a scan of synthetic tokens. */
record SyntheticTable(SyntheticTokens tokens, int partitions) implements SupportsRead {
  @Override
  public String name() {
    return tokens.toString();
  }

  @Override
  @SuppressWarnings("deprecation") // The interface still asks for it.
  public StructType schema() {
    return tokens.schema();
  }

  @Override
  public Set<TableCapability> capabilities() {
    return Set.of(TableCapability.BATCH_READ);
  }

  @Override
  public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
    return new SyntheticScan(tokens, partitions);
  }
}
