package io.garrick.codec.key;

import io.garrick.base.Key;
import io.garrick.codec.ByteReader;
import io.garrick.codec.CodecException;

/**
 * A row's raw key: the physical table id and what follows {@code _r}.
 *
 * @param handle the bytes of the handle: eight for an int handle, at least nine for a common one
 */
public record RecordKey(long tableId, Key handle) {
    static final int INT_HANDLE_BYTES = 8;
    static final int SMALLEST_COMMON_HANDLE_BYTES = 9;

    /** Fails on other keys of the table, and on record keys without a whole handle. */
    public static RecordKey parse(byte[] rawKey) {
        if (!TableKeys.isRecordKey(rawKey)) {
            throw new CodecException(0, "not a record key");
        }
        int handleBytes = rawKey.length - TableKeys.PREFIX_BYTES;
        if (handleBytes < INT_HANDLE_BYTES) {
            throw new CodecException(
                    TableKeys.PREFIX_BYTES, "handle of " + handleBytes + " bytes is too short");
        }
        ByteReader in = new ByteReader(rawKey, TableKeys.PREFIX_BYTES, rawKey.length);
        return new RecordKey(TableKeys.tableIdOf(rawKey), Key.wrap(in.rest()));
    }

    public static RecordKey parse(Key rawKey) {
        return parse(rawKey.unsafeBytes());
    }

    public boolean hasIntHandle() {
        return handle.length() == INT_HANDLE_BYTES;
    }

    /** Caller's mistake if the handle is a common one. */
    public long intHandle() {
        if (!hasIntHandle()) {
            throw new IllegalArgumentException("not an int handle: " + handle);
        }
        return Numbers.comparableInt(new ByteReader(handle.unsafeBytes()).longBe());
    }

    public Key toKey() {
        return TableKeys.recordKey(tableId, handle.unsafeBytes());
    }
}
