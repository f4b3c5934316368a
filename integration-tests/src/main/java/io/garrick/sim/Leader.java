package io.garrick.sim;

import io.garrick.base.Key;
import io.garrick.codec.key.MvccKey;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import io.garrick.regioncache.CfWrite;
import io.garrick.regioncache.CfWrite.Family;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The leaders of all regions: what they log, and the snapshots they send. */
final class Leader {
    /** A region's log starts behind this index, as in TiKV. */
    static final long FIRST = 5;

    /** A region as of the end of its log. */
    static final class Region {
        final long id;
        int from;
        int to;
        final List<Entry> log = new ArrayList<>();
        boolean onReplica = true;
        boolean merged;

        Region(long id, int from, int to) {
            this.id = id;
            this.from = from;
            this.to = to;
        }

        long lastIndex() {
            return FIRST + log.size();
        }

        Entry entry(long index) {
            return log.get((int) (index - FIRST - 1));
        }

        @Override
        public String toString() {
            return "region " + id + " [" + from + "," + to + ") last=" + lastIndex();
        }
    }

    private final RandomGenerator random;
    private final Map<Long, Region> regions = new TreeMap<>();
    private final List<LeaderKey> keys = new ArrayList<>();
    private final Map<Long, Long> mergedInto = new HashMap<>();
    private long ts = 100;
    private long nextRegionId = 2;
    private long nextNumber = 1;
    private long safepoint;

    Leader(RandomGenerator random) {
        this.random = random;
        regions.put(1L, new Region(1, 0, Keys.COUNT));
        for (int i = 0; i < Keys.COUNT; i++) {
            keys.add(new LeaderKey());
        }
    }

    long now() {
        return ts;
    }

    long safepoint() {
        return safepoint;
    }

    /** Merged ones, too. */
    @Nullable Region region(long id) {
        return regions.get(id);
    }

    List<Region> living() {
        return regions.values().stream().filter(region -> !region.merged).toList();
    }

    /** Appends something to some region's log; says what. */
    String step() {
        List<Region> living = living();
        Region region = living.get(random.nextInt(living.size()));
        int kind = random.nextInt(100);
        if (kind < 4 && region.to - region.from >= 2 && living.size() < 8) {
            return split(region);
        } else if (kind < 8 && living.size() > 1) {
            return merge(living);
        }
        Entry.Command command = command(region);
        region.log.add(command);
        return command.what() + " in " + region;
    }

    private String split(Region region) {
        int at = random.nextInt(region.from + 1, region.to);
        Region child = new Region(nextRegionId++, at, region.to);
        child.onReplica = region.onReplica;
        region.to = at;
        region.log.add(new Entry.Split(at, child.id));
        regions.put(child.id, child);
        return "split " + region + " child " + child;
    }

    private String merge(List<Region> living) {
        Region source = living.get(random.nextInt(living.size()));
        for (Region target : living) {
            boolean neighbours = target.to == source.from || source.to == target.from;
            if (neighbours && target.onReplica == source.onReplica) {
                source.log.add(new Entry.PrepareMerge());
                source.merged = true;
                mergedInto.put(source.id, target.id);
                target.from = Math.min(target.from, source.from);
                target.to = Math.max(target.to, source.to);
                target.log.add(new Entry.CommitMerge(source.id, source.lastIndex()));
                return "merge " + source + " into " + target;
            }
        }
        return "no merge";
    }

    // ---- commands ----

    private Entry.Command command(Region region) {
        int slot = random.nextInt(region.from, region.to);
        LeaderKey key = keys.get(slot);
        if (key.late != null) {
            return random.nextInt(3) > 0 ? lateValue(slot, key, key.late) : empty();
        }
        LeaderKey.Pending pending = key.pending;
        if (pending != null) {
            return switch (random.nextInt(8)) {
                case 0, 1 -> rollback(slot, key, pending);
                case 2 -> empty();
                default ->
                        pending.kind() == LockRecord.Kind.PESSIMISTIC
                                ? pessimisticEnds(slot, key, pending)
                                : commit(region, slot, pending);
            };
        }
        return switch (random.nextInt(16)) {
            case 0, 1 -> onePhase(slot);
            case 2, 3, 6 -> overlap(slot, key);
            case 4 -> lateCommit(slot, key);
            case 5 -> pessimistic(slot, key);
            default -> prewrite(region, slot);
        };
    }

    private static Entry.Command empty() {
        return new Entry.Command("empty", List.of(), List.of());
    }

