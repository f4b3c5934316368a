package io.garrick.bench.flashkv;

import io.garrick.base.Key;
import io.garrick.bench.Benchmark;
import io.garrick.bench.Comparison;
import io.garrick.bench.ForeignLoad;
import io.garrick.bench.Report;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvTransaction;
import io.garrick.kv.PdClient;
import io.garrick.kv.RegionInfo;
import io.garrick.proto.meta.PeerRole;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/**
 * How many single-row transactions a second does an embedded cluster commit?
 *
 * <p>Three stores in one process, clients in this one. A transaction takes a timestamp, prewrites
 * one row, takes another, commits; both writes are replicated to three voters. First without
 * waiting for the disk, then with, beside the time of one fsync. At the end each client reads what
 * it wrote last.
 */
public final class FlashKvTransactions implements Benchmark {
    private static final double TARGET_PER_SECOND = 2_500;
    private static final int CLIENTS = 64;
    private static final int ROWS_PER_CLIENT = 500;
    private static final int VALUE_BYTES = 100;
    private static final int WARM_UP_SECONDS = 20;
    private static final int ROUND_SECONDS = 4;
    private static final int SYNCED_ROUNDS = 3;
    private static final int FSYNCS = 300;

    @Override
    public String name() {
        return "flashkv";
    }

    @Override
    public String summary() {
        return "single-row two-phase transactions/s, 3 stores, 64 clients; target 2500 without"
                + " fsync";
    }

    @Override
    public Report run(Settings settings) throws Exception {
        int clients = settings.threadsOr(CLIENTS);
        ForeignLoad load = ForeignLoad.start();
        Measured plain = measure(false, clients, WARM_UP_SECONDS, settings.rounds());
        boolean clean = load.coresUsedByOthers() <= 0.1;
        Measured synced = measure(true, clients, WARM_UP_SECONDS / 4, SYNCED_ROUNDS);
        Map<String, Object> details = new TreeMap<>();
        details.put("target_per_second", TARGET_PER_SECOND);
        details.put("goal_per_second", 2 * TARGET_PER_SECOND);
        details.put("per_second_by_round", plain.perSecond());
        details.put("with_fsync_per_second", Math.round(synced.median()));
        details.put("with_fsync_per_second_by_round", synced.perSecond());
        details.put("fsync_millis", fsyncMillis());
        details.put("clients", clients);
        details.put("stores", 3);
        details.put("processors", Runtime.getRuntime().availableProcessors());
        details.put("ratio_is", "ours / target_per_second");
        return new Report(
                name(),
                "transactions/s",
                plain.median(),
                0,
                plain.median() / TARGET_PER_SECOND,
                plain.spread(),
                clean,
                clients,
                1,
                settings.command(),
                details);
    }

    private record Measured(List<Double> perSecond) {
        double median() {
            return Comparison.median(perSecond);
        }

        double spread() {
            return (perSecond.stream().max(Double::compare).orElse(0.0)
                            - perSecond.stream().min(Double::compare).orElse(0.0))
                    / median();
        }
    }

    private static Measured measure(boolean sync, int clients, int warmUpSeconds, int rounds)
            throws Exception {
        Path directory = Files.createTempDirectory("garrick-bench-flashkv");
        try (ClusterProcess cluster = ClusterProcess.start(directory, sync);
                PdClient pd =
                        PdClient.connect(List.of(cluster.pdAddress()), PdClient.Options.DEFAULT);
                KvClient client = KvClient.connect(pd)) {
            awaitThreeVoters(pd);
            return new Load(client, clients).measure(warmUpSeconds, rounds);
        } finally {
            delete(directory);
        }
    }

    private static void awaitThreeVoters(PdClient pd) throws InterruptedException {
        while (!pd.scanRegions(Key.EMPTY, Key.EMPTY, 100).stream()
                .allMatch(FlashKvTransactions::hasThreeVoters)) {
            Thread.sleep(50);
        }
    }

    private static boolean hasThreeVoters(RegionInfo info) {
        return info.region().getPeersList().stream()
                        .filter(peer -> peer.getRole() == PeerRole.Voter)
                        .count()
                == 3;
    }

    /** Clients that commit as fast as they get answers. */
    private static final class Load {
        private final KvClient client;
        private final int clients;
        private final LongAdder committed = new LongAdder();
        private final AtomicBoolean over = new AtomicBoolean();

        Load(KvClient client, int clients) {
            this.client = client;
            this.clients = clients;
        }

        Measured measure(int warmUpSeconds, int rounds) throws Exception {
            List<Double> perSecond = new ArrayList<>();
            List<Future<?>> running = new ArrayList<>();
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < clients; i++) {
                    int number = i;
                    running.add(threads.submit(() -> commit(number)));
                }
                Thread.sleep(warmUpSeconds * 1000L);
                for (int round = 0; round < rounds; round++) {
                    long before = committed.sum();
                    long start = System.nanoTime();
                    Thread.sleep(ROUND_SECONDS * 1000L);
                    double seconds = (System.nanoTime() - start) / 1e9;
                    perSecond.add((committed.sum() - before) / seconds);
                }
                over.set(true);
                for (Future<?> each : running) {
                    each.get();
                }
            }
            return new Measured(perSecond);
        }

        private void commit(int number) {
            long count = 0;
            while (!over.get()) {
                count++;
                KvTransaction transaction = client.begin();
                transaction.put(row(number, count), value(count));
                transaction.commit();
                committed.increment();
            }
            byte[] last =
                    client.snapshot(client.pd().timestamp()).get(row(number, count)).orElse(null);
            if (last == null || ByteBuffer.wrap(last).getLong() != count) {
                throw new WrongAnswerException("client " + number + " lost its last row");
            }
        }

        private static Key row(int number, long count) {
            return Key.wrap(
                    "bench_%03d_%05d"
                            .formatted(number, count % ROWS_PER_CLIENT)
                            .getBytes(StandardCharsets.UTF_8));
        }

        private static byte[] value(long count) {
            return ByteBuffer.allocate(VALUE_BYTES).putLong(count).array();
        }
    }

    /** The median time to append a block to a file and wait for the disk. */
    private static double fsyncMillis() throws IOException {
        Path file = Files.createTempFile("garrick-bench-fsync", ".log");
        List<Double> millis = new ArrayList<>();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (int i = 0; i < FSYNCS; i++) {
                long start = System.nanoTime();
                channel.write(ByteBuffer.allocate(4096));
                channel.force(false);
                millis.add((System.nanoTime() - start) / 1e6);
            }
        } finally {
            Files.delete(file);
        }
        return Math.round(Comparison.median(millis) * 1000) / 1000.0;
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
