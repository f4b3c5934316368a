package io.garrick.sim;

import io.garrick.base.Timestamp;
import io.garrick.codec.schema.TableSchema;
import io.garrick.mergetree.MaskedBatch;
import io.garrick.mergetree.Morsel;
import io.garrick.mergetree.ScanSpec;
import io.garrick.mergetree.Snapshot;
import io.garrick.regioncache.RegionState;
import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.arrow.vector.BigIntVector;
import org.jspecify.annotations.Nullable;

/** Compares what the storage shows with the model, wherever a reader would be served. */
final class Reads {
    private final Replica replica;

    Reads(Replica replica) {
        this.replica = replica;
    }

    /** Throws an {@code AssertionError} that says what is wrong. */
    void check(long ts) throws IOException {
        Map<Integer, Long> seen = new TreeMap<>();
        for (TableSchema table : Keys.TABLES) {
            read(table, ts, seen);
        }
        for (RegionState region : replica.regions()) {
            if (replica.ready(region)) {
                check(region, ts, seen);
            }
        }
    }

    private void read(TableSchema table, long ts, Map<Integer, Long> seen) throws IOException {
        try (Snapshot snapshot = replica.store().pin(table.physicalId(), new Timestamp(ts))) {
            ScanSpec spec = ScanSpec.of(table, Keys.readColumns(table));
            for (Morsel morsel : snapshot.morsels(spec)) {
                try (MaskedBatch batch = morsel.read(replica.allocator())) {
                    BigIntVector ids = (BigIntVector) batch.columns().get(0);
                    BigIntVector values = (BigIntVector) batch.columns().get(1);
                    for (int row = 0; row < batch.rowCount(); row++) {
                        if (batch.visible(row)) {
                            int slot = Keys.slot(table.physicalId(), ids.get(row));
                            Long before = seen.put(slot, values.get(row));
                            if (before != null && owned(slot)) {
                                throw new AssertionError(
                                        "slot "
                                                + slot
                                                + " twice at "
                                                + ts
                                                + ": "
                                                + before
                                                + " and "
                                                + values.get(row));
                            }
                        }
                    }
                }
            }
        }
    }

    private boolean owned(int slot) {
        return replica.regions().stream()
                .anyMatch(region ->
                        replica.ready(region)
                                && Replica.from(region) <= slot
                                && slot < Replica.to(region));
    }

    private void check(RegionState region, long ts, Map<Integer, Long> seen) {
        Optional<Long> firstOrphan = Optional.empty();
        Optional<Long> firstNeeded = Optional.empty();
        long safepoint = replica.store().safepoint().value();
        boolean locked = false;
        for (int slot = Replica.from(region); slot < Replica.to(region); slot++) {
            Model.Slot expected = replica.model.slot(slot);
            for (long orphan : expected.orphans) {
                firstOrphan = Optional.of(Math.min(firstOrphan.orElse(orphan), orphan));
                Long newer = expected.versions.higherKey(orphan);
                if (newer == null || newer > safepoint) {
                    firstNeeded = Optional.of(Math.min(firstNeeded.orElse(orphan), orphan));
                }
            }
            locked |= expected.lock != null && expected.lock.blocksRead(ts, Set.of());
        }
        Optional<Long> found = replica.cache().firstOrphanCommitTs(region.regionId());
        if (!found.equals(firstOrphan)) {
            // One that no reader needs may be there or not.
            same(region + " first orphan", firstNeeded, found);
        }
        same(
                region + " locked at " + ts,
                locked,
                replica.cache()
                        .blockingLock(region.regionId(), region.range(), ts, Set.of())
                        .isPresent());
        for (int slot = Replica.from(region); slot < Replica.to(region); slot++) {
            Model.Slot expected = replica.model.slot(slot);
            if (expected.orphans.stream().noneMatch(orphan -> orphan <= ts)) {
                same(
                        "slot " + slot + " of " + region.regionId() + " at " + ts,
                        expected.at(ts),
                        seen.get(slot));
            }
        }
    }

    private static void same(String what, @Nullable Object expected, @Nullable Object found) {
        if (!Objects.equals(expected, found)) {
            throw new AssertionError(what + ": expected " + expected + ", found " + found);
        }
    }
}
