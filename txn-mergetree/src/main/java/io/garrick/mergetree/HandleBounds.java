package io.garrick.mergetree;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.key.TableKeys;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Which handles of a table a range of raw keys holds. Bounds may be any bytes. */
final class HandleBounds {
    private HandleBounds() {}

    static HandleRange of(KeyRange rawRange, long tableId, boolean commonHandle) {
        return commonHandle ? bytes(rawRange, tableId) : ints(rawRange, tableId);
    }

    static HandleRange.Ints ints(KeyRange rawRange, long tableId) {
        KeyRange records = TableKeys.recordRange(tableId).intersect(rawRange);
        if (records.isEmpty()) {
            return new HandleRange.Ints(1, 0);
        }
        Key prefix = TableKeys.recordPrefix(tableId);
        long min = Long.MIN_VALUE;
        if (records.start().startsWith(prefix)) {
            min = handle(records.start());
            if (records.start().length() > TableKeys.PREFIX_BYTES + Long.BYTES) {
                if (min == Long.MAX_VALUE) {
                    return new HandleRange.Ints(1, 0);
                }
                min++;
            }
        }
        long max = Long.MAX_VALUE;
        if (records.end().startsWith(prefix)) {
            max = handle(records.end());
            if (records.end().length() <= TableKeys.PREFIX_BYTES + Long.BYTES) {
                if (max == Long.MIN_VALUE) {
                    return new HandleRange.Ints(1, 0);
                }
                max--;
            }
        }
        return new HandleRange.Ints(min, max);
    }

    static HandleRange.Bytes bytes(KeyRange rawRange, long tableId) {
        KeyRange records = TableKeys.recordRange(tableId).intersect(rawRange);
        Key prefix = TableKeys.recordPrefix(tableId);
        if (records.isEmpty() || !records.start().startsWith(prefix)) {
            Key none = Key.wrap(new byte[] {0});
            return new HandleRange.Bytes(none, none);
        }
        return new HandleRange.Bytes(
                rest(records.start()),
                records.end().startsWith(prefix) ? rest(records.end()) : Key.EMPTY);
    }

    // The handle whose key is the bound, cut or padded with zero bytes to its length.
    private static long handle(Key bound) {
        byte[] rest = rest(bound).toBytes();
        return ByteBuffer.wrap(Arrays.copyOf(rest, Long.BYTES)).getLong() ^ Long.MIN_VALUE;
    }

    private static Key rest(Key bound) {
        byte[] bytes = bound.unsafeBytes();
        return Key.wrap(Arrays.copyOfRange(bytes, TableKeys.PREFIX_BYTES, bytes.length));
    }
}
