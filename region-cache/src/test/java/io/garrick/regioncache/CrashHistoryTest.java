package io.garrick.regioncache;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.OrderedStore;
import io.garrick.base.SimStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random logs with splits, flushes, checkpoints and crashes at random moments. The raft log is the
 * test's own: after a crash every region replays it from the recovered applied index. Nothing may
 * be lost, nothing doubled, no lock wrong.
 */
class CrashHistoryTest {
    private static final int STEPS = 400;
    private static final long HANDLES = 64;

    static LongStream seeds() {
        long chosen = Long.getLong("garrick.seed", -1);
        return chosen >= 0 ? LongStream.of(chosen) : LongStream.range(0, 100);
    }

    /** One logged command, or the split of the region at a handle. */
    private sealed interface Entry {
        record Command(List<CfWrite> writes) implements Entry {}

        record Split(long atHandle, long childId) implements Entry {}
    }

    private static final class Cluster {
        final Random random;
        final RegionLog log;
        final Map<Long, List<Entry>> logs = new TreeMap<>();
        final ModelStore model = new ModelStore();
        SimStore disk = new SimStore(OrderedStore.Mode.ATOMIC_FLUSH, RegionCache.FAMILIES);
        RegionCache cache;

        Cluster(long seed) throws IOException {
            random = new Random(seed);
            log = new RegionLog(random);
            cache = RegionCache.open(disk, model);
            logs.put(1L, new ArrayList<>());
            cache.regionsChanged(List.of(state(1, 0, HANDLES, 0)), List.of());
            cache.settle();
        }

        static RegionState state(long id, long from, long to, long index) {
            return new RegionState(
                    id,
                    new KeyRange(RegionLog.encodedKey(from), RegionLog.encodedKey(to)),
                    Key.wrap(new byte[] {(byte) from, (byte) to}),
                    index,
                    1,
                    0);
        }

        static long from(RegionState state) {
            return state.meta().byteAt(0);
        }

        static long to(RegionState state) {
            return state.meta().byteAt(1);
        }

        void step(long childId) throws IOException {
            List<RegionState> regions = cache.regions();
            RegionState region = regions.get(random.nextInt(regions.size()));
            if (random.nextInt(60) == 0 && to(region) - from(region) >= 2) {
                long at = random.nextLong(from(region) + 1, to(region));
                entries(region.regionId()).add(new Entry.Split(at, childId));
                logs.put(childId, new ArrayList<>());
            } else {
                entries(region.regionId())
                        .add(new Entry.Command(log.next(from(region), to(region))));
            }
            applyAll();
        }

        private List<Entry> entries(long regionId) {
            return logs.computeIfAbsent(regionId, _ -> new ArrayList<>());
        }

        /** Applies what every region has logged and not applied, until splits bring no more. */
        void applyAll() throws IOException {
            boolean moved = true;
            while (moved) {
                moved = false;
                for (RegionState region : cache.regions()) {
                    List<Entry> entries = entries(region.regionId());
                    for (long i = region.appliedIndex(); i < entries.size(); i++) {
                        apply(region.regionId(), i + 1, entries.get((int) i));
                        moved = true;
                    }
                }
            }
        }

        private void apply(long regionId, long index, Entry entry) throws IOException {
            switch (entry) {
                case Entry.Command(var writes) -> cache.apply(regionId, index, 1, writes);
                case Entry.Split(long at, long childId) -> {
                    RegionState now =
                            cache.regions().stream()
                                    .filter(state -> state.regionId() == regionId)
                                    .findFirst()
                                    .orElseThrow();
                    cache.regionsChanged(
                            List.of(
                                    state(regionId, from(now), at, index),
                                    state(childId, at, to(now), 0)),
                            List.of());
                }
            }
        }

        void crash() throws IOException {
            disk = disk.crash(random);
            model.crash();
            cache = RegionCache.open(disk, model);
            applyAll();
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    @DisplayName("after any crash, replay brings every row back, once")
    void nothingIsLostAndNothingDoubled(long seed) throws IOException {
        Cluster cluster = new Cluster(seed);
        long childId = 2;
        for (int step = 0; step < STEPS; step++) {
            switch (cluster.random.nextInt(40)) {
                case 0 -> cluster.model.flush();
                case 1 -> cluster.cache.checkpoint(cluster.model);
                case 2 -> {
                    cluster.model.flush();
                    cluster.cache.checkpoint(cluster.model);
                }
                case 3 -> cluster.crash();
                default -> cluster.step(childId++);
            }
            assertThat(cluster.model.contents())
                    .as("seed %d step %d", seed, step)
                    .containsExactlyInAnyOrderElementsOf(cluster.log.committed);
        }
        assertLocks(cluster, seed);
    }

    private static void assertLocks(Cluster cluster, long seed) {
        List<Long> found = new ArrayList<>();
        for (RegionState region : cluster.cache.regions()) {
            for (long handle = Cluster.from(region); handle < Cluster.to(region); handle++) {
                KeyRange point =
                        new KeyRange(
                                RegionLog.encodedKey(handle), RegionLog.encodedKey(handle + 1));
                long readTs = cluster.log.nextTs();
                if (cluster.cache
                        .blockingLock(region.regionId(), point, readTs, Set.of())
                        .isPresent()) {
                    found.add(handle);
                }
            }
        }
        assertThat(found)
                .as("locks, seed %d", seed)
                .containsExactlyInAnyOrderElementsOf(cluster.log.lockedHandles());
    }
}
