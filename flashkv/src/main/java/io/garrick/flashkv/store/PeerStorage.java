package io.garrick.flashkv.store;

import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.HardState;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.proto.eraft.SnapshotMetadata;
import io.garrick.proto.meta.Region;
import io.garrick.proto.raftserver.MergeState;
import io.garrick.proto.raftserver.PeerState;
import io.garrick.proto.raftserver.RaftApplyState;
import io.garrick.proto.raftserver.RaftLocalState;
import io.garrick.proto.raftserver.RaftTruncatedState;
import io.garrick.proto.raftserver.RegionLocalState;
import io.garrick.raft.RaftStorage;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What one peer has on disk: its log, its region, how far it has applied.
 *
 * <p>Writes go into the batches of the round ({@link RaftLog}, {@link KvEngine.Batch}); the fields
 * here run ahead of the disk until the round commits them. Owned by the store's thread.
 */
final class PeerStorage implements RaftStorage {
    /** Where every region's log starts (RAFT_INIT_LOG_INDEX and _TERM in TiKV). */
    static final long INITIAL_INDEX = 5;

    private final long regionId;
    private final RaftLog log;
    private final EntryCache cache = new EntryCache();
    private final SnapshotSource snapshots;
    private Region region;
    private PeerState state;
    private MergeState mergeState;
    private HardState hardState;
    private long lastIndex;
    private long appliedIndex;
    private long appliedTerm;
    private long truncatedIndex;
    private long truncatedTerm;

    /** Where a snapshot for another peer comes from. */
    @FunctionalInterface
    interface SnapshotSource {
        Optional<Snapshot> snapshot(long requestIndex, long to);
    }

    private PeerStorage(
            RegionLocalState local,
            RaftApplyState applied,
            RaftLocalState raft,
            RaftLog log,
            SnapshotSource snapshots) {
        this.regionId = local.getRegion().getId();
        this.log = log;
        this.snapshots = snapshots;
        this.region = local.getRegion();
        this.state = local.getState();
        this.mergeState = local.getMergeState();
        // The commit index is written lazily; what was applied was committed.
        this.hardState =
                raft.getHardState().toBuilder()
                        .setCommit(
                                Math.max(
                                        raft.getHardState().getCommit(), applied.getAppliedIndex()))
                        .build();
        this.lastIndex = raft.getLastIndex();
        this.appliedIndex = applied.getAppliedIndex();
        this.truncatedIndex = applied.getTruncatedState().getIndex();
        this.truncatedTerm = applied.getTruncatedState().getTerm();
        this.appliedTerm = term(appliedIndex).orElse(truncatedTerm);
    }

    /**
     * A peer that exists only because another one wrote to it: it knows neither range nor peers.
     */
    static PeerStorage uninitialized(long regionId, RaftLog log, SnapshotSource snapshots) {
        RegionLocalState local =
                RegionLocalState.newBuilder()
                        .setRegion(Region.newBuilder().setId(regionId))
                        .build();
        return new PeerStorage(
                local,
                RaftApplyState.getDefaultInstance(),
                RaftLocalState.getDefaultInstance(),
                log,
                snapshots);
    }

    static PeerStorage load(
            RegionLocalState local, KvEngine kv, RaftLog log, SnapshotSource snapshots) {
        long regionId = local.getRegion().getId();
        try {
            byte[] applied = kv.getLocal(LocalKeys.applyState(regionId));
            RaftLocalState raft = log.state(regionId);
            return new PeerStorage(
                    local,
                    applied == null ? initialApplyState() : RaftApplyState.parseFrom(applied),
                    raft == null ? initialRaftState() : raft,
                    log,
                    snapshots);
        } catch (InvalidProtocolBufferException e) {
            throw new EngineFailure(e);
        }
    }

    // ---- what a new region starts with

    static RaftApplyState initialApplyState() {
        return RaftApplyState.newBuilder()
                .setAppliedIndex(INITIAL_INDEX)
                .setTruncatedState(
                        RaftTruncatedState.newBuilder()
                                .setIndex(INITIAL_INDEX)
                                .setTerm(INITIAL_INDEX))
                .build();
    }

    static RaftLocalState initialRaftState() {
        return RaftLocalState.newBuilder()
                .setLastIndex(INITIAL_INDEX)
                .setHardState(
                        HardState.newBuilder().setTerm(INITIAL_INDEX).setCommit(INITIAL_INDEX))
                .build();
    }

    /** Puts the state of a region that starts its life into {@code batch}. */
    static void writeInitial(KvEngine.Batch batch, Region region) {
        writeRegion(batch, region, PeerState.Normal);
        batch.putLocal(LocalKeys.applyState(region.getId()), initialApplyState().toByteArray());
    }

    static void writeRegion(KvEngine.Batch batch, Region region, PeerState state) {
        writeLocal(batch, RegionLocalState.newBuilder().setState(state).setRegion(region).build());
    }

    static void writeLocal(KvEngine.Batch batch, RegionLocalState local) {
        batch.putLocal(LocalKeys.regionState(local.getRegion().getId()), local.toByteArray());
    }

    // ---- RaftStorage

    @Override
    public InitialState initialState() {
        return new InitialState(hardState, Membership.confState(region));
    }

