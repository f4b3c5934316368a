package io.garrick.learner;

import static io.garrick.learner.Scene.REGION;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.garrick.proto.importsst.DownloadRequest;
import io.garrick.proto.importsst.ImportSSTGrpc;
import io.garrick.proto.importsst.SSTMeta;
import io.garrick.proto.importsst.UploadRequest;
import io.garrick.proto.importsst.UploadResponse;
import io.garrick.proto.importsst.WriteBatch;
import io.garrick.proto.importsst.WriteRequest;
import io.garrick.proto.importsst.WriteResponse;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Import tools send files to every peer; this store throws them away and says yes. */
final class ImportTest {
    private static final SSTMeta META =
            SSTMeta.newBuilder()
                    .setUuid(ByteString.copyFrom(new byte[16]))
                    .setCfName("write")
                    .setRegionId(REGION)
                    .build();

    @TempDir Path directory;
    private Scene scene;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        scene = new Scene(directory);
        channel = NettyChannelBuilder.forTarget(scene.learner.address()).usePlaintext().build();
    }

    @AfterEach
    void stop() throws IOException, InterruptedException {
        channel.shutdownNow();
        scene.close();
    }

    private static <Q, R> R send(
            Function<StreamObserver<R>, StreamObserver<Q>> method, List<Q> requests)
            throws Exception {
        CompletableFuture<R> answer = new CompletableFuture<>();
        StreamObserver<Q> out =
                method.apply(
                        new StreamObserver<>() {
                            @Override
                            public void onNext(R value) {
                                answer.complete(value);
                            }

                            @Override
                            public void onError(Throwable failure) {
                                answer.completeExceptionally(failure);
                            }

                            @Override
                            public void onCompleted() {}
                        });
        requests.forEach(out::onNext);
        out.onCompleted();
        return answer.get(60, TimeUnit.SECONDS);
    }

    @Test
    void writtenAndUploadedFilesAreAcceptedAndNotKept() throws Exception {
        WriteResponse written =
                send(
                        ImportSSTGrpc.newStub(channel)::write,
                        List.of(
                                WriteRequest.newBuilder().setMeta(META).build(),
                                WriteRequest.newBuilder()
                                        .setBatch(WriteBatch.newBuilder().setCommitTs(5))
                                        .build()));
        assertThat(written.getMetasList()).containsExactly(META);
        UploadResponse uploaded =
                send(
                        ImportSSTGrpc.newStub(channel)::upload,
                        List.of(
                                UploadRequest.newBuilder().setMeta(META).build(),
                                UploadRequest.newBuilder()
                                        .setData(ByteString.copyFromUtf8("sst"))
                                        .build()));
        assertThat(uploaded).isEqualTo(UploadResponse.getDefaultInstance());
        assertThat(scene.refused("imported file not kept")).isEqualTo(2);
    }

    @Test
    void aFileWithoutItsMetaIsRefused() {
        assertThatThrownBy(() -> send(ImportSSTGrpc.newStub(channel)::upload, List.of()))
                .isInstanceOf(ExecutionException.class)
                .satisfies(failure ->
                        assertThat(Status.fromThrowable(failure).getCode())
                                .isEqualTo(Status.Code.INVALID_ARGUMENT));
    }

    @Test
    void downloadsAreLeftToTheVoters() {
        assertThatThrownBy(() ->
                        ImportSSTGrpc.newBlockingStub(channel)
                                .download(DownloadRequest.getDefaultInstance()))
                .satisfies(failure ->
                        assertThat(Status.fromThrowable(failure).getCode())
                                .isEqualTo(Status.Code.UNIMPLEMENTED));
    }
}
