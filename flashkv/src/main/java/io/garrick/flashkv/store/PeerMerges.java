package io.garrick.flashkv.store;

import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.meta.Region;
import io.garrick.proto.raftcmd.AdminCmdType;
import io.garrick.proto.raftcmd.AdminRequest;
import io.garrick.proto.raftcmd.CommitMergeRequest;
import io.garrick.proto.raftcmd.PrepareMergeRequest;
import io.garrick.proto.raftcmd.RollbackMergeRequest;
import io.garrick.proto.raftserver.MergeState;
import io.garrick.proto.raftserver.PeerState;
import io.garrick.raft.ProgressStatus;
import io.garrick.raft.RaftNode;
import io.garrick.raft.RaftRole;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One peer's part in merges, as the source.
 *
 * <p>Every replica of a source that is Merging looks at the target's replica on its own store. The
 * one beside the target's leader proposes CommitMerge there. One that sees the target's epoch past
 * the expected one, while the source is still here, wants a rollback; the source's leader needs
 * such a wish from a quorum. That is safe: CommitMerge, if it was ever to take effect, is in the
 * log of a quorum of the same stores, and on none of those can the target get past the expected
 * epoch without taking the source. Owned by the store's thread.
 */
final class PeerMerges {
    private static final Logger log = LoggerFactory.getLogger(PeerMerges.class);
    private static final int REPEAT_TICKS = 5;

    private final StoreLoop store;
    private final Peer peer;
    private final PeerStorage storage;
    private final RaftNode node;
    private @Nullable Wish wish;
    private final Set<Long> wantRollback = new HashSet<>();
    private long nextProposalTick;
    private @Nullable Region goneInto;
    private boolean mergedAway;

    /** A merge asked for; tried at the end of each round until its time is over. */
    private record Wish(Region target, long deadlineTick, Consumer<Outcome> waiter) {}

    PeerMerges(StoreLoop store, Peer peer, PeerStorage storage, RaftNode node) {
        this.store = store;
        this.peer = peer;
        this.storage = storage;
        this.node = node;
    }

    // ---- state

    boolean isMerging() {
        return storage.state() == PeerState.Merging;
    }

    /** Its range belongs to another region here; its data stays. */
    boolean isMergedAway() {
        return mergedAway;
    }

    void mergedAway() {
        mergedAway = true;
    }

    /** Another store has seen this region end in that one. */
    void goneInto(Region target) {
        if (goneInto == null) {
            log.info(
                    "region is merged elsewhere regionId={} target={}",
                    storage.regionId(),
                    target.getId());
        }
        goneInto = target;
    }

    /** Where the region went for certain, although this replica has not seen it. */
    @Nullable Region goneInto() {
        return goneInto;
    }

    // ---- prepare

    /** Asks for a merge into a neighbour that is on this store in just this state. */
    void want(Region target, Consumer<Outcome> waiter) {
        Wish old = wish;
        if (old != null) {
            old.waiter().accept(new Outcome.Failed(RegionErrors.other("another merge was asked")));
        }
        wish = new Wish(target, store.tick() + StoreConfig.ELECTION_TICKS, waiter);
    }

    /** At the end of a round: all entries of the log are in the storage. */
    void tryPrepare() {
        Wish asked = wish;
        if (asked == null) {
            return;
        }
        String obstacle = obstacle(asked.target());
        if (obstacle == null) {
            wish = null;
            prepare(asked);
        } else if (store.tick() >= asked.deadlineTick() || !peer.isLeader()) {
            wish = null;
            log.info(
                    "merge refused regionId={} target={} reason={}",
                    storage.regionId(),
                    asked.target().getId(),
                    obstacle);
            asked.waiter().accept(new Outcome.Failed(RegionErrors.other(obstacle)));
        }
    }

