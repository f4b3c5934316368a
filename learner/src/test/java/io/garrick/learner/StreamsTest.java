package io.garrick.learner;

import static io.garrick.learner.Scene.PEER;
import static io.garrick.learner.Scene.REGION;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.garrick.learner.LearnerStatus.Phase;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.proto.eraft.SnapshotMetadata;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.raftserver.Done;
import io.garrick.proto.raftserver.RaftMessage;
import io.garrick.proto.raftserver.RaftSnapshotData;
import io.garrick.proto.raftserver.SnapshotCFFile;
import io.garrick.proto.raftserver.SnapshotChunk;
import io.garrick.proto.raftserver.SnapshotMeta;
import io.garrick.proto.tikv.BatchRaftMessage;
import io.garrick.proto.tikv.TikvGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What arrives on the learner's port and does not belong there, or breaks in the middle. */
final class StreamsTest {
    @TempDir Path directory;
    private Scene scene;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        scene = new Scene(directory);
        scene.follow();
        channel = NettyChannelBuilder.forTarget(scene.learner.address()).usePlaintext().build();
    }

    @AfterEach
    void stop() throws IOException, InterruptedException {
        channel.shutdownNow();
        scene.close();
    }

    private static <T> Status send(
            Function<StreamObserver<Done>, StreamObserver<T>> method, List<T> messages)
            throws Exception {
        CompletableFuture<Status> ended = new CompletableFuture<>();
        StreamObserver<T> out =
                method.apply(
                        new StreamObserver<>() {
                            @Override
                            public void onNext(Done done) {}

                            @Override
                            public void onError(Throwable failure) {
                                ended.complete(Status.fromThrowable(failure));
                            }

                            @Override
                            public void onCompleted() {
                                ended.complete(Status.OK);
                            }
                        });
        messages.forEach(out::onNext);
        out.onCompleted();
        return ended.get(60, TimeUnit.SECONDS);
    }

    private Status snapshot(SnapshotChunk... chunks) throws Exception {
        Status status = send(TikvGrpc.newStub(channel)::snapshot, List.of(chunks));
        assertThat(scene.snapshotFiles()).isEmpty();
        assertThat(scene.phase(REGION)).contains(Phase.NORMAL);
        return status;
    }

    private RaftMessage head(RaftSnapshotData data) {
        return scene.fromLeader(REGION, PEER)
                .setMessage(
                        Message.newBuilder()
                                .setMsgType(MessageType.MsgSnapshot)
                                .setTerm(6)
                                .setSnapshot(
                                        Snapshot.newBuilder()
                                                .setMetadata(
                                                        SnapshotMetadata.newBuilder()
                                                                .setIndex(1000)
                                                                .setTerm(6))
                                                .setData(data.toByteString())))
                .build();
    }

    private static SnapshotChunk chunk(RaftMessage head) {
        return SnapshotChunk.newBuilder().setMessage(head).build();
    }

    private static RaftSnapshotData files(long size) {
        return RaftSnapshotData.newBuilder()
                .setVersion(2)
                .setMeta(
                        SnapshotMeta.newBuilder()
                                .addCfFiles(
                                        SnapshotCFFile.newBuilder()
                                                .setCf("write")
                                                .setSize(size)
                                                .setChecksum(1)))
                .build();
    }

    @Test
    void messagesForAnotherStoreEndTheirStreamSoThatTheSenderLooksTheAddressUpAgain()
            throws Exception {
        RaftMessage foreign =
                scene.fromLeader(REGION, PEER)
                        .setToPeer(Peer.newBuilder().setId(PEER).setStoreId(4242))
                        .setMessage(Scene.heartbeat(6, 0))
                        .build();
        assertThat(send(TikvGrpc.newStub(channel)::raft, List.of(foreign)).getCode())
                .isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(
                        send(
                                        TikvGrpc.newStub(channel)::batchRaft,
                                        List.of(
                                                BatchRaftMessage.newBuilder()
                                                        .addMsgs(foreign)
                                                        .build()))
                                .getCode())
                .isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(
                        snapshot(
                                        chunk(
                                                foreign.toBuilder()
                                                        .setMessage(head(files(3)).getMessage())
                                                        .build()))
                                .getCode())
                .isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(scene.refused("for another store")).isEqualTo(3);
    }

    @Test
    void aSnapshotStreamMustBeginWithItsMessageAndHaveNoEmptyChunk() throws Exception {
        assertThat(snapshot().getDescription()).isEqualTo("empty stream");
        assertThat(snapshot(SnapshotChunk.getDefaultInstance()).getDescription())
                .isEqualTo("no snapshot message");
        assertThat(
                        snapshot(
                                        SnapshotChunk.newBuilder()
                                                .setData(ByteString.copyFromUtf8("abc"))
                                                .build())
                                .getDescription())
                .isEqualTo("no snapshot message");
        assertThat(
                        snapshot(chunk(head(files(3))), SnapshotChunk.getDefaultInstance())
                                .getDescription())
                .isEqualTo("empty chunk");
        assertThat(scene.refused("snapshot stream failed")).isEqualTo(4);
    }

    @Test
    void aSnapshotStreamThatBreaksOrLiesLeavesNothing() throws Exception {
        SnapshotChunk data =
                SnapshotChunk.newBuilder().setData(ByteString.copyFromUtf8("abc")).build();
        assertThat(snapshot(chunk(head(files(3)))).getCode()).isEqualTo(Status.Code.INTERNAL);
        assertThat(snapshot(chunk(head(files(3))), data).getDescription()).contains("CRC-32");
        assertThat(snapshot(chunk(head(files(2))), data).getCode()).isEqualTo(Status.Code.INTERNAL);
    }

    @Test
    void aSnapshotOfImpossibleSizeIsRefusedBeforeItsFirstByte() throws Exception {
        assertThat(snapshot(chunk(head(files(-1)))).getDescription()).contains("a file size");
        assertThat(snapshot(chunk(head(files(Long.MAX_VALUE)))).getDescription())
                .contains("bytes, but");
    }

    @Test
    void aSnapshotOfAPartitionedRaftstoreIsRefused() throws Exception {
        assertThat(snapshot(chunk(head(files(3).toBuilder().setVersion(3).build()))).getCode())
                .isEqualTo(Status.Code.UNIMPLEMENTED);
    }
}
