package io.garrick.learner.peer;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.OrderedStore;
import io.garrick.base.OrderedStore.Batch;
import io.garrick.base.OrderedStore.Durability;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.HardState;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.proto.raftserver.RaftLocalState;
import io.garrick.proto.raftserver.RaftTruncatedState;
import io.garrick.proto.raftserver.RegionLocalState;
import io.garrick.proto.raftserver.StoreIdent;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What the learner keeps in the durable store.
 *
 * <p>Family {@code raft}: {@code be64 region, 1, be64 index} → Entry; {@code be64 region, 2} →
 * RaftLocalState. Family {@code peer}: {@code be64 region, 1} → RegionLocalState; {@code 2} →
 * truncated index and term; {@code 3} → the snapshot being installed; {@code 4} → the split it came
 * from; and under region 0, {@code 1} → StoreIdent, {@code 2} → the last operation sequence.
 *
 * <p>The durable store owns a peer's identity, its log, and the states Applying and Tombstone. What
 * applying has produced (region, epoch, applied index) is the sink's; the copy here only says who
 * the peer was. Safe for use by many threads, one per region.
 */
final class Records {
    static final String RAFT = "raft";
    static final String PEER = "peer";
    private static final byte LOG = 1;
    private static final byte RAFT_STATE = 2;
    private static final byte LOCAL = 1;
    private static final byte TRUNCATED = 2;
    private static final byte INSTALLING = 3;
    private static final byte ORIGIN = 4;
    private static final byte RAFT_RECORD = 127; // in this class only: it is in another family
    private static final byte IDENT = 1;
    private static final byte SEQUENCE = 2;

    /** A snapshot accepted but not in place yet. */
    record Installing(long opSequence, Snapshot snapshot) {}

    /** The split that created a region: replaying its parent up to here creates it again. */
    record Origin(long parentId, long index) {}

    /** All that is known of one region. */
    static final class Known {
        volatile RegionLocalState local = RegionLocalState.getDefaultInstance();
        RaftTruncatedState truncated = RaftTruncatedState.getDefaultInstance();
        @Nullable Installing installing;
        @Nullable Origin origin;
        RaftLocalState raft = RaftLocalState.getDefaultInstance();

        /** Set at start if a record of this region could not be read. */
        @Nullable String damage;
    }

    private final OrderedStore store;
    private final Map<Long, Known> regions = new ConcurrentHashMap<>();
    private final AtomicLong sequence = new AtomicLong();

    Records(OrderedStore store) throws IOException {
        this.store = store;
        load();
    }

    OrderedStore store() {
        return store;
    }

    Map<Long, Known> regions() {
        return regions;
    }

    Optional<RegionLocalState> local(long regionId) {
        return Optional.ofNullable(regions.get(regionId))
                .map(record -> record.local)
                .filter(RegionLocalState::hasRegion);
    }

    private Known record(long regionId) {
        return regions.computeIfAbsent(regionId, _ -> new Known());
    }

    private void load() throws IOException {
        try (OrderedStore.Cursor cursor = store.scan(PEER, KeyRange.ALL)) {
            while (cursor.next()) {
                ByteBuffer key = ByteBuffer.wrap(cursor.key());
                long regionId = key.getLong();
                byte tag = key.get();
                byte[] value = cursor.value();
                if (regionId == 0) {
                    if (tag == SEQUENCE) {
                        sequence.set(ByteBuffer.wrap(value).getLong());
                    }
                    continue;
                }
                load(record(regionId), tag, value);
            }
        }
        for (Map.Entry<Long, Known> region : regions.entrySet()) {
            Optional<byte[]> raft = store.get(RAFT, key(region.getKey(), RAFT_STATE));
            if (raft.isPresent()) {
                load(region.getValue(), RAFT_RECORD, raft.get());
            }
        }
    }

    // A record that cannot be read concerns its region only.
    private static void load(Known record, byte tag, byte[] value) {
        try {
            parse(record, tag, value);
        } catch (InvalidProtocolBufferException | BufferUnderflowException e) {
            record.damage = "record " + tag + " of " + value.length + " bytes: " + e;
        }
    }

    private static void parse(Known record, byte tag, byte[] value)
            throws InvalidProtocolBufferException {
        switch (tag) {
            case LOCAL -> record.local = RegionLocalState.parseFrom(value);
            case TRUNCATED -> record.truncated = RaftTruncatedState.parseFrom(value);
            case INSTALLING -> {
                ByteBuffer in = ByteBuffer.wrap(value);
                record.installing = new Installing(in.getLong(), Snapshot.parseFrom(in));
            }
            case ORIGIN -> {
                ByteBuffer in = ByteBuffer.wrap(value);
                record.origin = new Origin(in.getLong(), in.getLong());
            }
            case RAFT_RECORD -> record.raft = RaftLocalState.parseFrom(value);
            default -> record.damage = "unknown record " + tag;
        }
    }

    private static byte[] key(long regionId, byte tag) {
        return ByteBuffer.allocate(Long.BYTES + 1).putLong(regionId).put(tag).array();
    }

    static byte[] entryKey(long regionId, long index) {
        return ByteBuffer.allocate(2 * Long.BYTES + 1)
                .putLong(regionId)
                .put(LOG)
                .putLong(index)
                .array();
    }

    // ---- the store's own ----

    Optional<StoreIdent> ident() throws IOException {
        Optional<byte[]> ident = store.get(PEER, key(0, IDENT));
        return ident.isPresent()
                ? Optional.of(StoreIdent.parseFrom(ident.get()))
                : Optional.empty();
    }

