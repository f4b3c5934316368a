package io.garrick.server.demo;

import io.garrick.base.Key;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.row.RowEncoder;
import io.garrick.codec.schema.TableSchema;
import io.garrick.kv.ClusterException;
import io.garrick.kv.KvException;
import io.garrick.kv.KvTransaction;
import io.garrick.kv.PdException;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** One run of the demonstration: two child processes, a load, writers, and checked queries. */
public final class Demo implements AutoCloseable {
    private static final int WRITERS = 2;
    private static final int LEAST_ROUNDS = 5;
    private static final int MOST_EXTRA_SECONDS = 120;
    private static final long WRITER_PAUSE_MILLIS = 2;
    private static final long FRESHNESS_PAUSE_MILLIS = 250;

    private final double scale;
    private final int seconds;
    private final DemoScreen screen;
    private final DemoStats stats = new DemoStats();
    private final AtomicInteger rounds = new AtomicInteger();
    private final DemoCluster cluster;
    private volatile boolean stopping;

    /**
     * Starts the cluster and the replica, and creates the tables.
     *
     * @param seconds how long writers and queries run; 0: until it is closed
     */
    public Demo(DemoCluster.Settings settings, int seconds, boolean terminal) throws IOException {
        this.scale = settings.scale();
        this.seconds = seconds;
        this.screen = new DemoScreen(System.out, terminal);
        screen.say("Starting FlashKV: " + settings.stores() + " stores and their PD ...");
        this.cluster = new DemoCluster(settings);
        try {
            screen.say("Starting the replica ...");
            cluster.startReplica();
            cluster.createTables();
            screen.say(
                    "Created "
                            + cluster.tables().size()
                            + " tables with one columnar replica each; waiting for it ...");
            cluster.awaitReplica();
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Loads all tables, showing progress. */
    public void load() {
        long started = System.nanoTime();
        for (DemoTable table : cluster.demoTables()) {
            TableSchema schema = cluster.table(table.definition().dbName() + "." + table.name());
            long total = expectedRows(table.name());
            AtomicLong rows = new AtomicLong();
            long tableStarted = System.nanoTime();
            Thread painter =
                    Thread.ofVirtual()
                            .start(() -> {
                                try {
                                    while (true) {
                                        Thread.sleep(200);
                                        synchronized (screen) {
                                            screen.loading(
                                                    table.name(),
                                                    rows.get(),
                                                    total,
                                                    secondsSince(tableStarted));
                                        }
                                    }
                                } catch (InterruptedException e) {
                                    Thread.currentThread().interrupt();
                                }
                            });
            try {
                new Loader(cluster.kv(), rows::addAndGet).load(schema, table.rows());
            } finally {
                painter.interrupt();
            }
            stats.rowsLoaded.addAndGet(rows.get());
            synchronized (screen) {
                screen.say(
                        String.format(
                                Locale.ROOT,
                                "  loaded %-10s %,10d rows in %.1f s",
                                table.name(),
                                rows.get(),
                                secondsSince(tableStarted)));
            }
        }
        cluster.kv().flush();
        synchronized (screen) {
            screen.say(
                    String.format(
                            Locale.ROOT,
                            "Loaded %,d rows in %.1f s.",
                            stats.rowsLoaded.get(),
                            secondsSince(started)));
        }
    }

    private long expectedRows(String table) {
        return switch (table) {
            case "region" -> 5;
            case "nation" -> 25;
            case "supplier" -> (long) (10_000 * scale);
            case "customer" -> (long) (150_000 * scale);
            case "part" -> (long) (200_000 * scale);
            case "partsupp" -> (long) (800_000 * scale);
            case "orders" -> (long) (1_500_000 * scale);
            case "lineitem" -> (long) (6_001_215 * scale);
            case "accounts" -> BankTables.ACCOUNTS;
            default -> 1;
        };
    }

    /** Runs writers and checked queries until the time is over or {@link #close} is called. */
    public void run() {
        synchronized (screen) {
            screen.say("");
            screen.say("Flight SQL at " + cluster.flightUrl() + "; try this in another terminal:");
            screen.say(
                    "  ./garrick sql \"select l_returnflag, sum(l_quantity) from tpch.lineitem"
                            + " group by l_returnflag\"");
            screen.say("");
        }
        warmUp();
        List<Thread> threads = new ArrayList<>();
        Workload workload = new Workload(cluster.kv(), cluster.tables(), scale, stats);
        for (int i = 0; i < WRITERS; i++) {
            int writer = i;
            threads.add(start("writer-" + i, () -> write(workload, writer)));
        }
        threads.add(start("freshness", this::measureFreshness));
        threads.add(start("queries", this::runQueries));
        long started = System.nanoTime();
        long lastCommits = 0;
        while (!stopping && !isOver(secondsSince(started))) {
            Pause.millis(1000);
            long commits = stats.commits.get();
            paint(commits - lastCommits, secondsSince(started));
            lastCommits = commits;
        }
        stopping = true;
        for (Thread thread : threads) {
            try {
                thread.join(Duration.ofSeconds(30));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /**
     * A bounded run ends when its time is over, but not before some rounds of queries are checked:
     * a slow machine takes longer instead of proving less.
     */
    private boolean isOver(double elapsed) {
        return seconds > 0
                && elapsed >= seconds
                && (rounds.get() >= LEAST_ROUNDS || elapsed >= seconds + MOST_EXTRA_SECONDS);
    }

    /**
     * The first run of a query pays for planning and compiling; it is neither timed nor counted.
     */
    private void warmUp() {
        for (Map.Entry<String, String> query : DemoQueries.all().entrySet()) {
            try {
                cluster.query(query.getValue(), null);
            } catch (IOException e) {
                stats.problem("warm-up of " + query.getKey() + ": " + e.getMessage());
            }
        }
    }

    private static Thread start(String name, Runnable work) {
        return Thread.ofPlatform().daemon().name(name).start(work);
    }

    private void paint(long commitsPerSecond, double seconds) {
        Map<String, Long> numbers;
        try {
            numbers = cluster.replicaNumbers();
        } catch (IOException e) {
            numbers = Map.of();
        }
        synchronized (screen) {
            screen.running(
                    stats,
                    new DemoScreen.Live(
                            commitsPerSecond,
                            numbers.getOrDefault("regions", 0L),
                            numbers.getOrDefault("parts", 0L)),
                    seconds);
        }
    }

    private void write(Workload workload, int writer) {
        SplittableRandom random = new SplittableRandom(writer);
        while (!stopping) {
            workload.step(random);
            Pause.millis(WRITER_PAUSE_MILLIS);
        }
    }

    /** From the start of a commit until a query sees its row. */
    private void measureFreshness() {
        TableSchema heartbeat = cluster.table("bank.heartbeat");
        RowEncoder encoder = new RowEncoder(heartbeat);
        Key key = TableKeys.recordKey(heartbeat.physicalId(), 1L);
        for (long beat = 1; !stopping; beat++) {
            try {
                KvTransaction transaction = cluster.kv().begin();
                transaction.put(key, encoder.encode(List.of(1L, beat), 0).value().unsafeBytes());
                long started = System.nanoTime();
                transaction.commit();
                while (!stopping && seenBeat() < beat) {
                    Pause.millis(1);
                }
                stats.fresh((System.nanoTime() - started) / 1000);
            } catch (ClusterException | IOException e) {
                stats.problem("freshness: " + e.getMessage());
            }
            Pause.millis(FRESHNESS_PAUSE_MILLIS);
        }
    }

    private long seenBeat() throws IOException {
        List<List<@Nullable Object>> rows =
                cluster.query("select beat from bank.heartbeat where id = 1", null);
        return rows.isEmpty() || !(rows.getFirst().getFirst() instanceof Number beat)
                ? -1
                : beat.longValue();
    }

    /** Rounds: a timestamp, the cluster's rows at it, then every query on both. */
    private void runQueries() {
        Map<String, String> texts = DemoQueries.all();
        texts.keySet().forEach(stats::query);
        while (!stopping) {
            try (ClusterScan rows =
                    cluster.scan(cluster.pd().timestamp(), cluster.tables().values())) {
                for (Map.Entry<String, String> query : texts.entrySet()) {
                    if (!stopping) {
                        check(query.getKey(), query.getValue(), rows);
                    }
                }
                rounds.incrementAndGet();
            } catch (SQLException | IOException | KvException | PdException e) {
                if (!stopping) {
                    stats.queryErrors.incrementAndGet();
                    stats.problem("queries: " + e.getMessage());
                    Pause.millis(200);
                }
            }
        }
    }

    private void check(String name, String sql, ClusterScan rows) throws IOException, SQLException {
        long started = System.nanoTime();
        List<List<@Nullable Object>> ours = cluster.query(sql, rows.ts());
        stats.ran(name, (System.nanoTime() - started) / 1000);
        String difference = Answers.difference(ours, rows.query(sql));
        if (difference.isEmpty() && name.equals(DemoQueries.CONSTANT_SUM)) {
            difference =
                    Answers.difference(
                            ours, List.of(List.of((long) BankTables.ACCOUNTS, BankTables.TOTAL)));
        }
        if (!difference.isEmpty()) {
            stats.mismatches.incrementAndGet();
            stats.problem(name + " at " + rows.ts() + ": " + difference);
            synchronized (screen) {
                screen.say("MISMATCH " + name + " at " + rows.ts() + ": " + difference);
            }
        }
    }

    /** Writes the report; true if every answer was right. */
    public boolean report(@Nullable Path json) throws IOException {
        Map<String, Long> numbers = cluster.replicaNumbers();
        int regions = cluster.pd().scanRegions(Key.EMPTY, Key.EMPTY, 100_000).size();
        if (json != null) {
            new DemoReport(stats, numbers, regions, cluster.pd().getAllStores().size()).write(json);
        }
        screen.say(
                "Done: "
                        + stats.commits.get()
                        + " commits, "
                        + stats.queries.get()
                        + " queries, "
                        + stats.mismatches.get()
                        + " mismatches, "
                        + stats.queryErrors.get()
                        + " query errors.");
        if (!stats.lastProblem().isEmpty()) {
            screen.say("Last problem: " + stats.lastProblem());
        }
        return stats.mismatches.get() == 0 && stats.queries.get() > 0;
    }

    private static double secondsSince(long nanos) {
        return (System.nanoTime() - nanos) / 1e9;
    }

    @Override
    public void close() {
        stopping = true;
        cluster.close();
    }
}
