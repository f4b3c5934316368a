package io.garrick.learner;

import static io.garrick.learner.Waiting.await;

import io.garrick.base.KeyRange;
import io.garrick.base.OrderedStore;
import io.garrick.base.RocksStore;
import io.garrick.base.Timestamp;
import io.garrick.kv.Tls;
import io.garrick.learner.LearnerStatus.Phase;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.Region;
import io.garrick.proto.raftserver.RaftMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A learner, a leader with one region (7, its learner gets peer 72), a PD and a sink, over real
 * gRPC. A crash keeps what the durable store and the sink's checkpoint have.
 */
final class Scene implements AutoCloseable {
    static final long REGION = 7;
    static final long PEER = 72;

    final FakePd pd = new FakePd();
    final Path directory;
    final FakeLeader leader;
    OrderedStore durable;
    MemorySink sink = new MemorySink();
    Learner learner;
    private final @Nullable Tls tls;
    private Path data;
    private int images;

    Scene(Path directory) throws IOException {
        this(directory, null, null);
    }

    Scene(Path directory, @Nullable Tls ours, @Nullable Tls leaders) throws IOException {
        this.directory = directory;
        this.tls = ours;
        this.data = directory.resolve("data");
        this.leader = new FakeLeader(pd, directory, leaders);
        this.durable = open(data);
        this.learner = startLearner(Duration.ofMillis(20));
        leader.addRegion(REGION, "", "");
        leader.awaitLeader(REGION);
    }

    private static OrderedStore open(Path data) throws IOException {
        return RocksStore.open(data.resolve("durable"), OrderedStore.Mode.LOGGED, Learner.FAMILIES);
    }

    Learner startLearner(Duration tick) throws IOException {
        return Learner.start(
                LearnerConfig.of(snapshots()).withClocks(tick, Duration.ofMillis(100)).withTls(tls),
                pd,
                durable,
                sink);
    }

    Path snapshots() {
        return data.resolve("snap");
    }

    List<Path> snapshotFiles() {
        try (Stream<Path> files = Files.list(snapshots())) {
            return files.toList();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    void restart() throws IOException {
        learner.close();
        learner = startLearner(Duration.ofMillis(20));
    }

    void crashAndRestart() throws IOException {
        learner.close();
        sink = sink.crashed();
        learner = startLearner(Duration.ofMillis(20));
    }

    /** The disk as it is now, for {@link #startFrom}; the learner goes on. */
    Image image() throws IOException {
        Path copy = directory.resolve("image-" + ++images);
        try (OrderedStore target = open(copy);
                OrderedStore.Batch batch = target.newBatch()) {
            for (String family : Learner.FAMILIES) {
                try (OrderedStore.Cursor cursor = durable.scan(family, KeyRange.ALL)) {
                    while (cursor.next()) {
                        batch.put(family, cursor.key(), cursor.value());
                    }
                }
            }
            target.write(batch, OrderedStore.Durability.SYNCED);
        }
        try (Stream<Path> files = Files.walk(snapshots())) {
            for (Path file : files.toList()) {
                Path to = copy.resolve("snap").resolve(snapshots().relativize(file).toString());
                Files.createDirectories(String.valueOf(to.getParent()).isEmpty() ? to : copy);
                Files.copy(file, to);
            }
        }
        return new Image(copy, sink.crashed());
    }

    record Image(Path data, MemorySink sink) {}

    /** Ends the learner, and starts another from what the disk was. */
    void startFrom(Image image) throws IOException {
        learner.close();
        durable.close();
        data = image.data;
        sink = image.sink;
        durable = open(data);
        learner = startLearner(Duration.ofMillis(20));
    }

    void join(long regionId, long peerId) {
        leader.addLearner(regionId, learner.storeId(), peerId);
    }

    /** Region 7 with its learner, both up to date. */
    void follow() {
        join(REGION, PEER);
        awaitPhase(REGION, Phase.NORMAL);
    }

    /** Splits region 7 at "m": 8 takes the left part. */
    void split() {
        leader.split(REGION, "m", 8);
        awaitPhase(8, Phase.NORMAL);
        leader.awaitLeader(8);
    }

    void awaitRow(String key, String value) {
        await("row " + key, () -> value.equals(sink.rows().get(key)));
    }

    LearnerStatus.Region region(long id) {
        return learner.status().regions().stream()
                .filter(region -> region.regionId() == id)
                .findFirst()
                .orElseThrow();
    }

    Optional<Phase> phase(long id) {
        return learner.status().regions().stream()
                .filter(region -> region.regionId() == id)
                .map(LearnerStatus.Region::phase)
                .findFirst();
    }

    void awaitPhase(long id, Phase phase) {
        await("region " + id + " is " + phase, () -> phase(id).equals(Optional.of(phase)));
    }

    long refused(String reason) {
        return learner.refusals().getOrDefault(reason, 0L);
    }

    ReadOutcome read(long ts) throws Exception {
        return learner.readGate()
                .prepareRead(KeyRange.ALL, new Timestamp(ts), Set.of(), Duration.ofSeconds(60))
                .get(60, TimeUnit.SECONDS);
    }

    /** From the leader of a region, as it is now, to its peer here. */
    RaftMessage.Builder fromLeader(long regionId, long toPeer) {
        Region region = leader.region(regionId);
        return RaftMessage.newBuilder()
                .setRegionId(regionId)
                .setFromPeer(region.getPeers(0))
                .setToPeer(Peer.newBuilder().setId(toPeer).setStoreId(learner.storeId()))
                .setRegionEpoch(region.getRegionEpoch());
    }

    static Message.Builder heartbeat(long term, long commit) {
        return Message.newBuilder()
                .setMsgType(MessageType.MsgHeartbeat)
                .setTerm(term)
                .setCommit(commit);
    }

    @Override
    public void close() throws InterruptedException, IOException {
        learner.close();
        leader.close();
        durable.close();
    }
}
