package io.garrick.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.garrick.proto.kvrpc.GetRequest;
import io.garrick.proto.kvrpc.GetResponse;
import io.garrick.proto.kvrpc.ScanRequest;
import io.garrick.proto.kvrpc.ScanResponse;
import io.garrick.proto.tikv.BatchCommandsRequest;
import io.garrick.proto.tikv.BatchCommandsResponse;
import io.garrick.proto.tikv.TikvGrpc;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Unary calls over a shared stream, against a store that answers, stays silent, breaks. */
final class BatchedCallsTest {
    private final FakeStore store = new FakeStore();
    private Server server;
    private ManagedChannel channel;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();

    /** Values are the keys; keys that start with '-' get no answer. */
    private static final class FakeStore extends TikvGrpc.TikvImplBase {
        final List<StreamObserver<BatchCommandsResponse>> streams = new CopyOnWriteArrayList<>();
        final AtomicInteger batched = new AtomicInteger();
        final AtomicInteger unary = new AtomicInteger();
        volatile boolean knowsBatches = true;

        @Override
        public StreamObserver<BatchCommandsRequest> batchCommands(
                StreamObserver<BatchCommandsResponse> out) {
            if (!knowsBatches) {
                return super.batchCommands(out);
            }
            streams.add(out);
            return new StreamObserver<>() {
                @Override
                public void onNext(BatchCommandsRequest batch) {
                    answer(batch, out);
                }

                @Override
                public void onError(Throwable failure) {}

                @Override
                public void onCompleted() {
                    out.onCompleted();
                }
            };
        }

        /** In the reverse order. */
        private void answer(BatchCommandsRequest batch, StreamObserver<BatchCommandsResponse> out) {
            for (int i = batch.getRequestsCount() - 1; i >= 0; i--) {
                batched.incrementAndGet();
                ByteString key = batch.getRequests(i).getGet().getKey();
                if (!key.toStringUtf8().startsWith("-")) {
                    out.onNext(
                            BatchCommandsResponse.newBuilder()
                                    .addRequestIds(batch.getRequestIds(i))
                                    .addResponses(
                                            BatchCommandsResponse.Response.newBuilder()
                                                    .setGet(GetResponse.newBuilder().setValue(key)))
                                    .build());
                }
            }
        }

        @Override
        public void kvGet(GetRequest request, StreamObserver<GetResponse> out) {
            unary.incrementAndGet();
            out.onNext(GetResponse.newBuilder().setValue(request.getKey()).build());
            out.onCompleted();
        }

        @Override
        public void kvScan(ScanRequest request, StreamObserver<ScanResponse> out) {
            unary.incrementAndGet();
            out.onNext(ScanResponse.getDefaultInstance());
            out.onCompleted();
        }
    }

    @BeforeEach
    void start() throws IOException {
        server =
                NettyServerBuilder.forAddress(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .addService(store)
                        .build()
                        .start();
        channel =
                NettyChannelBuilder.forAddress("127.0.0.1", server.getPort())
                        .usePlaintext()
                        .build();
    }

    @AfterEach
    void stop() throws InterruptedException {
        channel.shutdownNow();
        server.shutdownNow();
        timer.shutdownNow();
        assertThat(server.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    }

    private TikvGrpc.TikvBlockingStub stub() {
        return TikvGrpc.newBlockingStub(
                ClientInterceptors.intercept(channel, new BatchedCalls(channel, timer)));
    }

    private static String get(TikvGrpc.TikvBlockingStub stub, String key, long timeoutMillis) {
        return stub.withDeadlineAfter(timeoutMillis, TimeUnit.MILLISECONDS)
                .kvGet(GetRequest.newBuilder().setKey(ByteString.copyFromUtf8(key)).build())
                .getValue()
                .toStringUtf8();
    }

    @Test
    void manyCallersShareAStreamAndEachGetsItsOwnAnswer() throws Exception {
        TikvGrpc.TikvBlockingStub stub = stub();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> answers = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                String key = "key" + i;
                answers.add(threads.submit(() -> get(stub, key, 20_000)));
            }
            for (int i = 0; i < answers.size(); i++) {
                assertThat(answers.get(i).get()).isEqualTo("key" + i);
            }
        }
        assertThat(store.batched).hasValue(500);
        assertThat(store.unary).hasValue(0);
        assertThat(store.streams).hasSize(1);
    }

    @Test
    void aCallWithoutAnAnswerEndsAtItsDeadlineAndHoldsNobodyUp() {
        TikvGrpc.TikvBlockingStub stub = stub();
        assertThatThrownBy(() -> get(stub, "-silent", 50))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        e ->
                                assertThat(e.getStatus().getCode())
                                        .isEqualTo(Status.Code.DEADLINE_EXCEEDED));
        assertThat(get(stub, "other", 20_000)).isEqualTo("other");
    }

    @Test
    void aBrokenStreamEndsItsCallsAndTheNextCallOpensAnother() throws Exception {
        TikvGrpc.TikvBlockingStub stub = stub();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<String> waiting = threads.submit(() -> get(stub, "-silent", 60_000));
            while (store.batched.get() == 0) {
                Thread.sleep(1);
            }
            store.streams.getFirst().onError(Status.INTERNAL.asRuntimeException());
            assertThatThrownBy(waiting::get)
                    .hasCauseInstanceOf(StatusRuntimeException.class)
                    .hasMessageContaining("UNAVAILABLE");
        }
        assertThat(get(stub, "again", 20_000)).isEqualTo("again");
        assertThat(store.streams).hasSize(2);
    }

    @Test
    void aStoreWithoutBatchesIsAskedByUnaryCalls() {
        store.knowsBatches = false;
        TikvGrpc.TikvBlockingStub stub = stub();
        assertThatThrownBy(() -> get(stub, "a", 20_000)).hasMessageContaining("UNAVAILABLE");
        assertThat(get(stub, "b", 20_000)).isEqualTo("b");
        assertThat(store.unary).hasValue(1);
    }

    @Test
    void otherCallsGoTheirOwnWay() {
        assertThat(stub().kvScan(ScanRequest.getDefaultInstance()))
                .isEqualTo(ScanResponse.getDefaultInstance());
        assertThat(store.unary).hasValue(1);
        assertThat(store.batched).hasValue(0);
    }
}
