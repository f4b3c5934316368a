package io.garrick.learner;

import static io.garrick.learner.Waiting.await;

import com.google.protobuf.ByteString;
import io.garrick.kv.Tls;
import io.garrick.proto.eraft.ConfChangeSingle;
import io.garrick.proto.eraft.ConfChangeType;
import io.garrick.proto.eraft.ConfChangeV2;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.EntryType;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.PeerRole;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.RegionEpoch;
import io.garrick.proto.meta.Store;
import io.garrick.proto.raftcmd.AdminCmdType;
import io.garrick.proto.raftcmd.AdminRequest;
import io.garrick.proto.raftcmd.BatchSplitRequest;
import io.garrick.proto.raftcmd.ChangePeerRequest;
import io.garrick.proto.raftcmd.ChangePeerV2Request;
import io.garrick.proto.raftcmd.CmdType;
import io.garrick.proto.raftcmd.CommitMergeRequest;
import io.garrick.proto.raftcmd.PrepareMergeRequest;
import io.garrick.proto.raftcmd.PutRequest;
import io.garrick.proto.raftcmd.RaftCmdRequest;
import io.garrick.proto.raftcmd.RaftRequestHeader;
import io.garrick.proto.raftcmd.Request;
import io.garrick.proto.raftcmd.RollbackMergeRequest;
import io.garrick.proto.raftcmd.SplitRequest;
import io.garrick.proto.raftserver.Done;
import io.garrick.proto.raftserver.ExtraMessage;
import io.garrick.proto.raftserver.ExtraMessageType;
import io.garrick.proto.raftserver.RaftMessage;
import io.garrick.proto.raftserver.RaftSnapshotData;
import io.garrick.proto.raftserver.SnapshotChunk;
import io.garrick.proto.raftserver.SnapshotMeta;
import io.garrick.proto.tikv.BatchRaftMessage;
import io.garrick.proto.tikv.TikvGrpc;
import io.garrick.raft.LightReady;
import io.garrick.raft.MemoryStorage;
import io.garrick.raft.RaftConfig;
import io.garrick.raft.RaftNode;
import io.garrick.raft.RaftRole;
import io.garrick.raft.Ready;
import io.garrick.raft.SnapshotStatus;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;

/**
 * A store with one voter per region, over real gRPC: what a TiKV leader looks like to a learner.
 * One thread drives all its regions.
 */
final class FakeLeader implements AutoCloseable {
    static final long STORE_ID = 1;

    private final FakePd pd;
    private final @Nullable Tls tls;
    private final Path directory;
    private final Server server;
    private final Map<Long, Group> groups = new TreeMap<>();
    private final LinkedBlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
    private final Thread thread;
    private final ConcurrentLinkedQueue<RaftMessage> received = new ConcurrentLinkedQueue<>();
    private volatile Optional<ManagedChannel> channel = Optional.empty();
    private volatile Optional<StreamObserver<BatchRaftMessage>> stream = Optional.empty();
    private volatile String dialled = "";
    private final Set<Long> muted = new HashSet<>();
    private volatile boolean closed;
    volatile Optional<ByteString> lockedAnswer = Optional.empty();
    // What a snapshot says of itself, on its way out.
    volatile UnaryOperator<RaftSnapshotData> distort = UnaryOperator.identity();
    private final Map<Long, Long> commitLimits = new HashMap<>();
    private final Set<Long> asleep = new HashSet<>();
    private final List<RaftMessage> sentAppends = new ArrayList<>();
    private Optional<SentSnapshot> lastSnapshot = Optional.empty();

    private record SentSnapshot(long regionId, RaftMessage head, List<byte[]> files) {}

    /** One region: raft, its data by family, and the metadata as of the applied index. */
    private static final class Group {
        Region region;
        final MemoryStorage storage;
        final RaftNode node;
        final Map<Cf, NavigableMap<ByteString, ByteString>> data;
        long applied;
        boolean granted;
        final Map<Long, Peer> known = new HashMap<>();

