/**
 * Attention and features as stages of spark.ml's pipelines; the only package that needs
 * spark-mllib.
 */
package io.hla.spark.ml;
