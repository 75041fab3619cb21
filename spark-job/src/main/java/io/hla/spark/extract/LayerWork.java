package io.hla.spark.extract;

import io.hla.kernels.Kernels;
import io.hla.layers.LayerKernel;
import io.hla.spark.ComputeSettings;
import io.hla.spark.attend.PartitionWork;
import io.hla.spark.runs.PlannedRun;
import java.io.Serializable;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.metric.SQLMetric;

/**
 * What happens to tokens between the attentions of a model, partition by partition. All kernels of
 * layers give the same bits, so every machine takes the best that it has.
 *
 * @param model shared by all tasks
 * @param layout of rows of hidden vectors
 * @param compute which kernels
 * @param layers counts the time of tasks in it
 */
record LayerWork(
    Broadcast<DecoderModel> model, HiddenLayout layout, ComputeSettings compute, SQLMetric layers)
    implements Serializable {

  /** Rows of ids to rows of hidden vectors. */
  JavaRDD<InternalRow> embed(JavaRDD<InternalRow> ids) {
    return ids.mapPartitions(rows -> new EmbedRows(rows, model.value(), layout), true);
  }

  /** Rows of hidden vectors to the tokens of a layer's attention; layers count from 0. */
  JavaRDD<InternalRow> enter(JavaRDD<InternalRow> hidden, int layer) {
    return hidden.mapPartitions(
        rows -> timed(new EnterRows(rows, model.value(), layer, layout, kernel())), true);
  }

  /** Outputs of a layer's attention to rows of hidden vectors. */
  JavaRDD<InternalRow> leave(JavaRDD<InternalRow> outputs, int layer, boolean attentionAlone) {
    return outputs.mapPartitions(
        rows -> timed(new LeaveRows(rows, model.value(), layer, layout, kernel(), attentionAlone)),
        true);
  }

  /** Rows of hidden vectors with the ids of the tokens behind them. */
  JavaRDD<InternalRow> withNext(
      JavaRDD<InternalRow> hidden, JavaRDD<PlannedRun> runs, Broadcast<FirstIds> first) {
    return PartitionWork.zip(
        hidden,
        runs,
        (partition, rows, planned) -> new NextIds(partition, rows, planned, layout, first.value()));
  }

  /** Rows of hidden vectors of a width to rows of features. */
  JavaRDD<InternalRow> features(JavaRDD<InternalRow> hidden, int width, FeatureColumns columns) {
    return hidden.mapPartitions(
        rows -> timed(new FeatureRows(rows, model.value(), width, layout, columns, kernel())),
        true);
  }

  private TokenBatches timed(TokenBatches rows) {
    rows.countTime(layers);
    return rows;
  }

  private LayerKernel kernel() {
    return LayerKernel.of(Kernels.choose(compute.kernels(), compute.instructionSet()));
  }
}
