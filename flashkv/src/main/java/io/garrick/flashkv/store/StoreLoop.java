package io.garrick.flashkv.store;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.flashkv.kv.Cf;
import io.garrick.flashkv.kv.ReadIndexObserver;
import io.garrick.proto.meta.Region;
import io.garrick.proto.raftcmd.ChangePeerRequest;
import io.garrick.proto.raftcmd.CommitMergeRequest;
import io.garrick.proto.raftcmd.RaftCmdRequest;
import io.garrick.proto.raftserver.PeerState;
import io.garrick.proto.raftserver.RaftMessage;
import io.garrick.proto.raftserver.RegionLocalState;
import io.garrick.raft.RaftBrokenException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that owns all regions of a store.
 *
 * <p>It takes what came in, lets every touched peer prepare, writes all their logs in one batch,
 * lets them send what waited for the disk, applies what is committed in one batch, and starts over.
 * So a sync is shared by everything that arrived meanwhile, and nothing here needs a lock. A raft
 * group that breaks its promises is taken out of service alone; a disk that fails stops the store.
 */
final class StoreLoop implements Runnable {
    private static final Logger log = LoggerFactory.getLogger(StoreLoop.class);
    private static final int MAX_INPUTS_PER_ROUND = 8192;

    private final StoreConfig config;
    private final long storeId;
    private final KvEngine kv;
    private final RaftLog raftLog;
    private final RaftTransport transport;
    private final PdReports pd;
    private final ReadIndexObserver readIndexObserver;
    private final RandomGenerator random;
    private final RegionTable regions;
    private final BlockingQueue<Runnable> inbox = new LinkedBlockingQueue<>();
    private final Set<Peer> touched = new LinkedHashSet<>();
    private final IncomingMessages incoming;
    private final RegionSplitter splitter;
    private final SnapshotWork snapshots;
    private final List<Truncation> truncations = new ArrayList<>();
    // Regions that were merged away: their logs go once the engine cannot forget it.
    private final List<Long> ended = new ArrayList<>();
    // By source: the target that waits for it.
    private final Map<Long, Peer> waitingTargets = new HashMap<>();
    private final List<Peer> leaving = new ArrayList<>();
    private long tick;
    private volatile boolean stopping;
    private volatile boolean stopped;
    private final AtomicReference<@Nullable CountDownLatch> paused = new AtomicReference<>();
    private volatile long slowMillis;

    private record Truncation(long regionId, long first, long end) {}

    StoreLoop(
            StoreConfig config,
            long storeId,
            KvEngine kv,
            RaftLog raftLog,
            RegionTable regions,
            RaftTransport transport,
            PdReports pd,
            ReadIndexObserver readIndexObserver,
            ExecutorService background,
            InstantSource clock,
            RandomGenerator random) {
        this.config = config;
        this.storeId = storeId;
        this.kv = kv;
        this.raftLog = raftLog;
        this.regions = regions;
        this.transport = transport;
        this.pd = pd;
        this.readIndexObserver = readIndexObserver;
        this.random = random;
        this.incoming = new IncomingMessages(this, storeId, raftLog, regions, transport);
        this.splitter = new RegionSplitter(this, config, kv, regions, pd, background);
        this.snapshots = new SnapshotWork(this, config, kv, raftLog, background, clock);
    }

    // ---- for peers

    StoreConfig config() {
        return config;
    }

    KvEngine kv() {
        return kv;
    }

    RaftTransport transport() {
        return transport;
    }

    ReadIndexObserver readIndexObserver() {
        return readIndexObserver;
    }

    RandomGenerator random() {
        return random;
    }

    long tick() {
        return tick;
    }

    long regionHeartbeatTicks() {
        return Math.max(1, config.regionHeartbeat().toNanos() / config.tick().toNanos());
    }

    SnapshotWork snapshots() {
        return snapshots;
    }

    RegionSplitter splitter() {
        return splitter;
    }

    // ---- inputs, from any thread

    /** False when the store has stopped; the task will not run then. */
    boolean post(Runnable task) {
        return !stopped && inbox.offer(task);
    }

    void post(Runnable task, Peer peer) {
        post(() -> {
            touched.add(peer);
            task.run();
        });
    }

    void receive(List<RaftMessage> messages) {
        post(() -> messages.forEach(incoming::step));
    }