    private Entry.Command prewrite(Region region, int first) {
        List<CfWrite> writes = new ArrayList<>();
        List<Entry.Effect> effects = new ArrayList<>();
        long startTs = ts++;
        int last = Math.min(region.to, first + 1 + random.nextInt(3));
        for (int slot = first; slot < last; slot++) {
            if (keys.get(slot).pending == null && keys.get(slot).late == null) {
                lock(slot, startTs, LockRecord.Kind.PUT, writes, effects);
            }
        }
        return new Entry.Command("prewrite " + first + "@" + startTs, writes, effects);
    }

    private void lock(
            int slot,
            long startTs,
            LockRecord.Kind wanted,
            List<CfWrite> writes,
            List<Entry.Effect> effects) {
        LeaderKey key = keys.get(slot);
        LockRecord.Kind kind =
                switch (random.nextInt(8)) {
                    case 0, 1 -> LockRecord.Kind.DELETE;
                    case 2 -> LockRecord.Kind.LOCK;
                    default -> wanted;
                };
        long number = nextNumber++;
        Key value = kind == LockRecord.Kind.PUT ? value(number) : Key.EMPTY;
        LockRecord.Single lock = LockRecord.Single.of(kind, Keys.raw(slot), startTs, 3000);
        if (random.nextInt(4) == 0) {
            // Async commit: the transaction may end at any ts from here on.
            lock = lock.withMinCommitTs(startTs + 1).withSecondaries(List.of());
        }
        if (kind == LockRecord.Kind.PUT && isShort(value)) {
            lock = lock.withShortValue(value);
        } else if (kind == LockRecord.Kind.PUT) {
            putValue(slot, startTs, value, writes);
        }
        key.pending = new LeaderKey.Pending(startTs, kind, value, number);
        setLock(slot, lock, writes, effects);
    }

    private Key value(long number) {
        return Keys.row(number, random.nextInt(3) == 0);
    }

    private static boolean isShort(Key value) {
        return value.length() <= WriteRecord.LONGEST_SHORT_VALUE;
    }

    private void setLock(
            int slot,
            LockRecord.@Nullable Single lock,
            List<CfWrite> writes,
            List<Entry.Effect> effects) {
        keys.get(slot).history.lock = lock;
        effects.add(new Entry.Effect.Locked(slot, lock));
        writes.add(
                lock == null
                        ? new CfWrite(Family.LOCK, CfWrite.Op.DELETE, Keys.encoded(slot), Key.EMPTY)
                        : put(Family.LOCK, Keys.encoded(slot), Key.wrap(lock.encode())));
    }

    private void putValue(int slot, long startTs, Key value, List<CfWrite> writes) {
        keys.get(slot).values.put(startTs, value);
        writes.add(put(Family.DEFAULT, MvccKey.append(Keys.encoded(slot), startTs), value));
    }

    private static CfWrite put(Family family, Key key, Key value) {
        return new CfWrite(family, CfWrite.Op.PUT, key, value);
    }

    private void putWrite(int slot, long commitTs, WriteRecord record, List<CfWrite> writes) {
        keys.get(slot).writes.put(commitTs, record);
        writes.add(
                put(
                        Family.WRITE,
                        MvccKey.append(Keys.encoded(slot), commitTs),
                        Key.wrap(record.encode())));
    }

    private Entry.Command pessimistic(int slot, LeaderKey key) {
        List<CfWrite> writes = new ArrayList<>();
        List<Entry.Effect> effects = new ArrayList<>();
        long startTs = ts++;
        key.pending =
                new LeaderKey.Pending(
                        startTs, LockRecord.Kind.PESSIMISTIC, Key.EMPTY, nextNumber++);
        setLock(
                slot,
                LockRecord.Single.of(LockRecord.Kind.PESSIMISTIC, Keys.raw(slot), startTs, 3000)
                        .withForUpdateTs(startTs),
                writes,
                effects);
        return new Entry.Command("pessimistic lock " + slot + "@" + startTs, writes, effects);
    }

    /** Its prewrite, or its release. */
    private Entry.Command pessimisticEnds(int slot, LeaderKey key, LeaderKey.Pending pending) {
        List<CfWrite> writes = new ArrayList<>();
        List<Entry.Effect> effects = new ArrayList<>();
        if (random.nextBoolean()) {
            key.pending = null;
            setLock(slot, null, writes, effects);
        } else {
            lock(slot, pending.startTs(), LockRecord.Kind.PUT, writes, effects);
        }
        return new Entry.Command("pessimistic end " + slot, writes, effects);
    }

