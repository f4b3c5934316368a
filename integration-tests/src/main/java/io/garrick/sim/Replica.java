package io.garrick.sim;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.OrderedStore;
import io.garrick.base.SimDisk;
import io.garrick.base.SimPower;
import io.garrick.base.SimStore;
import io.garrick.base.Timestamp;
import io.garrick.mergetree.FlushScope;
import io.garrick.mergetree.StoreSettings;
import io.garrick.mergetree.TableStore;
import io.garrick.regioncache.RegionCache;
import io.garrick.regioncache.RegionState;
import io.garrick.server.wiring.RowSink;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.jspecify.annotations.Nullable;

/** One store of the cluster: the learner's apply loop over the real storage, on simulated disks. */
final class Replica implements AutoCloseable {
    private static final StoreSettings SETTINGS =
            new StoreSettings(10, 1 << 20, Duration.ofMinutes(10), 100_000, 8, 1 << 20, 3, 0.2);

    private final RandomGenerator random;
    private final Leader leader;
    private final Counters counters;
    private final @Nullable Mistake mistake;
    private final Runnable pause;
    private final BufferAllocator allocator = new RootAllocator();
    private final Map<Long, Peer> peers = new TreeMap<>();
    private final Set<Long> tombstones = new HashSet<>();
    final Model model = new Model();
    private long nextSequence = 1;

    private SimPower power = new SimPower();
    private SimDisk disk = new SimDisk(power);
    private SimStore durable =
            new SimStore(OrderedStore.Mode.LOGGED, List.of(TableStore.MANIFEST_FAMILY), power);
    private SimStore cacheStore =
            new SimStore(OrderedStore.Mode.ATOMIC_FLUSH, RegionCache.FAMILIES, power);
    private @Nullable TableStore store;
    private @Nullable RegionCache cache;
    private @Nullable RowSink rows;

    /**
     * @param pause runs whenever other threads of a real process could
     */
    Replica(
            RandomGenerator random,
            Leader leader,
            Counters counters,
            @Nullable Mistake mistake,
            Runnable pause) {
        this.random = random;
        this.leader = leader;
        this.counters = counters;
        this.mistake = mistake;
        this.pause = pause;
    }

    void start() throws IOException {
        TableStore opened =
                TableStore.open(
                        disk,
                        durable,
                        id ->
                                Keys.TABLES.stream()
                                        .filter(table -> table.physicalId() == id)
                                        .findFirst(),
                        allocator,
                        () -> Instant.EPOCH,
                        SETTINGS,
                        mistake == null ? Set.of() : mistake.inStore());
        store = opened;
        RowSink sink = new RowSink(opened);
        rows = sink;
        cache =
                RegionCache.open(
                        cacheStore,
                        new PausingRows(sink, pause, mistake == Mistake.NO_PURGE_AT_SNAPSHOT));
        disk.onStep((step, _) -> {
            // Deletions happen under the locks of a table.
            if (!step.equals("delete") && !step.equals("append")) {
                pause.run();
            }
        });
    }

    TableStore store() {
        return java.util.Objects.requireNonNull(store);
    }

    RegionCache cache() {
        return java.util.Objects.requireNonNull(cache);
    }

    BufferAllocator allocator() {
        return allocator;
    }

    boolean powerIsCut() {
        return power.isCut();
    }

    void cutPowerAfter(int steps) {
        power.cutAfter(steps);
    }

    /** No cut is due any more. */
    void keepPower() {
        power.cutAfter(Long.MAX_VALUE / 2);
    }

    /** What the next machine finds; {@link #start} follows. */
    void crash() {
        close(store);
        store = null;
        power = new SimPower();
        disk = disk.crash(random, power);
        durable = durable.crash(random, power);
        cacheStore = cacheStore.crash(random, power);
    }

    private static void close(@Nullable TableStore store) {
        if (store != null) {
            store.close();
        }
    }

    // ---- regions ----

    static int from(RegionState state) {
        return state.meta().byteAt(0);
    }

    static int to(RegionState state) {
        return state.meta().byteAt(1);
    }

    private static RegionState state(long id, int from, int to, long index, long sequence) {
        KeyRange range = Keys.range(from, to);
        Key meta = Key.wrap(new byte[] {(byte) from, (byte) to});
        return new RegionState(id, range, meta, index, 1, sequence);
    }