    void receiveSnapshot(RaftMessage message, SnapshotFiles files) {
        if (!post(() -> incoming.stepSnapshot(message, files))) {
            files.delete();
        }
    }

    /** Proposes a data command; the waiter hears how it ended. */
    void propose(RaftCmdRequest command, ByteString encoded, Consumer<Outcome> waiter) {
        long regionId = command.getHeader().getRegionId();
        if (!post(
                () -> {
                    Peer peer = regions.peer(regionId);
                    if (peer == null) {
                        waiter.accept(new Outcome.Failed(RegionErrors.regionNotFound(regionId)));
                    } else {
                        touched.add(peer);
                        peer.propose(command, encoded, waiter);
                    }
                })) {
            waiter.accept(new Outcome.Failed(RegionErrors.busy("store is stopping")));
        }
    }

    /** Calls the reader with null on the store's thread once a read may run. */
    void read(long regionId, Consumer<io.garrick.proto.error.@Nullable Error> reader) {
        if (!post(
                () -> {
                    Peer peer = regions.peer(regionId);
                    if (peer == null) {
                        reader.accept(RegionErrors.regionNotFound(regionId));
                    } else {
                        touched.add(peer);
                        peer.read(reader);
                    }
                })) {
            reader.accept(RegionErrors.busy("store is stopping"));
        }
    }

    void storeUnreachable(long store) {
        post(() -> {
            for (Peer peer : regions.all()) {
                touched.add(peer);
                peer.reportUnreachable(store);
            }
        });
    }

    void stop() {
        stopping = true;
        inbox.offer(() -> {});
    }

    // ---- faults on demand, from any thread

