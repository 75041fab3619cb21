/** Pages of one file: frame, tables, pictures. */
package io.hla.spark.page;
