package io.garrick.learner.peer;

import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.base.KeyRange;
import io.garrick.base.OrderedStore.Batch;
import io.garrick.learner.ApplySink.RegionState;
import io.garrick.learner.LearnerStatus;
import io.garrick.learner.LearnerStatus.Phase;
import io.garrick.learner.ReadOutcome;
import io.garrick.learner.RegionLease;
import io.garrick.learner.snapshot.SnapshotStore;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.proto.kvrpc.LeaderInfo;
import io.garrick.proto.kvrpc.LockInfo;
import io.garrick.proto.kvrpc.ReadState;
import io.garrick.proto.meta.Region;
import io.garrick.proto.pd.PeerReport;
import io.garrick.proto.raftcmd.CommitMergeRequest;
import io.garrick.proto.raftserver.AvailabilityContext;
import io.garrick.proto.raftserver.ExtraMessage;
import io.garrick.proto.raftserver.ExtraMessageType;
import io.garrick.proto.raftserver.PeerState;
import io.garrick.proto.raftserver.RaftLocalState;
import io.garrick.proto.raftserver.RaftMessage;
import io.garrick.proto.raftserver.RaftSnapshotData;
import io.garrick.proto.raftserver.RegionLocalState;
import io.garrick.raft.LightReady;
import io.garrick.raft.RaftConfig;
import io.garrick.raft.RaftNode;
import io.garrick.raft.Ready;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One region on this store: raft core, log, apply loop, waiting reads.
 *
 * <p>A round is: messages are stepped; {@link #prepare} puts what raft wants written into the
 * worker's common batch; after the sync {@link #finish} sends what depended on it and applies what
 * is committed. Owned by the region's worker; {@link #status} may be asked by anyone.
 */
final class Peer implements PeerReads.Host {
    private static final Logger LOG = LoggerFactory.getLogger(Peer.class);
    private static final long TRUNCATE_TICKS = 10;
    private static final long SNAPSHOT_REQUEST_TICKS = 3;
    // TiKV: 10 minutes without a leader, then a question every 5 minutes, PD after 2 hours.
    private static final long LEADER_MISSING_TICKS = 600;
    private static final long STALE_CHECK_TICKS = 300;
    private static final long VALIDATE_TICKS = 7200;
    private static final long MIN_TRUNCATED_ENTRIES = 64;

    private final Store store;
    private final long regionId;
    private final PeerLog log;
    private final Applier applier;
    private final PeerReads reads;
    private final SafeTs safeTs = new SafeTs();
    private final PeerMail mail;
    private final ArrayDeque<Entry> toApply = new ArrayDeque<>(1);
    // The region as the store's other parts know it.
    private RegionLocalState published;
    private volatile io.garrick.proto.meta.Peer self;
    private volatile Phase phase;
    private volatile long leaderStoreId;
    private volatile long commitIndex;
    private volatile Leadership leadership = new Leadership(0, 0);
    private RaftNode node;
    private long leaderSeenTick;
    private long askedTick = -STALE_CHECK_TICKS;
    private long wokenTick = -1;
    private @Nullable Ready ready;
    // The range claimed for a snapshot that raft may still refuse, and the former claim.
    private @Nullable Claim claim;
    private boolean installing;
    private boolean destroyWhenInstalled;
    private @Nullable CommitMergeRequest waitingFor;
    private boolean sourceCaughtUp;
    // As the source of a merge: the target and the entry to come to.
    private @Nullable MergeInto mergeInto;

    // Who leads in which term, as far as this peer knows.
    private record Leadership(long peerId, long term) {}

    private record Claim(SnapshotStore.Id snapshot, Optional<Region> former) {}

    private record MergeInto(long targetId, long commit) {}

    Peer(
            Store store,
            io.garrick.proto.meta.Peer self,
            PeerLog log,
            RegionState state,
            long regionId,
            Phase phase) {
        this.store = store;
        this.regionId = regionId;
        this.self = self;
        this.published = state.local();
        this.log = log;
        this.applier = new Applier(store.sink(), store.storeId(), state);
        this.reads = new PeerReads(this);
        this.mail = new PeerMail(store, this);
        this.phase = phase;
        this.leaderSeenTick = store.tick();
        this.node = newNode();
        this.commitIndex = node.commitIndex();
    }

    private RaftNode newNode() {
        // Without data the log may begin later than what was applied: a snapshot fills the gap.
        long applied = Math.max(applier.appliedIndex(), log.truncatedIndex());
        RaftConfig config = RaftConfig.builder(self.getId()).applied(applied).build();
        return new RaftNode(config, log, new SplittableRandom(regionId));
    }

    long regionId() {
        return regionId;
    }

    io.garrick.proto.meta.Peer self() {
        return self;
    }

    Region region() {
        return applier.region();
    }

    RegionLocalState local() {
        return applier.local();
    }

    Phase phase() {
        return phase;
    }

    boolean isInitialized() {
        return region().getPeersCount() > 0;
    }

    /** What PD's unsafe recovery asks of every peer. */
    PeerReport report() {
        return PeerReport.newBuilder()
                .setRaftState(
                        RaftLocalState.newBuilder()
                                .setHardState(log.hardState())
                                .setLastIndex(log.lastIndex()))
                .setRegionState(local())
                .setAppliedIndex(applier.appliedIndex())
                .setHasCommitMerge(waitingFor != null)
                .build();
    }

    LearnerStatus.Region status() {
        Region region = region();
        long applied = applier.appliedIndex();
        return new LearnerStatus.Region(
                regionId,
                self.getId(),
                Regions.range(region),
                region.getRegionEpoch().getConfVer(),
                region.getRegionEpoch().getVersion(),
                phase,
                applied,
                Math.max(0, commitIndex - applied),
                leaderStoreId,
                safeTs(),
                safeTs.ofLeader());
    }

    // ---- messages ----

    /** A message that {@link MessageRules} let pass. */
    void step(RaftMessage message) {
        if (phase == Phase.SILENT) {
            return;
        }
        mail.know(message.getFromPeer());
        if (message.hasExtraMsg()) {
            onExtra(message, message.getExtraMsg());
            return;
        }
        Message raft = message.getMessage();
        switch (raft.getMsgType()) {
            case MsgAppend, MsgHeartbeat -> {
                leaderSeenTick = store.tick();
                node.step(withinLog(raft));
            }
            case MsgSnapshot -> {
                leaderSeenTick = store.tick();
                stepSnapshot(message);
            }
            case MsgRequestVote, MsgRequestPreVote, MsgReadIndexResp, MsgTimeoutNow ->
                    node.step(raft);
            // A learner never leads, forwards nothing, and is told to lead by mistake only.
            case MsgPropose,
                    MsgReadIndex,
                    MsgTransferLeader,
                    MsgAppendResponse,
                    MsgHeartbeatResponse,
                    MsgRequestVoteResponse,
                    MsgRequestPreVoteResponse,
                    MsgHup,
                    MsgBeat,
                    MsgUnreachable,
                    MsgSnapStatus,
                    MsgCheckQuorum,
                    UNRECOGNIZED ->
                    store.refused("not for a learner: " + raft.getMsgType(), message);
        }
        store.touch(this);
    }

    // A leader that believes we have more than we have would break raft. It means that acknowledged
    // entries are lost here: only a snapshot heals that.
    private Message withinLog(Message raft) {
        if (raft.getMsgType() == MessageType.MsgHeartbeat
                && raft.getTerm() >= node.term()
                && raft.getCommit() > node.lastIndex()) {
            if (mayApply()) {
                quarantine(
                        "the leader counts on entry "
                                + raft.getCommit()
                                + ", log ends at "
                                + node.lastIndex());
            }
            if (phase == Phase.QUARANTINED) {
                startLogAt(raft.getCommit(), raft.getTerm());
            }
            return raft.toBuilder().setCommit(Math.min(raft.getCommit(), node.lastIndex())).build();
        }
        return raft;
    }

    /**
     * The leader believes that we have its log up to {@code index}, and ignores any request for a
     * snapshot from further below (raft-rs, progress.rs maybe_decr_to). Nothing of that log is used
     * here any more, so let it begin where the leader thinks it ends.
     */
    private void startLogAt(long index, long term) {
        try {
            store.writeUnsynced(batch -> log.startAnew(batch, index, term));
        } catch (IOException e) {
            store.fail(e);
            return;
        }
        ready = null;
        node = newNode();
    }

    /** The raft log cannot be read: start another, and wait for a snapshot. */
    void loseLog(String reason) {
        boolean hasData = isInitialized() && phase != Phase.APPLYING;
        long index = Math.max(applier.appliedIndex(), log.truncatedIndex());
        long term = index == log.truncatedIndex() ? log.truncatedTerm() : log.hardState().getTerm();
        LOG.error("raft log lost regionId={} reason={}", regionId, reason);
        startLogAt(index, term);
        if (hasData) {
            quarantine(reason);
        }
    }

    private void onExtra(RaftMessage message, ExtraMessage extra) {
        switch (extra.getType()) {
            case MsgHibernateRequest -> {
                if (isInitialized()
                        && node.leaderId() == message.getFromPeer().getId()
                        && node.lastIndex() == node.commitIndex()) {
                    mail.answer(
                            message,
                            ExtraMessage.newBuilder()
                                    .setType(ExtraMessageType.MsgHibernateResponse));
                }
            }
            case MsgSnapGenPrecheckRequest -> {
                boolean passed = store.grantSnapshot(regionId);
                mail.answer(
                        message,
                        ExtraMessage.newBuilder()
                                .setType(ExtraMessageType.MsgSnapGenPrecheckResponse)
                                .setSnapGenPrecheckPassed(passed));
            }
            case MsgAvailabilityRequest ->
                    mail.answer(
                            message,
                            ExtraMessage.newBuilder()
                                    .setType(ExtraMessageType.MsgAvailabilityResponse)
                                    .setAvailabilityContext(
                                            AvailabilityContext.newBuilder()
                                                    .setFromRegionId(regionId)
                                                    .setFromRegionEpoch(region().getRegionEpoch())
                                                    .setTrimmed(true)));
            case MsgCheckStalePeerResponse -> extra.getCheckPeersList().forEach(mail::know);
            // Ticks are never paused here, and the rest is for leaders or other kinds of store.
            default -> {}
        }
    }

    /**
     * A leader's question, who leads, and its word on the safe ts. Any thread.
     *
     * @return whether this peer believes the same
     */
    boolean checkLeader(LeaderInfo leader) {
        if (phase != Phase.NORMAL) {
            return false;
        }
        long applied = applier.appliedIndex();
        ReadState read = leader.getReadState();
        if (read.getAppliedIndex() > 0 && read.getSafeTs() > 0) {
            safeTs.promise(read.getAppliedIndex(), read.getSafeTs(), applied);
        }
        Leadership known = leadership;
        return leader.getPeerId() == known.peerId
                && leader.getTerm() == known.term
                && leader.getRegionEpoch().equals(region().getRegionEpoch());
    }

    /** 0 if nothing is known, or the region cannot be read here. Any thread. */
    long safeTs() {
        return phase == Phase.NORMAL ? safeTs.at(applier.appliedIndex()) : 0;
    }

    // ---- snapshots in ----

    private void stepSnapshot(RaftMessage message) {
        Message raft = message.getMessage();
        Snapshot snapshot = raft.getSnapshot();
        SnapshotStore.Id id =
                new SnapshotStore.Id(
                        regionId,
                        snapshot.getMetadata().getTerm(),
                        snapshot.getMetadata().getIndex());
        Optional<String> reason = refuseSnapshot(id, snapshot);
        if (reason.isPresent()) {
            LOG.info("snapshot dropped regionId={} reason={}", regionId, reason.get());
            store.refused("snapshot not wanted", message);
            if (!isBeingInstalled(id)) {
                store.dropSnapshot(id);
            }
            return;
        }
        node.step(raft);
    }

    // The same one may come twice; its files are in use.
    private boolean isBeingInstalled(SnapshotStore.Id id) {
        Records.Known record = store.records().regions().get(regionId);
        Records.Installing now = record == null ? null : record.installing;
        return now != null && Store.snapshotId(regionId, now).equals(id);
    }

    private Optional<String> refuseSnapshot(SnapshotStore.Id id, Snapshot snapshot) {
        if (phase == Phase.APPLYING || installing || claim != null) {
            return Optional.of("another snapshot is being installed");
        }
        RaftSnapshotData data;
        try {
            data = RaftSnapshotData.parseFrom(snapshot.getData());
            if (data.getMeta().getForWitness()) {
                return Optional.of("for a witness");
            }
            if (store.snapshots().files(id, data.getMeta()).isEmpty()) {
                return Optional.of("its files are not here");
            }
        } catch (InvalidProtocolBufferException e) {
            return Optional.of("undecodable");
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
        Region region = data.getRegion();
        Optional<String> malformed = MessageRules.malformed(region);
        if (malformed.isPresent()) {
            return malformed;
        }
        if (region.getId() != regionId || Regions.byId(region, self.getId()).isEmpty()) {
            return Optional.of("this peer is not in its region");
        }
        Optional<Region> former =
                store.ranges().lease(regionId).isPresent()
                        ? Optional.of(region())
                        : Optional.empty();
        if (!store.ranges().claim(region)) {
            List<Long> others = store.ranges().overlapping(regionId, Regions.range(region));
            others.forEach(other -> store.nudge(other, region));
            return Optional.of("its range overlaps regions " + others);
        }
        claim = new Claim(id, former);
        return Optional.empty();
    }

    // Raft did not want it after all: an old one, or one it has already.
    private void releaseClaim(Claim released) {
        claim = null;
        store.dropSnapshot(released.snapshot);
        store.ranges().remove(regionId);
        released.former.ifPresent(region -> store.ranges().claim(region));
    }

    private void acceptSnapshot(Batch batch, Snapshot snapshot) {
        RaftSnapshotData data;
        try {
            data = RaftSnapshotData.parseFrom(snapshot.getData());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("snapshot became undecodable", e);
        }
        claim = null;
        Region region = data.getRegion();
        long index = snapshot.getMetadata().getIndex();
        long term = snapshot.getMetadata().getTerm();
        phase = Phase.APPLYING;
        reads.failAll("region " + regionId + " is receiving a snapshot");
        toApply.clear();
        waitingFor = null;
        RegionLocalState local =
                RegionLocalState.newBuilder()
                        .setState(PeerState.Applying)
                        .setRegion(region)
                        .build();
        Records records = store.records();
        records.putLocal(batch, local);
        records.putInstalling(
                batch, regionId, new Records.Installing(records.nextSequence(batch), snapshot));
        ConfState conf = Regions.confState(region);
        log.restore(batch, index, term, conf);
        applier.reset(local, index);
        self = Regions.byId(region, self.getId()).orElse(self);
        LOG.info("snapshot accepted regionId={} index={} term={}", regionId, index, term);
    }

    /** Starts to install the snapshot that was accepted; after a crash, once its range is free. */
    void startInstall() {
        Records.Known record = store.records().regions().get(regionId);
        Records.Installing what = record == null ? null : record.installing;
        if (installing || what == null) {
            return;
        }
        if (store.ranges().lease(regionId).isEmpty() && !store.ranges().claim(region())) {
            return;
        }
        installing = true;
        RegionState state =
                new RegionState(
                        local().toBuilder().setState(PeerState.Normal).build(),
                        what.snapshot().getMetadata().getIndex(),
                        what.snapshot().getMetadata().getTerm());
        store.install(this, state, what);
    }

    /** The sink has the data, and so has the disk. */
    void installed(RegionState state) {
        installing = false;
        if (destroyWhenInstalled) {
            destroy(region());
            return;
        }
        applier.reset(state.local(), state.appliedIndex());
        published = state.local();
        safeTs.restartAt(state.appliedIndex());
        // A new lease: whatever was pinned while the data was being replaced is not good.
        store.ranges().claim(region());
        phase = Phase.NORMAL;
        LOG.info("snapshot installed regionId={} index={}", regionId, state.appliedIndex());
        node.advanceApplyTo(state.appliedIndex());
        applyCommitted();
        store.touch(this);
    }

    void installFailed(Throwable failure) {
        installing = false;
        if (destroyWhenInstalled) {
            destroy(region());
            return;
        }
        quarantine("snapshot not installed: " + failure);
    }

    // ---- rounds ----

    /** Puts what must be written into the batch. Returns whether it must be synced. */
    boolean prepare(Batch batch) {
        Claim claimed = claim;
        if (!node.hasReady()) {
            if (claimed != null) {
                releaseClaim(claimed);
            }
            return false;
        }
        Ready next = node.ready();
        ready = next;
        mail.send(next.messages());
        if (next.hardState() != null) {
            log.setHardState(next.hardState());
        }
        Snapshot snapshot = next.snapshot();
        if (snapshot != null) {
            acceptSnapshot(batch, snapshot);
        } else if (claimed != null) {
            releaseClaim(claimed);
        }
        log.append(batch, next.entries());
        boolean changed = snapshot != null || next.hardState() != null || !next.entries().isEmpty();
        // A peer without data keeps no promises yet: it may forget (as in TiKV).
        if (!changed || !isInitialized()) {
            return false;
        }
        log.putState(batch);
        return next.mustSync() || snapshot != null;
    }

    /** The batch is written. */
    void finish() {
        Ready done = ready;
        if (done == null) {
            return;
        }
        ready = null;
        mail.send(done.persistedMessages());
        LightReady light = node.advanceAppend(done);
        mail.send(light.messages());
        if (light.commitIndex().isPresent()) {
            log.setHardState(
                    log.hardState().toBuilder().setCommit(light.commitIndex().getAsLong()).build());
        }
        commitIndex = node.commitIndex();
        if (leadership.peerId != node.leaderId() || leadership.term != node.term()) {
            leadership = new Leadership(node.leaderId(), node.term());
        }
        if (phase != Phase.QUARANTINED) {
            toApply.addAll(done.committedEntries());
            toApply.addAll(light.committedEntries());
        }
        if (done.snapshot() != null) {
            startInstall();
        }
        onLeader();
        done.readStates().forEach(reads::onReadState);
        applyCommitted();
        if (node.hasReady()) {
            store.touch(this);
        }
    }

    private void onLeader() {
        long leader = node.leaderId();
        long onStore =
                leader == 0
                        ? 0
                        : Regions.byId(region(), leader)
                                .or(() -> mail.known(leader))
                                .map(peer -> peer.getStoreId())
                                .orElse(0L);
        if (onStore != 0 && onStore != leaderStoreId) {
            leaderStoreId = onStore;
            reads.onLeader(store.tick());
        }
        leaderStoreId = onStore;
    }

    // ---- apply ----

    private boolean mayApply() {
        return phase == Phase.NORMAL || phase == Phase.MERGING;
    }

    private void applyCommitted() {
        long before = applier.appliedIndex();
        while (mayApply() && !toApply.isEmpty()) {
            Entry entry = toApply.getFirst();
            if (entry.getIndex() <= applier.appliedIndex()) {
                toApply.removeFirst();
                continue;
            }
            if (waitingFor != null && !sourceCaughtUp) {
                break;
            }
            try {
                Applier.Outcome outcome = applier.apply(entry, sourceCaughtUp);
                if (outcome instanceof Applier.Outcome.WaitForSource(CommitMergeRequest merge)) {
                    waitingFor = merge;
                    store.merges().catchUpSource(regionId, merge);
                    continue;
                }
                toApply.removeFirst();
                store.entryApplied();
                act(outcome);
            } catch (IOException | RuntimeException e) {
                LOG.error("apply failed regionId={} index={}", regionId, entry.getIndex(), e);
                quarantine("entry " + entry.getIndex() + " not applied: " + e);
                return;
            }
        }
        if (applier.appliedIndex() > before && !store.isGone(this)) {
            node.advanceApplyTo(applier.appliedIndex());
            log.trimCache(applier.appliedIndex());
            reads.onApplied();
            answerMergeTarget();
        }
    }

    private void act(Applier.Outcome outcome) throws IOException {
        switch (outcome) {
            case Applier.Outcome.Done _ -> regionChanged(List.of(), List.of());
            case Applier.Outcome.ConfChanged(var change) -> {
                node.applyConfChange(change);
                regionChanged(List.of(), List.of());
            }
            case Applier.Outcome.RemovedSelf(Region region) -> destroy(region);
            case Applier.Outcome.Split(List<Region> children, long index) -> {
                regionChanged(List.of(), store.splits().createChildren(this, children, index));
            }
            case Applier.Outcome.Merged(Region source, Region formerTarget, long index) -> {
                waitingFor = null;
                sourceCaughtUp = false;
                safeTs.restartAt(index);
                regionChanged(List.of(source.getId()), List.of());
                store.merges().sourceMerged(this, source, formerTarget, index);
            }
            case Applier.Outcome.NeedsSnapshot(String reason) -> quarantine(reason);
            case Applier.Outcome.Compacted(long index) -> truncateLog(index);
            case Applier.Outcome.WaitForSource _ ->
                    throw new IllegalStateException("an entry was applied and not applied");
        }
    }

    /** Tells everyone about the region as it is after the entry. */
    private void regionChanged(List<Long> removed, List<Region> children) throws IOException {
        RegionLocalState local = local();
        if (local.equals(published)) {
            return;
        }
        published = local;
        Region region = local.getRegion();
        List<Region> added = new ArrayList<>(children);
        added.add(region);
        store.ranges().replace(removed, added);
        log.setConfState(Regions.confState(region));
        self = Regions.byId(region, self.getId()).orElse(self);
        phase = local.getState() == PeerState.Merging ? Phase.MERGING : Phase.NORMAL;
        store.remember(local);
    }

    // Only what the sink has made durable may go; a leader's wish beyond that has to wait.
    private void truncateLog(long wanted) throws IOException {
        long durable = Math.min(store.sink().durableApplied(regionId), applier.appliedIndex());
        long to = Math.min(wanted, durable);
        if (to - log.truncatedIndex() < MIN_TRUNCATED_ENTRIES) {
            return;
        }
        store.writeUnsynced(batch -> log.truncate(batch, to));
    }

    // ---- merge, as the source ----

    /** A target waits for this region to come to its end. */
    void catchUpFor(long targetId, CommitMergeRequest merge) {
        mergeInto = new MergeInto(targetId, merge.getCommit());
        if (isInitialized() && node.commitIndex() < merge.getCommit()) {
            node.step(MergeTail.appendOf(merge, node, log, region(), self.getId()));
            store.touch(this);
        }
        answerMergeTarget();
    }

    private void answerMergeTarget() {
        MergeInto into = mergeInto;
        if (into != null && phase == Phase.MERGING && applier.appliedIndex() >= into.commit) {
            store.merges().sourceCaughtUp(into.targetId, regionId);
        }
    }

    /** As the target: the source is at its end, or gone already. */
    void onSourceCaughtUp(long sourceId) {
        CommitMergeRequest waiting = waitingFor;
        if (waiting != null && waiting.getSource().getId() == sourceId) {
            sourceCaughtUp = true;
            applyCommitted();
            store.touch(this);
        }
    }

    // ---- time ----

    /**
     * Whether something is to be done as time goes by. A peer that only follows needs no ticks: it
     * never campaigns, so raft's own clock has no say either.
     */
    boolean waits() {
        return switch (phase) {
            case SILENT, APPLYING, QUARANTINED -> true;
            case UNINITIALIZED, NORMAL, MERGING ->
                    !reads.isEmpty()
                            || waitingFor != null
                            || log.lastIndex() - log.truncatedIndex() >= MIN_TRUNCATED_ENTRIES;
        };
    }

    /** Every tick while {@link #waits}. */
    void onTick() {
        long tick = store.tick();
        if (phase == Phase.SILENT) {
            store.splits().checkSilent(this);
            return;
        }
        reads.onTick(tick);
        if ((tick + regionId) % TRUNCATE_TICKS == 0) {
            truncate();
        }
        if (phase == Phase.APPLYING) {
            startInstall();
        }
        if (phase == Phase.QUARANTINED && tick % SNAPSHOT_REQUEST_TICKS == 0) {
            askForSnapshot();
        }
        CommitMergeRequest waiting = waitingFor;
        if (waiting != null && !sourceCaughtUp) {
            store.merges().catchUpSource(regionId, waiting);
        }
    }

    /** Now and then, for every peer. */
    void onSweep() {
        if (phase != Phase.SILENT) {
            truncate();
            checkLeader(store.tick());
        }
    }

    private void truncate() {
        try {
            if (mayApply()) {
                truncateLog(Long.MAX_VALUE);
            }
        } catch (IOException e) {
            store.fail(e);
        }
    }

    private void checkLeader(long tick) {
        long missing = tick - leaderSeenTick;
        if (missing < LEADER_MISSING_TICKS || tick - askedTick < STALE_CHECK_TICKS) {
            return;
        }
        askedTick = tick;
        ExtraMessage question =
                ExtraMessage.newBuilder().setType(ExtraMessageType.MsgCheckStalePeer).build();
        mail.broadcast(question);
        if (!isInitialized()) {
            mail.toAllKnown(question);
        }
        if (missing >= VALIDATE_TICKS) {
            store.validate(regionId, self.getId());
        }
    }

    // ---- trouble ----

    /** Stops applying until a snapshot brings the region back. Other regions go on. */
    void quarantine(String reason) {
        if (phase == Phase.QUARANTINED) {
            return;
        }
        phase = Phase.QUARANTINED;
        store.quarantined();
        LOG.error("region quarantined regionId={} reason={}", regionId, reason);
        toApply.clear();
        waitingFor = null;
        sourceCaughtUp = false;
        reads.failAll("region " + regionId + " waits for a snapshot: " + reason);
        askForSnapshot();
        store.touch(this);
    }

    private void askForSnapshot() {
        if (isInitialized() && node.leaderId() == 0) {
            wakeUp();
        } else if (node.requestSnapshot()) {
            store.touch(this);
        }
    }

    /** The raft core broke: start it again from what is written, and wait for a snapshot. */
    void restartNode(String reason) {
        ready = null;
        Claim claimed = claim;
        if (claimed != null) {
            releaseClaim(claimed);
        }
        node = newNode();
        if (isInitialized() && phase != Phase.APPLYING) {
            quarantine(reason);
        } else {
            LOG.error("raft restarted regionId={} reason={}", regionId, reason);
        }
    }

    /** Ends this peer for good; its tombstone keeps {@code last}. */
    void destroy(Region last) {
        if (installing) {
            destroyWhenInstalled = true;
            return;
        }
        reads.failAll("region " + regionId + " left this store");
        Region region =
                last.getPeersCount() > 0
                        ? last
                        : last.toBuilder().setId(regionId).addPeers(self).build();
        store.destroy(this, region);
    }

    /** The region went into another one: no data to destroy. */
    void mergedAway() {
        reads.failAll("region " + regionId + " was merged");
    }

    // ---- reads ----

    void read(PeerReads.Request request) {
        reads.add(request, store.tick());
        store.touch(this);
    }

    @Override
    public boolean knowsLeader() {
        return node.leaderId() != 0;
    }

    @Override
    public void askLeader(UUID id, long ts, KeyRange range) {
        node.readIndex(ReadContext.request(id, ts, range));
        store.touch(this);
    }

    @Override
    public void wakeUp() {
        long tick = store.tick();
        if (wokenTick == tick) {
            return;
        }
        wokenTick = tick;
        mail.broadcast(ExtraMessage.newBuilder().setType(ExtraMessageType.MsgRegionWakeUp).build());
    }

    @Override
    public long appliedIndex() {
        return applier.appliedIndex();
    }

    @Override
    public Optional<String> unreadable(KeyRange range) {
        if (phase != Phase.NORMAL) {
            return Optional.of("region " + regionId + " is " + phase);
        }
        return Regions.range(region()).contains(range)
                ? Optional.empty()
                : Optional.of("region " + regionId + " has changed its range");
    }

    @Override
    public Optional<LockInfo> blockingLock(KeyRange range, long ts, Set<Long> bypass) {
        return store.sink().blockingLock(regionId, range, ts, bypass);
    }

    @Override
    public ReadOutcome ready() {
        Optional<RegionLease> lease = store.ranges().lease(regionId);
        return lease.isPresent()
                ? new ReadOutcome.Ready(List.of(lease.get()))
                : new ReadOutcome.NotReady("region " + regionId + " is changing");
    }
}
