package io.garrick.server.wiring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.flashkv.FlashKv;
import io.garrick.flashkv.FlashKvConfig;
import io.garrick.kv.PdClient;
import io.garrick.server.config.Address;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node beside an embedded cluster. */
final class GarrickServerTest {
    @TempDir Path directory;

    @Test
    void aBusyQueryPortLeavesNoStoreBehindInPd() throws Exception {
        try (FlashKv cluster =
                        FlashKv.start(
                                FlashKvConfig.of(directory.resolve("cluster"))
                                        .withSyncWrites(false));
                ServerSocket busy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                PdClient pd =
                        PdClient.connect(List.of(cluster.pdAddress()), PdClient.Options.DEFAULT)) {
            int stores = pd.getAllStores().size();
            assertThatThrownBy(() -> start(cluster, busy.getLocalPort()))
                    .isInstanceOf(IOException.class);
            assertThat(pd.getAllStores()).hasSize(stores);
            try (GarrickServer node = start(cluster, 0)) {
                assertThat(pd.getAllStores())
                        .hasSize(stores + 1)
                        .anyMatch(store ->
                                store.getLabelsList().stream()
                                        .anyMatch(label -> label.getValue().equals("z1")));
                assertThat(node.flightAddress()).doesNotEndWith(":0");
            }
        }
    }

    private GarrickServer start(FlashKv cluster, int flightPort) throws IOException {
        return GarrickServer.start(
                new GarrickServer.Settings(
                        List.of(cluster.pdAddress()),
                        directory.resolve("node"),
                        new Address("127.0.0.1", 0),
                        new Address("127.0.0.1", flightPort),
                        new Address("127.0.0.1", 0),
                        Duration.ofMillis(500),
                        Duration.ofMillis(100),
                        Duration.ofMillis(200),
                        Duration.ofSeconds(10),
                        64 << 20,
                        Optional.empty(),
                        Map.of("zone", "z1"),
                        OptionalLong.of(1L << 40)));
    }
}
