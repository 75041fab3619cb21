/** The verdict as a page to look at: what stands on it, and the charts that it is drawn with. */
package io.hla.spark.validate.page;