        Group(
                Region region,
                MemoryStorage storage,
                Map<Cf, NavigableMap<ByteString, ByteString>> data) {
            this.region = region;
            this.storage = storage;
            this.data = data;
            this.applied = 5;
            this.node =
                    new RaftNode(
                            RaftConfig.builder(region.getPeers(0).getId()).applied(5).build(),
                            storage,
                            new SplittableRandom(region.getId()));
        }
    }

    FakeLeader(FakePd pd, Path directory) throws IOException {
        this(pd, directory, null);
    }

    FakeLeader(FakePd pd, Path directory, @Nullable Tls tls) throws IOException {
        this.pd = pd;
        this.tls = tls;
        this.directory = directory;
        NettyServerBuilder builder =
                NettyServerBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        if (tls != null) {
            builder.sslContext(tls.forServers());
        }
        this.server =
                builder.maxInboundMessageSize(Integer.MAX_VALUE)
                        .addService(new Service())
                        .build()
                        .start();
        pd.stores.put(
                STORE_ID,
                Store.newBuilder()
                        .setId(STORE_ID)
                        .setAddress("127.0.0.1:" + server.getPort())
                        .setVersion("8.5.0")
                        .build());
        this.thread = Thread.ofPlatform().name("fake-leader").start(this::run);
    }

    static Map<Cf, NavigableMap<ByteString, ByteString>> noData() {
        Map<Cf, NavigableMap<ByteString, ByteString>> data = new HashMap<>();
        for (Cf cf : Cf.values()) {
            data.put(cf, new TreeMap<>(ByteString.unsignedLexicographicalComparator()));
        }
        return data;
    }

    /** A region with this store as its only voter; it leads at once. */
    void addRegion(long regionId, String start, String end) {
        Region region =
                Region.newBuilder()
                        .setId(regionId)
                        .setStartKey(ByteString.copyFromUtf8(start))
                        .setEndKey(ByteString.copyFromUtf8(end))
                        .setRegionEpoch(RegionEpoch.newBuilder().setConfVer(1).setVersion(1))
                        .addPeers(Peer.newBuilder().setId(regionId * 10 + 1).setStoreId(STORE_ID))
                        .build();
        call(() -> start(region, noData()));
    }

    private void start(Region region, Map<Cf, NavigableMap<ByteString, ByteString>> data) {
        ConfState.Builder conf = ConfState.newBuilder();
        for (Peer peer : region.getPeersList()) {
            if (peer.getRole() == PeerRole.Learner) {
                conf.addLearners(peer.getId());
            } else {
                conf.addVoters(peer.getId());
            }
        }
        Group group = new Group(region, MemoryStorage.startingAt(conf.build(), 5, 5), data);
        groups.put(region.getId(), group);
        pd.regions.put(region.getId(), region);
        group.node.campaign();
    }

    // ---- what tests ask for ----

    void put(long regionId, Cf cf, String key, String value) {
        propose(regionId, put(cf, key, value));
    }

    static RaftCmdRequest.Builder put(Cf cf, String key, String value) {
        return RaftCmdRequest.newBuilder()
                .addRequests(
                        Request.newBuilder()
                                .setCmdType(CmdType.Put)
                                .setPut(
                                        PutRequest.newBuilder()
                                                .setCf(cf.wireName())
                                                .setKey(ByteString.copyFromUtf8(key))
                                                .setValue(ByteString.copyFromUtf8(value))));
    }

    static RaftCmdRequest.Builder delete(Cf cf, String key) {
        return RaftCmdRequest.newBuilder()
                .addRequests(
                        Request.newBuilder()
                                .setCmdType(CmdType.Delete)
                                .setDelete(
                                        io.garrick.proto.raftcmd.DeleteRequest.newBuilder()
                                                .setCf(cf.wireName())
                                                .setKey(ByteString.copyFromUtf8(key))));
    }

    void propose(long regionId, RaftCmdRequest.Builder command) {
        call(() -> {
            Group group = group(regionId);
            RaftCmdRequest full = withHeader(group, command);
            if (!group.node.propose(ByteString.EMPTY, full.toByteString())) {
                throw new IllegalStateException("proposal dropped");
            }
        });
    }

