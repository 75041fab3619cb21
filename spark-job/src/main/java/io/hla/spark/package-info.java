/** Higher-order linear attention over token tables on Apache Spark. */
package io.hla.spark;
