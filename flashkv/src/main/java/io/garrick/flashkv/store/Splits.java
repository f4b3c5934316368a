package io.garrick.flashkv.store;

import com.google.protobuf.ByteString;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.Region;
import io.garrick.proto.raftcmd.BatchSplitRequest;
import io.garrick.proto.raftcmd.SplitRequest;
import java.util.ArrayList;
import java.util.List;

/** What a split makes of a region. Pure: every replica computes the same (attach-protocol 4.4). */
final class Splits {
    private Splits() {}

    /**
     * The regions a split results in.
     *
     * @param derived the old region with its new range
     * @param created the new regions
     * @param ordered all of them, left to right
     */
    record Outcome(Region derived, List<Region> created, List<Region> ordered) {}

    static boolean isInside(Region region, ByteString key) {
        return compare(region.getStartKey(), key) < 0
                && (region.getEndKey().isEmpty() || compare(key, region.getEndKey()) < 0);
    }

    static int compare(ByteString left, ByteString right) {
        return ByteString.unsignedLexicographicalComparator().compare(left, right);
    }

    /** Refused (and then without effect) when keys or peers do not fit the region. */
    static Outcome apply(Region region, BatchSplitRequest request)
            throws Membership.RefusedException {
        List<SplitRequest> requests = request.getRequestsList();
        check(region, requests);
        int count = requests.size();
        var epoch =
                region.getRegionEpoch().toBuilder()
                        .setVersion(region.getRegionEpoch().getVersion() + count)
                        .build();
        List<ByteString> bounds = new ArrayList<>();
        bounds.add(region.getStartKey());
        requests.forEach(split -> bounds.add(split.getSplitKey()));
        bounds.add(region.getEndKey());

        boolean right = request.getRightDerive();
        List<Region> ordered = new ArrayList<>();
        List<Region> created = new ArrayList<>();
        Region derived = region;
        for (int i = 0; i <= count; i++) {
            boolean isDerived = right ? i == count : i == 0;
            Region.Builder part =
                    region.toBuilder()
                            .setRegionEpoch(epoch)
                            .setStartKey(bounds.get(i))
                            .setEndKey(bounds.get(i + 1));
            if (isDerived) {
                derived = part.build();
                ordered.add(derived);
                continue;
            }
            SplitRequest split = requests.get(right ? i : i - 1);
            part.setId(split.getNewRegionId()).clearPeers();
            for (int p = 0; p < region.getPeersCount(); p++) {
                Peer peer = region.getPeers(p);
                part.addPeers(peer.toBuilder().setId(split.getNewPeerIds(p)));
            }
            Region child = part.build();
            created.add(child);
            ordered.add(child);
        }
        return new Outcome(derived, created, ordered);
    }

    private static void check(Region region, List<SplitRequest> requests)
            throws Membership.RefusedException {
        if (requests.isEmpty()) {
            throw new Membership.RefusedException("no split keys");
        }
        ByteString previous = region.getStartKey();
        for (SplitRequest split : requests) {
            if (compare(previous, split.getSplitKey()) >= 0
                    || !isInside(region, split.getSplitKey())) {
                throw new Membership.RefusedException("split keys out of order or range");
            }
            if (split.getNewPeerIdsCount() != region.getPeersCount()) {
                throw new Membership.RefusedException("wrong number of new peer ids");
            }
            previous = split.getSplitKey();
        }
    }
}
