package io.garrick.consistency;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.Memcomparable;
import io.garrick.flashkv.Faults;
import io.garrick.flashkv.FlashKv;
import io.garrick.flashkv.FlashKvConfig;
import io.garrick.kv.KvClient;
import io.garrick.kv.PdClient;
import io.garrick.proto.meta.PeerRole;
import io.garrick.proto.meta.Region;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/** {@code ./dev consistency}: runs workloads under faults and reports what should not be. */
public final class Consistency {
    private static final int BANK_CLIENTS = 8;
    private static final int AUDITORS = 1;
    private static final int REGISTER_CLIENTS = 12;
    private static final Duration SETTLE = Duration.ofSeconds(60);
    private static final KvClient.Options PATIENCE =
            new KvClient.Options(Duration.ofSeconds(4), Duration.ofSeconds(15));

    private final Options options;
    private final Counts counts = new Counts();
    private final BankWorkload bank = new BankWorkload(counts);
    private final RegisterWorkload registers = new RegisterWorkload(counts);
    private final List<String> anomalies = new ArrayList<>();

    private Consistency(Options options) {
        this.options = options;
    }

    public static void main(String[] args) throws Exception {
        System.exit(run(args));
    }

    /** 0 without anomalies, 1 with, 2 when the command line is wrong. */
    static int run(String[] args) throws IOException, InterruptedException {
        if (List.of(args).contains("--help")) {
            System.out.print(Options.USAGE);
            return 0;
        }
        Options options;
        try {
            options = Options.parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println("consistency: " + e.getMessage());
            System.err.print(Options.USAGE);
            return 2;
        }
        ObjectNode report = new Consistency(options).check();
        String text =
                new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(report);
        System.out.println(text);
        Path json = options.json();
        if (json != null) {
            Files.writeString(json, text + "\n");
        }
        return report.path("anomalies").asInt() == 0 ? 0 : 1;
    }

    private ObjectNode check() throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("garrick-consistency");
        try {
            return check(directory);
        } finally {
            try (Stream<Path> paths = Files.walk(directory)) {
                for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    private ObjectNode check(Path directory) throws IOException, InterruptedException {
        FlashKvConfig config =
                FlashKvConfig.of(directory)
                        .withSyncWrites(true)
                        .withTick(Duration.ofMillis(50))
                        .withHeartbeatInterval(Duration.ofSeconds(1));
        FaultSchedule schedule =
                FaultSchedule.of(options.faults(), options.seconds(), options.seed());
        try (FlashKv cluster = FlashKv.start(config);
                PdClient pd =
                        PdClient.connect(List.of(cluster.pdAddress()), PdClient.Options.DEFAULT);
                KvClient client = KvClient.connect(pd, PATIENCE)) {
            bank.open(client);
            List<Key> keys = splitKeys();
            client.splitRegions(List.of(keys.getFirst(), keys.get(keys.size() / 2)));
            awaitReplicas(cluster);
            Faults faults = cluster.faults(options.seed());
            FaultInjector injector = new FaultInjector(cluster, faults, counts, keys);
            runUnderFaults(client, injector, schedule);
            readEveryReplica(cluster, client);
            return report(schedule, injector);
        }
    }

    private static List<Key> splitKeys() {
        List<Key> keys = new ArrayList<>();
        for (int i = 4; i < BankWorkload.ACCOUNTS; i += 4) {
            keys.add(BankWorkload.account(i));
        }
        for (int i = 0; i < RegisterWorkload.KEYS; i += 4) {
            keys.add(RegisterWorkload.key(i));
        }
        return keys;
    }

    private void runUnderFaults(KvClient client, FaultInjector injector, FaultSchedule schedule)
            throws IOException, InterruptedException {
        AtomicBoolean over = new AtomicBoolean();
        List<Future<?>> clients = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            try {
                startClients(client, over, threads, clients);
                long start = System.nanoTime();
                long end = start + options.seconds() * 1_000_000_000L;
                injector.run(schedule, start, () -> System.nanoTime() >= end);
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left > 0) {
                    Thread.sleep(left);
                }
            } finally {
                over.set(true);
            }
            for (Future<?> each : clients) {
                each.get();
            }
        } catch (ExecutionException e) {
            // What no client may meet, such as an account that is gone.
            anomalies.add("a client ended with " + e.getCause());
        }
    }