    /** As it is, header and all. */
    void proposeRaw(long regionId, ByteString data) {
        call(() -> {
            if (!group(regionId).node.propose(ByteString.EMPTY, data)) {
                throw new IllegalStateException("proposal dropped");
            }
        });
    }

    private static RaftCmdRequest withHeader(Group group, RaftCmdRequest.Builder command) {
        return command.setHeader(
                        RaftRequestHeader.newBuilder()
                                .setRegionId(group.region.getId())
                                .setRegionEpoch(group.region.getRegionEpoch()))
                .build();
    }

    void addLearner(long regionId, long storeId, long peerId) {
        changePeer(regionId, ConfChangeType.AddLearnerNode, storeId, peerId);
    }

    void removeLearner(long regionId, long storeId, long peerId) {
        changePeer(regionId, ConfChangeType.RemoveNode, storeId, peerId);
    }

    private void changePeer(long regionId, ConfChangeType type, long storeId, long peerId) {
        Peer peer =
                Peer.newBuilder()
                        .setId(peerId)
                        .setStoreId(storeId)
                        .setRole(PeerRole.Learner)
                        .build();
        call(() -> {
            Group group = group(regionId);
            RaftCmdRequest command =
                    withHeader(
                            group,
                            RaftCmdRequest.newBuilder()
                                    .setAdminRequest(
                                            AdminRequest.newBuilder()
                                                    .setCmdType(AdminCmdType.ChangePeerV2)
                                                    .setChangePeerV2(
                                                            ChangePeerV2Request.newBuilder()
                                                                    .addChanges(
                                                                            ChangePeerRequest
                                                                                    .newBuilder()
                                                                                    .setChangeType(
                                                                                            type)
                                                                                    .setPeer(
                                                                                            peer)))));
            ConfChangeV2 change =
                    ConfChangeV2.newBuilder()
                            .addChanges(
                                    ConfChangeSingle.newBuilder()
                                            .setChangeType(type)
                                            .setNodeId(peerId))
                            .setContext(command.toByteString())
                            .build();
            if (!group.node.proposeConfChange(ByteString.EMPTY, change)) {
                throw new IllegalStateException("conf change dropped");
            }
        });
    }

    /** The new region takes the left part; its peer ids are its id times ten plus position. */
    void split(long regionId, String key, long newRegionId) {
        call(() -> {
            Group group = group(regionId);
            SplitRequest.Builder split =
                    SplitRequest.newBuilder()
                            .setSplitKey(ByteString.copyFromUtf8(key))
                            .setNewRegionId(newRegionId);
            for (int i = 0; i < group.region.getPeersCount(); i++) {
                split.addNewPeerIds(newRegionId * 10 + 1 + i);
            }
            RaftCmdRequest command =
                    withHeader(
                            group,
                            RaftCmdRequest.newBuilder()
                                    .setAdminRequest(
                                            AdminRequest.newBuilder()
                                                    .setCmdType(AdminCmdType.BatchSplit)
                                                    .setSplits(
                                                            BatchSplitRequest.newBuilder()
                                                                    .addRequests(split)
                                                                    .setRightDerive(true))));
            group.node.propose(ByteString.EMPTY, command.toByteString());
        });
    }

    /** Nothing of this region reaches anybody until {@link #unmute}. */
    void mute(long regionId) {
        call(() -> muted.add(regionId));
    }

    void unmute(long regionId) {
        call(() -> muted.remove(regionId));
    }

    /** Nobody hears of commits beyond {@code index}. */
    void limitCommit(long regionId, long index) {
        call(() -> commitLimits.put(regionId, index));
    }

    /** A hibernating leader: no heartbeats until somebody wakes it. */
    void sleep(long regionId) {
        call(() -> asleep.add(regionId));
    }

    boolean sleeps(long regionId) {
        boolean[] sleeps = new boolean[1];
        call(() -> sleeps[0] = asleep.contains(regionId));
        return sleeps[0];
    }

    /** Every append sent so far, once more, the newest first. */
    void repeatAppends() {
        call(() -> transmit(List.copyOf(sentAppends).reversed()));
    }

