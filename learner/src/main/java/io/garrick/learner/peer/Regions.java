package io.garrick.learner.peer;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.PeerRole;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.RegionEpoch;
import java.util.Optional;

/** Questions to a metapb.Region. */
final class Regions {
    private Regions() {}

    static KeyRange range(Region region) {
        return new KeyRange(key(region.getStartKey()), key(region.getEndKey()));
    }

    static Key key(ByteString bytes) {
        return Key.wrap(bytes.toByteArray());
    }

    static ByteString bytes(Key key) {
        return ByteString.copyFrom(key.unsafeBytes());
    }

    static boolean contains(Region region, ByteString key) {
        return compare(key, region.getStartKey()) >= 0
                && (region.getEndKey().isEmpty() || compare(key, region.getEndKey()) < 0);
    }

    static int compare(ByteString a, ByteString b) {
        return ByteString.unsignedLexicographicalComparator().compare(a, b);
    }

    /** True if either part of {@code epoch} is behind {@code reference}. */
    static boolean isStale(RegionEpoch epoch, RegionEpoch reference) {
        return epoch.getVersion() < reference.getVersion()
                || epoch.getConfVer() < reference.getConfVer();
    }

    static Optional<Peer> onStore(Region region, long storeId) {
        return region.getPeersList().stream().filter(p -> p.getStoreId() == storeId).findFirst();
    }

    static Optional<Peer> byId(Region region, long peerId) {
        return region.getPeersList().stream().filter(p -> p.getId() == peerId).findFirst();
    }

    /**
     * Raft's configuration as the peers' roles say it (tikv,
     * components/raftstore/src/store/util.rs, conf_state_from_region).
     */
    static ConfState confState(Region region) {
        ConfState.Builder conf = ConfState.newBuilder();
        boolean joint = false;
        for (Peer peer : region.getPeersList()) {
            PeerRole role = peer.getRole();
            if (role == PeerRole.Voter) {
                conf.addVoters(peer.getId()).addVotersOutgoing(peer.getId());
            } else if (role == PeerRole.Learner) {
                conf.addLearners(peer.getId());
            } else if (role == PeerRole.IncomingVoter) {
                joint = true;
                conf.addVoters(peer.getId());
            } else if (role == PeerRole.DemotingVoter) {
                joint = true;
                conf.addVotersOutgoing(peer.getId()).addLearnersNext(peer.getId());
            } else {
                throw new IllegalArgumentException("unknown role of peer " + peer.getId());
            }
        }
        return joint ? conf.build() : conf.clearVotersOutgoing().build();
    }
}
