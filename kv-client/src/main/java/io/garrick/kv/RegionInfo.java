package io.garrick.kv;

import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.Region;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A region as PD knows it, which may be behind the stores.
 *
 * @param region start and end are memcomparable keys; empty means no bound
 * @param leader null if PD has not heard of one
 */
public record RegionInfo(
        Region region, @Nullable Peer leader, List<Peer> pendingPeers, List<Peer> downPeers) {
    public RegionInfo {
        pendingPeers = List.copyOf(pendingPeers);
        downPeers = List.copyOf(downPeers);
    }
}