    /** Sorted by id, so that a seed repeats. */
    List<RegionState> regions() {
        List<RegionState> regions = new ArrayList<>(cache().regions());
        regions.sort(java.util.Comparator.comparingLong(RegionState::regionId));
        return regions;
    }

    Optional<RegionState> find(long regionId) {
        return cache().regions().stream().filter(r -> r.regionId() == regionId).findFirst();
    }

    @Nullable Peer peer(long regionId) {
        return peers.get(regionId);
    }

    List<Peer> peers() {
        return List.copyOf(peers.values());
    }

    /** Whether a reader may be served from this region. */
    boolean ready(RegionState region) {
        Peer peer = peers.get(region.regionId());
        return peer != null && peer.settled() && region.appliedIndex() >= peer.highest;
    }

    // ---- the log ----

    /** Applies the next entry, if there is one and it can be applied. */
    boolean applyNext(long regionId) throws IOException {
        Peer peer = peers.get(regionId);
        Optional<RegionState> found = find(regionId);
        Leader.Region source = leader.region(regionId);
        if (peer == null || !peer.settled() || found.isEmpty() || source == null) {
            return false;
        }
        RegionState now = found.get();
        long index = now.appliedIndex() + 1;
        if (index > source.lastIndex()) {
            return false;
        }
        if (index <= peer.truncated) {
            throw new AssertionError(
                    "region "
                            + regionId
                            + " needs entry "
                            + index
                            + " of a log truncated to "
                            + peer.truncated);
        }
        boolean applied =
                switch (source.entry(index)) {
                    case Entry.Command command -> {
                        cache().apply(regionId, index, 1, writes(command));
                        model.apply(command);
                        yield true;
                    }
                    case Entry.Split(int at, long childId) -> split(now, index, at, childId);
                    case Entry.PrepareMerge() -> {
                        cache().regionsChanged(
                                        List.of(
                                                state(
                                                        regionId,
                                                        from(now),
                                                        to(now),
                                                        index,
                                                        now.opSequence())),
                                        List.of());
                        yield true;
                    }
                    case Entry.CommitMerge(long sourceId, long sourceIndex) ->
                            merge(peer, now, index, sourceId, sourceIndex);
                };
        if (applied) {
            peer.highest = Math.max(peer.highest, index);
        }
        return applied;
    }

    private List<io.garrick.regioncache.CfWrite> writes(Entry.Command command) {
        return mistake == Mistake.IGNORE_GC_FENCE
                ? command.writes().stream().map(GcFences::without).toList()
                : command.writes();
    }

    private boolean split(RegionState now, long index, int at, long childId) throws IOException {
        cache().regionsChanged(
                        List.of(
                                state(now.regionId(), from(now), at, index, now.opSequence()),
                                state(childId, at, to(now), Leader.FIRST, 0)),
                        List.of());
        cache().settle();
        Peer child = peers.computeIfAbsent(childId, Peer::new);
        if (tombstones.contains(childId)) {
            // A late snapshot of the parent brings a child back that has left this store.
            remove(child);
        }
        counters.splits.incrementAndGet();
        return true;
    }

    private boolean merge(Peer peer, RegionState now, long index, long sourceId, long sourceIndex)
            throws IOException {
        Peer sourcePeer = peers.get(sourceId);
        if (sourcePeer == null || !sourcePeer.settled()) {
            peer.stuck = true;
            return false;
        }
        // The leader's command brings what the source lacks.
        while (find(sourceId).map(RegionState::appliedIndex).orElse(sourceIndex) < sourceIndex) {
            if (!applyNext(sourceId)) {
                peer.stuck = true;
                return false;
            }
        }
        Optional<RegionState> source = find(sourceId);
        if (source.isEmpty()) {
            peer.stuck = true;
            return false;
        }
        int from = Math.min(from(now), from(source.get()));
        int to = Math.max(to(now), to(source.get()));
        cache().regionsChanged(
                        List.of(state(now.regionId(), from, to, index, now.opSequence())),
                        List.of(sourceId));
        cache().settle();
        peers.remove(sourceId);
        counters.merges.incrementAndGet();
        return true;
    }

    /** Forgets a part of the raft log that the storage says it no longer needs. */
    void truncate(Peer peer) {
        long bound = cache().durableApplied(peer.regionId);
        if (bound > peer.truncated) {
            peer.truncated = random.nextLong(peer.truncated, bound + 1);
        }
    }

    // ---- snapshots and removals ----

