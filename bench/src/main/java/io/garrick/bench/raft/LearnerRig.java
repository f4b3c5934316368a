package io.garrick.bench.raft;

import io.garrick.learner.ApplySink.RegionState;
import io.garrick.learner.Learner;
import io.garrick.learner.LearnerConfig;
import io.garrick.proto.raftserver.PeerState;
import io.garrick.proto.raftserver.RegionLocalState;
import io.garrick.server.wiring.ApplyStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A learner on real disk files, with the storage of a server behind it, and a {@link Leader}
 * process. All regions are there, empty, and follow their leader.
 */
final class LearnerRig implements AutoCloseable {
    private static final Duration CHECKPOINT = Duration.ofSeconds(5);

    private final Path directory;
    private final int regions;
    private final LeaderProcess leader;
    private final ApplyStorage storage;
    private final Learner learner;
    private long expected;

    private LearnerRig(
            Path directory,
            int regions,
            LeaderProcess leader,
            ApplyStorage storage,
            Learner learner) {
        this.directory = directory;
        this.regions = regions;
        this.leader = leader;
        this.storage = storage;
        this.learner = learner;
    }

    static LearnerRig start(int regions) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("garrick-bench-raft");
        LeaderProcess leader = LeaderProcess.start(regions);
        ApplyStorage storage =
                ApplyStorage.open(
                        directory,
                        id ->
                                id == Layout.TABLE_ID
                                        ? Optional.of(Layout.table())
                                        : Optional.empty(),
                        CHECKPOINT);
        if (regions > 0) {
            storage.sink()
                    .regionsChanged(1, Layout.FIRST, Layout.FIRST, states(regions), List.of());
        }
        Learner learner =
                Learner.start(
                        LearnerConfig.of(directory.resolve("snap")),
                        new BenchPd(leader.port(), regions),
                        storage.durable(),
                        storage.sink());
        LearnerRig rig = new LearnerRig(directory, regions, leader, storage, learner);
        leader.ask("connect " + learner.address(), "connected");
        leader.ask("lead", "leads");
        rig.expected = regions;
        rig.awaitApplied();
        return rig;
    }

    private static List<RegionState> states(int regions) {
        List<RegionState> states = new ArrayList<>();
        for (int region = 1; region <= regions; region++) {
            RegionLocalState local =
                    RegionLocalState.newBuilder()
                            .setState(PeerState.Normal)
                            .setRegion(Layout.region(region))
                            .build();
            states.add(new RegionState(local, Layout.FIRST, Layout.FIRST));
        }
        return states;
    }

    /** What one run of {@link #send} took. */
    record Sent(long rowBytes, double seconds, double learnerCpuSeconds, double leaderCpuSeconds) {}

    /** Lets the leader prepare rows, then measures from the first message to the last apply. */
    Sent send(int rowsPerRegion) throws IOException, InterruptedException {
        long rowBytes = leader.ask("prepare " + rowsPerRegion, "prepared");
        long cpu = cpuNanos();
        long start = System.nanoTime();
        long leaderMillis = leader.ask("go", "acknowledged");
        expected += 2L * rowsPerRegion * regions;
        awaitApplied();
        double seconds = (System.nanoTime() - start) / 1e9;
        return new Sent(rowBytes, seconds, (cpuNanos() - cpu) / 1e9, leaderMillis / 1e3);
    }

    private void awaitApplied() throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
        while (learner.status().entriesApplied() < expected) {
            if (learner.stopped().isDone() || System.nanoTime() > deadline) {
                throw new IllegalStateException(
                        learner.status().entriesApplied()
                                + " entries applied of "
                                + expected
                                + ", refused "
                                + learner.refusals());
            }
            Thread.sleep(2);
        }
    }

    static long cpuNanos() {
        return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos();
    }

    Learner learner() {
        return learner;
    }

    ApplyStorage storage() {
        return storage;
    }

    @Override
    public void close() throws IOException {
        leader.close();
        learner.close();
        storage.close();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
