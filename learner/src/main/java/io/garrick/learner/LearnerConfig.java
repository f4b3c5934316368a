package io.garrick.learner;

import io.garrick.kv.Tls;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * How this store presents itself and how fast its clocks run. Start from {@link #of} and change
 * what differs.
 *
 * @param snapshotDirectory where received snapshot files wait until they are installed
 * @param listenHost interface to listen on
 * @param listenPort 0 takes any free port
 * @param advertiseAddress host:port that others dial; empty = {@code listenHost} and the bound port
 * @param statusAddress host:port of the status HTTP server, told to PD; may be empty
 * @param labels besides {@code engine=tiflash}, which is always set
 * @param capacityBytes overrides the file system's size in heartbeats
 * @param version empty = the smallest version of the cluster's TiKV stores
 * @param tick the raft base tick; TiKV's is one second
 * @param storeHeartbeat PD wants one every 10 s and gives up after 20 s
 * @param workers threads that own regions
 * @param tls for the port and for dialling other stores; null for plain text
 */
public record LearnerConfig(
        Path snapshotDirectory,
        String listenHost,
        int listenPort,
        String advertiseAddress,
        String statusAddress,
        Map<String, String> labels,
        OptionalLong capacityBytes,
        Optional<String> version,
        Duration tick,
        Duration storeHeartbeat,
        int workers,
        @Nullable Tls tls) {

    public LearnerConfig {
        labels = Map.copyOf(labels);
        if (workers < 1) {
            throw new IllegalArgumentException("workers must be at least 1: " + workers);
        }
    }

    /** Loopback, any free port, TiKV's clocks. */
    public static LearnerConfig of(Path snapshotDirectory) {
        return new LearnerConfig(
                snapshotDirectory,
                "127.0.0.1",
                0,
                "",
                "",
                Map.of(),
                OptionalLong.empty(),
                Optional.empty(),
                Duration.ofSeconds(1),
                Duration.ofSeconds(10),
                2,
                null);
    }

    public LearnerConfig withListen(String host, int port) {
        return new LearnerConfig(
                snapshotDirectory,
                host,
                port,
                advertiseAddress,
                statusAddress,
                labels,
                capacityBytes,
                version,
                tick,
                storeHeartbeat,
                workers,
                tls);
    }

    public LearnerConfig withAddresses(String advertise, String status) {
        return new LearnerConfig(
                snapshotDirectory,
                listenHost,
                listenPort,
                advertise,
                status,
                labels,
                capacityBytes,
                version,
                tick,
                storeHeartbeat,
                workers,
                tls);
    }

    public LearnerConfig withClocks(Duration raftTick, Duration heartbeat) {
        return new LearnerConfig(
                snapshotDirectory,
                listenHost,
                listenPort,
                advertiseAddress,
                statusAddress,
                labels,
                capacityBytes,
                version,
                raftTick,
                heartbeat,
                workers,
                tls);
    }

    public LearnerConfig withIdentity(
            Map<String, String> newLabels, OptionalLong capacity, Optional<String> newVersion) {
        return new LearnerConfig(
                snapshotDirectory,
                listenHost,
                listenPort,
                advertiseAddress,
                statusAddress,
                newLabels,
                capacity,
                newVersion,
                tick,
                storeHeartbeat,
                workers,
                tls);
    }

    public LearnerConfig withTls(@Nullable Tls newTls) {
        return new LearnerConfig(
                snapshotDirectory,
                listenHost,
                listenPort,
                advertiseAddress,
                statusAddress,
                labels,
                capacityBytes,
                version,
                tick,
                storeHeartbeat,
                workers,
                newTls);
    }
}