    private void startClients(
            KvClient client, AtomicBoolean over, ExecutorService threads, List<Future<?>> clients) {
        if (options.workloads().contains(Options.Workload.BANK)) {
            for (int i = 0; i < BANK_CLIENTS; i++) {
                long seed = options.seed() + i;
                clients.add(threads.submit(() -> bank.transfer(client, seed, over::get)));
            }
            for (int i = 0; i < AUDITORS; i++) {
                clients.add(threads.submit(() -> bank.audit(client, over::get)));
            }
        }
        if (options.workloads().contains(Options.Workload.REGISTER)) {
            for (int i = 0; i < REGISTER_CLIENTS; i++) {
                long seed = options.seed() + 1000 + i;
                clients.add(threads.submit(() -> registers.run(client, seed, over::get)));
            }
        }
    }

    private static void awaitReplicas(FlashKv cluster) throws InterruptedException {
        long deadline = System.nanoTime() + SETTLE.toNanos();
        while (!cluster.regions().stream().allMatch(Consistency::hasThreeVoters)) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("regions have no three voters in time");
            }
            Thread.sleep(20);
        }
    }

    private static boolean hasThreeVoters(Region region) {
        return region.getPeersList().stream()
                        .filter(peer -> peer.getRole() == PeerRole.Voter)
                        .count()
                == 3;
    }

    /** Everything once more from each store in turn: all replicas came to the same end. */
    private void readEveryReplica(FlashKv cluster, KvClient client) throws InterruptedException {
        cluster.haltScheduling(true); // PD would not leave all leaders on one store
        for (int store = 1; store <= cluster.storeCount(); store++) {
            Timestamp ts = client.pd().timestamp();
            long total = 0;
            for (Region region : cluster.regions()) {
                leadFrom(cluster, region.getId(), store);
                total += bank.total(client.snapshot(ts), key -> contains(region, key));
                for (int number = 0; number < RegisterWorkload.KEYS; number++) {
                    if (contains(region, RegisterWorkload.key(number))
                            && !registers.read(client, number)) {
                        anomalies.add("no answer from store " + store + " after all faults");
                    }
                }
            }
            bank.check(total, "the replicas of store " + store + " at " + ts);
        }
    }

    private static boolean contains(Region region, Key key) {
        Key start = Key.wrap(region.getStartKey().toByteArray());
        Key end = Key.wrap(region.getEndKey().toByteArray());
        return new KeyRange(start, end).contains(Memcomparable.encode(key));
    }

    private void leadFrom(FlashKv cluster, long regionId, int store) throws InterruptedException {
        long deadline = System.nanoTime() + SETTLE.toNanos();
        cluster.transferLeader(regionId, store);
        while (cluster.store(store).ledRegions().stream()
                .noneMatch(region -> region.getId() == regionId)) {
            if (System.nanoTime() > deadline) {
                anomalies.add("store " + store + " did not get to lead region " + regionId);
                return;
            }
            Thread.sleep(20);
        }
    }

    private ObjectNode report(FaultSchedule schedule, FaultInjector injector) {
        anomalies.addAll(bank.anomalies());
        anomalies.addAll(registers.anomalies());
        ObjectNode report = new ObjectMapper().createObjectNode();
        report.put("target", "flashkv");
        var workloads = report.putArray("workloads");
        options.workloads()
                .forEach(each -> workloads.add(each.name().toLowerCase(java.util.Locale.ROOT)));
        report.put("seconds", options.seconds());
        report.put("seed", options.seed());
        report.put("anomalies", anomalies.size());
        report.put("operations", counts.operations());
        report.put("reads", counts.reads.sum());
        report.put("successful_writes", counts.writes.sum());
        report.put(
                "successful_write_share",
                Math.round(1000.0 * counts.writes.sum() / Math.max(1, counts.operations()))
                        / 1000.0);
        report.put("failed", counts.failed.sum());
        report.put("unknown", counts.unknown.sum());
        ObjectNode faults = report.putObject("faults");
        options.faults()
                .forEach(
                        each -> faults.put(each.word(), injector.injected().getOrDefault(each, 0)));
        report.put("lost_bytes", injector.lostBytes());
        var events = report.putArray("schedule");
        schedule.events().forEach(event -> events.add(event.describe()));
        var findings = report.putArray("findings");
        anomalies.forEach(findings::add);
        return report;
    }
}