    void repeatSnapshot() {
        call(() -> lastSnapshot.ifPresent(sent -> stream(sent.regionId, sent.head, sent.files)));
    }

    void admin(long regionId, AdminRequest.Builder admin) {
        propose(regionId, RaftCmdRequest.newBuilder().setAdminRequest(admin));
    }

    /** Prepares the source and commits at the target, which takes over its neighbour's keys. */
    void merge(long sourceId, long targetId) {
        merge(sourceId, targetId, true);
    }

    /**
     * @param withEntries whether the command carries the tail of the source's log
     */
    void merge(long sourceId, long targetId, boolean withEntries) {
        Region target = region(targetId);
        long minIndex = Math.max(6, lastIndex(sourceId) - 2);
        propose(
                sourceId,
                RaftCmdRequest.newBuilder()
                        .setAdminRequest(
                                AdminRequest.newBuilder()
                                        .setCmdType(AdminCmdType.PrepareMerge)
                                        .setPrepareMerge(
                                                PrepareMergeRequest.newBuilder()
                                                        .setMinIndex(minIndex)
                                                        .setTarget(target))));
        awaitCommitted(sourceId);
        long commit = lastIndex(sourceId);
        CommitMergeRequest.Builder merge =
                CommitMergeRequest.newBuilder().setSource(region(sourceId)).setCommit(commit);
        if (withEntries) {
            call(() ->
                    merge.addAllEntries(
                            group(sourceId)
                                    .storage
                                    .entries(minIndex, commit + 1, Long.MAX_VALUE)
                                    .orElseThrow()));
        }
        propose(
                targetId,
                RaftCmdRequest.newBuilder()
                        .setAdminRequest(
                                AdminRequest.newBuilder()
                                        .setCmdType(AdminCmdType.CommitMerge)
                                        .setCommitMerge(merge)));
        awaitCommitted(targetId);
    }

    void rollbackMerge(long sourceId) {
        propose(
                sourceId,
                RaftCmdRequest.newBuilder()
                        .setAdminRequest(
                                AdminRequest.newBuilder()
                                        .setCmdType(AdminCmdType.PrepareMerge)
                                        .setPrepareMerge(
                                                PrepareMergeRequest.newBuilder()
                                                        .setTarget(Region.newBuilder().setId(1)))));
        awaitCommitted(sourceId);
        propose(
                sourceId,
                RaftCmdRequest.newBuilder()
                        .setAdminRequest(
                                AdminRequest.newBuilder()
                                        .setCmdType(AdminCmdType.RollbackMerge)
                                        .setRollbackMerge(
                                                RollbackMergeRequest.newBuilder()
                                                        .setCommit(lastIndex(sourceId)))));
        awaitCommitted(sourceId);
    }

    private void applyMerge(Group group, AdminRequest admin) {
        if (!List.of(
                        AdminCmdType.PrepareMerge,
                        AdminCmdType.CommitMerge,
                        AdminCmdType.RollbackMerge)
                .contains(admin.getCmdType())) {
            return;
        }
        RegionEpoch epoch = group.region.getRegionEpoch();
        RegionEpoch.Builder next = epoch.toBuilder().setVersion(epoch.getVersion() + 1);
        if (admin.getCmdType() == AdminCmdType.PrepareMerge) {
            next.setConfVer(epoch.getConfVer() + 1);
        }
        if (admin.getCmdType() == AdminCmdType.CommitMerge) {
            Region source = admin.getCommitMerge().getSource();
            next.setVersion(Math.max(epoch.getVersion(), source.getRegionEpoch().getVersion()) + 1);
            Group merged = group(source.getId());
            merged.data.forEach((cf, family) -> family(group, cf.wireName()).putAll(family));
            groups.remove(source.getId());
            pd.regions.remove(source.getId());
            // Only the left neighbour is ever merged here.
            group.region = group.region.toBuilder().setStartKey(source.getStartKey()).build();
        }
        group.region = group.region.toBuilder().setRegionEpoch(next).build();
        pd.regions.put(group.region.getId(), group.region);
    }

    Region region(long regionId) {
        Region[] found = new Region[1];
        call(() -> found[0] = group(regionId).region);
        return found[0];
    }

