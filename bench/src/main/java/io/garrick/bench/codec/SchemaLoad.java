package io.garrick.bench.codec;

import io.garrick.base.OrderedStore;
import io.garrick.base.RocksStore;
import io.garrick.bench.Benchmark;
import io.garrick.bench.Comparison;
import io.garrick.bench.Report;
import io.garrick.schemasync.SchemaSync;
import io.garrick.schemasync.SchemaView;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * How long does a full load of the schema of 100,000 tables take, saved on disk included, and how
 * much memory does it keep? Targets: 10 s and 300 MiB. No peer; {@code ratio} is tables per second
 * ÷ those of the target.
 *
 * <p>The documents come out of memory, not from a cluster: what is measured is reading, keeping and
 * saving them. {@code restart_seconds} is a start without the cluster, from what was saved.
 */
public final class SchemaLoad implements Benchmark {
    private static final int TABLES = 100_000;
    private static final double TARGET_SECONDS = 10;
    private static final int MOST_ROUNDS = 3;

    @Override
    public String name() {
        return "schema-load";
    }

    @Override
    public String summary() {
        return "tables/s of a full schema load, 100,000 tables (target 10 s, 300 MiB); no peer";
    }

    @Override
    public Report run(Settings settings) throws Exception {
        int tables = (int) settings.scaleOr(TABLES);
        List<Double> rates = new ArrayList<>();
        List<Double> restarts = new ArrayList<>();
        double keptMib = 0;
        for (int round = 0; round < Math.min(settings.rounds(), MOST_ROUNDS); round++) {
            Path directory = Files.createTempDirectory("garrick-bench-schema");
            try {
                long before = usedBytes();
                try (OrderedStore store = store(directory)) {
                    ManyTables source = new ManyTables(tables);
                    long start = System.nanoTime();
                    try (SchemaSync sync = SchemaSync.start(source, store, Duration.ofHours(1))) {
                        rates.add(tables * 1e9 / (System.nanoTime() - start));
                        keptMib = Math.max(keptMib, (usedBytes() - before) / 1048576.0);
                        check(sync.current(), tables);
                    }
                }
                restarts.add(restart(directory, tables));
            } finally {
                remove(directory);
            }
        }
        double rate = Comparison.median(rates);
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("load_seconds", tables / rate);
        details.put("kept_mib", keptMib);
        details.put("restart_seconds", Comparison.median(restarts));
        return new Report(
                name(),
                "tables/s",
                rate,
                0,
                rate / (TABLES / TARGET_SECONDS),
                (Collections.max(rates) - Collections.min(rates)) / rate,
                true,
                1,
                tables,
                settings.command(),
                details);
    }

    private static OrderedStore store(Path directory) throws IOException {
        return RocksStore.open(directory, OrderedStore.Mode.LOGGED, List.of(SchemaSync.FAMILY));
    }

    private static double restart(Path directory, int tables) throws IOException {
        try (OrderedStore store = store(directory)) {
            long start = System.nanoTime();
            try (SchemaSync sync =
                    SchemaSync.start(new ManyTables(0), store, Duration.ofHours(1))) {
                double seconds = (System.nanoTime() - start) / 1e9;
                check(sync.current(), tables);
                return seconds;
            }
        }
    }

    private static void check(SchemaView view, int tables) {
        if (view.tables().size() != tables) {
            throw new WrongAnswerException(view + " instead of " + tables + " tables");
        }
        for (int i = 0; i < tables; i += 97) {
            String database = "db" + (1 + i / ManyTables.TABLES_PER_DATABASE);
            long found =
                    view.find(database, ManyTables.name(i))
                            .orElseThrow(() -> new WrongAnswerException("a table is missing"))
                            .physicalId();
            if (found != ManyTables.id(i)) {
                throw new WrongAnswerException(found + " instead of " + ManyTables.id(i));
            }
        }
    }

    private static long usedBytes() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private static void remove(Path directory) throws IOException {
        List<Path> all;
        try (Stream<Path> files = Files.walk(directory)) {
            all = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : all) {
            Files.deleteIfExists(path);
        }
    }
}
