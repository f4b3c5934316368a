package io.garrick.bench.storage;

import io.garrick.bench.Benchmark;
import io.garrick.bench.Comparison;
import io.garrick.bench.Report;
import io.garrick.mergetree.CommittedRow;
import io.garrick.mergetree.FlushScope;
import io.garrick.mergetree.OpId;
import io.garrick.mergetree.StoreSettings;
import io.garrick.query.QueryConfig;
import io.garrick.query.QueryEngine;
import io.garrick.query.QuerySession;
import io.garrick.query.ResultStream;
import java.io.IOException;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What do versions cost a scan? One store has rows of which a fifth were updated, in random order,
 * and keeps every version; the peer is the same engine with the same live rows and no versions.
 *
 * <p>Two scans: the sum of an int64 column on one thread, and TPC-H's Q1 through SQL. Three
 * moments: right after the updates; at a timestamp in the middle of them; once compaction has put
 * dead versions apart. A figure is time of ours ÷ time of the peer; {@code ratio} is the one that
 * is worst against its target.
 */
public final class MvccTax implements Benchmark {
    private static final int ROWS = 16_000_000;
    private static final int UPDATED_ONE_IN = 5;
    // A sum takes milliseconds, and the compiler needs seconds.
    private static final int SUM_WARM_UPS = 150;
    private static final long FIRST_TS = 100;
    private static final long UPDATE_TS = 1000;
    private static final long NOW = 1L << 40;
    private static final int ROWS_PER_COMMIT = 64;
    // Odd and not a factor of any sensible row count: walks all handles in scattered order.
    private static final long STRIDE = 6_700_417;

    @Override
    public String name() {
        return "mvcc-tax";
    }

    @Override
    public String summary() {
        return "time of scans over versions ÷ the same live rows without versions";
    }

    /** One of the six: its target is the largest allowed quotient. */
    private record Figure(String name, double target, Comparison.Outcome outcome) {
        double ratio() {
            return outcome.ratio();
        }

        double againstTarget() {
            return ratio() / target;
        }
    }

    @Override
    public Report run(Settings settings) throws Exception {
        long rows = (long) settings.scaleOr(ROWS);
        int threads = settings.threadsOr(Math.min(2, Runtime.getRuntime().availableProcessors()));
        try (Scratch scratch = new Scratch(name());
                Side versioned = new Side(scratch, "versioned", threads);
                Side plain = new Side(scratch, "plain", threads)) {
            progress("loading");
            load(versioned, plain, rows);
            progress("updating");
            check("sum before the updates", expectedSum(rows), versioned.sum(NOW));
            update(versioned, rows, 0, rows / 2);
            // What reads at a timestamp in the middle of the updates must find for ever.
            String oldQ1 = versioned.q1(NOW);
            long oldSum = versioned.sum(NOW);
            long oldTs = versioned.lastTs;
            update(versioned, rows, rows / 2, rows);
            progress("measuring");
            List<Figure> figures = new ArrayList<>();
            int rounds = settings.rounds();
            figures.add(sum("latest_sum", 2.2, versioned, plain, rounds));
            figures.add(q1("latest_q1", 1.4, versioned, plain, rounds));
            figures.add(oldSum("old_sum", 3, versioned, plain, oldTs, oldSum, rounds));
            figures.add(oldQ1("old_q1", 1.8, versioned, plain, oldTs, oldQ1, rounds));
            long parts = versioned.store.store().stats().partCount();
            progress("compacting");
            while (versioned.store.store().compactOnceIdle()) {
                // until nothing is worth it
            }
            progress("measuring");
            figures.add(sum("compacted_sum", 1.15, versioned, plain, rounds));
            figures.add(q1("compacted_q1", 1.15, versioned, plain, rounds));
            Figure oldCompacted =
                    oldSum("old_compacted_sum", 3, versioned, plain, oldTs, oldSum, rounds);
            return report(settings, rows, threads, figures, oldCompacted, parts, versioned);
        }
    }

    private static void progress(String step) {
        System.err.printf("%tT mvcc-tax: %s%n", LocalTime.now(ZoneOffset.UTC), step);
    }

    private Report report(
            Settings settings,
            long rows,
            int threads,
            List<Figure> figures,
            Figure oldCompacted,
            long partsBefore,
            Side versioned) {
        Map<String, Object> details = new LinkedHashMap<>();
        Figure worst = figures.getFirst();
        boolean clean = true;
        for (Figure figure : figures) {
            details.put(figure.name(), figure.ratio());
            details.put(figure.name() + "_target", figure.target());
            details.put(figure.name() + "_ms", figure.outcome().ours());
            clean &= figure.outcome().clean();
            if (figure.againstTarget() > worst.againstTarget()) {
                worst = figure;
            }
        }
        details.put("worst", worst.name());
        details.put("worst_against_target", worst.againstTarget());
        details.put(oldCompacted.name(), oldCompacted.ratio());
        details.put("parts_after_updates", partsBefore);
        details.put("parts_after_compaction", versioned.store.store().stats().partCount());
        return new Report(
                name(),
                "ms",
                worst.outcome().ours(),
                worst.outcome().peer(),
                worst.ratio(),
                worst.outcome().spread(),
                clean,
                threads,
                rows,
                settings.command(),
                details);
    }

    // ---- data ----

    private static boolean updated(long handle) {
        return Long.remainderUnsigned(VersionedTable.mix(handle), UPDATED_ONE_IN) == 0;
    }

