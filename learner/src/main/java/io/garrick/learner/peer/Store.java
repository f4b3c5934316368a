package io.garrick.learner.peer;

import io.garrick.base.KeyRange;
import io.garrick.base.OrderedStore;
import io.garrick.base.OrderedStore.Batch;
import io.garrick.base.OrderedStore.Durability;
import io.garrick.learner.ApplySink;
import io.garrick.learner.ApplySink.RegionState;
import io.garrick.learner.LearnerStatus;
import io.garrick.learner.LearnerStatus.Phase;
import io.garrick.learner.PlacementDriver;
import io.garrick.learner.ReadGate;
import io.garrick.learner.SnapshotFiles;
import io.garrick.learner.snapshot.SnapshotStore;
import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.eraft.SnapshotMetadata;
import io.garrick.proto.kvrpc.LeaderInfo;
import io.garrick.proto.meta.Region;
import io.garrick.proto.pd.PeerReport;
import io.garrick.proto.raftserver.PeerState;
import io.garrick.proto.raftserver.RaftMessage;
import io.garrick.proto.raftserver.RaftSnapshotData;
import io.garrick.proto.raftserver.RegionLocalState;
import io.garrick.proto.raftserver.StoreIdent;
import io.garrick.raft.RaftBrokenException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All peers of this store: finds the peer of a message, creates and destroys peers, and lets
 * regions that touch each other (split, merge, overlapping snapshots) agree.
 *
 * <p>A region belongs to one {@link Worker}, by its id; everything that changes it runs there.
 * Across regions there are three shared things: the {@link RangeIndex}, the {@link Records}, and
 * messages from worker to worker.
 */