    /** All that was proposed so far is committed. */
    void awaitCommitted(long regionId) {
        long last = lastIndex(regionId);
        await(
                "entry " + last + " is committed",
                () -> {
                    long[] applied = new long[1];
                    call(() -> applied[0] = group(regionId).applied);
                    return applied[0] >= last;
                });
    }

    long lastIndex(long regionId) {
        long[] index = new long[1];
        call(() -> index[0] = group(regionId).node.lastIndex());
        return index[0];
    }

    /** Drops the log, so that only a snapshot helps whoever lags. */
    void compact(long regionId) {
        call(() -> {
            Group group = group(regionId);
            group.storage.compact(group.applied);
        });
    }

    List<RaftMessage> received() {
        return List.copyOf(received);
    }

    void sendRaw(RaftMessage message) {
        call(() -> transmit(List.of(message)));
    }

    // ---- the driver ----

    private Group group(long regionId) {
        Group group = groups.get(regionId);
        if (group == null) {
            throw new IllegalStateException("no region " + regionId);
        }
        return group;
    }

    private void call(Runnable task) {
        CountDownLatch done = new CountDownLatch(1);
        RuntimeException[] failure = new RuntimeException[1];
        tasks.add(() -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                failure[0] = e;
            } finally {
                done.countDown();
            }
        });
        try {
            if (!done.await(10, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the fake leader is stuck");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        if (failure[0] != null) {
            throw new IllegalStateException(failure[0]);
        }
    }

    private void run() {
        long nextTick = System.nanoTime();
        while (!closed) {
            try {
                Runnable task = tasks.poll(5, TimeUnit.MILLISECONDS);
                while (task != null) {
                    task.run();
                    task = tasks.poll();
                }
                if (System.nanoTime() - nextTick > 0) {
                    nextTick = System.nanoTime() + 20_000_000;
                    groups.values().stream()
                            .filter(group -> !asleep.contains(group.region.getId()))
                            .forEach(group -> group.node.tick());
                }
                for (Group group : List.copyOf(groups.values())) {
                    while (group.node.hasReady()) {
                        round(group);
                    }
                }
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void round(Group group) {
        Ready ready = group.node.ready();
        send(group, ready.messages());
        group.storage.append(ready.entries());
        if (ready.hardState() != null) {
            group.storage.setHardState(ready.hardState());
        }
        send(group, ready.persistedMessages());
        List<Entry> committed = new ArrayList<>(ready.committedEntries());
        LightReady light = group.node.advanceAppend(ready);
        send(group, light.messages());
        committed.addAll(light.committedEntries());
        committed.forEach(entry -> apply(group, entry));
        group.node.advanceApplyTo(group.applied);
    }

    private void apply(Group group, Entry entry) {
        group.applied = entry.getIndex();
        if (entry.getData().isEmpty() || entry.getData().byteAt(0) == 0) {
            return;
        }
        try {
            if (entry.getEntryType() == EntryType.EntryConfChangeV2) {
                ConfChangeV2 change = ConfChangeV2.parseFrom(entry.getData());
                applyMembership(group, change);
                return;
            }
            RaftCmdRequest command = RaftCmdRequest.parseFrom(entry.getData());
            if (!command.getHeader().getRegionEpoch().equals(group.region.getRegionEpoch())) {
                return;
            }
            if (command.hasAdminRequest()) {
                if (command.getAdminRequest().getCmdType() == AdminCmdType.BatchSplit) {
                    applySplit(group, command.getAdminRequest().getSplits().getRequests(0));
                } else {
                    applyMerge(group, command.getAdminRequest());
                }
                return;
            }
            for (Request request : command.getRequestsList()) {
                if (request.getCmdType() == CmdType.Put) {
                    family(group, request.getPut().getCf())
                            .put(request.getPut().getKey(), request.getPut().getValue());
                } else if (request.getCmdType() == CmdType.IngestSST) {
                    family(group, request.getIngestSst().getSst().getCfName())
                            .put(
                                    request.getIngestSst().getSst().getRange().getStart(),
                                    ByteString.copyFromUtf8("imported"));
                } else if (request.getCmdType() == CmdType.Delete) {
                    family(group, request.getDelete().getCf()).remove(request.getDelete().getKey());
                }
            }
        } catch (com.google.protobuf.InvalidProtocolBufferException e) {
            // Some tests propose garbage.
        }
    }

    private static NavigableMap<ByteString, ByteString> family(Group group, String name) {
        Cf cf = Cf.parse(name).orElseThrow();
        return group.data.computeIfAbsent(
                cf, _ -> new TreeMap<>(ByteString.unsignedLexicographicalComparator()));
    }

    private void applyMembership(Group group, ConfChangeV2 change)
            throws com.google.protobuf.InvalidProtocolBufferException {
        ChangePeerRequest request =
                RaftCmdRequest.parseFrom(change.getContext())
                        .getAdminRequest()
                        .getChangePeerV2()
                        .getChanges(0);
        List<Peer> peers = new ArrayList<>(group.region.getPeersList());
        Peer removed = request.getPeer();
        peers.removeIf(peer -> peer.getId() == request.getPeer().getId());
        if (request.getChangeType() != ConfChangeType.RemoveNode) {
            peers.add(request.getPeer());
        }
        RegionEpoch epoch = group.region.getRegionEpoch();
        group.region =
                group.region.toBuilder()
                        .clearPeers()
                        .addAllPeers(peers)
                        .setRegionEpoch(epoch.toBuilder().setConfVer(epoch.getConfVer() + 1))
                        .build();
        pd.regions.put(group.region.getId(), group.region);
        group.storage.setConfState(group.node.applyConfChange(change));
        group.known.put(removed.getId(), removed);
        if (request.getChangeType() == ConfChangeType.AddLearnerNode) {
            // The message that creates the peer.
            group.node.ping();
        }
    }

    private void applySplit(Group group, SplitRequest split) {
        RegionEpoch epoch =
                group.region.getRegionEpoch().toBuilder()
                        .setVersion(group.region.getRegionEpoch().getVersion() + 1)
                        .build();
        Region.Builder child =
                group.region.toBuilder()
                        .setId(split.getNewRegionId())
                        .setEndKey(split.getSplitKey())
                        .setRegionEpoch(epoch)
                        .clearPeers();
        for (int i = 0; i < group.region.getPeersCount(); i++) {
            child.addPeers(group.region.getPeers(i).toBuilder().setId(split.getNewPeerIds(i)));
        }
        group.region =
                group.region.toBuilder()
                        .setStartKey(split.getSplitKey())
                        .setRegionEpoch(epoch)
                        .build();
        pd.regions.put(group.region.getId(), group.region);
        Map<Cf, NavigableMap<ByteString, ByteString>> left = noData();
        group.data.forEach((cf, family) -> {
            var moved = family.headMap(split.getSplitKey(), false);
            left.computeIfAbsent(
                            cf, _ -> new TreeMap<>(ByteString.unsignedLexicographicalComparator()))
                    .putAll(moved);
            moved.clear();
        });
        start(child.build(), left);
    }

    private void receive(RaftMessage message) {
        received.add(message);
        tasks.add(() -> {
            Group group = groups.get(message.getRegionId());
            if (group == null) {
                return;
            }
            group.known.put(message.getFromPeer().getId(), message.getFromPeer());
            if (message.hasExtraMsg()) {
                if (message.getExtraMsg().getSnapGenPrecheckPassed()) {
                    group.granted = true;
                }
                if (message.getExtraMsg().getType() == ExtraMessageType.MsgRegionWakeUp) {
                    asleep.remove(message.getRegionId());
                    group.node.ping();
                }
                return;
            }
            Message raft = message.getMessage();
            boolean removed =
                    group.region.getPeersList().stream()
                            .noneMatch(p -> p.getId() == message.getFromPeer().getId());
            if (removed) {
                transmit(
                        List.of(
                                RaftMessage.newBuilder()
                                        .setRegionId(message.getRegionId())
                                        .setFromPeer(message.getToPeer())
                                        .setToPeer(message.getFromPeer())
                                        .setRegionEpoch(group.region.getRegionEpoch())
                                        .setIsTombstone(true)
                                        .build()));
                return;
            }
            if (raft.getMsgType() == MessageType.MsgReadIndex && lockedAnswer.isPresent()) {
                answerLocked(group, message, lockedAnswer.get());
                return;
            }
            if (raft.getRequestSnapshot() > 0) {
                group.granted = true;
            }
            makeSnapshot(group);
            group.node.step(raft);
        });
    }

    private void answerLocked(Group group, RaftMessage question, ByteString field) {
        ByteString uuid = question.getMessage().getEntries(0).getData().substring(0, 16);
        transmit(
                List.of(
                        envelope(group, question.getFromPeer())
                                .setMessage(
                                        Message.newBuilder()
                                                .setMsgType(MessageType.MsgReadIndexResp)
                                                .setFrom(question.getToPeer().getId())
                                                .setTo(question.getFromPeer().getId())
                                                .setTerm(group.node.term())
                                                .setIndex(group.node.commitIndex())
                                                .addEntries(
                                                        Entry.newBuilder()
                                                                .setData(uuid.concat(field))))
                                .build()));
    }

    private static RaftMessage.Builder envelope(Group group, Peer to) {
        return RaftMessage.newBuilder()
                .setRegionId(group.region.getId())
                .setFromPeer(group.region.getPeers(0))
                .setToPeer(to)
                .setRegionEpoch(group.region.getRegionEpoch());
    }

    private void send(Group group, List<Message> messages) {
        List<RaftMessage> batch = new ArrayList<>();
        for (Message message : messages) {
            Peer to =
                    group.region.getPeersList().stream()
                            .filter(peer -> peer.getId() == message.getTo())
                            .findFirst()
                            .orElse(group.known.get(message.getTo()));
            if (to == null) {
                continue;
            }
            Long limit = commitLimits.get(group.region.getId());
            Message limited =
                    limit == null
                            ? message
                            : message.toBuilder()
                                    .setCommit(Math.min(limit, message.getCommit()))
                                    .build();
            RaftMessage.Builder full = envelope(group, to).setMessage(limited);
            if (message.getMsgType() == MessageType.MsgHeartbeat && message.getCommit() == 0) {
                full.setStartKey(group.region.getStartKey()).setEndKey(group.region.getEndKey());
            }
            if (message.getMsgType() == MessageType.MsgSnapshot) {
                sendSnapshot(group, full.build());
            } else {
                batch.add(full.build());
                if (message.getMsgType() == MessageType.MsgAppend) {
                    sentAppends.add(full.build());
                }
            }
        }
        if (!batch.isEmpty() && !muted.contains(group.region.getId())) {
            transmit(batch);
        }
    }

    private void transmit(List<RaftMessage> batch) {
        Store target = pd.stores.get(batch.getFirst().getToPeer().getStoreId());
        if (target == null) {
            return;
        }
        connect(target.getPeerAddress());
        stream.ifPresent(out -> {
            try {
                out.onNext(BatchRaftMessage.newBuilder().addAllMsgs(batch).build());
            } catch (IllegalStateException e) {
                stream = Optional.empty();
            }
        });
    }

    private void connect(String address) {
        if (!address.equals(dialled)) {
            channel.ifPresent(ManagedChannel::shutdownNow);
            channel = Optional.of(Tls.secured(NettyChannelBuilder.forTarget(address), tls).build());
            dialled = address;
            stream = Optional.empty();
        }
        if (stream.isEmpty()) {
            stream =
                    Optional.of(
                            TikvGrpc.newStub(channel.orElseThrow())
                                    .batchRaft(
                                            new StreamObserver<>() {
                                                @Override
                                                public void onNext(Done done) {}

                                                @Override
                                                public void onError(Throwable failure) {
                                                    stream = Optional.empty();
                                                }

                                                @Override
                                                public void onCompleted() {}
                                            }));
        }
    }

    // ---- snapshots ----

    private void makeSnapshot(Group group) {
        RaftSnapshotData data =
                RaftSnapshotData.newBuilder()
                        .setRegion(group.region)
                        .setVersion(2)
                        .setMeta(SnapshotMeta.getDefaultInstance())
                        .build();
        group.storage.createSnapshot(
                group.applied, group.node.status().confState(), data.toByteString());
    }

    private void sendSnapshot(Group group, RaftMessage message) {
        Peer to = message.getToPeer();
        if (!group.granted) {
            transmit(
                    List.of(
                            envelope(group, to)
                                    .setExtraMsg(
                                            ExtraMessage.newBuilder()
                                                    .setType(
                                                            ExtraMessageType
                                                                    .MsgSnapGenPrecheckRequest))
                                    .build()));
            group.node.reportSnapshot(to.getId(), SnapshotStatus.FAILED);
            return;
        }
        try {
            List<byte[]> files = new ArrayList<>();
            SnapshotMeta meta = SnapshotFixtures.writeFiles(directory, group.data, files);
            Snapshot snapshot = message.getMessage().getSnapshot();
            RaftSnapshotData data =
                    distort.apply(
                            RaftSnapshotData.newBuilder()
                                    .setRegion(group.region)
                                    .setVersion(2)
                                    .setMeta(meta)
                                    .build());
            RaftMessage head =
                    message.toBuilder()
                            .setMessage(
                                    message.getMessage().toBuilder()
                                            .setSnapshot(
                                                    snapshot.toBuilder()
                                                            .setData(data.toByteString())))
                            .build();
            lastSnapshot = Optional.of(new SentSnapshot(group.region.getId(), head, files));
            stream(group.region.getId(), head, files);
        } catch (IOException | RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    private void stream(long regionId, RaftMessage head, List<byte[]> files) {
        connect(pd.store(head.getToPeer().getStoreId()).orElseThrow().getPeerAddress());
        long peerId = head.getToPeer().getId();
        StreamObserver<SnapshotChunk> out =
                TikvGrpc.newStub(channel.orElseThrow())
                        .snapshot(
                                new StreamObserver<>() {
                                    @Override
                                    public void onNext(Done done) {
                                        report(SnapshotStatus.FINISHED);
                                    }

                                    private void report(SnapshotStatus status) {
                                        tasks.add(() ->
                                                group(regionId)
                                                        .node
                                                        .reportSnapshot(peerId, status));
                                    }

                                    @Override
                                    public void onError(Throwable failure) {
                                        report(SnapshotStatus.FAILED);
                                    }

                                    @Override
                                    public void onCompleted() {}
                                });
        out.onNext(SnapshotChunk.newBuilder().setMessage(head).build());
        ByteString all = ByteString.EMPTY;
        for (byte[] file : files) {
            all = all.concat(ByteString.copyFrom(file));
        }
        // Cut where no file ends.
        for (int at = 0; at < all.size(); at += 777) {
            out.onNext(
                    SnapshotChunk.newBuilder()
                            .setData(all.substring(at, Math.min(at + 777, all.size())))
                            .build());
        }
        out.onCompleted();
    }

    private final class Service extends TikvGrpc.TikvImplBase {
        @Override
        public StreamObserver<BatchRaftMessage> batchRaft(StreamObserver<Done> response) {
            return new StreamObserver<>() {
                @Override
                public void onNext(BatchRaftMessage batch) {
                    batch.getMsgsList().forEach(FakeLeader.this::receive);
                }

                @Override
                public void onError(Throwable failure) {}

                @Override
                public void onCompleted() {}
            };
        }
    }

    void awaitLeader(long regionId) {
        await(
                "region " + regionId + " has a leader",
                () -> {
                    boolean[] leads = new boolean[1];
                    call(() -> {
                        Group group = groups.get(regionId);
                        leads[0] =
                                group != null
                                        && group.node.role() == RaftRole.LEADER
                                        && group.node.committedInCurrentTerm();
                    });
                    return leads[0];
                });
    }

    @Override
    public void close() throws InterruptedException {
        closed = true;
        thread.join();
        channel.ifPresent(ManagedChannel::shutdownNow);
        server.shutdownNow();
        server.awaitTermination(5, TimeUnit.SECONDS);
    }
}