    /** All keys of the region that the transaction holds, in one entry. */
    private Entry.Command commit(Region region, int chosen, LeaderKey.Pending pending) {
        List<CfWrite> writes = new ArrayList<>();
        List<Entry.Effect> effects = new ArrayList<>();
        long commitTs = ts++;
        for (int slot = region.from; slot < region.to; slot++) {
            LeaderKey.Pending held = keys.get(slot).pending;
            if (held != null
                    && held.startTs() == pending.startTs()
                    && held.kind() != LockRecord.Kind.PESSIMISTIC) {
                commit(slot, held, commitTs, writes, effects);
            }
        }
        return new Entry.Command(
                "commit " + chosen + "@" + pending.startTs() + ".." + commitTs, writes, effects);
    }

    private void commit(
            int slot,
            LeaderKey.Pending pending,
            long commitTs,
            List<CfWrite> writes,
            List<Entry.Effect> effects) {
        switch (pending.kind()) {
            case PUT -> {
                putWrite(slot, commitTs, putRecord(pending.startTs(), pending.value()), writes);
                committed(slot, commitTs, pending.number(), effects);
            }
            case DELETE -> {
                putWrite(slot, commitTs, new WriteRecord.Delete(pending.startTs()), writes);
                committed(slot, commitTs, null, effects);
            }
            case LOCK, PESSIMISTIC ->
                    putWrite(slot, commitTs, new WriteRecord.LockOnly(pending.startTs()), writes);
        }
        keys.get(slot).pending = null;
        setLock(slot, null, writes, effects);
    }

    private static WriteRecord putRecord(long startTs, Key value) {
        return isShort(value) ? new WriteRecord.Put(startTs, value) : new WriteRecord.Put(startTs);
    }

    private void committed(
            int slot, long commitTs, @Nullable Long number, List<Entry.Effect> effects) {
        keys.get(slot).history.versions.put(commitTs, new Model.Version(number));
        effects.add(new Entry.Effect.Committed(slot, commitTs, number));
    }

    private Entry.Command rollback(int slot, LeaderKey key, LeaderKey.Pending pending) {
        List<CfWrite> writes = new ArrayList<>();
        List<Entry.Effect> effects = new ArrayList<>();
        if (key.values.remove(pending.startTs()) != null) {
            writes.add(
                    new CfWrite(
                            Family.DEFAULT,
                            CfWrite.Op.DELETE,
                            MvccKey.append(Keys.encoded(slot), pending.startTs()),
                            Key.EMPTY));
        }
        putWrite(slot, pending.startTs(), new WriteRecord.Rollback(pending.startTs()), writes);
        key.pending = null;
        setLock(slot, null, writes, effects);
        return new Entry.Command("rollback " + slot + "@" + pending.startTs(), writes, effects);
    }

    private Entry.Command onePhase(int slot) {
        List<CfWrite> writes = new ArrayList<>();
        List<Entry.Effect> effects = new ArrayList<>();
        long startTs = ts++;
        long commitTs = ts++;
        long number = nextNumber++;
        Key value = value(number);
        // The value may stand behind its write record in one entry.
        putWrite(slot, commitTs, putRecord(startTs, value), writes);
        if (!isShort(value)) {
            putValue(slot, startTs, value, writes);
            if (random.nextBoolean()) {
                writes.add(0, writes.removeLast());
            }
        }
        committed(slot, commitTs, number, effects);
        return new Entry.Command("one-phase " + slot + "@" + commitTs, writes, effects);
    }

    /** A rollback whose start ts is the commit ts of another transaction rewrites its record. */
    private Entry.Command overlap(int slot, LeaderKey key) {
        List<Long> versions =
                key.writes.entrySet().stream()
                        .filter(write -> LeaderKey.isVersion(write.getValue()))
                        .map(Map.Entry::getKey)
                        .toList();
        if (versions.isEmpty()) {
            return empty();
        }
        // Mostly an old one, which the replica may have collected already.
        long commitTs =
                random.nextInt(4) == 0
                        ? versions.get(random.nextInt(versions.size()))
                        : versions.getFirst();
        WriteRecord record = key.writes.get(commitTs);
        if (record == null || record.details().gcFence() != null) {
            return empty();
        }
        WriteRecord.Details details =
                new WriteRecord.Details(
                        record.shortValue(), true, key.successor(commitTs), null, 0);
        List<CfWrite> writes = new ArrayList<>();
        putWrite(
                slot,
                commitTs,
                record instanceof WriteRecord.Put put
                        ? new WriteRecord.Put(put.startTs(), details)
                        : new WriteRecord.Delete(record.startTs(), details),
                writes);
        return new Entry.Command("overlapped rollback " + slot + "@" + commitTs, writes, List.of());
    }

