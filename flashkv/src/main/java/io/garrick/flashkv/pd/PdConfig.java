package io.garrick.flashkv.pd;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.InstantSource;

/**
 * How to run the PD role.
 *
 * @param listen for gRPC; port 0 takes a free one. Clients are told the same address
 * @param httpListen for the placement-rule API; port 0 takes a free one
 * @param dataDir made if it is missing
 * @param version what this member calls itself; stores must be compatible with it
 * @param replicas voters per region, the count of the default placement rule when the cluster is
 *     created
 * @param clock the physical part of timestamps, and the age of heartbeats
 */
public record PdConfig(
        InetSocketAddress listen,
        InetSocketAddress httpListen,
        Path dataDir,
        String version,
        int replicas,
        InstantSource clock) {
    public static final String DEFAULT_VERSION = "8.5.0";

    /** On free ports of the loopback interface, with three voters. */
    public static PdConfig loopback(Path dataDir) {
        return new PdConfig(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                dataDir,
                DEFAULT_VERSION,
                3,
                InstantSource.system());
    }

    public PdConfig withListen(InetSocketAddress address) {
        return new PdConfig(address, httpListen, dataDir, version, replicas, clock);
    }

    public PdConfig withHttpListen(InetSocketAddress address) {
        return new PdConfig(listen, address, dataDir, version, replicas, clock);
    }

    public PdConfig withReplicas(int count) {
        return new PdConfig(listen, httpListen, dataDir, version, count, clock);
    }

    public PdConfig withClock(InstantSource source) {
        return new PdConfig(listen, httpListen, dataDir, version, replicas, source);
    }
}
