/**
 * CPF: immutable column files.
 *
 * <pre>
 * magic "CPF1" version u32 | page* (64-byte aligned) | kill section | footer (protobuf) |
 *     footer length u32 | crc32c u32 | magic "CPF1"
 * page    = kind u8 | flags u8 | 0 u16 | count u32 | [validity words] | sections | bytes
 * section = encoding u8 | width u8 | 0 u16 | payload length u32 | base i64 | payload
 * </pre>
 *
 * <p>All numbers are little-endian. The closing checksum covers the footer and its length; every
 * page has its own CRC32C in the footer, checked when the page is first read. Rows are sorted by
 * handle ascending, commit ts descending. Besides the table's columns a file has three hidden ones
 * ({@link HiddenColumns}).
 *
 * <p>Version history: 1 first version; 2 sections of differences, runs of bytes in ZSTD. Readers
 * take all versions, the writer writes the last. The bytes in full: docs/storage-format.md.
 *
 * <p>Sums and filters run on encoded pages ({@link EncodedScan}); the inner loops are {@link
 * Kernels}.
 *
 * <p>In: pages of values ({@link ColumnPage}). Out: the same. Start at {@link PartWriter} and
 * {@link PartReader}.
 */
@NullMarked
package io.garrick.mergetree.part;

import org.jspecify.annotations.NullMarked;
