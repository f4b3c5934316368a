package io.garrick.learner;

import com.google.protobuf.ByteString;
import io.garrick.base.KeyRange;
import io.garrick.proto.kvrpc.LockInfo;
import io.garrick.proto.raftserver.RegionLocalState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Keeps three sorted maps, and a copy of everything as of the last checkpoint, which is what a
 * crash leaves. A lock's value is its start ts in decimal.
 */
final class MemorySink implements ApplySink {
    private static final class Data {
        final Map<Cf, NavigableMap<ByteString, ByteString>> families = new EnumMap<>(Cf.class);
        final Map<Long, RegionState> regions = new TreeMap<>();

        Data() {
            for (Cf cf : Cf.values()) {
                families.put(cf, new TreeMap<>(ByteString.unsignedLexicographicalComparator()));
            }
        }

        Data copy() {
            Data copy = new Data();
            families.forEach((cf, map) -> copy.family(cf).putAll(map));
            copy.regions.putAll(regions);
            return copy;
        }

        NavigableMap<ByteString, ByteString> family(Cf cf) {
            NavigableMap<ByteString, ByteString> family = families.get(cf);
            if (family == null) {
                throw new IllegalStateException("no family " + cf);
            }
            return family;
        }
    }

    private Data live = new Data();
    private Data durable = new Data();
    private final Map<Long, Long> operations = new HashMap<>();
    private final Map<Long, Long> durableOperations = new HashMap<>();
    final List<String> calls = new ArrayList<>();
    Optional<Long> failAtIndex = Optional.empty();
    volatile boolean busy;

    /** Called before and after an installation, outside the monitor: a test may wait there. */
    volatile Runnable beforeInstall = () -> {};

    volatile Runnable afterInstall = () -> {};

    /** What a process that starts after a crash finds. */
    synchronized MemorySink crashed() {
        MemorySink after = new MemorySink();
        after.live = durable.copy();
        after.durable = durable.copy();
        after.operations.putAll(durableOperations);
        return after;
    }

    synchronized void checkpoint() {
        durable = live.copy();
        durableOperations.putAll(operations);
    }

    synchronized Map<String, String> rows() {
        Map<String, String> rows = new TreeMap<>();
        live.family(Cf.WRITE)
                .forEach((key, value) -> rows.put(key.toStringUtf8(), value.toStringUtf8()));
        return rows;
    }

    synchronized int writeRecordCount() {
        return live.family(Cf.WRITE).size();
    }

    synchronized Optional<RegionState> region(long id) {
        return Optional.ofNullable(live.regions.get(id));
    }

    synchronized List<String> callLog() {
        return List.copyOf(calls);
    }

    @Override
    public synchronized List<RegionState> recover() {
        return List.copyOf(live.regions.values());
    }

    @Override
    public synchronized void write(long regionId, long index, long term, List<Write> writes)
            throws IOException {
        if (failAtIndex.isPresent() && failAtIndex.get() == index) {
            throw new IOException("told to fail at " + index);
        }
        RegionState state = live.regions.get(regionId);
        if (state == null || state.appliedIndex() + 1 != index) {
            throw new IllegalStateException("write at " + index + " after " + state);
        }
        for (Write write : writes) {
            switch (write.kind()) {
                case PUT -> live.family(write.cf()).put(write.key(), write.value());
                case DELETE -> live.family(write.cf()).remove(write.key());
                case DELETE_RANGE ->
                        live.family(write.cf())
                                .subMap(write.key(), true, write.value(), false)
                                .clear();
            }
        }
        live.regions.put(regionId, new RegionState(state.local(), index, term));
    }

    @Override
    public synchronized void regionsChanged(
            long regionId, long index, long term, List<RegionState> after, List<Long> removed) {
        calls.add("changed " + regionId + " -> " + after.size() + " removed " + removed);
        after.forEach(state -> live.regions.put(state.regionId(), state));
        removed.forEach(live.regions::remove);
    }

    @Override
    public boolean busy() {
        return busy;
    }

    @Override
    public void installSnapshot(RegionState state, long opSequence, SnapshotFiles files)
            throws IOException {
        beforeInstall.run();
        installNow(state, opSequence, files);
        afterInstall.run();
    }

    private synchronized void installNow(RegionState state, long opSequence, SnapshotFiles files)
            throws IOException {
        calls.add("install " + state.regionId());
        if (operations.put(opSequence, state.regionId()) != null) {
            calls.add("repeated " + state.regionId());
            return;
        }
        clear(state.local());
        for (Cf cf : Cf.values()) {
            try (SnapshotCursor cursor = files.open(cf)) {
                while (cursor.next()) {
                    live.family(cf)
                            .put(
                                    ByteString.copyFrom(cursor.key()),
                                    ByteString.copyFrom(cursor.value()));
                }
            }
        }
        live.regions.put(state.regionId(), state);
        checkpoint();
    }

    private void clear(RegionLocalState local) {
        ByteString start = local.getRegion().getStartKey();
        ByteString end = local.getRegion().getEndKey();
        for (Cf cf : Cf.values()) {
            NavigableMap<ByteString, ByteString> family = live.family(cf);
            (end.isEmpty() ? family.tailMap(start, true) : family.subMap(start, true, end, false))
                    .clear();
        }
    }

    @Override
    public synchronized void remove(RegionLocalState tombstone, long opSequence) {
        calls.add("remove " + tombstone.getRegion().getId());
        clear(tombstone);
        live.regions.remove(tombstone.getRegion().getId());
        checkpoint();
    }

    @Override
    public synchronized long durableApplied(long regionId) {
        RegionState state = durable.regions.get(regionId);
        return state == null ? 0 : state.appliedIndex();
    }

    @Override
    public synchronized Optional<LockInfo> blockingLock(
            long regionId, KeyRange encodedRange, long ts, Set<Long> bypass) {
        for (Map.Entry<ByteString, ByteString> lock : live.family(Cf.LOCK).entrySet()) {
            if (lock.getValue().byteAt(0) > '9') {
                continue; // a real lock record; this sink cannot read it
            }
            long startTs = Long.parseLong(lock.getValue().toStringUtf8());
            boolean inRange =
                    encodedRange.contains(io.garrick.base.Key.of(lock.getKey().toByteArray()));
            if (inRange && startTs <= ts && !bypass.contains(startTs)) {
                return Optional.of(
                        LockInfo.newBuilder()
                                .setKey(lock.getKey())
                                .setLockVersion(startTs)
                                .build());
            }
        }
        return Optional.empty();
    }
}
