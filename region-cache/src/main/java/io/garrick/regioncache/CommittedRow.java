package io.garrick.regioncache;

import io.garrick.base.Key;

/**
 * One committed version of a row, still in TiDB's row format.
 *
 * @param regionId the region whose log completed the row; with {@code index} and {@code ordinal} it
 *     names the row for replay: the same log gives the same position
 * @param index the raft index of the entry that completed the row
 * @param ordinal counts the rows one entry completes, from 0
 * @param rawKey the TiDB record key, neither memcomparable nor with a ts
 * @param value the row value; empty for a delete
 */
public record CommittedRow(
        long regionId,
        long index,
        int ordinal,
        Key rawKey,
        long commitTs,
        boolean delete,
        Key value) {}
