package io.garrick.bench.raft;

import io.garrick.bench.Benchmark;
import io.garrick.bench.Comparison;
import io.garrick.bench.ForeignLoad;
import io.garrick.bench.Report;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * How many bytes of rows per second go from a leader's messages into the columns, synced on the
 * way? On paper: 25 MB/s of 1 KiB rows are 25,000 commits and 50,000 entries a second.
 *
 * <p>Each commit is one entry for the prewrite and one for the commit, each in a message of its
 * own; regions take turns. Measured from the first message until the last entry is applied.
 */
public final class RaftApply implements Benchmark {
    private static final int REGIONS = 1_000;
    private static final int ROWS_PER_REGION = 100;
    private static final double TARGET = 25;

    @Override
    public String name() {
        return "raft-apply";
    }

    @Override
    public String summary() {
        return "MB/s of row bytes applied from 1,000 active regions, synced; target "
                + (int) TARGET
                + ", goal 40";
    }

    @Override
    public Report run(Settings settings) throws Exception {
        int rows = (int) settings.scaleOr(ROWS_PER_REGION);
        List<Double> rates = new ArrayList<>();
        List<Double> learnerCores = new ArrayList<>();
        List<Double> leaderCores = new ArrayList<>();
        try (LearnerRig rig = LearnerRig.start(REGIONS)) {
            rig.send(rows);
            rig.send(rows);
            ForeignLoad load = ForeignLoad.start();
            for (int round = 0; round < settings.rounds(); round++) {
                LearnerRig.Sent sent = rig.send(rows);
                rates.add(sent.rowBytes() / 1e6 / sent.seconds());
                learnerCores.add(sent.learnerCpuSeconds() / sent.seconds());
                leaderCores.add(sent.leaderCpuSeconds() / sent.seconds());
            }
            boolean clean = load.coresUsedByOthers() <= 0.1;
            long written = (settings.rounds() + 2L) * rows * REGIONS;
            long found = rig.storage().rowCount();
            if (found != written) {
                throw new WrongAnswerException(found + " rows stored, " + written + " committed");
            }
            double rate = Comparison.median(rates);
            return new Report(
                    name(),
                    "MB/s of row bytes",
                    rate,
                    TARGET,
                    rate / TARGET,
                    (Collections.max(rates) - Collections.min(rates)) / rate,
                    clean,
                    2,
                    rows,
                    settings.command(),
                    Map.of(
                            "regions",
                            REGIONS,
                            "rounds",
                            rates,
                            "learner_cores",
                            Comparison.median(learnerCores),
                            "leader_process_cores",
                            Comparison.median(leaderCores)));
        }
    }
}