    /**
     * Takes over a snapshot, unless a region in its range forbids it.
     *
     * @return null if it cannot be taken now; else what happened
     */
    @Nullable String receive(Leader.Region region, SortedPairs snapshot) throws IOException {
        Peer peer = peers.get(region.id);
        if (peer != null && !peer.settled()) {
            return null;
        }
        Optional<RegionState> own = find(region.id);
        if (peer != null && own.isEmpty()) {
            return null; // its parent will bring it back
        }
        if (own.isPresent() && own.get().appliedIndex() >= snapshot.index()) {
            return null;
        }
        for (Peer other : peers()) {
            if (other.regionId == region.id) {
                continue;
            }
            Optional<RegionState> state = find(other.regionId);
            boolean overlaps =
                    state.isEmpty()
                            || (from(state.get()) < snapshot.to()
                                    && snapshot.from() < to(state.get()));
            if (overlaps || !other.settled()) {
                Leader.Region alive = leader.region(other.regionId);
                if (state.isEmpty() || !other.settled() || alive == null || !alive.merged) {
                    return null;
                }
                remove(other);
            }
        }
        Peer installing = peers.computeIfAbsent(region.id, Peer::new);
        tombstones.remove(region.id);
        installing.installing = new Peer.Installing(nextSequence++, snapshot);
        install(installing);
        return "snapshot of " + region + " at " + snapshot.index();
    }

    /** Also for an installation that a crash has interrupted. */
    void install(Peer peer) throws IOException {
        Peer.Installing installing = peer.installing;
        if (installing == null) {
            return;
        }
        SortedPairs snapshot = installing.snapshot();
        // The cluster may have collected what the snapshot lacks.
        store().advanceSafepoint(new Timestamp(leader.safepoint()));
        cache().installSnapshot(
                        state(
                                peer.regionId,
                                snapshot.from(),
                                snapshot.to(),
                                snapshot.index(),
                                installing.sequence()),
                        snapshot,
                        store().safepoint().value());
        model.replace(snapshot.from(), snapshot.model());
        peer.installing = null;
        peer.stuck = false;
        peer.truncated = snapshot.index();
        peer.highest = Math.max(peer.highest, snapshot.index());
        counters.snapshots.incrementAndGet();
    }

    /** The peer leaves this store. */
    void remove(Peer peer) throws IOException {
        if (peer.destroying == 0) {
            peer.destroying = nextSequence++;
        }
        cache().remove(peer.regionId, peer.destroying);
        peers.remove(peer.regionId);
        tombstones.add(peer.regionId);
        counters.purges.incrementAndGet();
    }

    /** What the learner does first after a start. */
    void resume() throws IOException {
        for (RegionState region : regions()) {
            // A split child that survived where the learner's own record of it did not.
            peers.computeIfAbsent(region.regionId(), Peer::new);
        }
        for (Peer peer : peers()) {
            if (peer.settled() && find(peer.regionId).isEmpty() && mergeIsDone(peer.regionId)) {
                peers.remove(peer.regionId);
            }
        }
        for (Peer peer : peers()) {
            if (peer.installing != null) {
                install(peer);
            } else if (peer.destroying != 0) {
                remove(peer);
            }
        }
    }

    private boolean mergeIsDone(long sourceId) {
        for (RegionState region : regions()) {
            Leader.Region target = leader.region(region.regionId());
            for (long index = Leader.FIRST + 1; index <= region.appliedIndex(); index++) {
                if (target != null
                        && target.entry(index) instanceof Entry.CommitMerge(long merged, _)
                        && merged == sourceId) {
                    return true;
                }
            }
        }
        return false;
    }

    // ---- the storage's own work ----

    void flush(FlushScope scope) throws IOException {
        if (!store().flush(scope).fences().isEmpty()) {
            counters.flushes.incrementAndGet();
        }
    }

    void checkpoint() throws IOException {
        cache().checkpoint(java.util.Objects.requireNonNull(rows));
    }

    boolean compact() throws IOException {
        boolean done = store().compactOnce();
        if (done) {
            counters.compactions.incrementAndGet();
            if (store().safepoint().value() > 0) {
                counters.gc.incrementAndGet();
            }
        }
        return done;
    }

    void followSafepoint() throws IOException {
        store().advanceSafepoint(new Timestamp(leader.safepoint()));
    }

    @Override
    public void close() {
        close(store);
        allocator.close();
    }
}
