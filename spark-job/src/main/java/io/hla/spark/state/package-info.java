/** States between jobs: tables of them, and stretches that are computed from one of them. */
package io.hla.spark.state;
