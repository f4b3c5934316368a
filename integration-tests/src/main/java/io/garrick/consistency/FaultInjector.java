package io.garrick.consistency;

import io.garrick.base.Key;
import io.garrick.codec.key.Memcomparable;
import io.garrick.flashkv.Faults;
import io.garrick.flashkv.FlashKv;
import io.garrick.proto.meta.Region;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out a schedule, one fault after the other, on the caller's thread. A fault counts when it
 * came about while operations were in flight. At most one store is down or cut off at a time.
 */
final class FaultInjector {
    private static final Logger log = LoggerFactory.getLogger(FaultInjector.class);
    private static final Duration EFFECT_PATIENCE = Duration.ofSeconds(4);

    private final FlashKv cluster;
    private final Faults faults;
    private final Counts counts;
    private final List<Key> splitKeys;
    private final Map<Options.Fault, Integer> injected = new EnumMap<>(Options.Fault.class);
    private long lostBytes;

    /**
     * @param splitKeys raw keys at which regions may be cut
     */
    FaultInjector(FlashKv cluster, Faults faults, Counts counts, List<Key> splitKeys) {
        this.cluster = cluster;
        this.faults = faults;
        this.counts = counts;
        this.splitKeys = List.copyOf(splitKeys);
    }

    Map<Options.Fault, Integer> injected() {
        return Map.copyOf(injected);
    }

    /** What crashes took from the stores' logs. */
    long lostBytes() {
        return lostBytes;
    }

    void run(FaultSchedule schedule, long startNanos, BooleanSupplier over)
            throws IOException, InterruptedException {
        for (FaultSchedule.Event event : schedule.events()) {
            long waitMillis = event.atMillis() - (System.nanoTime() - startNanos) / 1_000_000;
            if (waitMillis > 0) {
                Thread.sleep(waitMillis);
            }
            if (over.getAsBoolean()) {
                return;
            }
            boolean busy = counts.inFlight.get() > 0;
            log.info("fault {}", event.describe());
            if (inject(event) && busy) {
                injected.merge(event.fault(), 1, Integer::sum);
            }
        }
    }

    /** Whether it came about. */
    private boolean inject(FaultSchedule.Event event) throws IOException, InterruptedException {
        SplittableRandom random = new SplittableRandom(event.chance());
        int store = 1 + random.nextInt(cluster.storeCount());
        return switch (event.fault()) {
            case KILL -> {
                lostBytes += faults.crash(store);
                Thread.sleep(event.durationMillis());
                faults.restart(store);
                yield true;
            }
            case PARTITION -> {
                if (random.nextInt(3) == 0) {
                    faults.cutOneWay(store, 1 + store % cluster.storeCount());
                } else {
                    faults.isolate(store);
                }
                Thread.sleep(event.durationMillis());
                faults.healLinks();
                yield true;
            }
            case PAUSE -> {
                faults.pause(store);
                Thread.sleep(event.durationMillis());
                faults.resume(store);
                yield true;
            }
            case DISTURB -> {
                faults.disturb(store, 0.05, 0.1, 0.2, Duration.ofMillis(50));
                Thread.sleep(event.durationMillis());
                faults.healLinks();
                yield true;
            }
            case SLOWDISK -> {
                faults.slowDisk(store, Duration.ofMillis(30));
                Thread.sleep(event.durationMillis());
                faults.slowDisk(store, Duration.ZERO);
                yield true;
            }
            case SPLIT -> split(random);
            case MERGE -> merge(random);
            case TRANSFER -> transfer(random, store);
        };
    }

    private static boolean eventually(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + EFFECT_PATIENCE.toNanos();
        while (System.nanoTime() < deadline) {
            if (condition.getAsBoolean()) {
                return true;
            }
            Thread.sleep(10);
        }
        return false;
    }

    private boolean split(SplittableRandom random) throws InterruptedException {
        Key at = Memcomparable.encode(splitKeys.get(random.nextInt(splitKeys.size())));
        Region region = regionOf(at);
        if (Key.wrap(region.getStartKey().toByteArray()).equals(at)) {
            return merge(random) && split(random); // cut there already: make room first
        }
        int before = cluster.regions().size();
        cluster.splitRegion(region.getId(), List.of(at));
        return eventually(() -> cluster.regions().size() > before);
    }

    private Region regionOf(Key encoded) {
        Region found = Region.getDefaultInstance();
        for (Region region : cluster.regions()) {
            if (Key.wrap(region.getStartKey().toByteArray()).compareTo(encoded) <= 0) {
                found = region;
            }
        }
        return found;
    }

    private boolean merge(SplittableRandom random) throws InterruptedException {
        List<Region> regions = cluster.regions();
        if (regions.size() < 2) {
            return split(random) && merge(random);
        }
        int left = random.nextInt(regions.size() - 1);
        boolean leftward = random.nextBoolean();
        long source = regions.get(leftward ? left + 1 : left).getId();
        long target = regions.get(leftward ? left : left + 1).getId();
        try {
            cluster.mergeRegion(source, target);
        } catch (IllegalArgumentException | IllegalStateException e) {
            log.info("no merge: {}", e.getMessage());
            return false;
        }
        return eventually(
                () -> cluster.regions().stream().noneMatch(region -> region.getId() == source));
    }

    private boolean transfer(SplittableRandom random, int store) throws InterruptedException {
        List<Region> regions = cluster.regions();
        long region = regions.get(random.nextInt(regions.size())).getId();
        int to = leads(store, region) ? 1 + store % cluster.storeCount() : store;
        cluster.transferLeader(region, to);
        return eventually(() -> leads(to, region));
    }

    private boolean leads(int store, long regionId) {
        return cluster.store(store).ledRegions().stream()
                .anyMatch(region -> region.getId() == regionId);
    }
}
