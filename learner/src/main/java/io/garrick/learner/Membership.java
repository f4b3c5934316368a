package io.garrick.learner;

import io.garrick.learner.LearnerStatus.Phase;
import io.garrick.learner.peer.Store;
import io.garrick.proto.meta.StoreLabel;
import io.garrick.proto.pd.RecoveryPlan;
import io.garrick.proto.pd.StoreHeartbeatRequest;
import io.garrick.proto.pd.StoreHeartbeatResponse;
import io.garrick.proto.pd.StoreReport;
import io.garrick.proto.pd.StoreStats;
import io.garrick.proto.pd.TimeInterval;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** This store's membership in the cluster: joins, then tells PD how it is doing until closed. */
final class Membership implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Membership.class);
    private static final long RETRY_MILLIS = 500;
    private static final String ENGINE_LABEL = "engine";
    private static final String ENGINE = "tiflash";
    private static final int HEALTHY_SLOW_SCORE = 1;
    private static final int RECOVERY_ROUNDS = 16;

    private final LearnerConfig config;
    private final PlacementDriver pd;
    private final ApplySink sink;
    private final Store store;
    private final String address;
    private final InstantSource clock;
    private final Instant started;
    private final Consumer<Throwable> onRemoved;
    private final Thread thread;
    private Instant lastHeartbeat;
    private Optional<StoreReport> report = Optional.empty();

    Membership(
            LearnerConfig config,
            PlacementDriver pd,
            ApplySink sink,
            Store store,
            String address,
            InstantSource clock,
            Consumer<Throwable> onRemoved) {
        this.config = config;
        this.pd = pd;
        this.sink = sink;
        this.store = store;
        this.address = address;
        this.clock = clock;
        this.started = clock.instant();
        this.lastHeartbeat = started;
        this.onRemoved = onRemoved;
        this.thread = Thread.ofVirtual().name("garrick-store-heartbeat").unstarted(this::run);
    }

    /** PD never bootstraps for us: a cluster must be there. */
    static void awaitBootstrap(PlacementDriver pd) throws IOException {
        boolean said = false;
        while (!pd.isBootstrapped()) {
            if (!said) {
                said = true;
                LOG.info("waiting for the cluster to be bootstrapped");
            }
            try {
                Thread.sleep(RETRY_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while waiting for the cluster", e);
            }
        }
    }

    /** Registers; others may dial {@code address} from here on. */
    void join() throws IOException {
        pd.putStore(description());
        heartbeat();
        LOG.info("store joined storeId={} address={}", store.storeId(), address);
        thread.start();
    }

    private io.garrick.proto.meta.Store description() throws IOException {
        io.garrick.proto.meta.Store.Builder description =
                io.garrick.proto.meta.Store.newBuilder()
                        .setId(store.storeId())
                        .setAddress(address)
                        .setPeerAddress(address)
                        .setStatusAddress(config.statusAddress())
                        .setVersion(version())
                        .setStartTimestamp(started.getEpochSecond())
                        .setDeployPath(config.snapshotDirectory().toAbsolutePath().toString());
        Map<String, String> labels = new TreeMap<>(config.labels());
        labels.put(ENGINE_LABEL, ENGINE);
        labels.forEach((key, value) ->
                description.addLabels(StoreLabel.newBuilder().setKey(key).setValue(value)));
        return description.build();
    }

    // PD takes the smallest version of all stores for the cluster's: ours must not lower it.
    private String version() throws IOException {
        if (config.version().isPresent()) {
            return config.version().get();
        }
        return pd.stores().stream()
                .filter(Membership::isTikv)
                .map(io.garrick.proto.meta.Store::getVersion)
                .min(Comparator.comparing(Membership::versionNumbers, Membership::compare))
                .orElseThrow(() -> new IOException("PD knows no TiKV store"));
    }

    static boolean isTikv(io.garrick.proto.meta.Store other) {
        return other.getLabelsList().stream()
                .noneMatch(label ->
                        label.getKey().equals(ENGINE_LABEL) && label.getValue().startsWith(ENGINE));
    }

    /** Major, minor, patch; a suffix such as {@code -beta} is left out. */
    static List<Integer> versionNumbers(String version) {
        String bare = version.startsWith("v") ? version.substring(1) : version;
        int end = 0;
        while (end < bare.length()
                && (Character.isDigit(bare.charAt(end)) || bare.charAt(end) == '.')) {
            end++;
        }
        List<Integer> numbers = new ArrayList<>();
        for (String part : bare.substring(0, end).split("\\.", -1)) {
            numbers.add(part.isEmpty() ? 0 : Integer.parseInt(part));
        }
        return numbers;
    }

    private static int compare(List<Integer> a, List<Integer> b) {
        for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
            int order = Integer.compare(a.get(i), b.get(i));
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(a.size(), b.size());
    }

    private void run() {
        try {
            while (true) {
                Thread.sleep(config.storeHeartbeat());
                try {
                    heartbeat();
                } catch (StoreTombstoneException e) {
                    LOG.error("store was removed from the cluster storeId={}", store.storeId());
                    onRemoved.accept(e);
                    return;
                } catch (IOException | RuntimeException e) {
                    LOG.warn("store heartbeat failed reason={}", e.toString());
                }
            }
        } catch (InterruptedException e) {
            // Only close() interrupts.
            LOG.debug("heartbeats ended");
        }
    }

    private void heartbeat() throws IOException {
        for (int round = 0; round < RECOVERY_ROUNDS; round++) {
            StoreHeartbeatRequest.Builder request =
                    StoreHeartbeatRequest.newBuilder().setStats(stats());
            report.ifPresent(request::setStoreReport);
            StoreHeartbeatResponse response = pd.storeHeartbeat(request.build());
            report = Optional.empty();
            if (response.hasAwakenRegions()) {
                store.wakeUpAll();
            }
            if (!response.hasRecoveryPlan()) {
                return;
            }
            // PD waits for the report of each step, and sends the next step in answer to it.
            report = Optional.of(obey(response.getRecoveryPlan()));
        }
    }

    /**
     * Online unsafe recovery: PD asks for all peers, then orders. A store without votes has only
     * tombstones to obey; PD waits for its report at each step all the same (tikv/pd,
     * pkg/unsaferecovery/unsafe_recovery_controller.go).
     */
    private StoreReport obey(RecoveryPlan plan) {
        LOG.warn(
                "recovery plan of PD step={} tombstones={}",
                plan.getStep(),
                plan.getTombstonesList());
        store.tombstone(plan.getTombstonesList());
        return StoreReport.newBuilder()
                .setStep(plan.getStep())
                .addAllPeerReports(store.peerReports().join())
                .build();
    }

    private StoreStats stats() throws IOException {
        FileStore disk = Files.getFileStore(config.snapshotDirectory());
        long used = sink.usedBytes();
        long capacity = config.capacityBytes().orElse(disk.getTotalSpace());
        List<LearnerStatus.Region> regions = store.regions();
        Instant now = clock.instant();
        TimeInterval.Builder interval =
                TimeInterval.newBuilder()
                        .setStartTimestamp(lastHeartbeat.getEpochSecond())
                        .setEndTimestamp(now.getEpochSecond());
        lastHeartbeat = now;
        return StoreStats.newBuilder()
                .setStoreId(store.storeId())
                .setCapacity(capacity)
                .setAvailable(Math.max(0, Math.min(disk.getUsableSpace(), capacity - used)))
                .setUsedSize(used)
                .setRegionCount(regions.size())
                .setReceivingSnapCount(store.receivingCount())
                .setApplyingSnapCount(
                        (int) regions.stream().filter(r -> r.phase() == Phase.APPLYING).count())
                .setStartTime((int) started.getEpochSecond())
                .setIsBusy(sink.busy())
                .setInterval(interval)
                .setSlowScore(HEALTHY_SLOW_SCORE)
                .build();
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