    void pause() {
        CountDownLatch gate = new CountDownLatch(1);
        CountDownLatch old = paused.getAndSet(gate);
        if (old != null) {
            old.countDown();
        }
        post(() -> {
            try {
                gate.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    void resume() {
        CountDownLatch gate = paused.getAndSet(null);
        if (gate != null) {
            gate.countDown();
        }
    }

    void slowDisk(long millis) {
        slowMillis = millis;
    }

    private void sleepForSlowDisk() {
        try {
            Thread.sleep(slowMillis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stopping = true;
        }
    }

    /** Runs a task on the store's thread; returns when it is done. */
    void runAndWait(Runnable task) {
        CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
        boolean accepted =
                post(() -> {
                    try {
                        task.run();
                        done.complete(null);
                    } catch (RuntimeException e) {
                        done.completeExceptionally(e);
                    }
                });
        if (!accepted) {
            throw new IllegalStateException("the store is stopped");
        }
        done.join();
    }

    // ---- start

    /** Loads every region on disk. Before the thread runs. */
    void load() {
        kv.scanLocal(
                LocalKeys.firstRegionState(),
                LocalKeys.endOfRegionStates(),
                (_, value) -> {
                    try {
                        load(RegionLocalState.parseFrom(value));
                    } catch (InvalidProtocolBufferException e) {
                        throw new EngineFailure(e);
                    }
                });
        raftLog.commit();
        snapshots.deleteOldSnapshots();
        log.info("store loaded storeId={} regions={}", storeId, regions.all().size());
    }

    private void load(RegionLocalState local) {
        Region region = local.getRegion();
        var self = Membership.peerOn(region, storeId);
        if (local.getState() == PeerState.Tombstone || self.isEmpty()) {
            regions.bury(local.toBuilder().setState(PeerState.Tombstone).build());
            raftLog.clear(region.getId()); // a crash may have come before
            return;
        }
        if (local.getState() == PeerState.Applying) {
            snapshots.resumeInstall(region);
        }
        Peer peer =
                new Peer(this, self.get(), source -> PeerStorage.load(local, kv, raftLog, source));
        if (local.getState() == PeerState.Applying) {
            try (KvEngine.Batch batch = kv.newBatch()) {
                peer.storage().snapshotInstalled(batch);
                kv.write(batch, true);
            }
        }
        // It may have promised a leader its silence before it went down.
        peer.refuseVotesUntil(StoreConfig.ELECTION_TICKS);
        regions.add(peer);
        touched.add(peer);
        if (region.getPeersCount() == 1) {
            peer.campaign(); // nobody else could
        }
    }

    /** Creates the first region of a cluster. Before the thread runs. */
    void bootstrap(Region region) {
        try (KvEngine.Batch batch = kv.newBatch()) {
            PeerStorage.writeInitial(batch, region);
            kv.write(batch, true);
        }
    }

    /** Takes back {@link #bootstrap}: another store was first. Before the thread runs. */
    void unbootstrap(Region region) {
        try (KvEngine.Batch batch = kv.newBatch()) {
            batch.deleteLocal(LocalKeys.regionState(region.getId()));
            batch.deleteLocal(LocalKeys.applyState(region.getId()));
            kv.write(batch, true);
        }
    }

    // ---- the loop

    @Override
    public void run() {
        try {
            loop();
        } catch (RuntimeException | java.lang.Error e) {
            log.error("store stopped storeId={}", storeId, e);
        } finally {
            stopped = true;
            for (Runnable task = inbox.poll(); task != null; task = inbox.poll()) {
                runQuietly(task);
            }
            regions.all().forEach(peer -> peer.abandon(RegionErrors.busy("store is stopping")));
        }
    }

    private static void runQuietly(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            log.debug("input dropped at stop", e);
        }
    }

    private void loop() {
        long tickNanos = config.tick().toNanos();
        long nextTick = System.nanoTime() + tickNanos;
        while (!stopping) {
            takeInputs(nextTick);
            long now = System.nanoTime();
            if (now - nextTick >= 0) {
                tickAll();
                // Never less than a tick apart: leases count on elections not coming early.
                nextTick = now + tickNanos;
            }
            while (!touched.isEmpty()) {
                round();
            }
            transport.flush();
        }
    }

    private void takeInputs(long untilNanos) {
        try {
            Runnable first =
                    inbox.poll(Math.max(0, untilNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
            int count = 0;
            for (Runnable task = first;
                    task != null && count < MAX_INPUTS_PER_ROUND;
                    task = inbox.poll()) {
                task.run();
                count++;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stopping = true;
        }
    }

    private void tickAll() {
        tick++;
        long logGcTicks = Math.max(1, config.logGcInterval().toNanos() / config.tick().toNanos());
        for (Peer peer : regions.all()) {
            touched.add(peer);
            guarded(peer, () -> peer.tick(tick));
            if (tick % logGcTicks == peer.regionId() % logGcTicks) {
                guarded(peer, () -> peer.admin().compactLog(config.logGcEntries()));
            }
        }
        leaving.forEach(peer -> {
            if (peer.equals(regions.peer(peer.regionId())) && !peer.isRemoved()) {
                remove(peer);
            }
        });
        leaving.clear();
        splitter.checkSizes();
    }

    private void round() {
        List<Peer> busy = new ArrayList<>();
        List<Peer> peers = List.copyOf(touched);
        touched.clear();
        for (Peer peer : peers) {
            guarded(
                    peer,
                    () -> {
                        if (!peer.isRemoved() && (peer.prepare() || peer.hasCommitted())) {
                            busy.add(peer);
                        }
                    });
        }
        transport.flush(); // others write their logs while this store writes its own
        if (slowMillis > 0 && raftLog.hasWrites()) {
            sleepForSlowDisk();
        }
        raftLog.commit();
        for (Peer peer : busy) {
            guarded(peer, peer::persisted);
        }
        transport.flush();
        try (KvEngine.Batch batch = kv.newBatch()) {
            for (Peer peer : busy) {
                peer.apply(batch);
            }
            if (!batch.isEmpty()) {
                kv.write(batch, false);
            }
        }
        for (Peer peer : busy) {
            guarded(peer, peer::applied);
            wakeTargetOf(peer);
            if (peer.hasReady()) {
                touched.add(peer);
            }
        }
        truncateLogs();
    }

    /** One broken raft group must not take the others with it. */
    void guarded(Peer peer, Runnable work) {
        try {
            work.run();
        } catch (RaftBrokenException e) {
            log.error(
                    "region out of service regionId={} reason={}", peer.regionId(), e.reason(), e);
            peer.remove();
            regions.remove(peer);
            touched.remove(peer);
            peer.abandon(RegionErrors.regionNotFound(peer.regionId()));
        }
    }

    private void truncateLogs() {
        if (truncations.isEmpty() && ended.isEmpty()) {
            return;
        }
        if (config.sync()) {
            kv.syncLog(); // the log is all there is to repeat what the engine might lose
        }
        truncations.forEach(each -> raftLog.delete(each.regionId(), each.first(), each.end()));
        truncations.clear();
        ended.forEach(raftLog::clear);
        ended.clear();
    }

    void truncateLog(long regionId, long first, long end) {
        truncations.add(new Truncation(regionId, first, end));
    }

    // ---- the life of peers

    void remove(Peer peer) {
        peer.remove();
        peer.abandon(RegionErrors.regionNotFound(peer.regionId()));
        destroy(peer);
    }

    /**
     * A snapshot of a region takes the place of those that ended in it. Their end goes into the
     * batch that accepts the snapshot; the returned work follows when that is written.
     */
    Runnable replaceBy(Region newcomer, KvEngine.Batch batch) {
        List<Runnable> after = new ArrayList<>();
        for (Peer other :
                regions.allOverlapping(
                        newcomer.getId(), newcomer.getStartKey(), newcomer.getEndKey())) {
            Region into = other.merges().goneInto();
            if (into == null) {
                throw new IllegalStateException(
                        "snapshot of region %d over region %d"
                                .formatted(newcomer.getId(), other.regionId()));
            }
            mergeSource(other.region(), into, batch);
            after.add(() -> endMerged(other, into));
        }
        return () -> after.forEach(Runnable::run);
    }

    /** Deletes a peer's data and log, and remembers that it was here. */
    void destroy(Peer peer) {
        regions.remove(peer);
        touched.remove(peer);
        peer.discardFiles();
        Region last = peer.region();
        if (Membership.peer(last, peer.id()).isEmpty()) {
            last = last.toBuilder().addPeers(peer.self()).build();
        }
        RegionLocalState tombstone =
                RegionLocalState.newBuilder().setState(PeerState.Tombstone).setRegion(last).build();
        regions.bury(tombstone);
        try (KvEngine.Batch batch = kv.newBatch()) {
            PeerStorage.writeLocal(batch, tombstone);
            batch.deleteLocal(LocalKeys.applyState(last.getId()));
            batch.deleteLocal(LocalKeys.snapshotRaftState(last.getId()));
            if (peer.isInitialized()) {
                for (Cf cf : Cf.values()) {
                    batch.deleteRange(
                            cf, DataKeys.of(last.getStartKey()), DataKeys.endOf(last.getEndKey()));
                }
            }
            kv.write(batch, config.sync());
        }
        raftLog.clear(last.getId());
        log.info("peer removed regionId={} peerId={}", peer.regionId(), peer.id());
    }

    boolean childIsNew(Region child) {
        Peer existing = regions.peer(child.getId());
        if (existing != null && existing.isInitialized()) {
            return false;
        }
        return regions.tombstone(child.getId()) == null;
    }

    /** The parent's split is written: its children begin to live. */
    void addChildren(Peer parent, Splits.Outcome split, boolean leading, long sizeBytes) {
        regions.rangeChanged(parent);
        for (Region child : split.created()) {
            if (!childIsNew(child)) {
                continue;
            }
            Peer uninitialized = regions.peer(child.getId());
            if (uninitialized != null) {
                regions.remove(uninitialized);
                touched.remove(uninitialized);
                uninitialized.remove();
                uninitialized.discardFiles();
            }
            var self = Membership.peerOn(child, storeId);
            if (self.isEmpty()) {
                continue;
            }
            RegionLocalState local =
                    RegionLocalState.newBuilder()
                            .setState(PeerState.Normal)
                            .setRegion(child)
                            .build();
            Peer peer =
                    new Peer(
                            this,
                            self.get(),
                            source -> PeerStorage.load(local, kv, raftLog, source));
            peer.sizeEstimated(sizeBytes);
            regions.add(peer);
            touched.add(peer);
            if (leading) {
                peer.campaign();
            }
            incoming.deliverEarly(child.getId());
        }
        if (leading) {
            pd.reportSplit(split.ordered());
        }
    }

    // ---- merges

    void merge(long sourceId, Region target) {
        post(() -> {
            Peer source = regions.peer(sourceId);
            if (source != null && source.isLeader()) {
                touched.add(source);
                source.merges().want(target, _ -> {});
            }
        });
    }

    @Nullable Peer peer(long regionId) {
        return regions.peer(regionId);
    }

    @Nullable Region tombstone(long regionId) {
        RegionLocalState last = regions.tombstone(regionId);
        return last == null ? null : last.getRegion();
    }

    void touch(Peer peer) {
        touched.add(peer);
    }

    /** Removes a peer once no round is under way. */
    void removeSoon(Peer peer) {
        leaving.add(peer);
    }

    boolean sourceIsReady(Peer target, CommitMergeRequest merge) {
        long sourceId = merge.getSource().getId();
        Peer source = regions.peer(sourceId);
        if (source == null) {
            throw new IllegalStateException(
                    "region %d is to be merged into %d, but is not here"
                            .formatted(sourceId, target.regionId()));
        }
        if (source.merges().isReadyFor(merge)) {
            waitingTargets.remove(sourceId);
            return true;
        }
        waitingTargets.put(sourceId, target);
        touched.add(source);
        return false;
    }

    private void wakeTargetOf(Peer source) {
        Peer target = waitingTargets.get(source.regionId());
        if (target != null) {
            touched.add(target);
        }
    }

    /** The source's end is part of the write that makes the target larger. */
    void mergeSource(Region source, Region formerTarget, KvEngine.Batch batch) {
        PeerStorage.writeLocal(batch, Merges.tombstone(source, formerTarget));
        batch.deleteLocal(LocalKeys.applyState(source.getId()));
        Peer peer = regions.peer(source.getId());
        if (peer != null) {
            peer.merges().mergedAway();
        }
    }

    /** The merge is written. Returns the source's estimated size. */
    long sourceMerged(Peer target, Region source, Region formerTarget) {
        Peer peer = regions.peer(source.getId());
        if (peer == null) {
            throw new IllegalStateException("merged region " + source.getId() + " is not here");
        }
        endMerged(peer, formerTarget);
        regions.rangeChanged(target);
        return peer.sizeBytes();
    }

    private void endMerged(Peer peer, Region into) {
        regions.remove(peer);
        touched.remove(peer);
        regions.bury(Merges.tombstone(peer.region(), into));
        peer.discardFiles();
        peer.abandon(RegionErrors.regionNotFound(peer.regionId()));
        ended.add(peer.regionId());
    }

    void initialized(Peer peer) {
        regions.rangeChanged(peer);
    }

    // ---- PD

    void regionHeartbeat(Peer peer, long term, List<Long> pending, long sizeBytes) {
        pd.regionHeartbeat(
                PdMessages.heartbeat(peer.region(), peer.self(), term, pending, sizeBytes));
    }

    /** PD may know nothing: tell it of every region led here. */
    void heartbeatAll() {
        post(() -> regions.all().forEach(Peer::heartbeatSoon));
    }

    /** An order of PD; void unless it is for the region as it is now. */
    void order(io.garrick.proto.pd.RegionHeartbeatResponse order) {
        post(() -> {
            Peer peer = regions.peer(order.getRegionId());
            if (peer == null
                    || !peer.isLeader()
                    || !order.getRegionEpoch().equals(peer.region().getRegionEpoch())) {
                return;
            }
            touched.add(peer);
            guarded(peer, () -> carryOut(peer, order));
        });
    }

    private void carryOut(Peer peer, io.garrick.proto.pd.RegionHeartbeatResponse order) {
        if (order.hasChangePeer()) {
            peer.admin().proposeChange(List.of(PdMessages.change(order.getChangePeer())), true);
        } else if (order.hasChangePeerV2()) {
            List<ChangePeerRequest> changes =
                    order.getChangePeerV2().getChangesList().stream()
                            .map(PdMessages::change)
                            .toList();
            peer.admin().proposeChange(changes, false);
        } else if (order.hasTransferLeader()) {
            peer.transferLeader(order.getTransferLeader().getPeer().getId());
        } else if (order.hasMerge()) {
            peer.merges().want(order.getMerge().getTarget(), _ -> {});
        } else if (order.hasSplitRegion() && order.getSplitRegion().getKeysCount() > 0) {
            splitter.split(peer, order.getSplitRegion().getKeysList(), _ -> {});
        }
    }
}