    private static void load(Side versioned, Side plain, long rows) throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            Callable<Long> first = () -> versioned.ingest(rows, _ -> 0);
            Callable<Long> second = () -> plain.ingest(rows, h -> updated(h) ? 1 : 0);
            for (Future<Long> loaded : threads.invokeAll(List.of(first, second))) {
                check("rows loaded", rows, loaded.get());
            }
        }
    }

    /** Updates what lies in steps [from, to) of a walk over all handles. */
    private static void update(Side versioned, long rows, long from, long to) throws IOException {
        VersionedTable table = new VersionedTable();
        List<CommittedRow> batch = new ArrayList<>();
        for (long i = from; i < to; i++) {
            long handle = i * STRIDE % rows;
            if (!updated(handle)) {
                continue;
            }
            batch.add(
                    CommittedRow.put(
                            VersionedTable.TABLE_ID,
                            handle,
                            versioned.lastTs + 1,
                            table.row(handle, 1),
                            1,
                            versioned.lastTs + 1,
                            batch.size()));
            if (batch.size() == ROWS_PER_COMMIT) {
                versioned.append(batch);
            }
        }
        versioned.append(batch);
    }

    private static long expectedSum(long rows) {
        long sum = 0;
        for (long handle = 0; handle < rows; handle++) {
            sum += VersionedTable.number(handle, 0);
        }
        return sum;
    }

    private static void check(String what, long expected, long found) {
        if (expected != found) {
            throw new WrongAnswerException(what + ": " + found + ", expected " + expected);
        }
    }

    // ---- figures ----

    private static Figure sum(String name, double target, Side ours, Side peer, int rounds)
            throws Exception {
        return new Figure(
                name,
                target,
                compared(SUM_WARM_UPS, rounds, () -> ours.sum(NOW), () -> peer.sum(NOW)));
    }

    private static Figure q1(String name, double target, Side ours, Side peer, int rounds)
            throws Exception {
        return new Figure(
                name, target, compared(1, rounds, () -> ours.q1(NOW), () -> peer.q1(NOW)));
    }

    /** The answer of old must be the one from before the updates; the peer has only the newest. */
    private static Figure oldSum(
            String name, double target, Side ours, Side peer, long oldTs, long expected, int rounds)
            throws Exception {
        return new Figure(
                name,
                target,
                compared(
                        SUM_WARM_UPS,
                        rounds,
                        () -> same(expected, ours.sum(oldTs)),
                        () -> peer.sum(NOW) != 0));
    }

    private static Figure oldQ1(
            String name,
            double target,
            Side ours,
            Side peer,
            long oldTs,
            String expected,
            int rounds)
            throws Exception {
        return new Figure(
                name,
                target,
                compared(
                        1,
                        rounds,
                        () -> same(expected, ours.q1(oldTs)),
                        () -> !peer.q1(NOW).isEmpty()));
    }

    private static boolean same(Object expected, Object found) {
        if (!expected.equals(found)) {
            throw new WrongAnswerException("at the old ts: " + found + ", expected " + expected);
        }
        return true;
    }

    private static Comparison.Outcome compared(
            int warmUps, int rounds, Callable<Object> ours, Callable<Object> peer)
            throws Exception {
        return Comparison.interleaved(warmUps, rounds, timed(ours), timed(peer));
    }

    private static Comparison.Side timed(Callable<Object> scan) {
        return answer -> {
            long start = System.nanoTime();
            Object found = scan.call();
            double millis = (System.nanoTime() - start) / 1e6;
            answer.is(found);
            return millis;
        };
    }

    /** A store with a query engine on top. */
    private static final class Side implements AutoCloseable {
        private final BenchStore store;
        private final QueryEngine engine;
        private long lastTs = UPDATE_TS;

        Side(Scratch scratch, String name, int threads) throws IOException {
            this.store =
                    new BenchStore(
                            scratch.path(name),
                            Map.of(VersionedTable.TABLE_ID, VersionedTable.SCHEMA),
                            StoreSettings.defaults());
            StoreReplica replica =
                    new StoreReplica(store.store(), List.of(VersionedTable.SCHEMA), NOW);
            QueryConfig local = QueryConfig.local();
            this.engine =
                    QueryEngine.create(
                            new QueryConfig(
                                    local.host(),
                                    local.port(),
                                    local.advertise(),
                                    local.queryMemoryBytes(),
                                    local.duckdbMemoryBytes(),
                                    local.spillDirectory(),
                                    threads),
                            replica,
                            store.allocator());
        }

        long ingest(long rows, VersionedTable.Version versions) throws IOException {
            return store.store()
                    .ingest(VersionedTable.source(rows, versions, FIRST_TS), new OpId(1, 1, 1));
        }

        /** Commits a batch, and flushes now and then as a server does. */
        void append(List<CommittedRow> batch) throws IOException {
            store.store().append(batch);
            batch.clear();
            lastTs++;
            if (lastTs % ROWS_PER_COMMIT == 0) {
                store.store().flush(new FlushScope.WorthAPart());
            }
        }

        long sum(long ts) throws IOException {
            return store.sum(VersionedTable.SCHEMA, VersionedTable.NUMBER_COLUMN, ts);
        }

        /** The rows as text. */
        String q1(long ts) {
            StringBuilder text = new StringBuilder();
            QuerySession session = QuerySession.in("bench").withSnapshotTs(Long.toString(ts));
            try (ResultStream result = engine.execute(VersionedTable.Q1, session)) {
                while (result.next()) {
                    text.append(result.batch().contentToTSVString());
                }
            }
            return text.toString();
        }

        @Override
        public void close() throws IOException {
            engine.close();
            store.close();
        }
    }
}
