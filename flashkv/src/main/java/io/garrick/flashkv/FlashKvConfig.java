package io.garrick.flashkv;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * How to run an embedded cluster.
 *
 * @param dataDirectory created when absent; a later start with the same one finds the same cluster
 * @param stores how many; a directory that has more keeps them all
 * @param replicas voters per region, at most {@code stores}
 * @param host where everything listens; the stores take free ports
 * @param pdPort of PD; 0 takes a free one
 * @param syncWrites whether acknowledged writes survive a power failure; without, they survive a
 *     crash of the process
 * @param regionSplitBytes larger regions are split
 * @param tick of raft; elections take 10 to 20 of them
 * @param heartbeatInterval how often stores and region leaders report to PD, besides at changes
 * @param joinPds {@code host:port} of the members of a PD that runs elsewhere; the cluster then
 *     starts none of its own. Empty: its own PD role
 * @param rawTtl whether raw values may have a time to live; then the cluster serves raw access
 *     only, and a directory keeps the choice it was started with first
 */
public record FlashKvConfig(
        Path dataDirectory,
        int stores,
        int replicas,
        String host,
        int pdPort,
        boolean syncWrites,
        long regionSplitBytes,
        Duration tick,
        Duration heartbeatInterval,
        List<String> joinPds,
        boolean rawTtl) {
    private static final long DEFAULT_SPLIT_BYTES = 64L << 20;

    public FlashKvConfig {
        joinPds = List.copyOf(joinPds);
        if (stores < 1 || replicas < 1 || replicas > stores) {
            throw new IllegalArgumentException(
                    "stores=" + stores + " cannot hold replicas=" + replicas);
        }
        if (regionSplitBytes < 1) {
            throw new IllegalArgumentException("regionSplitBytes=" + regionSplitBytes);
        }
    }

    /** Three stores and a PD on free loopback ports; writes are synced. */
    public static FlashKvConfig of(Path dataDirectory) {
        return new FlashKvConfig(
                dataDirectory,
                3,
                3,
                "127.0.0.1",
                0,
                true,
                DEFAULT_SPLIT_BYTES,
                Duration.ofMillis(200),
                Duration.ofSeconds(5),
                List.of(),
                false);
    }

    /** With one voter per region on each store, up to three. */
    public FlashKvConfig withStores(int count) {
        return new FlashKvConfig(
                dataDirectory,
                count,
                Math.min(count, 3),
                host,
                pdPort,
                syncWrites,
                regionSplitBytes,
                tick,
                heartbeatInterval,
                joinPds,
                rawTtl);
    }

    public FlashKvConfig withPdListen(String listenHost, int port) {
        return new FlashKvConfig(
                dataDirectory,
                stores,
                replicas,
                listenHost,
                port,
                syncWrites,
                regionSplitBytes,
                tick,
                heartbeatInterval,
                joinPds,
                rawTtl);
    }

    public FlashKvConfig withSyncWrites(boolean sync) {
        return new FlashKvConfig(
                dataDirectory,
                stores,
                replicas,
                host,
                pdPort,
                sync,
                regionSplitBytes,
                tick,
                heartbeatInterval,
                joinPds,
                rawTtl);
    }

    public FlashKvConfig withRegionSplitBytes(long bytes) {
        return new FlashKvConfig(
                dataDirectory,
                stores,
                replicas,
                host,
                pdPort,
                syncWrites,
                bytes,
                tick,
                heartbeatInterval,
                joinPds,
                rawTtl);
    }

    public FlashKvConfig withTick(Duration duration) {
        return new FlashKvConfig(
                dataDirectory,
                stores,
                replicas,
                host,
                pdPort,
                syncWrites,
                regionSplitBytes,
                duration,
                heartbeatInterval,
                joinPds,
                rawTtl);
    }

    public FlashKvConfig withHeartbeatInterval(Duration interval) {
        return new FlashKvConfig(
                dataDirectory,
                stores,
                replicas,
                host,
                pdPort,
                syncWrites,
                regionSplitBytes,
                tick,
                interval,
                joinPds,
                rawTtl);
    }

    /** Stores of a cluster whose PD runs elsewhere. */
    public FlashKvConfig withJoinPds(List<String> members) {
        return new FlashKvConfig(
                dataDirectory,
                stores,
                replicas,
                host,
                pdPort,
                syncWrites,
                regionSplitBytes,
                tick,
                heartbeatInterval,
                members,
                rawTtl);
    }

    /** With raw values that may have a time to live, and without transactions. */
    public FlashKvConfig withRawTtl(boolean on) {
        return new FlashKvConfig(
                dataDirectory,
                stores,
                replicas,
                host,
                pdPort,
                syncWrites,
                regionSplitBytes,
                tick,
                heartbeatInterval,
                joinPds,
                on);
    }
}
