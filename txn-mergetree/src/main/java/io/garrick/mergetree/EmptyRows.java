package io.garrick.mergetree;

import io.garrick.codec.row.RawRows;
import java.lang.foreign.MemorySegment;

/** Rows without any column, so that a decoder gives each its default. */
record EmptyRows(int count) implements RawRows {
    // Row format v2: version 128, no flags, no columns, no NULLs.
    private static final byte[] EMPTY_ROW = {(byte) 128, 0, 0, 0, 0, 0};
    private static final MemorySegment SEGMENT = MemorySegment.ofArray(EMPTY_ROW);
    private static final byte[] NO_HANDLE = {};

    @Override
    public MemorySegment segment(int row) {
        return SEGMENT;
    }

    @Override
    public long offset(int row) {
        return 0;
    }

    @Override
    public int length(int row) {
        return EMPTY_ROW.length;
    }

    @Override
    public long intHandle(int row) {
        return 0;
    }

    @Override
    public byte[] commonHandle(int row) {
        return NO_HANDLE;
    }
}
