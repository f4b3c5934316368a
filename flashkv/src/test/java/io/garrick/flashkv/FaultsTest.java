package io.garrick.flashkv;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.base.Key;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvTransaction;
import io.garrick.kv.PdClient;
import io.garrick.kv.TransactionAbortedException;
import io.garrick.kv.UndeterminedException;
import io.garrick.proto.meta.PeerRole;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cluster whose links, disks and machines fail keeps what it acknowledged. */
final class FaultsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long SEED = Long.getLong("garrick.seed", 20_260_721L);

    @TempDir private Path directory;

    private final Map<Key, String> acknowledged = new TreeMap<>();
    private int written;

    private FlashKvConfig config(boolean sync) {
        return FlashKvConfig.of(directory)
                .withSyncWrites(sync)
                .withTick(Duration.ofMillis(50))
                .withHeartbeatInterval(Duration.ofSeconds(1));
    }

    private static void eventually(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not in time: " + what);
            }
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static void awaitReplicas(FlashKv cluster) {
        eventually(
                "three voters",
                () ->
                        cluster.regions().stream()
                                .allMatch(region ->
                                        region.getPeersList().stream()
                                                        .filter(peer ->
                                                                peer.getRole() == PeerRole.Voter)
                                                        .count()
                                                == 3));
    }

    private static PdClient pd(FlashKv cluster) {
        return PdClient.connect(List.of(cluster.pdAddress()), PdClient.Options.DEFAULT);
    }

    private void write(KvClient client, int count) {
        for (int i = 0; i < count; i++) {
            Key key = Key.wrap("key%05d".formatted(written++).getBytes(StandardCharsets.UTF_8));
            String value = "value " + written;
            KvTransaction transaction = client.begin();
            transaction.put(key, value.getBytes(StandardCharsets.UTF_8));
            try {
                transaction.commit();
                acknowledged.put(key, value);
            } catch (UndeterminedException | TransactionAbortedException lost) {
                // Not acknowledged: it may be there or not.
            }
        }
    }

    private void assertAllThere(KvClient client) {
        var snapshot = client.snapshot(client.pd().timestamp());
        acknowledged.forEach((key, value) ->
                assertThat(
                                snapshot.get(key)
                                        .map(found -> new String(found, StandardCharsets.UTF_8)))
                        .as("%s, seed %d", key, SEED)
                        .hasValue(value));
        assertThat(acknowledged).isNotEmpty();
    }

    @Test
    void aPowerFailureOfAllStoresLosesNothingAcknowledged() throws Exception {
        try (FlashKv cluster = FlashKv.start(config(true));
                PdClient pd = pd(cluster);
                KvClient client = KvClient.connect(pd)) {
            awaitReplicas(cluster);
            Faults faults = cluster.faults(SEED);
            long lost = 0;
            for (int round = 0; round < 3; round++) {
                write(client, 20);
                for (int number = 1; number <= 3; number++) {
                    lost += faults.crash(number);
                }
                for (int number = 1; number <= 3; number++) {
                    faults.restart(number);
                }
                assertAllThere(client);
            }
            // The engines' logs are not synced per write; else this would prove nothing.
            assertThat(lost).isPositive();
        }
    }

    @Test
    void storesThatAreCutOffOneWayOrStandStillComeBack() {
        try (FlashKv cluster = FlashKv.start(config(false));
                PdClient pd = pd(cluster);
                KvClient client = KvClient.connect(pd)) {
            awaitReplicas(cluster);
            Faults faults = cluster.faults(SEED);
            for (int number = 1; number <= 3; number++) {
                int other = 1 + number % 3;
                faults.cutOneWay(number, other);
                write(client, 5);
                faults.healOneWay(number, other);
                faults.isolate(number);
                write(client, 5);
                faults.healLinks();
                faults.pause(number);
                write(client, 5);
                faults.resume(number);
                assertAllThere(client);
            }
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void lostRepeatedAndLateMessagesAndASlowDiskOnlyCostTime() throws Exception {
        try (FlashKv cluster = FlashKv.start(config(false));
                PdClient pd = pd(cluster);
                KvClient client = KvClient.connect(pd)) {
            awaitReplicas(cluster);
            Faults faults = cluster.faults(SEED);
            for (int number = 1; number <= 3; number++) {
                faults.disturb(number, 0.05, 0.1, 0.3, Duration.ofMillis(60));
            }
            faults.slowDisk(2, Duration.ofMillis(20));
            write(client, 60);
            assertAllThere(client);
            faults.healLinks();
            faults.slowDisk(2, Duration.ZERO);
            write(client, 5);
            assertAllThere(client);
        }
    }
}
