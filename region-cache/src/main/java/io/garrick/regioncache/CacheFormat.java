package io.garrick.regioncache;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Keys and values of the {@code cache} store. Big-endian.
 *
 * <ul>
 *   <li>{@code default}: encoded key with start ts → value
 *   <li>{@code lock}: encoded key → lock record
 *   <li>{@code orphan}: encoded key with start ts → commit ts u64, and a byte if the version is
 *       known to be there
 *   <li>{@code leftover}: region u64, index u64, ordinal u32 → op u8, commit ts u64, key length
 *       u32, raw key, row
 *   <li>{@code apply}: region u64 → version u8, index u64, term u64, op sequence u64, start, end,
 *       meta (u32 length each)
 * </ul>
 *
 * Values, locks and orphans are stored without region id, so a split or a merge rewrites none of
 * them. Leftovers keep the position of origin, because recovery must load them in log order.
 */
final class CacheFormat {
    static final String VALUES = "default";
    static final String LOCKS = "lock";
    static final String ORPHANS = "orphan";
    static final String LEFTOVERS = "leftover";
    static final String APPLY = "apply";
    static final List<String> FAMILIES = List.of(VALUES, LOCKS, ORPHANS, LEFTOVERS, APPLY);

    private static final byte APPLY_VERSION = 1;
    private static final byte OP_PUT = 0;
    private static final byte OP_DELETE = 1;

    private CacheFormat() {}

    static byte[] u64(long value) {
        return ByteBuffer.allocate(8).putLong(value).array();
    }

    static byte[] orphanValue(long commitTs, boolean known) {
        return known ? ByteBuffer.allocate(9).putLong(commitTs).array() : u64(commitTs);
    }

    static boolean isKnownOrphan(byte[] value) {
        return value.length > 8;
    }

    static byte[] leftoverKey(CommittedRow row) {
        return leftoverKey(row.regionId(), row.index(), row.ordinal());
    }

    static byte[] leftoverKey(long regionId, long index, int ordinal) {
        return ByteBuffer.allocate(20).putLong(regionId).putLong(index).putInt(ordinal).array();
    }

    static byte[] leftoverValue(CommittedRow row) {
        return ByteBuffer.allocate(13 + row.rawKey().length() + row.value().length())
                .put(row.delete() ? OP_DELETE : OP_PUT)
                .putLong(row.commitTs())
                .putInt(row.rawKey().length())
                .put(row.rawKey().unsafeBytes())
                .put(row.value().unsafeBytes())
                .array();
    }

    static CommittedRow leftover(byte[] keyBytes, byte[] valueBytes) throws IOException {
        try {
            ByteBuffer key = ByteBuffer.wrap(keyBytes);
            ByteBuffer value = ByteBuffer.wrap(valueBytes);
            byte op = value.get();
            long commitTs = value.getLong();
            Key rawKey = Key.wrap(take(value, value.getInt()));
            Key row = Key.wrap(take(value, value.remaining()));
            return new CommittedRow(
                    key.getLong(),
                    key.getLong(),
                    key.getInt(),
                    rawKey,
                    commitTs,
                    op == OP_DELETE,
                    row);
        } catch (BufferUnderflowException e) {
            throw new IOException("malformed leftover in cache", e);
        }
    }

    static byte[] applyValue(RegionState state) {
        Key start = state.range().start();
        Key end = state.range().end();
        return ByteBuffer.allocate(37 + start.length() + end.length() + state.meta().length())
                .put(APPLY_VERSION)
                .putLong(state.appliedIndex())
                .putLong(state.appliedTerm())
                .putLong(state.opSequence())
                .putInt(start.length())
                .put(start.unsafeBytes())
                .putInt(end.length())
                .put(end.unsafeBytes())
                .putInt(state.meta().length())
                .put(state.meta().unsafeBytes())
                .array();
    }

    static RegionState applyState(byte[] key, byte[] bytes) throws IOException {
        try {
            ByteBuffer value = ByteBuffer.wrap(bytes);
            byte version = value.get();
            if (version != APPLY_VERSION) {
                throw new IOException("apply state of version " + version + " in cache");
            }
            long index = value.getLong();
            long term = value.getLong();
            long opSequence = value.getLong();
            Key start = Key.wrap(take(value, value.getInt()));
            Key end = Key.wrap(take(value, value.getInt()));
            Key meta = Key.wrap(take(value, value.getInt()));
            return new RegionState(
                    ByteBuffer.wrap(key).getLong(),
                    new KeyRange(start, end),
                    meta,
                    index,
                    term,
                    opSequence);
        } catch (BufferUnderflowException e) {
            throw new IOException("malformed apply state in cache", e);
        }
    }

    private static byte[] take(ByteBuffer from, int length) {
        if (length < 0 || length > from.remaining()) {
            throw new BufferUnderflowException();
        }
        byte[] bytes = new byte[length];
        from.get(bytes);
        return bytes;
    }
}
