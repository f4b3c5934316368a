package io.garrick.bench.raft;

import io.garrick.base.Timestamp;
import io.garrick.bench.Benchmark;
import io.garrick.bench.ForeignLoad;
import io.garrick.bench.Report;
import io.garrick.learner.ReadOutcome;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * How long does a read wait before it may start? Ask the region's leader in another process over
 * loopback, get the index, find it applied. On paper: two messages each way, well below 1 ms.
 */
public final class ReadIndex implements Benchmark {
    private static final int REGIONS = 1_000;
    private static final int READS = 20_000;
    private static final double TARGET_MILLIS = 20;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Override
    public String name() {
        return "read-index";
    }

    @Override
    public String summary() {
        return "p99 in ms from asking to read a region until it may be read; target 20";
    }

    @Override
    public Report run(Settings settings) throws Exception {
        int reads = (int) settings.scaleOr(READS);
        try (LearnerRig rig = LearnerRig.start(REGIONS)) {
            rig.send(5);
            read(rig, reads / 4);
            ForeignLoad load = ForeignLoad.start();
            Histogram nanos = read(rig, reads);
            double p99 = nanos.getValueAtPercentile(99) / 1e6;
            return new Report(
                    name(),
                    "ms (p99)",
                    p99,
                    TARGET_MILLIS,
                    p99 / TARGET_MILLIS,
                    0,
                    load.coresUsedByOthers() <= 0.1,
                    1,
                    reads,
                    settings.command(),
                    Map.of(
                            "p50_ms", nanos.getValueAtPercentile(50) / 1e6,
                            "p999_ms", nanos.getValueAtPercentile(99.9) / 1e6,
                            "max_ms", nanos.getMaxValue() / 1e6,
                            "regions", REGIONS));
        }
    }

    private static Histogram read(LearnerRig rig, int reads) throws Exception {
        Histogram nanos = new Histogram(TimeUnit.SECONDS.toNanos(20), 3);
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < reads; i++) {
            long region = 1L + random.nextInt(REGIONS);
            long start = System.nanoTime();
            ReadOutcome outcome =
                    rig.learner()
                            .readGate()
                            .prepareRead(
                                    Layout.range(region),
                                    new Timestamp(470_000_000_000_000_000L),
                                    Set.of(),
                                    PATIENCE)
                            .get();
            nanos.recordValue(System.nanoTime() - start);
            if (!(outcome instanceof ReadOutcome.Ready)) {
                throw new WrongAnswerException("a read of region " + region + ": " + outcome);
            }
        }
        return nanos;
    }
}
