package io.garrick.flashkv.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.garrick.base.KeyRange;
import io.garrick.codec.key.Memcomparable;
import io.garrick.flashkv.kv.Access;
import io.garrick.flashkv.kv.Cf;
import io.garrick.flashkv.kv.Modify;
import io.garrick.flashkv.kv.Proposal;
import io.garrick.flashkv.kv.ReadIndexObserver;
import io.garrick.flashkv.kv.RegionSnapshot;
import io.garrick.flashkv.kv.TransactionLayer;
import io.garrick.flashkv.pd.PdConfig;
import io.garrick.flashkv.pd.PdServer;
import io.garrick.proto.kvrpc.Context;
import io.garrick.proto.meta.PeerRole;
import io.garrick.proto.meta.Region;
import io.garrick.proto.tikv.TikvGrpc;
import io.grpc.BindableService;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Replicas that cannot be served from the log get the data in files. */
final class SnapshotCatchUpTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int ROWS = 300;

    @TempDir private Path directory;

    private Store store(PdServer pd, int number) throws IOException {
        StoreConfig config =
                new StoreConfig(
                        directory.resolve("store" + number),
                        InetAddress.getLoopbackAddress(),
                        List.of(pd.address()),
                        false,
                        Duration.ofMillis(100),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(1),
                        64 << 20,
                        Duration.ofMillis(200),
                        50);
        return Store.start(
                config,
                (_, _) -> new RegionsOnly(),
                InstantSource.system(),
                new SplittableRandom(number),
                new Neighbours());
    }

    private static final class RegionsOnly implements TransactionLayer {
        @Override
        public BindableService kvMethods() {
            return new TikvGrpc.TikvImplBase() {};
        }

        @Override
        public ReadIndexObserver readIndexObserver() {
            return ReadIndexObserver.NONE;
        }

        @Override
        public void close() {}
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

    private static ByteString key(int row) {
        return ByteString.copyFrom(
                Memcomparable.encode(("row" + row).getBytes(StandardCharsets.UTF_8)));
    }

    private static Context leaderContext(Store store) {
        Region region = store.ledRegions().getFirst();
        return Context.newBuilder()
                .setRegionId(region.getId())
                .setRegionEpoch(region.getRegionEpoch())
                .setPeer(Membership.peerOn(region, store.id()).orElseThrow())
                .build();
    }

    private static boolean put(List<Store> stores, Cf cf, int row, String value) {
        for (Store store : stores) {
            if (!store.ledRegions().isEmpty()) {
                return store.regions()
                                .propose(
                                        leaderContext(store),
                                        List.of(
                                                new Modify.Put(
                                                        cf,
                                                        key(row),
                                                        ByteString.copyFromUtf8(value))))
                                .join()
                        instanceof Proposal.Applied;
            }
        }
        return false;
    }

    private static void fill(List<Store> stores, String value) {
        for (int row = 0; row < ROWS; row++) {
            int number = row;
            for (Cf cf : Cf.values()) {
                eventually("put", () -> put(stores, cf, number, value + number));
            }
        }
    }

    private static int count(RegionSnapshot snapshot, Cf cf, String value) {
        int count = 0;
        try (RegionSnapshot.Cursor cursor = snapshot.cursor(cf, KeyRange.ALL)) {
            for (boolean valid = cursor.seekToFirst(); valid; valid = cursor.next()) {
                if (new String(cursor.value(), StandardCharsets.UTF_8).startsWith(value)) {
                    count++;
                }
            }
        }
        return count;
    }

    /** Only the newcomer is asked: it must lead, with the others down or willing. */
    private static void assertAllRows(Store store, String value) {
        eventually("leads", () -> !store.ledRegions().isEmpty());
        Access[] access = new Access[1];
        eventually(
                "reads",
                () -> {
                    access[0] = store.regions().snapshot(leaderContext(store)).join();
                    return access[0] instanceof Access.Granted;
                });
        try (RegionSnapshot snapshot = ((Access.Granted) access[0]).snapshot()) {
            for (Cf cf : Cf.values()) {
                assertThat(count(snapshot, cf, value)).as(cf.family()).isEqualTo(ROWS);
            }
        }
    }

    private static boolean hasVoters(Store store, int voters) {
        return store.regionList().stream()
                .anyMatch(region ->
                        region.getPeersList().stream()
                                        .filter(peer -> peer.getRole() == PeerRole.Voter)
                                        .count()
                                == voters);
    }

    @Test
    void aNewReplicaGetsAllFamiliesAndServesThemAlone() throws IOException {
        try (PdServer pd =
                PdServer.start(PdConfig.loopback(directory.resolve("pd")).withReplicas(2))) {
            Store first = store(pd, 1);
            fill(List.of(first), "v");
            try (Store second = store(pd, 2)) {
                eventually("two voters", () -> hasVoters(second, 2));
                // It cannot elect itself alone, but with the first one restarted it may lead.
                Region region = second.regionList().getFirst();
                assertThat(region.getPeersCount()).isEqualTo(2);
                first.close();
                try (Store again = store(pd, 1)) {
                    eventually(
                            "a leader",
                            () -> !again.ledRegions().isEmpty() || !second.ledRegions().isEmpty());
                    Store leader = second.ledRegions().isEmpty() ? again : second;
                    assertAllRows(leader, "v");
                }
            } finally {
                first.close();
            }
        }
    }

    @Test
    void aReplicaThatMissedTheLogIsReplacedByASnapshot() throws IOException {
        try (PdServer pd = PdServer.start(PdConfig.loopback(directory.resolve("pd")));
                Store first = store(pd, 1);
                Store second = store(pd, 2)) {
            Store third = store(pd, 3);
            try {
                eventually("three voters", () -> hasVoters(third, 3));
                fill(List.of(first, second, third), "old");
            } finally {
                third.close();
            }
            // The log is cut at 50 entries: what the third misses cannot be sent as entries.
            fill(List.of(first, second), "new");
            try (Store again = store(pd, 3)) {
                // With the first gone a majority needs the third's data.
                eventually("caught up", () -> hasVoters(again, 3));
                first.close();
                eventually(
                        "a write without the first",
                        () -> put(List.of(second, again), Cf.DEFAULT, 0, "new0"));
                Store leader = second.ledRegions().isEmpty() ? again : second;
                assertAllRows(leader, "new");
            }
        }
    }
}