    private @Nullable String obstacle(Region target) {
        if (!peer.isLeader() || storage.appliedTerm() != node.term()) {
            return "not the leader, or not for long enough";
        }
        if (storage.state() != PeerState.Normal || !peer.isSettled() || node.hasPendingConf()) {
            return "the region is changing";
        }
        Peer here = store.peer(target.getId());
        if (here == null
                || here.storage().state() != PeerState.Normal
                || !here.region().equals(target)) {
            return "the target is not here in the asked state";
        }
        var obstacle = Merges.obstacle(storage.region(), target);
        if (obstacle.isPresent()) {
            return obstacle.get();
        }
        return logObstacle();
    }

    private long minIndex() {
        long matched = storage.lastIndex();
        for (ProgressStatus progress : node.status().progress().values()) {
            matched = Math.min(matched, progress.matched());
        }
        return matched + 1;
    }

    private @Nullable String logObstacle() {
        long min = minIndex();
        long end = storage.lastIndex() + 1;
        if (node.lastIndex() != storage.lastIndex()) {
            return "the log is being written";
        }
        if (min < storage.firstIndex() || end - min > Merges.MAX_GAP_ENTRIES) {
            return "a replica is too far behind";
        }
        List<Entry> gap =
                storage.entries(min, end, Merges.MAX_GAP_BYTES)
                        .orElseThrow(() -> new IllegalStateException("log without its end"));
        if (gap.size() < end - min) {
            return "a replica is too far behind";
        }
        try {
            return Merges.isPlain(gap, min) ? null : "a replica has not seen a recent change";
        } catch (InvalidProtocolBufferException e) {
            throw new EngineFailure(e);
        }
    }

    private void prepare(Wish asked) {
        AdminRequest admin =
                AdminRequest.newBuilder()
                        .setCmdType(AdminCmdType.PrepareMerge)
                        .setPrepareMerge(
                                PrepareMergeRequest.newBuilder()
                                        .setMinIndex(minIndex())
                                        .setTarget(asked.target()))
                        .build();
        peer.proposeRangeChange(admin, storage.region(), asked.waiter());
    }

    // ---- commit or roll back

    private enum Verdict {
        WAIT,
        COMMIT,
        ROLLBACK
    }

    void tick(long tick) {
        if (isMerging()) {
            check(tick);
        } else if (goneInto != null) {
            leaveIfNobodyComes();
        }
    }

    /** What this replica can do for the merge it is in. */
    void check(long tick) {
        if (!isMerging() || mergedAway) {
            return;
        }
        MergeState merge = storage.mergeState();
        Peer target = store.peer(merge.getTarget().getId());
        switch (verdict(target, merge.getTarget())) {
            case WAIT -> {}
            case COMMIT -> {
                if (target != null && target.isLeader() && tick >= nextProposalTick) {
                    nextProposalTick = tick + REPEAT_TICKS;
                    proposeCommit(target, merge);
                }
            }
            case ROLLBACK -> {
                if (peer.isLeader()) {
                    wantRollback(peer.id(), merge.getCommit());
                } else if (peer.isVoter()) {
                    peer.askForRollback(merge.getCommit());
                }
            }
        }
    }

    private Verdict verdict(@Nullable Peer target, Region expected) {
        if (target == null) {
            Region buried = store.tombstone(expected.getId());
            return buried != null
                            && Epochs.isStale(expected.getRegionEpoch(), buried.getRegionEpoch())
                    ? Verdict.ROLLBACK
                    : Verdict.WAIT;
        }
        if (!target.isInitialized() || target.isRemoved()) {
            return Verdict.WAIT;
        }
        var current = target.region().getRegionEpoch();
        if (current.equals(expected.getRegionEpoch())) {
            return Verdict.COMMIT;
        }
        return Epochs.isStale(current, expected.getRegionEpoch()) ? Verdict.WAIT : Verdict.ROLLBACK;
    }

