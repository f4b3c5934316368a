package io.garrick.flashkv.store;

import com.google.protobuf.ByteString;
import io.garrick.flashkv.kv.Cf;
import io.garrick.proto.meta.Region;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How much data a region has, and where to cut it.
 *
 * @param splitKeys encoded keys without a ts: all versions of a row stay in one region
 */
record RegionSize(long bytes, List<ByteString> splitKeys) {
    private static final int TS_BYTES = 8;
    private static final int MAX_SPLIT_KEYS = 10;

    /**
     * Walks {@code write} and {@code default} side by side. Regions above {@code splitBytes} are
     * cut into parts of two thirds of it, so that they do not need the next cut at once.
     */
    static RegionSize measure(EngineSnapshot snapshot, Region region, long splitBytes) {
        byte[] start = DataKeys.of(region.getStartKey());
        byte[] end = DataKeys.endOf(region.getEndKey());
        long part = Math.max(1, splitBytes * 2 / 3);
        long total = 0;
        long current = 0;
        List<ByteString> keys = new ArrayList<>();
        try (EngineSnapshot.Scan write = snapshot.scan(Cf.WRITE, start, end);
                EngineSnapshot.Scan values = snapshot.scan(Cf.DEFAULT, start, end)) {
            write.seekToFirst();
            values.seekToFirst();
            byte[] previous = new byte[0];
            while (write.valid() || values.valid()) {
                EngineSnapshot.Scan next = next(write, values);
                byte[] key = next.key();
                int size = key.length + next.value().length;
                next.next();
                byte[] row = Arrays.copyOf(key, Math.max(1, key.length - TS_BYTES));
                boolean newRow = !Arrays.equals(row, previous);
                if (newRow && current >= part && keys.size() < MAX_SPLIT_KEYS) {
                    keys.add(ByteString.copyFrom(row, 1, row.length - 1));
                    current = 0;
                }
                previous = row;
                current += size;
                total += size;
            }
        }
        // A small rest stays with its neighbour.
        if (!keys.isEmpty() && current < part / 4) {
            keys.removeLast();
        }
        return new RegionSize(total, total < splitBytes ? List.of() : List.copyOf(keys));
    }

    private static EngineSnapshot.Scan next(EngineSnapshot.Scan left, EngineSnapshot.Scan right) {
        if (!left.valid()) {
            return right;
        }
        if (!right.valid()) {
            return left;
        }
        return Arrays.compareUnsigned(left.key(), right.key()) <= 0 ? left : right;
    }
}
