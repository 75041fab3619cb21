/**
 * How small things travel: sorted by key to a chosen partition, or by broadcast. Keys and values
 * are written by code of their own, whatever serializer the application has.
 */
package io.hla.spark.shuffle;