    void putIdent(StoreIdent ident) throws IOException {
        try (Batch batch = store.newBatch()) {
            batch.put(PEER, key(0, IDENT), ident.toByteArray());
            store.write(batch, Durability.SYNCED);
        }
    }

    /** Never repeats, once the batch is durable. */
    long nextSequence(Batch batch) {
        long next = sequence.incrementAndGet();
        batch.put(PEER, key(0, SEQUENCE), ByteBuffer.allocate(Long.BYTES).putLong(next).array());
        return next;
    }

    // ---- one region ----

    void putLocal(Batch batch, RegionLocalState local) {
        long regionId = local.getRegion().getId();
        Known record = record(regionId);
        record.local = local;
        record.damage = null;
        put(batch, regionId, LOCAL, local);
    }

    /** Known to this process only: after a crash the region's former record is found. */
    void rememberUntilRestart(RegionLocalState local) {
        Known kept = new Known();
        kept.local = local;
        regions.put(local.getRegion().getId(), kept);
    }

    void putTruncated(Batch batch, long regionId, long index, long term) {
        RaftTruncatedState truncated =
                RaftTruncatedState.newBuilder().setIndex(index).setTerm(term).build();
        record(regionId).truncated = truncated;
        put(batch, regionId, TRUNCATED, truncated);
    }

    void putInstalling(Batch batch, long regionId, Installing installing) {
        record(regionId).installing = installing;
        byte[] snapshot = installing.snapshot.toByteArray();
        batch.put(
                PEER,
                key(regionId, INSTALLING),
                ByteBuffer.allocate(Long.BYTES + snapshot.length)
                        .putLong(installing.opSequence)
                        .put(snapshot)
                        .array());
    }

    void clearInstalling(Batch batch, long regionId) {
        record(regionId).installing = null;
        batch.delete(PEER, key(regionId, INSTALLING));
    }

    void putOrigin(Batch batch, long regionId, Origin origin) {
        record(regionId).origin = origin;
        batch.put(
                PEER,
                key(regionId, ORIGIN),
                ByteBuffer.allocate(2 * Long.BYTES)
                        .putLong(origin.parentId)
                        .putLong(origin.index)
                        .array());
    }

    void putRaft(Batch batch, long regionId, HardState hardState, long lastIndex) {
        RaftLocalState raft =
                RaftLocalState.newBuilder().setHardState(hardState).setLastIndex(lastIndex).build();
        batch.put(RAFT, key(regionId, RAFT_STATE), raft.toByteArray());
    }

    private static void put(Batch batch, long regionId, byte tag, MessageLite value) {
        batch.put(PEER, key(regionId, tag), value.toByteArray());
    }

    /** Forgets log and hard state, and everything but the tombstone that {@code local} is. */
    void clearBut(Batch batch, RegionLocalState local) {
        long regionId = local.getRegion().getId();
        putLocal(batch, local);
        for (byte tag : new byte[] {TRUNCATED, INSTALLING, ORIGIN}) {
            batch.delete(PEER, key(regionId, tag));
        }
        batch.deleteRange(
                RAFT,
                new KeyRange(Key.wrap(key(regionId, LOG)), Key.wrap(key(regionId, (byte) 3))));
        Known kept = new Known();
        kept.local = local;
        regions.put(regionId, kept);
    }

    /** Puts a readable record in place of a damaged one. */
    void repair(Batch batch, RegionLocalState local) {
        long regionId = local.getRegion().getId();
        clearInstalling(batch, regionId);
        record(regionId).origin = null;
        batch.delete(PEER, key(regionId, ORIGIN));
        putLocal(batch, local);
    }

    /** The region was never here, as far as anybody knows. */
    void forget(Batch batch, long regionId) {
        batch.deleteRange(PEER, family(regionId));
        batch.deleteRange(RAFT, family(regionId));
        regions.remove(regionId);
    }

    private static KeyRange family(long regionId) {
        return new KeyRange(
                Key.wrap(key(regionId, (byte) 0)), Key.wrap(key(regionId + 1, (byte) 0)));
    }

    // ---- log entries ----

    void putEntry(Batch batch, long regionId, Entry entry) {
        batch.put(RAFT, entryKey(regionId, entry.getIndex()), entry.toByteArray());
    }

    /** Deletes the entries from {@code low} to before {@code high}. */
    void deleteEntries(Batch batch, long regionId, long low, long high) {
        batch.deleteRange(
                RAFT,
                new KeyRange(
                        Key.wrap(entryKey(regionId, low)), Key.wrap(entryKey(regionId, high))));
    }

    List<Entry> entries(long regionId, long low, long high, long maxBytes) throws IOException {
        List<Entry> entries = new ArrayList<>();
        long bytes = 0;
        KeyRange range =
                new KeyRange(Key.wrap(entryKey(regionId, low)), Key.wrap(entryKey(regionId, high)));
        try (OrderedStore.Cursor cursor = store.scan(RAFT, range)) {
            while (cursor.next()) {
                byte[] value = cursor.value();
                bytes += value.length;
                if (bytes > maxBytes && !entries.isEmpty()) {
                    break;
                }
                entries.add(parse(regionId, value));
            }
        }
        return entries;
    }

    private static Entry parse(long regionId, byte[] value) {
        try {
            return Entry.parseFrom(value);
        } catch (InvalidProtocolBufferException e) {
            throw new CorruptLogException(
                    regionId, "damaged entry of " + value.length + " bytes: " + e.getMessage());
        }
    }

    Optional<Entry> entry(long regionId, long index) throws IOException {
        Optional<byte[]> value = store.get(RAFT, entryKey(regionId, index));
        return value.map(bytes -> parse(regionId, bytes));
    }
}
