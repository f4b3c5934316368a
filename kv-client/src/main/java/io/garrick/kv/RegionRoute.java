package io.garrick.kv;

import io.garrick.base.Key;
import io.garrick.proto.kvrpc.APIVersion;
import io.garrick.proto.kvrpc.Context;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.PeerRole;
import io.garrick.proto.meta.Region;
import java.util.Collection;

/**
 * One region and the peer to ask.
 *
 * @param start memcomparable, as in {@code region}
 * @param end exclusive; empty means no bound
 */
record RegionRoute(Region region, Key start, Key end, Peer peer, Context context) {
    static RegionRoute of(Region region, Peer peer) {
        Context context =
                Context.newBuilder()
                        .setRegionId(region.getId())
                        .setRegionEpoch(region.getRegionEpoch())
                        .setPeer(peer)
                        .setApiVersion(APIVersion.V1)
                        .build();
        return new RegionRoute(
                region,
                Bytes.key(region.getStartKey()),
                Bytes.key(region.getEndKey()),
                peer,
                context);
    }

    long id() {
        return region.getId();
    }

    boolean contains(Key encoded) {
        return encoded.compareTo(start) >= 0 && endsAfter(encoded);
    }

    boolean endsAfter(Key encoded) {
        return end.isEmpty() || encoded.compareTo(end) < 0;
    }

    boolean olderThan(Region other) {
        long version = region.getRegionEpoch().getVersion();
        long otherVersion = other.getRegionEpoch().getVersion();
        return version != otherVersion
                ? version < otherVersion
                : region.getRegionEpoch().getConfVer() < other.getRegionEpoch().getConfVer();
    }

    boolean overlaps(RegionRoute other) {
        return (end.isEmpty() || other.start.compareTo(end) < 0)
                && (other.end.isEmpty() || start.compareTo(other.end) < 0);
    }

    Context context(Collection<Long> resolvedLocks) {
        return resolvedLocks.isEmpty()
                ? context
                : context.toBuilder().addAllResolvedLocks(resolvedLocks).build();
    }

    static boolean mayLead(Peer peer) {
        return (peer.getRole() == PeerRole.Voter || peer.getRole() == PeerRole.IncomingVoter)
                && !peer.getIsWitness();
    }
}