public final class Store implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Store.class);
    private static final long SWEEP_TICKS = 60;
    private static final int INSTALLERS = 2;
    private static final long MAX_QUEUED_BYTES = 256L << 20;

    /** How many workers, and how long a tick is. */
    public record Options(int workers, Duration tick) {}

    private final Options options;
    private final Records records;
    private final ApplySink sink;
    private final PlacementDriver pd;
    private final SnapshotStore snapshots;
    private final Consumer<Throwable> onFatal;
    private final StoreIdent ident;
    private final List<Worker> workers = new ArrayList<>();
    private final List<AtomicBoolean> tickPosted = new ArrayList<>();
    private final Map<Long, Peer> peers = new ConcurrentHashMap<>();
    private final RangeIndex ranges = new RangeIndex();
    private final Counters counters = new Counters();
    private final Set<Long> validating = ConcurrentHashMap.newKeySet();
    private final SnapshotGrants grants = new SnapshotGrants();
    private final ExecutorService installers;
    private final Thread clock;
    private volatile @Nullable Outbox outbox;
    private final AppendBudget queued = new AppendBudget(MAX_QUEUED_BYTES);
    private final AtomicLong tick = new AtomicLong();
    private final Splits splits = new Splits(this);
    private final Merges merges = new Merges(this);
    private final StoreReads reads = new StoreReads(this);
    private volatile boolean failed;

    /**
     * Loads what the store knows of itself, or gets it an id from PD.
     *
     * @param onFatal told once when the disk fails and the store has stopped
     */
    public Store(
            Options options,
            OrderedStore durable,
            ApplySink sink,
            PlacementDriver pd,
            SnapshotStore snapshots,
            Consumer<Throwable> onFatal)
            throws IOException {
        this.options = options;
        this.records = new Records(durable);
        this.sink = sink;
        this.pd = pd;
        this.snapshots = snapshots;
        this.onFatal = onFatal;
        this.ident = identify();
        for (int i = 0; i < options.workers; i++) {
            workers.add(new Worker("garrick-region-" + i, this::writeTogether, this::fail));
            tickPosted.add(new AtomicBoolean());
        }
        this.installers =
                Executors.newFixedThreadPool(
                        INSTALLERS, Thread.ofPlatform().name("garrick-install-", 0).factory());
        this.clock = Thread.ofPlatform().name("garrick-tick").daemon().unstarted(this::runClock);
    }

    private StoreIdent identify() throws IOException {
        Optional<StoreIdent> known = records.ident();
        long clusterId = pd.clusterId();
        if (known.isPresent()) {
            if (known.get().getClusterId() != clusterId) {
                throw new IOException(
                        "this data directory belongs to cluster "
                                + Long.toUnsignedString(known.get().getClusterId())
                                + ", but PD leads cluster "
                                + Long.toUnsignedString(clusterId));
            }
            return known.get();
        }
        StoreIdent fresh =
                StoreIdent.newBuilder().setClusterId(clusterId).setStoreId(pd.allocId()).build();
        // Before PD hears of the store: a crash in between loses only an id.
        records.putIdent(fresh);
        return fresh;
    }

    public long storeId() {
        return ident.getStoreId();
    }

    public long clusterId() {
        return ident.getClusterId();
    }

    public Counters counters() {
        return counters;
    }

    public SnapshotStore snapshots() {
        return snapshots;
    }

    Splits splits() {
        return splits;
    }

    Merges merges() {
        return merges;
    }

    PlacementDriver pd() {
        return pd;
    }

    @Nullable Peer peer(long regionId) {
        return peers.get(regionId);
    }

    @Nullable Peer remove(long regionId) {
        return peers.remove(regionId);
    }

    void add(Peer peer) {
        peers.put(peer.regionId(), peer);
    }

    boolean failed() {
        return failed;
    }

    /** Runs on the thread that owns the region. */
    void post(long regionId, Runnable task) {
        worker(regionId).post(task);
    }

    ApplySink sink() {
        return sink;
    }

    Records records() {
        return records;
    }

    RangeIndex ranges() {
        return ranges;
    }

    // ---- life ----

    /** Brings back the peers, then runs. */
    public void start(Outbox toOthers) throws IOException {
        outbox = toOthers;
        peers.putAll(new StoreRecovery(this).recover());
        workers.forEach(Worker::start);
        peers.values().forEach(peer -> onWorker(peer, () -> touch(peer)));
        clock.start();
    }

    static SnapshotStore.Id snapshotId(long regionId, Records.Installing installing) {
        return new SnapshotStore.Id(
                regionId,
                installing.snapshot().getMetadata().getTerm(),
                installing.snapshot().getMetadata().getIndex());
    }

    void bury(RegionLocalState tombstone, boolean purge) throws IOException {
        long sequence;
        try (Batch batch = records.store().newBatch()) {
            sequence = records.nextSequence(batch);
            records.clearBut(batch, tombstone);
            records.store().write(batch, Durability.SYNCED);
        }
        if (purge) {
            sink.remove(tombstone, sequence);
        }
    }

    @Override
    public void close() {
        clock.interrupt();
        workers.forEach(Worker::close);
        installers.shutdown();
        try {
            if (!installers.awaitTermination(1, TimeUnit.MINUTES)) {
                installers.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The disk failed, or a thread died: nothing may be acknowledged any more. */
    void fail(Throwable cause) {
        if (!failed) {
            failed = true;
            LOG.error("store stopped storeId={}", storeId(), cause);
            Thread.ofVirtual().start(() -> onFatal.accept(cause));
        }
    }

    // ---- running things where they belong ----

    private Worker worker(long regionId) {
        return workers.get((int) Math.floorMod(regionId, (long) workers.size()));
    }

    private void onWorker(Peer peer, Runnable action) {
        worker(peer.regionId())
                .post(() -> {
                    if (!isGone(peer)) {
                        guard(peer, action);
                    }
                });
    }

    void onWorker(long regionId, Consumer<Peer> action) {
        worker(regionId)
                .post(() -> {
                    Peer peer = peers.get(regionId);
                    if (peer != null) {
                        guard(peer, () -> action.accept(peer));
                    }
                });
    }

    /** Whatever goes wrong in one region stays there; a failing disk stops the store. */
    void guard(Peer peer, Runnable action) {
        if (failed) {
            return;
        }
        try {
            action.run();
        } catch (UncheckedIOException e) {
            fail(e);
        } catch (RuntimeException e) {
            LOG.error(
                    e instanceof RaftBrokenException
                            ? "raft broke regionId={}"
                            : "region failed regionId={}",
                    peer.regionId(),
                    e);
            try {
                if (e instanceof CorruptLogException) {
                    peer.loseLog(String.valueOf(e.getMessage()));
                } else {
                    peer.restartNode(String.valueOf(e.getMessage()));
                }
            } catch (RuntimeException again) {
                LOG.error("region lost until restart regionId={}", peer.regionId(), again);
                peers.remove(peer.regionId(), peer);
                ranges.remove(peer.regionId());
            }
        }
    }

    void touch(Peer peer) {
        worker(peer.regionId()).touch(peer);
    }

    boolean isGone(Peer peer) {
        return peers.get(peer.regionId()) != peer;
    }

    /** One write for all touched peers of a worker. */
    private void writeTogether(Set<Peer> touched) {
        List<Peer> round = touched.stream().filter(peer -> !isGone(peer)).toList();
        boolean[] sync = new boolean[1];
        try (Batch batch = records.store().newBatch()) {
            for (Peer peer : round) {
                guard(peer, () -> sync[0] |= peer.prepare(batch));
            }
            if (failed) {
                return;
            }
            if (batch.count() > 0) {
                records.store().write(batch, sync[0] ? Durability.SYNCED : Durability.UNSYNCED);
            }
        } catch (IOException e) {
            fail(e);
            return;
        }
        for (Peer peer : round) {
            guard(peer, peer::finish);
            if (peer.waits()) {
                worker(peer.regionId()).keepTicking(peer);
            }
        }
    }

    @FunctionalInterface
    interface Change {
        void into(Batch batch);
    }

    void writeUnsynced(Change change) throws IOException {
        try (Batch batch = records.store().newBatch()) {
            change.into(batch);
            records.store().write(batch, Durability.UNSYNCED);
        }
    }

    void remember(RegionLocalState local) throws IOException {
        writeUnsynced(batch -> records.putLocal(batch, local));
    }

    void send(RaftMessage message) {
        Outbox out = outbox;
        if (out != null) {
            out.send(message);
        }
    }

    // ---- time ----

    private void runClock() {
        try {
            while (!failed) {
                Thread.sleep(options.tick);
                tickAll();
            }
        } catch (InterruptedException e) {
            // Only close() interrupts.
            LOG.debug("clock stopped");
        }
    }

    private void tickAll() {
        tick.incrementAndGet();
        for (int i = 0; i < workers.size(); i++) {
            Worker worker = workers.get(i);
            AtomicBoolean posted = tickPosted.get(i);
            // A worker that is behind gets one tick, not the sum of them.
            if (posted.compareAndSet(false, true)) {
                worker.post(() -> {
                    posted.set(false);
                    tickOf(worker);
                });
            }
        }
    }

    long tick() {
        return tick.get();
    }

    private void tickOf(Worker worker) {
        worker.tick(peer -> {
            if (!isGone(peer)) {
                guard(peer, peer::onTick);
            }
        });
        if (tick.get() % SWEEP_TICKS == 0) {
            for (Peer peer : peers.values()) {
                if (worker(peer.regionId()) == worker) {
                    guard(peer, peer::onSweep);
                    if (peer.waits()) {
                        worker.keepTicking(peer);
                    }
                }
            }
        }
        merges.onTick(regionId -> worker(regionId) == worker);
    }

    // ---- messages ----

    /**
     * Why a snapshot that is about to be sent here is not taken in, if there is a reason. A yes
     * counts as under way until {@link #snapshotReceived}.
     */
    public Optional<String> refuseSnapshot(RaftMessage head) {
        Optional<String> reason = MessageRules.malformed(storeId(), head);
        if (reason.isEmpty() && !grantSnapshot(head.getRegionId())) {
            reason = Optional.of("too many snapshots on their way");
        }
        reason.ifPresent(why -> refused(why, head));
        return reason;
    }

    /** False if the message is for another store: the sender must look our address up again. */
    public boolean onMessage(RaftMessage message) {
        counters.messagesReceived.increment();
        Optional<String> malformed = MessageRules.malformed(storeId(), message);
        if (malformed.isPresent()) {
            refused(malformed.get(), message);
            return message.getToPeer().getStoreId() == storeId();
        }
        if (failed) {
            return false;
        }
        long bytes = message.getSerializedSize();
        if (!queued.take(bytes, message.getMessage().getMsgType() == MessageType.MsgAppend)) {
            refused("too much waits already", message);
            return true;
        }
        worker(message.getRegionId())
                .post(() -> {
                    queued.giveBack(bytes);
                    deliver(message);
                });
        return true;
    }

    /** Counts and says that a message was not taken in. */
    public void refused(String reason, RaftMessage message) {
        counters.refusals()
                .add(
                        reason,
                        "regionId=%d fromStore=%d toStore=%d toPeer=%d"
                                .formatted(
                                        message.getRegionId(),
                                        message.getFromPeer().getStoreId(),
                                        message.getToPeer().getStoreId(),
                                        message.getToPeer().getId()));
    }

    void deliver(RaftMessage message) {
        Peer peer = peers.get(message.getRegionId());
        if (peer != null) {
            guard(peer, () -> deliver(peer, message));
        } else {
            deliverToMissing(message);
            dropSnapshotOf(message);
        }
    }

    // Files of a message that no peer takes in are of no use.
    private void dropSnapshotOf(RaftMessage message) {
        if (message.getMessage().getMsgType() == MessageType.MsgSnapshot) {
            SnapshotMetadata metadata = message.getMessage().getSnapshot().getMetadata();
            dropSnapshot(
                    new SnapshotStore.Id(
                            message.getRegionId(), metadata.getTerm(), metadata.getIndex()));
        }
    }

    private void deliver(Peer peer, RaftMessage message) {
        switch (MessageRules.onExisting(peer.region(), peer.self().getId(), message)) {
            case MessageRules.Verdict.Step _ -> peer.step(message);
            case MessageRules.Verdict.Drop(String reason) -> refused(reason, message);
            case MessageRules.Verdict.Reply(RaftMessage answer) -> send(answer);
            case MessageRules.Verdict.Validate _ -> validate(peer.regionId(), peer.self().getId());
            case MessageRules.Verdict.DestroySelf(boolean redeliver) -> {
                LOG.info(
                        "peer out of date regionId={} peerId={} messageFor={}",
                        peer.regionId(),
                        peer.self().getId(),
                        message.getToPeer().getId());
                peer.destroy(peer.region());
                if (redeliver && isGone(peer)) {
                    deliverToMissing(message);
                }
            }
            case MessageRules.Verdict.Create _, MessageRules.Verdict.KeepForSplit _ ->
                    throw new IllegalStateException("a peer that exists is not created");
        }
    }

    private void deliverToMissing(RaftMessage message) {
        long regionId = message.getRegionId();
        switch (MessageRules.onMissing(storeId(), records.local(regionId), message)) {
            case MessageRules.Verdict.Create _ -> {
                KeyRange range =
                        new KeyRange(
                                Regions.key(message.getStartKey()),
                                Regions.key(message.getEndKey()));
                if (!ranges.overlapping(regionId, range).isEmpty()) {
                    if (MessageRules.isFirst(message)) {
                        splits.keep(regionId, message);
                    } else {
                        refused("range overlaps another region", message);
                    }
                    return;
                }
                Peer peer = create(message);
                guard(peer, () -> peer.step(message));
            }
            case MessageRules.Verdict.KeepForSplit _ -> splits.keep(regionId, message);
            case MessageRules.Verdict.Reply(RaftMessage answer) -> send(answer);
            case MessageRules.Verdict.Drop(String reason) -> refused(reason, message);
            case MessageRules.Verdict.Step _,
                    MessageRules.Verdict.DestroySelf _,
                    MessageRules.Verdict.Validate _ ->
                    throw new IllegalStateException("there is no peer to do that");
        }
    }

    private Peer create(RaftMessage message) {
        long regionId = message.getRegionId();
        RegionState nothing =
                new RegionState(
                        RegionLocalState.newBuilder()
                                .setRegion(Region.newBuilder().setId(regionId))
                                .build(),
                        0,
                        0);
        Peer peer =
                new Peer(
                        this,
                        message.getToPeer(),
                        PeerLog.empty(regionId, records),
                        nothing,
                        regionId,
                        Phase.UNINITIALIZED);
        peers.put(regionId, peer);
        LOG.info(
                "peer created regionId={} peerId={} by={}",
                regionId,
                message.getToPeer().getId(),
                message.getFromPeer().getStoreId());
        return peer;
    }

    // ---- the end of a peer ----

    void destroy(Peer peer, Region last) {
        boolean hadData = peer.isInitialized();
        peers.remove(peer.regionId(), peer);
        ranges.remove(peer.regionId());
        RegionLocalState tombstone =
                RegionLocalState.newBuilder().setState(PeerState.Tombstone).setRegion(last).build();
        LOG.info("peer destroyed regionId={} peerId={}", peer.regionId(), peer.self().getId());
        try {
            bury(tombstone, hadData);
        } catch (IOException e) {
            fail(e);
        }
    }

    /** Asks PD whether this peer is still in its region, and destroys it if not. */
    void validate(long regionId, long peerId) {
        Peer asked = peers.get(regionId);
        if (asked == null || !validating.add(regionId)) {
            return;
        }
        Region ours = asked.region();
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        Optional<Region> theirs = pd.region(regionId);
                        boolean gone =
                                theirs.isEmpty()
                                        || (Regions.isStale(
                                                        ours.getRegionEpoch(),
                                                        theirs.get().getRegionEpoch())
                                                && Regions.byId(theirs.get(), peerId).isEmpty());
                        if (gone) {
                            onWorker(asked, () -> asked.destroy(asked.region()));
                        }
                    } catch (IOException | RuntimeException e) {
                        LOG.info("peer not validated regionId={}", regionId, e);
                    } finally {
                        validating.remove(regionId);
                    }
                });
    }

    /** A snapshot of {@code newcomer} wants this region's keys. */
    void nudge(long regionId, Region newcomer) {
        onWorker(
                regionId,
                peer -> {
                    RegionLocalState local = peer.local();
                    boolean merged =
                            local.getState() == PeerState.Merging
                                    && local.getMergeState().getTarget().getId() == newcomer.getId()
                                    && newcomer.getRegionEpoch().getVersion()
                                            > local.getRegion().getRegionEpoch().getVersion()
                                    && Regions.range(newcomer)
                                            .contains(Regions.range(local.getRegion()));
                    if (merged) {
                        peer.destroy(peer.region());
                    } else {
                        validate(regionId, peer.self().getId());
                    }
                });
    }

    // ---- snapshots ----

    /** Limits how many snapshots are on their way to us; a grant lapses by itself. */
    boolean grantSnapshot(long regionId) {
        return grants.take(regionId, tick.get());
    }

    /** The transport has received a snapshot, or failed to. */
    public void snapshotReceived(long regionId) {
        grants.giveBack(regionId);
    }

    void dropSnapshot(SnapshotStore.Id id) {
        try {
            snapshots.delete(id);
        } catch (IOException e) {
            LOG.warn("snapshot files not deleted regionId={}", id.regionId(), e);
        }
    }

    void install(Peer peer, RegionState state, Records.Installing what) {
        installers.execute(() -> {
            try {
                installNow(state, what);
                counters.snapshotsInstalled.increment();
                onWorker(peer, () -> peer.installed(state));
            } catch (IOException | RuntimeException e) {
                LOG.error("snapshot not installed regionId={}", state.regionId(), e);
                onWorker(peer, () -> peer.installFailed(e));
            }
        });
    }

    private void installNow(RegionState state, Records.Installing what) throws IOException {
        SnapshotStore.Id id = snapshotId(state.regionId(), what);
        RaftSnapshotData data = RaftSnapshotData.parseFrom(what.snapshot().getData());
        SnapshotFiles files =
                snapshots
                        .files(id, data.getMeta())
                        .orElseThrow(() -> new IOException("snapshot files are gone"));
        sink.installSnapshot(state, what.opSequence(), files);
        try (Batch batch = records.store().newBatch()) {
            records.putLocal(batch, state.local());
            records.clearInstalling(batch, state.regionId());
            records.store().write(batch, Durability.SYNCED);
        }
        // Only now: until the record says Normal a restart installs them again.
        dropSnapshot(id);
    }

    // ---- reads ----

    /** Decides when a read may start. */
    public ReadGate readGate() {
        return reads;
    }

    /** The regions whose leaders are who this store believes, in the order of the question. */
    public List<Long> checkLeaders(List<LeaderInfo> leaders) {
        List<Long> confirmed = new ArrayList<>();
        for (LeaderInfo leader : leaders) {
            Peer peer = peers.get(leader.getRegionId());
            if (peer != null && peer.checkLeader(leader)) {
                confirmed.add(leader.getRegionId());
            }
        }
        return confirmed;
    }

    /**
     * The least safe ts of the regions that touch the range; those without one do not count, as in
     * TiKV, since a 0 would take stale reads away from the whole cluster.
     */
    public long safeTs(KeyRange encodedRange) {
        long least = 0;
        for (Peer peer : peers.values()) {
            if (!peer.isInitialized() || !Regions.range(peer.region()).overlaps(encodedRange)) {
                continue;
            }
            long ts = peer.safeTs();
            if (ts != 0 && (least == 0 || ts < least)) {
                least = ts;
            }
        }
        return least;
    }

    // ---- status ----

    public List<LearnerStatus.Region> regions() {
        return peers.values().stream()
                .map(Peer::status)
                .sorted(Comparator.comparingLong(LearnerStatus.Region::regionId))
                .toList();
    }

    /** PD wants these regions' leaders awake. */
    public void wakeUpAll() {
        peers.values().forEach(peer -> onWorker(peer, peer::wakeUp));
    }

    /** PD has given up on these regions here (online unsafe recovery). */
    public void tombstone(List<Long> regionIds) {
        regionIds.forEach(id -> onWorker(id, peer -> peer.destroy(peer.region())));
    }

    /** Every peer as PD wants to see it before it decides what to give up. */
    public CompletableFuture<List<PeerReport>> peerReports() {
        List<CompletableFuture<PeerReport>> reports = new ArrayList<>();
        for (Peer peer : peers.values()) {
            CompletableFuture<PeerReport> report = new CompletableFuture<>();
            reports.add(report);
            worker(peer.regionId())
                    .post(() -> {
                        if (isGone(peer)) {
                            report.complete(PeerReport.getDefaultInstance());
                        } else {
                            report.complete(peer.report());
                        }
                    });
        }
        return CompletableFuture.allOf(reports.toArray(new CompletableFuture<?>[0]))
                .thenApply(_ ->
                        reports.stream()
                                .map(CompletableFuture::join)
                                .filter(PeerReport::hasRegionState)
                                .toList());
    }

    /** Snapshots granted to come, for PD's balance. */
    public int receivingCount() {
        return grants.count();
    }

    void entryApplied() {
        counters.entriesApplied.increment();
    }

    void quarantined() {
        counters.regionsQuarantined.increment();
    }
}