    private void proposeCommit(Peer target, MergeState merge) {
        List<Entry> entries = List.of();
        if (merge.getMinIndex() <= merge.getCommit()) {
            entries =
                    storage.entries(merge.getMinIndex(), merge.getCommit() + 1, Long.MAX_VALUE)
                            .orElse(List.of());
            if (entries.isEmpty()) {
                log.error("merge lacks its log regionId={}", storage.regionId());
                return;
            }
        }
        target.proposeAdmin(
                AdminRequest.newBuilder()
                        .setCmdType(AdminCmdType.CommitMerge)
                        .setCommitMerge(
                                CommitMergeRequest.newBuilder()
                                        .setSource(storage.region())
                                        .setCommit(merge.getCommit())
                                        .addAllEntries(entries))
                        .build(),
                merge.getTarget());
    }

    /** A replica of this region says that the target went on without it. */
    void wantRollback(long peerId, long commit) {
        if (!peer.isLeader() || !isMerging() || storage.mergeState().getCommit() != commit) {
            return;
        }
        if (storage.appliedTerm() != node.term()) {
            return;
        }
        wantRollback.add(peerId);
        if (!Membership.isQuorum(storage.region(), wantRollback)) {
            return;
        }
        wantRollback.clear();
        peer.proposeAdmin(
                AdminRequest.newBuilder()
                        .setCmdType(AdminCmdType.RollbackMerge)
                        .setRollbackMerge(RollbackMergeRequest.newBuilder().setCommit(commit))
                        .build(),
                storage.region());
    }

    void stateChanged() {
        wantRollback.clear();
        nextProposalTick = 0;
    }

    /** The target left this store too: nobody here will ever take this region's range over. */
    private void leaveIfNobodyComes() {
        Region into = goneInto;
        if (into != null
                && store.peer(into.getId()) == null
                && store.tombstone(into.getId()) != null) {
            store.removeSoon(peer);
        }
    }

    // ---- catching up

    /**
     * Whether this source stands where the target's CommitMerge needs it. If not, the entries that
     * travel in the command are given to raft, as a leader would.
     */
    boolean isReadyFor(CommitMergeRequest merge) {
        if (storage.appliedIndex() >= merge.getCommit()) {
            if (!storage.region().equals(merge.getSource())) {
                throw new IllegalStateException(
                        "region %d is at %s, but is merged as %s"
                                .formatted(
                                        storage.regionId(),
                                        storage.region().getRegionEpoch(),
                                        merge.getSource().getRegionEpoch()));
            }
            return true;
        }
        if (node.commitIndex() < merge.getCommit()) {
            log.info(
                    "merge brings its source along regionId={} from={} to={}",
                    storage.regionId(),
                    node.commitIndex(),
                    merge.getCommit());
            node.step(appendOf(merge));
        }
        return false;
    }

    private Message appendOf(CommitMergeRequest merge) {
        List<Entry> entries =
                merge.getEntriesList().stream()
                        .filter(entry -> entry.getIndex() > node.commitIndex())
                        .toList();
        long before = entries.isEmpty() ? merge.getCommit() : entries.getFirst().getIndex() - 1;
        long logTerm = node.entryTerm(before);
        // A leader listens to nobody of its own term. The region ends here, so no term is missed.
        long term = node.role() == RaftRole.LEADER ? node.term() + 1 : node.term();
        long lastTerm = entries.isEmpty() ? logTerm : entries.getLast().getTerm();
        long from =
                storage.region().getPeersList().stream()
                        .mapToLong(io.garrick.proto.meta.Peer::getId)
                        .filter(id -> id != peer.id())
                        .findFirst()
                        .orElse(0);
        return Message.newBuilder()
                .setMsgType(MessageType.MsgAppend)
                .setFrom(from)
                .setTo(peer.id())
                .setTerm(Math.max(term, lastTerm))
                .setIndex(before)
                .setLogTerm(logTerm)
                .addAllEntries(entries)
                .setCommit(merge.getCommit())
                .build();
    }
}
