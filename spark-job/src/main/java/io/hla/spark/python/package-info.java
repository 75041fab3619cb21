/** What the Python package calls in the driver's JVM; the rest of it is SQL. */
package io.hla.spark.python;
