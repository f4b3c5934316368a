package io.garrick.bench.raft;

import io.garrick.bench.Benchmark;
import io.garrick.bench.ForeignLoad;
import io.garrick.bench.Report;
import java.lang.management.ManagementFactory;
import java.util.Map;

/**
 * What do regions cost in which nothing happens? Each has heard from its leader once; then leaders
 * sleep, as TiKV's do. On paper: a tick of 10,000 peers is 10,000 calls a second, some
 * milliseconds.
 */
public final class RaftIdle implements Benchmark {
    private static final int REGIONS = 10_000;
    private static final long SETTLE_MILLIS = 5_000;
    private static final long MEASURE_MILLIS = 30_000;
    private static final double TARGET_PERCENT = 2;

    private record Cost(double cpuPercent, double heapMib) {}

    @Override
    public String name() {
        return "raft-idle";
    }

    @Override
    public String summary() {
        return "% of one core and MiB of heap for 10,000 idle regions above an empty store;"
                + " targets 2 and 20";
    }

    @Override
    public Report run(Settings settings) throws Exception {
        int regions = (int) settings.scaleOr(REGIONS);
        // Once for classes and compiled code, which belong to neither side.
        measure(regions, SETTLE_MILLIS);
        ForeignLoad load = ForeignLoad.start();
        Cost empty = measure(0, MEASURE_MILLIS);
        Cost idle = measure(regions, MEASURE_MILLIS);
        double cpu = idle.cpuPercent - empty.cpuPercent;
        return new Report(
                name(),
                "% of one core",
                cpu,
                TARGET_PERCENT,
                cpu / TARGET_PERCENT,
                0,
                load.coresUsedByOthers() <= 0.1,
                2,
                regions,
                settings.command(),
                Map.of(
                        "heap_mib",
                        idle.heapMib - empty.heapMib,
                        "heap_target_mib",
                        20,
                        "heap_bytes_per_region",
                        (idle.heapMib - empty.heapMib) * (1 << 20) / regions,
                        "cpu_percent_of_empty_store",
                        empty.cpuPercent,
                        "cpu_percent_with_regions",
                        idle.cpuPercent));
    }

    private static Cost measure(int regions, long millis) throws Exception {
        try (LearnerRig rig = LearnerRig.start(regions)) {
            double heap = heapMib();
            Thread.sleep(SETTLE_MILLIS);
            long cpu = LearnerRig.cpuNanos();
            long start = System.nanoTime();
            Thread.sleep(millis);
            double used = 100.0 * (LearnerRig.cpuNanos() - cpu) / (System.nanoTime() - start);
            int alive = rig.learner().status().regions().size();
            if (alive != regions) {
                throw new WrongAnswerException(alive + " regions, not " + regions);
            }
            return new Cost(used, heap);
        }
    }

    private static double heapMib() throws InterruptedException {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            System.gc();
            Thread.sleep(200);
            least =
                    Math.min(
                            least,
                            ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        }
        return least / (double) (1 << 20);
    }
}
