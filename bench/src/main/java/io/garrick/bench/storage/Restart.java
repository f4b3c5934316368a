package io.garrick.bench.storage;

import io.garrick.bench.Benchmark;
import io.garrick.bench.Comparison;
import io.garrick.bench.ForeignLoad;
import io.garrick.bench.Report;
import io.garrick.mergetree.CommittedRow;
import io.garrick.mergetree.FlushScope;
import io.garrick.mergetree.StoreSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * How long until a store with 10,000 parts can be read again? Opens the manifest and the table
 * store, and adds up a column; files are in the page cache. Target: 3 seconds. There is no peer.
 */
public final class Restart implements Benchmark {
    private static final int PARTS = 10_000;
    private static final int ROWS_PER_PART = 64;

    @Override
    public String name() {
        return "restart";
    }

    @Override
    public String summary() {
        return "seconds until a store with 10,000 parts can be read again";
    }

    @Override
    public Report run(Settings settings) throws Exception {
        int parts = (int) settings.scaleOr(PARTS);
        try (Scratch scratch = new Scratch(name())) {
            long expected = fill(scratch, parts);
            List<Double> opening = new ArrayList<>();
            List<Double> scanning = new ArrayList<>();
            ForeignLoad load = ForeignLoad.start();
            for (int round = 0; round < settings.rounds(); round++) {
                long start = System.nanoTime();
                try (BenchStore store = open(scratch)) {
                    opening.add((System.nanoTime() - start) / 1e9);
                    check("parts", parts, store.store().stats().partCount());
                    long sum =
                            store.sum(
                                    VersionedTable.SCHEMA,
                                    VersionedTable.NUMBER_COLUMN,
                                    Long.MAX_VALUE - 1);
                    scanning.add((System.nanoTime() - start) / 1e9);
                    check("sum", expected, sum);
                }
            }
            double ours = Comparison.median(opening);
            return new Report(
                    name(),
                    "s",
                    ours,
                    0,
                    ours / 3,
                    (Collections.max(opening) - Collections.min(opening)) / ours,
                    load.coresUsedByOthers() <= 0.1,
                    1,
                    parts,
                    settings.command(),
                    Map.of(
                            "seconds_to_first_sum",
                            Comparison.median(scanning),
                            "ratio_is",
                            "seconds to open ÷ 3"));
        }
    }

    private static BenchStore open(Scratch scratch) throws IOException {
        return new BenchStore(
                scratch.path("store"),
                Map.of(VersionedTable.TABLE_ID, VersionedTable.SCHEMA),
                StoreSettings.defaults());
    }

    private static long fill(Scratch scratch, int parts) throws IOException {
        VersionedTable table = new VersionedTable();
        long sum = 0;
        try (BenchStore store = open(scratch)) {
            for (int part = 0; part < parts; part++) {
                List<CommittedRow> rows = new ArrayList<>();
                for (int i = 0; i < ROWS_PER_PART; i++) {
                    long handle = (long) part * ROWS_PER_PART + i;
                    sum += VersionedTable.number(handle, 0);
                    rows.add(
                            CommittedRow.put(
                                    VersionedTable.TABLE_ID,
                                    handle,
                                    100 + part,
                                    table.row(handle, 0),
                                    1,
                                    part + 1,
                                    i));
                }
                store.store().append(rows);
                store.store().flush(FlushScope.ALL);
            }
        }
        return sum;
    }

    private static void check(String what, long expected, long found) {
        if (expected != found) {
            throw new WrongAnswerException(what + ": " + found + ", expected " + expected);
        }
    }
}
