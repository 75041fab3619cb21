/**
 * Features of decoders over sequences of any length: {@link io.hla.spark.extract.FeatureExtractor}
 * is the entry. Rows of ids become rows of hidden vectors ({@link io.hla.spark.extract.EmbedRows});
 * for every layer these become tokens of its attention ({@link io.hla.spark.extract.EnterRows}),
 * which is a job of its own over the whole sequence, and its outputs hidden vectors again ({@link
 * io.hla.spark.extract.LeaveRows}); the last ones become features and scores ({@link
 * io.hla.spark.extract.FeatureRows}), each by itself or pooled.
 *
 * <p>{@link io.hla.spark.extract.ExtractionPlan} is what nodes of Spark's plan share, {@link
 * io.hla.spark.extract.ExtractionJob} runs the layers, {@link io.hla.spark.extract.Extraction} is
 * what they leave behind. {@link io.hla.spark.extract.FeatureStream} does the same for streams.
 */
package io.hla.spark.extract;
