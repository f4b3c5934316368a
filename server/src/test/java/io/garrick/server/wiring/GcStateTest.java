package io.garrick.server.wiring;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.base.Timestamp;
import io.garrick.flashkv.FlashKv;
import io.garrick.flashkv.FlashKvConfig;
import io.garrick.kv.PdClient;
import io.garrick.proto.pd.AdvanceTxnSafePointRequest;
import io.garrick.proto.pd.AdvanceTxnSafePointResponse;
import io.garrick.proto.pd.PDGrpc;
import io.garrick.proto.pd.RequestHeader;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Barriers against garbage collection, at a PD that has GC states. */
final class GcStateTest {
    @TempDir Path directory;

    @Test
    void aBarrierHoldsTheSafepointUntilItIsReleased() throws Exception {
        try (FlashKv cluster = FlashKv.start(FlashKvConfig.of(directory).withSyncWrites(false));
                PdClient pd =
                        PdClient.connect(List.of(cluster.pdAddress()), PdClient.Options.DEFAULT)) {
            ManagedChannel channel =
                    NettyChannelBuilder.forTarget(cluster.pdAddress()).usePlaintext().build();
            try {
                Timestamp held = pd.timestamp();
                assertThat(pd.holdGc("reader", held, Duration.ofMinutes(5))).isTrue();
                long wish = pd.timestamp().value();
                assertThat(advance(channel, pd, wish)).isEqualTo(held.value());
                assertThat(pd.gcState().txnSafePoint()).isEqualTo(held);
                // What lies behind the safepoint is not promised any more.
                Timestamp tooLate = new Timestamp(held.value() - 1);
                assertThat(pd.holdGc("latecomer", tooLate, Duration.ofMinutes(5))).isFalse();
                pd.releaseGc("reader");
                assertThat(advance(channel, pd, wish)).isEqualTo(wish);
                assertThat(pd.gcState().txnSafePoint().value()).isEqualTo(wish);
                assertThat(pd.gcState().gcSafePoint().value()).isLessThan(wish);
            } finally {
                channel.shutdownNow();
            }
        }
    }

    private static long advance(ManagedChannel channel, PdClient pd, long target) {
        AdvanceTxnSafePointResponse response =
                PDGrpc.newBlockingStub(channel)
                        .advanceTxnSafePoint(
                                AdvanceTxnSafePointRequest.newBuilder()
                                        .setHeader(
                                                RequestHeader.newBuilder()
                                                        .setClusterId(pd.clusterId()))
                                        .setTarget(target)
                                        .build());
        return response.getNewTxnSafePoint();
    }
}
