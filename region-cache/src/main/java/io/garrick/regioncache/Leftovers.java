package io.garrick.regioncache;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.OrderedStore;
import io.garrick.codec.key.Memcomparable;
import java.util.ArrayList;
import java.util.List;

/**
 * Which committed rows the {@code cache} store holds because no part does yet. Used under the
 * region cache's structure lock.
 */
final class Leftovers {
    /** The row without its value. */
    private final List<CommittedRow> saved = new ArrayList<>();

    void save(OrderedStore.Batch batch, CommittedRow row) {
        batch.put(
                CacheFormat.LEFTOVERS,
                CacheFormat.leftoverKey(row),
                CacheFormat.leftoverValue(row));
        remember(row);
    }

    void remember(CommittedRow row) {
        saved.add(
                new CommittedRow(
                        row.regionId(),
                        row.index(),
                        row.ordinal(),
                        row.rawKey(),
                        row.commitTs(),
                        row.delete(),
                        Key.EMPTY));
    }

    void deleteCovered(OrderedStore.Batch batch, CommittedRows.Fences fences) {
        saved.removeIf(row -> fences.covers(row) && delete(batch, row));
    }

    void deleteRange(OrderedStore.Batch batch, KeyRange encodedRange) {
        saved.removeIf(row ->
                encodedRange.contains(Memcomparable.encode(row.rawKey())) && delete(batch, row));
    }

    private static boolean delete(OrderedStore.Batch batch, CommittedRow row) {
        batch.delete(CacheFormat.LEFTOVERS, CacheFormat.leftoverKey(row));
        return true;
    }

    int count() {
        return saved.size();
    }
}