    /** The write record of a commit that may be older than what is there; its value follows. */
    private Entry.Command lateCommit(int slot, LeaderKey key) {
        long oldest = Math.max(safepoint + 1, ts - 60);
        long startTs = random.nextLong(oldest, ts + 1);
        long commitTs = startTs + 1;
        if (key.writes.containsKey(commitTs)
                || key.history.versions.containsKey(commitTs)
                || key.writes.containsKey(startTs)
                || key.values.containsKey(startTs)
                || key.writes.values().stream().anyMatch(w -> w.startTs() == startTs)) {
            return empty();
        }
        ts = Math.max(ts, commitTs + 1);
        long number = nextNumber++;
        Key value = Keys.row(number, true);
        key.late = new LeaderKey.Late(startTs, commitTs, value, number);
        key.history.orphans.add(commitTs);
        List<CfWrite> writes = new ArrayList<>();
        putWrite(slot, commitTs, new WriteRecord.Put(startTs), writes);
        return new Entry.Command(
                "late commit " + slot + "@" + commitTs,
                writes,
                List.of(new Entry.Effect.Orphaned(slot, commitTs)));
    }

    private Entry.Command lateValue(int slot, LeaderKey key, LeaderKey.Late late) {
        List<CfWrite> writes = new ArrayList<>();
        List<Entry.Effect> effects = new ArrayList<>();
        putValue(slot, late.startTs(), late.value(), writes);
        key.late = null;
        key.history.orphans.remove(late.commitTs());
        committed(slot, late.commitTs(), late.number(), effects);
        return new Entry.Command("late value " + slot + "@" + late.commitTs(), writes, effects);
    }

    // ---- garbage and snapshots ----

    /** PD's safepoint moves up, but below every transaction in flight. */
    String advanceSafepoint() {
        long bound = ts - 1;
        for (LeaderKey key : keys) {
            if (key.pending != null) {
                bound = Math.min(bound, key.pending.startTs() - 1);
            }
            if (key.late != null) {
                bound = Math.min(bound, key.late.startTs() - 1);
            }
        }
        long next = Math.min(bound, ts - random.nextInt(80));
        safepoint = Math.max(safepoint, next);
        return "safepoint " + safepoint;
    }

    String collect() {
        int slot = random.nextInt(Keys.COUNT);
        keys.get(slot).collect(safepoint, random.nextBoolean());
        return "leader collects " + slot;
    }

    /** The region's data as of the end of its log. */
    SortedPairs snapshot(Region region) {
        NavigableMap<Key, Key> writes = new TreeMap<>();
        NavigableMap<Key, Key> values = new TreeMap<>();
        NavigableMap<Key, Key> locks = new TreeMap<>();
        List<Model.Slot> model = new ArrayList<>();
        for (int slot = region.from; slot < region.to; slot++) {
            LeaderKey key = keys.get(slot);
            Key encoded = Keys.encoded(slot);
            key.writes.forEach((commitTs, record) ->
                    writes.put(MvccKey.append(encoded, commitTs), Key.wrap(record.encode())));
            key.values.forEach(
                    (startTs, value) -> values.put(MvccKey.append(encoded, startTs), value));
            LockRecord.Single lock = key.history.lock;
            if (lock != null) {
                locks.put(encoded, Key.wrap(lock.encode()));
            }
            model.add(key.history.copy());
        }
        return new SortedPairs(
                region.from,
                region.to,
                region.lastIndex(),
                Map.of(Family.WRITE, writes, Family.DEFAULT, values, Family.LOCK, locks),
                model);
    }

    /** Ends every transaction, so that all regions come to rest. */
    void finish() {
        for (Region region : living()) {
            for (int slot = region.from; slot < region.to; slot++) {
                LeaderKey key = keys.get(slot);
                if (key.late != null) {
                    region.log.add(lateValue(slot, key, key.late));
                } else if (key.pending != null) {
                    region.log.add(rollback(slot, key, key.pending));
                }
            }
        }
    }
}
