package io.garrick.mergetree;

import org.jspecify.annotations.Nullable;

/**
 * One committed version of one row, still in TiDB's row format.
 *
 * <p>The arrays are not copied and must not change.
 */
public final class CommittedRow {
    private final long tableId;
    private final long handle;
    private final byte @Nullable [] commonHandle;
    private final long commitTs;
    private final boolean delete;
    private final byte[] rowBytes;
    private final long regionId;
    private final long index;
    private final int ordinal;

    public CommittedRow(
            long tableId,
            long handle,
            byte @Nullable [] commonHandle,
            long commitTs,
            boolean delete,
            byte[] rowBytes,
            long regionId,
            long index,
            int ordinal) {
        this.tableId = tableId;
        this.handle = handle;
        this.commonHandle = commonHandle;
        this.commitTs = commitTs;
        this.delete = delete;
        this.rowBytes = rowBytes;
        this.regionId = regionId;
        this.index = index;
        this.ordinal = ordinal;
    }

    /** Physical table: a partition has its own. */
    public long tableId() {
        return tableId;
    }

    /** Integer handle; 0 if {@link #commonHandle} is present. */
    public long handle() {
        return handle;
    }

    /** Memcomparable bytes of a clustered primary key; absent for integer handles. */
    public byte @Nullable [] commonHandle() {
        return commonHandle;
    }

    public long commitTs() {
        return commitTs;
    }

    /** The version is a deletion; {@link #rowBytes} is then empty. */
    public boolean delete() {
        return delete;
    }

    public byte[] rowBytes() {
        return rowBytes;
    }

    public long regionId() {
        return regionId;
    }

    /** Raft index of the entry that made the row complete. */
    public long index() {
        return index;
    }

    /** Position among the rows of that entry, from 0. */
    public int ordinal() {
        return ordinal;
    }

    private static final byte[] NO_BYTES = {};

    public static CommittedRow put(
            long tableId,
            long handle,
            long commitTs,
            byte[] rowBytes,
            long regionId,
            long index,
            int ordinal) {
        return new CommittedRow(
                tableId, handle, null, commitTs, false, rowBytes, regionId, index, ordinal);
    }

    public static CommittedRow delete(
            long tableId, long handle, long commitTs, long regionId, long index, int ordinal) {
        return new CommittedRow(
                tableId, handle, null, commitTs, true, NO_BYTES, regionId, index, ordinal);
    }
}
