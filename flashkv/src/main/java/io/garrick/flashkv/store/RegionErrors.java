package io.garrick.flashkv.store;

import com.google.protobuf.ByteString;
import io.garrick.proto.error.DataIsNotReady;
import io.garrick.proto.error.EpochNotMatch;
import io.garrick.proto.error.Error;
import io.garrick.proto.error.KeyNotInRegion;
import io.garrick.proto.error.MismatchPeerId;
import io.garrick.proto.error.NotLeader;
import io.garrick.proto.error.ProposalInMergingMode;
import io.garrick.proto.error.RaftEntryTooLarge;
import io.garrick.proto.error.RegionNotFound;
import io.garrick.proto.error.RegionNotInitialized;
import io.garrick.proto.error.ServerIsBusy;
import io.garrick.proto.error.StaleCommand;
import io.garrick.proto.error.StoreNotMatch;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.Region;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The region errors clients know how to react to (attach-protocol G.5). */
final class RegionErrors {
    private RegionErrors() {}

    static Error storeNotMatch(long requested, long actual) {
        return Error.newBuilder()
                .setMessage("store not match: asked for " + requested + ", this is " + actual)
                .setStoreNotMatch(
                        StoreNotMatch.newBuilder()
                                .setRequestStoreId(requested)
                                .setActualStoreId(actual))
                .build();
    }

    static Error regionNotFound(long regionId) {
        return Error.newBuilder()
                .setMessage("region " + regionId + " not found")
                .setRegionNotFound(RegionNotFound.newBuilder().setRegionId(regionId))
                .build();
    }

    static Error mismatchPeer(long requested, long actual) {
        return Error.newBuilder()
                .setMessage("mismatch peer id " + requested + " != " + actual)
                .setMismatchPeerId(
                        MismatchPeerId.newBuilder()
                                .setRequestPeerId(requested)
                                .setStorePeerId(actual))
                .build();
    }

    static Error notLeader(long regionId, @Nullable Peer leader) {
        NotLeader.Builder notLeader = NotLeader.newBuilder().setRegionId(regionId);
        if (leader != null) {
            notLeader.setLeader(leader);
        }
        return Error.newBuilder()
                .setMessage("peer is not leader for region " + regionId)
                .setNotLeader(notLeader)
                .build();
    }

    static Error notInitialized(long regionId) {
        return Error.newBuilder()
                .setMessage("region " + regionId + " is not initialized")
                .setRegionNotInitialized(RegionNotInitialized.newBuilder().setRegionId(regionId))
                .build();
    }

    static Error staleCommand() {
        return Error.newBuilder()
                .setMessage("stale command")
                .setStaleCommand(StaleCommand.getDefaultInstance())
                .build();
    }

    static Error epochNotMatch(List<Region> current) {
        return Error.newBuilder()
                .setMessage("epoch not match: current " + current.getFirst().getRegionEpoch())
                .setEpochNotMatch(EpochNotMatch.newBuilder().addAllCurrentRegions(current))
                .build();
    }

    static Error keyNotInRegion(ByteString key, Region region) {
        return Error.newBuilder()
                .setMessage("key is not in region " + region.getId())
                .setKeyNotInRegion(
                        KeyNotInRegion.newBuilder()
                                .setKey(key)
                                .setRegionId(region.getId())
                                .setStartKey(region.getStartKey())
                                .setEndKey(region.getEndKey()))
                .build();
    }

    static Error entryTooLarge(long regionId, long sizeBytes) {
        return Error.newBuilder()
                .setMessage("raft entry is too large: " + sizeBytes + " bytes")
                .setRaftEntryTooLarge(
                        RaftEntryTooLarge.newBuilder()
                                .setRegionId(regionId)
                                .setEntrySize(sizeBytes))
                .build();
    }

    static Error dataIsNotReady(long regionId, long peerId) {
        return Error.newBuilder()
                .setMessage("data is not ready for a stale read of region " + regionId)
                .setDataIsNotReady(
                        DataIsNotReady.newBuilder().setRegionId(regionId).setPeerId(peerId))
                .build();
    }

    static Error busy(String reason) {
        return Error.newBuilder()
                .setMessage("server is busy: " + reason)
                .setServerIsBusy(ServerIsBusy.newBuilder().setReason(reason))
                .build();
    }

    static Error merging(long regionId) {
        return Error.newBuilder()
                .setMessage("region " + regionId + " is in merging mode")
                .setProposalInMergingMode(ProposalInMergingMode.newBuilder().setRegionId(regionId))
                .build();
    }

    static Error proposalDropped() {
        return Error.newBuilder().setMessage("Raft ProposalDropped").build();
    }

    /** An error without a type, which clients retry. */
    static Error other(String message) {
        return Error.newBuilder().setMessage(message).build();
    }
}