    @Override
    public Optional<List<Entry>> entries(long low, long high, long maxBytes) {
        if (low < firstIndex()) {
            return Optional.empty();
        }
        if (high > lastIndex + 1) {
            throw new IllegalArgumentException(
                    "entries up to " + high + " of a log up to " + lastIndex);
        }
        if (low >= high) {
            return Optional.of(List.of());
        }
        if (cache.contains(low) && cache.contains(high - 1)) {
            return Optional.of(cache.range(low, high, maxBytes));
        }
        List<Entry> found = log.entries(regionId, low, high, maxBytes);
        if (found.isEmpty() || found.getFirst().getIndex() != low) {
            throw new IllegalStateException(
                    "log entries are missing regionId=" + regionId + " from index " + low);
        }
        return Optional.of(found);
    }

    @Override
    public OptionalLong term(long index) {
        if (index == truncatedIndex) {
            return OptionalLong.of(truncatedTerm);
        }
        if (index < truncatedIndex || index > lastIndex) {
            return OptionalLong.empty();
        }
        if (cache.contains(index)) {
            return OptionalLong.of(cache.get(index).getTerm());
        }
        Entry entry = log.entry(regionId, index);
        if (entry == null) {
            throw new IllegalStateException(
                    "log entry is missing regionId=" + regionId + " index=" + index);
        }
        return OptionalLong.of(entry.getTerm());
    }

    @Override
    public long firstIndex() {
        return truncatedIndex + 1;
    }

    @Override
    public long lastIndex() {
        return lastIndex;
    }

    @Override
    public Optional<Snapshot> snapshot(long requestIndex, long to) {
        return snapshots.snapshot(requestIndex, to);
    }

    // ---- log writes of a Ready

    void append(List<Entry> entries) {
        if (entries.isEmpty()) {
            return;
        }
        long newLast = entries.getLast().getIndex();
        log.append(regionId, entries);
        log.delete(regionId, newLast + 1, lastIndex + 1);
        cache.append(entries);
        lastIndex = newLast;
    }

    void setHardState(HardState state) {
        hardState = state;
    }

    /** The commit index moved; kept with the next write of the state. */
    void setCommit(long commit) {
        hardState = hardState.toBuilder().setCommit(commit).build();
    }

    /** Uninitialized peers promise nothing, so nothing of them is kept (as TiKV does). */
    void persistRaftState(boolean mustSync) {
        if (isInitialized()) {
            log.putState(regionId, raftState(), mustSync);
        }
    }

    private RaftLocalState raftState() {
        return RaftLocalState.newBuilder().setHardState(hardState).setLastIndex(lastIndex).build();
    }

    /** The log becomes empty after the snapshot; everything goes into the batches. */
    void installSnapshot(SnapshotMetadata meta, Region newRegion, KvEngine.Batch batch) {
        region = newRegion;
        state = PeerState.Applying;
        mergeState = MergeState.getDefaultInstance();
        lastIndex = meta.getIndex();
        truncatedIndex = meta.getIndex();
        truncatedTerm = meta.getTerm();
        appliedIndex = meta.getIndex();
        appliedTerm = meta.getTerm();
        if (hardState.getCommit() < meta.getIndex()) {
            hardState = hardState.toBuilder().setCommit(meta.getIndex()).build();
        }
        cache.clear();
        writeRegion(batch, region, state);
        persistApplied(batch);
        batch.putLocal(LocalKeys.snapshotRaftState(regionId), raftState().toByteArray());
        log.clear(regionId);
        log.putState(regionId, raftState(), true);
    }

    void snapshotInstalled(KvEngine.Batch batch) {
        state = PeerState.Normal;
        writeRegion(batch, region, state);
        batch.deleteLocal(LocalKeys.snapshotRaftState(regionId));
    }

    // ---- apply

    void setApplied(long index, long term) {
        appliedIndex = index;
        appliedTerm = term;
        cache.shrink(index);
    }

    void persistApplied(KvEngine.Batch batch) {
        batch.putLocal(
                LocalKeys.applyState(regionId),
                RaftApplyState.newBuilder()
                        .setAppliedIndex(appliedIndex)
                        .setTruncatedState(
                                RaftTruncatedState.newBuilder()
                                        .setIndex(truncatedIndex)
                                        .setTerm(truncatedTerm))
                        .build()
                        .toByteArray());
    }

    void setRegion(Region changed, KvEngine.Batch batch) {
        setLocal(local().toBuilder().setRegion(changed).build(), batch);
    }

    /** A merge began or was taken back. */
    void setLocal(RegionLocalState changed, KvEngine.Batch batch) {
        region = changed.getRegion();
        state = changed.getState();
        mergeState = changed.getMergeState();
        writeLocal(batch, changed);
    }

    RegionLocalState local() {
        RegionLocalState.Builder local =
                RegionLocalState.newBuilder().setState(state).setRegion(region);
        if (state == PeerState.Merging) {
            local.setMergeState(mergeState);
        }
        return local.build();
    }

    /**
     * Entries up to and including {@code index} will not be asked for again.
     *
     * @return the first index that must now be deleted from the log, up to the truncated index
     */
    long truncate(long index, long term) {
        long first = firstIndex();
        truncatedIndex = index;
        truncatedTerm = term;
        cache.dropUpTo(index);
        return first;
    }

    // ---- state

    long regionId() {
        return regionId;
    }

    Region region() {
        return region;
    }

    boolean isInitialized() {
        return region.getPeersCount() > 0;
    }

    PeerState state() {
        return state;
    }

    /** Only while the state is Merging. */
    MergeState mergeState() {
        return mergeState;
    }

    long appliedIndex() {
        return appliedIndex;
    }

    long appliedTerm() {
        return appliedTerm;
    }

    long truncatedIndex() {
        return truncatedIndex;
    }
}
