package io.garrick.flashkv.store;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.ConfChangeV2;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.proto.eraft.SnapshotMetadata;
import io.garrick.proto.meta.PeerRole;
import io.garrick.proto.meta.Region;
import io.garrick.proto.raftcmd.AdminCmdType;
import io.garrick.proto.raftcmd.AdminRequest;
import io.garrick.proto.raftcmd.CommitMergeRequest;
import io.garrick.proto.raftcmd.RaftCmdRequest;
import io.garrick.proto.raftcmd.RaftRequestHeader;
import io.garrick.proto.raftserver.ExtraMessage;
import io.garrick.proto.raftserver.ExtraMessageType;
import io.garrick.proto.raftserver.RaftMessage;
import io.garrick.raft.LightReady;
import io.garrick.raft.RaftConfig;
import io.garrick.raft.RaftNode;
import io.garrick.raft.RaftRole;
import io.garrick.raft.RaftStatus;
import io.garrick.raft.ReadState;
import io.garrick.raft.Ready;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One region's replica on this store: its raft node, what waits for it, and what it has applied.
 *
 * <p>A round of the {@link StoreLoop} calls, for all peers with something to do: {@link #prepare}
 * (into the log's batch), after the log is written {@link #persisted}, then {@link #apply} (into
 * the engine's batch), after that is written {@link #applied}. Owned by the store's thread.
 */
final class Peer implements Applier.Effects {
    private static final Logger log = LoggerFactory.getLogger(Peer.class);
    private static final long MAX_ENTRY_BYTES = 8L << 20;
    private static final int READ_TIMEOUT_TICKS = 20;
    private static final int READ_RETRY_TICKS = 4;

    private final StoreLoop store;
    private final PeerStorage storage;
    private final RaftNode node;
    private final Applier applier;
    private final SnapshotGeneration snapshots;
    private final Proposals proposals = new Proposals();
    private final PendingReads reads;
    private final PeerHandle handle;
    private final PeerMerges merges;
    private final PeerMessages messages;
    private final PeerAdmin admin;
    private final long peerId;
    // Peers this one has heard of; the only way to answer before the region is known.
    private final Map<Long, io.garrick.proto.meta.Peer> heardOf = new HashMap<>();
    private io.garrick.proto.meta.Peer self;
    private final Map<SnapshotMetadata, SnapshotFiles> received = new HashMap<>();

    private @Nullable Ready ready;
    private @Nullable SnapshotFiles installing;
    // Committed, not applied; longer than a round only while a merge waits for its source.
    private final Deque<Entry> committed = new ArrayDeque<>();
    private final List<Runnable> afterWrite = new ArrayList<>();
    private int rangeChangesUnderWay;
    private long transferUntilTick;
    private long refuseVotesUntilTick;
    private long roleTerm;
    private boolean removed;
    private boolean heartbeatDue = true;
    private long lastHeartbeatTick;
    private List<Long> lastPending = List.of();
    private long writtenBytes;
    private long sizeBytes;
    private long sizeCheckedAtBytes;

    Peer(
            StoreLoop store,
            io.garrick.proto.meta.Peer self,
            java.util.function.Function<PeerStorage.SnapshotSource, PeerStorage> open) {
        this.store = store;
        this.self = self;
        this.peerId = self.getId();
        this.reads = new PendingReads(peerId);
        this.snapshots = new SnapshotGeneration();
        this.storage = open.apply(this::snapshotFor);
        this.applier = new Applier(storage, this);
        this.node =
                new RaftNode(
                        RaftConfig.builder(peerId)
                                .electionTicks(StoreConfig.ELECTION_TICKS)
                                .heartbeatTicks(StoreConfig.HEARTBEAT_TICKS)
                                .applied(storage.appliedIndex())
                                .disableProposalForwarding(true)
                                .build(),
                        storage,
                        store.random());
        this.merges = new PeerMerges(store, this, storage, node);
        this.messages = new PeerMessages(store, this, node, snapshots);
        this.admin = new PeerAdmin(this, storage, node);
        this.handle = new PeerHandle(view());
    }

    // ---- what it is

    long regionId() {
        return storage.regionId();
    }

    long id() {
        return peerId;
    }

    io.garrick.proto.meta.Peer self() {
        return self;
    }

    Region region() {
        return storage.region();
    }

    PeerStorage storage() {
        return storage;
    }

    PeerHandle handle() {
        return handle;
    }

    boolean isInitialized() {
        return storage.isInitialized();
    }

    boolean isLeader() {
        return node.role() == RaftRole.LEADER;
    }

    /** Gone, or part of another region. */
    boolean isRemoved() {
        return removed || merges.isMergedAway();
    }

    boolean isVoter() {
        return self.getRole() != PeerRole.Learner;
    }

    /** No change of its range or leader is on the way. */
    boolean isSettled() {
        return rangeChangesUnderWay == 0 && transferUntilTick == 0;
    }

    PeerAdmin admin() {
        return admin;
    }

    PeerMerges merges() {
        return merges;
    }

    boolean hasReady() {
        return !isRemoved() && node.hasReady();
    }

    /** Entries wait to be applied although raft has nothing to say. */
    boolean hasCommitted() {
        return !isRemoved() && !committed.isEmpty();
    }

    io.garrick.proto.meta.@Nullable Peer peer(long id) {
        return Membership.peer(storage.region(), id).orElse(heardOf.get(id));
    }

    private PeerHandle.View view() {
        boolean leading = isLeader();
        long term = node.term();
        long leaderId = node.leaderId();
        return new PeerHandle.View(
                storage.region(),
                self,
                leading,
                leaderId == 0 ? null : peer(leaderId),
                term,
                leading
                        && storage.appliedTerm() == term
                        && rangeChangesUnderWay == 0
                        && transferUntilTick == 0
                        && !merges.isMerging(),
                merges.isMerging());
    }

    private void publish() {
        handle.publish(view());
    }

    // ---- inputs

    void tick(long tick) {
        node.tick();
        snapshots.tick(tick);
        for (long target : snapshots.toAsk(storage.region())) {
            messages.sendExtra(
                    target,
                    ExtraMessage.newBuilder()
                            .setType(ExtraMessageType.MsgSnapGenPrecheckRequest)
                            .build());
        }
        if (transferUntilTick != 0 && tick >= transferUntilTick) {
            transferUntilTick = 0;
            publish();
        }
        if (tick % READ_RETRY_TICKS == 0 && (reads.hasAsked() || reads.hasUnasked())) {
            reads.retry(
                    tick, RegionErrors.busy("no read index was obtained, region " + regionId()));
        }
        merges.tick(tick);
        heartbeatIfDue(tick);
    }

    void step(RaftMessage message) {
        io.garrick.proto.meta.Peer from = message.getFromPeer();
        heardOf.put(from.getId(), from);
        if (message.hasExtraMsg()) {
            stepExtra(message);
            return;
        }
        Message raft = message.getMessage();
        switch (raft.getMsgType()) {
            case MsgReadIndex -> stepReadIndex(raft);
            case MsgTransferLeader, MsgPropose -> {} // this store's leaders decide themselves
            case MsgRequestVote, MsgRequestPreVote -> {
                // What an uninitialized peer promises is not kept, so it promises nothing.
                if (isInitialized() && store.tick() >= refuseVotesUntilTick) {
                    node.step(raft);
                }
            }
            default -> node.step(raft);
        }
    }

    /** A lease given before a restart is still good: no other leader is helped until it is over. */
    void refuseVotesUntil(long untilTick) {
        refuseVotesUntilTick = untilTick;
    }

    /** The files belong to this peer from here on. */
    void stepSnapshot(RaftMessage message, SnapshotFiles files) {
        heardOf.put(message.getFromPeer().getId(), message.getFromPeer());
        SnapshotFiles same = received.put(message.getMessage().getSnapshot().getMetadata(), files);
        if (same != null) {
            same.delete();
        }
        node.step(message.getMessage());
    }

    private void stepExtra(RaftMessage message) {
        ExtraMessage extra = message.getExtraMsg();
        switch (extra.getType()) {
            case MsgSnapGenPrecheckRequest ->
                    messages.sendExtra(
                            message.getFromPeer().getId(),
                            ExtraMessage.newBuilder()
                                    .setType(ExtraMessageType.MsgSnapGenPrecheckResponse)
                                    .setSnapGenPrecheckPassed(true)
                                    .build());
            case MsgSnapGenPrecheckResponse -> {
                if (extra.getSnapGenPrecheckPassed()) {
                    snapshots.agree(message.getFromPeer().getId());
                    buildSnapshotIfWanted();
                }
            }
            case MsgWantRollbackMerge ->
                    merges.wantRollback(message.getFromPeer().getId(), extra.getIndex());
            case MsgRegionWakeUp, MsgCheckStalePeer -> {
                if (isLeader()) {
                    node.ping();
                }
            }
            default -> {}
        }
    }

    /**
     * Another replica wants to read. Its timestamp must be known to the transactions here before
     * the index is chosen, so that nothing commits below it later.
     */
    private void stepReadIndex(Message raft) {
        if (!isLeader() || raft.getEntriesCount() != 1) {
            return; // it will ask again
        }
        ReadIndexContext context = ReadIndexContext.parse(raft.getEntries(0).getData());
        Entry answer = raft.getEntries(0);
        if (context != null && context.request() != null) {
            answer =
                    answer.toBuilder()
                            .setData(
                                    ReadIndexAnswers.observed(
                                                    context, regionId(), store.readIndexObserver())
                                            .encode())
                            .build();
        }
        Entry observed = answer;
        // Like a local read: at once within the lease, else after a quorum confirmed, and so that
        // the lease is good for the next one. Who gets no answer asks again.
        read(error -> {
            if (error == null) {
                answerReadIndex(raft.getFrom(), observed);
            }
        });
    }

    /** The commit index of now covers all that was acknowledged when the question came. */
    private void answerReadIndex(long to, Entry context) {
        messages.send(
                Message.newBuilder()
                        .setMsgType(MessageType.MsgReadIndexResp)
                        .setFrom(peerId)
                        .setTo(to)
                        .setTerm(node.term())
                        .setIndex(node.commitIndex())
                        .addEntries(context)
                        .build());
    }

    private boolean canReadNow() {
        return handle.view().readable() && isLeader() && handle.leaseValid(System.nanoTime());
    }

    void campaign() {
        node.campaign();
    }

    void ping() {
        if (isLeader()) {
            node.ping();
        }
    }

    void reportUnreachable(long storeId) {
        if (isLeader()) {
            Membership.peerOn(storage.region(), storeId)
                    .ifPresent(peer -> node.reportUnreachable(peer.getId()));
        }
    }

    // ---- proposals

    void propose(RaftCmdRequest command, ByteString encoded, Consumer<Outcome> waiter) {
        var error = proposalError(command);
        if (error == null && encoded.size() > MAX_ENTRY_BYTES) {
            error = RegionErrors.entryTooLarge(regionId(), encoded.size());
        }
        if (error == null && !node.propose(ByteString.EMPTY, encoded)) {
            error = RegionErrors.proposalDropped();
        }
        if (error != null) {
            waiter.accept(new Outcome.Failed(error));
            return;
        }
        proposals.add(
                new Proposals.Pending(node.lastIndex(), node.term(), System.nanoTime(), waiter));
    }

    io.garrick.proto.error.@Nullable Error proposalError(RaftCmdRequest command) {
        if (!isLeader()) {
            return RegionErrors.notLeader(regionId(), handle.view().leader());
        }
        long term = command.getHeader().getTerm();
        if (term != 0 && term != node.term()) {
            return RegionErrors.staleCommand();
        }
        if (transferUntilTick != 0) {
            return RegionErrors.proposalDropped();
        }
        if (merges.isMerging()
                && command.getAdminRequest().getCmdType() != AdminCmdType.RollbackMerge) {
            return RegionErrors.merging(regionId());
        }
        if (!Epochs.matches(command, storage.region())) {
            return RegionErrors.epochNotMatch(List.of(storage.region()));
        }
        return null;
    }

    RaftCmdRequest adminCommand(AdminRequest admin) {
        return RaftCmdRequest.newBuilder()
                .setHeader(
                        RaftRequestHeader.newBuilder()
                                .setRegionId(regionId())
                                .setPeer(self)
                                .setRegionEpoch(storage.region().getRegionEpoch())
                                .setTerm(node.term()))
                .setAdminRequest(admin)
                .build();
    }

    /** Proposes a split or merge made for {@code asOf}'s epoch. */
    void proposeRangeChange(AdminRequest admin, Region asOf, Consumer<Outcome> waiter) {
        // Reads must not be answered at once while another store may already lead a part.
        rangeChangesUnderWay++;
        publish();
        proposeAdmin(
                admin,
                asOf,
                outcome -> {
                    rangeChangesUnderWay--;
                    publish();
                    waiter.accept(outcome);
                });
    }

    /** Proposes an admin command made for {@code asOf}'s epoch, and nobody waits for it. */
    void proposeAdmin(AdminRequest admin, Region asOf) {
        store.touch(this);
        proposeAdmin(admin, asOf, _ -> {});
    }

    private void proposeAdmin(AdminRequest admin, Region asOf, Consumer<Outcome> waiter) {
        RaftCmdRequest.Builder command = adminCommand(admin).toBuilder();
        command.getHeaderBuilder().setRegionEpoch(asOf.getRegionEpoch());
        RaftCmdRequest built = command.build();
        propose(built, built.toByteString(), waiter);
    }

    void askForRollback(long commit) {
        if (node.leaderId() != 0) {
            messages.sendExtra(
                    node.leaderId(),
                    ExtraMessage.newBuilder()
                            .setType(ExtraMessageType.MsgWantRollbackMerge)
                            .setIndex(commit)
                            .build());
        }
    }

    void transferLeader(long toPeer) {
        if (isLeader() && toPeer != peerId) {
            // The target may be elected without waiting for the lease.
            handle.expireLease();
            transferUntilTick = store.tick() + StoreConfig.ELECTION_TICKS;
            publish();
            node.transferLeader(toPeer);
        }
    }

    // ---- reads

    /** Calls the reader with null, on this thread, once a read of this moment may run. */
    void read(Consumer<io.garrick.proto.error.@Nullable Error> reader) {
        if (!isLeader()) {
            reader.accept(RegionErrors.notLeader(regionId(), handle.view().leader()));
        } else if (canReadNow()) {
            reader.accept(null);
        } else {
            reads.add(new PendingReads.Waiter(store.tick() + READ_TIMEOUT_TICKS, reader));
        }
    }

    private void askReadIndex() {
        if (reads.hasUnasked() && isLeader() && node.committedInCurrentTerm()) {
            node.readIndex(reads.ask(System.nanoTime()));
        }
    }

    private void answered(ReadState state) {
        PendingReads.Round round = reads.answered(state.context(), state.index());
        if (round != null) {
            renewLease(round.askedNanos());
        }
    }

    private void renewLease(long sinceNanos) {
        if (isLeader() && transferUntilTick == 0) {
            handle.extendLease(sinceNanos + store.config().leaseNanos());
        }
    }

    // ---- a round

    /** Takes a Ready if there is one: sends what may leave now, writes the rest to the batch. */
    boolean prepare() {
        askReadIndex();
        if (!node.hasReady()) {
            return false;
        }
        Ready taken = node.ready();
        ready = taken;
        for (Message message : taken.messages()) {
            messages.send(message);
        }
        Snapshot snapshot = taken.snapshot();
        if (snapshot != null) {
            prepareSnapshot(snapshot);
        }
        storage.append(taken.entries());
        if (taken.hardState() != null) {
            storage.setHardState(taken.hardState());
        }
        if (taken.hardState() != null || !taken.entries().isEmpty()) {
            storage.persistRaftState(taken.mustSync());
        }
        return true;
    }

    private void prepareSnapshot(Snapshot snapshot) {
        SnapshotFiles files = received.remove(snapshot.getMetadata());
        if (files == null) {
            throw new IllegalStateException("a snapshot without files, region " + regionId());
        }
        installing = store.snapshots().keepForInstall(regionId(), snapshot.getMetadata(), files);
        try (KvEngine.Batch batch = store.kv().newBatch()) {
            Region region = installing.data().getRegion();
            storage.installSnapshot(snapshot.getMetadata(), region, batch);
            Runnable afterWrite = store.replaceBy(region, batch);
            store.kv().write(batch, true);
            afterWrite.run();
        }
    }

    /** The round's log batch is written. */
    void persisted() {
        Ready taken = ready;
        ready = null;
        if (taken == null || isRemoved()) {
            return;
        }
        SnapshotFiles files = installing;
        if (files != null) {
            installing = null;
            finishInstall(files);
        }
        for (Message message : taken.persistedMessages()) {
            messages.send(message);
        }
        LightReady light = node.advanceAppend(taken);
        for (Message message : light.messages()) {
            messages.send(message);
        }
        if (light.commitIndex().isPresent()) {
            storage.setCommit(light.commitIndex().getAsLong());
        }
        committed.addAll(taken.committedEntries());
        committed.addAll(light.committedEntries());
        taken.readStates().forEach(this::answered);
        if (taken.softState() != null || node.term() != roleTerm) {
            roleTerm = node.term();
            roleChanged(node.role());
        }
    }

    private void finishInstall(SnapshotFiles files) {
        store.snapshots().install(storage, files);
        committed.removeIf(entry -> entry.getIndex() <= storage.appliedIndex());
        self = Membership.peer(storage.region(), peerId).orElse(self);
        sizeBytes = files.data().getFileSize();
        store.initialized(this);
        log.info(
                "snapshot applied regionId={} index={} bytes={}",
                regionId(),
                storage.appliedIndex(),
                sizeBytes);
    }

    private void roleChanged(RaftRole role) {
        handle.expireLease();
        transferUntilTick = 0;
        if (role == RaftRole.LEADER) {
            log.info(
                    "leader elected regionId={} peerId={} term={}",
                    regionId(),
                    peerId,
                    node.term());
            heartbeatDue = true;
        } else {
            proposals.abandon(RegionErrors.staleCommand());
            reads.abandon(RegionErrors.notLeader(regionId(), handle.view().leader()));
        }
    }

    /** Applies what is committed into the batch of the round. */
    void apply(KvEngine.Batch batch) {
        long before = storage.appliedIndex();
        while (!committed.isEmpty() && !isRemoved()) {
            Entry entry = committed.element();
            Outcome outcome = applier.apply(entry, batch);
            if (outcome == null) {
                break;
            }
            committed.remove();
            writtenBytes += entry.getData().size();
            Proposals.Pending proposal = proposals.take(entry.getIndex(), entry.getTerm());
            if (proposal != null) {
                afterWrite.add(() -> {
                    if (proposal.term() == node.term()) {
                        renewLease(proposal.proposedNanos());
                    }
                    proposal.waiter().accept(outcome);
                });
            }
        }
        if (storage.appliedIndex() != before && !isRemoved()) {
            storage.persistApplied(batch);
        }
    }

    /** The batch of the round is written. */
    void applied() {
        if (merges.isMergedAway()) {
            return; // the target sees to what is left
        }
        if (removed) {
            abandon(RegionErrors.regionNotFound(regionId()));
            store.destroy(this);
            return;
        }
        // Published before anyone hears of it: who was told reads with the new region.
        publish();
        runAfterWrite();
        node.advanceApplyTo(storage.appliedIndex());
        for (PendingReads.Waiter waiter : reads.takeReady(storage.appliedIndex())) {
            waiter.reader().accept(null);
        }
        buildSnapshotIfWanted();
        publish();
        merges.check(store.tick());
        merges.tryPrepare();
        if (heartbeatDue) {
            heartbeatIfDue(store.tick()); // clients look for the change at PD
        }
    }

    private void runAfterWrite() {
        List<Runnable> tasks = List.copyOf(afterWrite);
        afterWrite.clear();
        tasks.forEach(Runnable::run);
    }

    // ---- effects of apply

    @Override
    public void confChanged(ConfChangeV2 change, Region region) {
        node.applyConfChange(change);
        heartbeatDue = true;
        var own = Membership.peer(region, peerId);
        if (own.isEmpty()) {
            removed = true;
            return;
        }
        self = own.get();
        if (isLeader()) {
            node.ping(); // a new peer is created by a heartbeat
            if (Membership.isJoint(region)) {
                afterWrite.add(() -> admin.proposeChange(List.of(), false));
            }
        }
    }

    @Override
    public boolean childIsNew(Region child) {
        return store.childIsNew(child);
    }

    @Override
    public void split(Splits.Outcome outcome) {
        boolean leading = isLeader();
        heartbeatDue = true;
        sizeBytes /= outcome.ordered().size();
        long share = sizeBytes;
        afterWrite.add(() -> store.addChildren(this, outcome, leading, share));
    }

    @Override
    public boolean sourceIsReady(CommitMergeRequest merge) {
        return store.sourceIsReady(this, merge);
    }

    @Override
    public void mergeStateChanged() {
        heartbeatDue = true;
        merges.stateChanged();
    }

    @Override
    public void merged(Region source, Region formerTarget, KvEngine.Batch batch) {
        heartbeatDue = true;
        store.mergeSource(source, formerTarget, batch);
        afterWrite.add(() -> sizeBytes += store.sourceMerged(this, source, formerTarget));
    }

    @Override
    public void truncated(long first, long end) {
        afterWrite.add(() -> store.truncateLog(regionId(), first, end));
    }

    long sizeBytes() {
        return sizeBytes + writtenBytes;
    }

    /** Tells all who wait that they will not hear more. */
    void abandon(io.garrick.proto.error.Error error) {
        proposals.abandon(RegionErrors.staleCommand()); // they may still come true
        reads.abandon(error);
    }

    /** This peer must go; its data too. */
    void remove() {
        removed = true;
    }

    void discardFiles() {
        snapshots.cancel();
        received.values().forEach(SnapshotFiles::delete);
        received.clear();
    }

    // ---- snapshots for others

    private java.util.Optional<Snapshot> snapshotFor(long requestIndex, long to) {
        return snapshots.request(requestIndex, to, storage.truncatedIndex());
    }

    private void buildSnapshotIfWanted() {
        if (merges.isMerging() || !snapshots.start(storage.region())) {
            return;
        }
        SnapshotMetadata meta =
                SnapshotMetadata.newBuilder()
                        .setIndex(storage.appliedIndex())
                        .setTerm(storage.appliedTerm())
                        .setConfState(Membership.confState(storage.region()))
                        .build();
        store.snapshots()
                .buildSnapshot(
                        storage.region(),
                        meta,
                        built -> {
                            snapshots.finished(built, store.tick());
                            ping();
                        });
    }

    // ---- PD and size

    void heartbeatSoon() {
        heartbeatDue = true;
    }

    private void heartbeatIfDue(long tick) {
        if (!isLeader()) {
            return;
        }
        List<Long> pending = pendingPeers(node.status());
        boolean due =
                heartbeatDue
                        || !pending.equals(lastPending)
                        || tick - lastHeartbeatTick >= store.regionHeartbeatTicks();
        if (due) {
            heartbeatDue = false;
            lastHeartbeatTick = tick;
            lastPending = pending;
            store.regionHeartbeat(this, node.term(), pending, sizeBytes + writtenBytes);
        }
    }

    /** Peers that still need a snapshot. */
    private List<Long> pendingPeers(RaftStatus status) {
        List<Long> pending = new ArrayList<>();
        status.progress()
                .forEach((id, progress) -> {
                    if (id != peerId && progress.matched() < storage.truncatedIndex()) {
                        pending.add(id);
                    }
                });
        return pending;
    }

    /** Whether enough was written since the last look to measure the region. */
    boolean sizeCheckDue(long splitBytes) {
        return isLeader()
                && rangeChangesUnderWay == 0
                && !merges.isMerging()
                && storage.appliedTerm() == node.term()
                && sizeBytes + writtenBytes - sizeCheckedAtBytes >= splitBytes / 4;
    }

    void sizeCheckStarted() {
        sizeCheckedAtBytes = sizeBytes + writtenBytes;
    }

    void measured(long bytes) {
        sizeBytes = bytes;
        writtenBytes = 0;
        sizeCheckedAtBytes = bytes;
    }

    void sizeEstimated(long bytes) {
        sizeBytes = bytes;
    }
}
