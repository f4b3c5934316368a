package io.garrick.flashkv.store;

import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * How one store runs.
 *
 * @param directory its own; created when absent
 * @param host whose free port the store listens on
 * @param pdAddresses {@code host:port} of PD members
 * @param sync whether raft logs wait for the disk before they count
 * @param tick one raft tick; a leader sends heartbeats every {@link #HEARTBEAT_TICKS}, an election
 *     starts after {@link #ELECTION_TICKS} or up to twice that
 * @param storeHeartbeat how often PD hears from the store
 * @param regionHeartbeat how often PD hears of each region led here, besides at changes
 * @param regionSplitBytes a region larger than this is split
 * @param logGcInterval how often leaders look whether their logs can be truncated
 * @param logGcEntries a log longer than this is truncated even if a replica still needs it
 */
public record StoreConfig(
        Path directory,
        InetAddress host,
        List<String> pdAddresses,
        boolean sync,
        Duration tick,
        Duration storeHeartbeat,
        Duration regionHeartbeat,
        long regionSplitBytes,
        Duration logGcInterval,
        long logGcEntries) {
    static final int HEARTBEAT_TICKS = 2;
    static final int ELECTION_TICKS = 10;

    /** What the store tells PD; clients choose their dialect by it. */
    static final String VERSION = "8.5.0";

    public StoreConfig {
        pdAddresses = List.copyOf(pdAddresses);
    }

    /**
     * How long after a quorum was heard no other leader can be elected. An election takes ten
     * ticks, but the first may come at once; one more is kept for clocks that differ.
     */
    long leaseNanos() {
        return tick.toNanos() * (ELECTION_TICKS - 2);
    }
}
