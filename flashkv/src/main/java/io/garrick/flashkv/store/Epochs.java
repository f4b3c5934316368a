package io.garrick.flashkv.store;

import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.RegionEpoch;
import io.garrick.proto.raftcmd.AdminCmdType;
import io.garrick.proto.raftcmd.RaftCmdRequest;

/** Which part of the epoch a command depends on (attach-protocol 4.3: must match TiKV exactly). */
final class Epochs {
    private Epochs() {}

    private static boolean checksVersion(RaftCmdRequest command) {
        if (!command.hasAdminRequest()) {
            return true;
        }
        return switch (command.getAdminRequest().getCmdType()) {
            case Split,
                    BatchSplit,
                    PrepareMerge,
                    CommitMerge,
                    RollbackMerge,
                    PrepareFlashback,
                    FinishFlashback ->
                    true;
            default -> false;
        };
    }

    private static boolean checksConfVer(RaftCmdRequest command) {
        if (!command.hasAdminRequest()) {
            return false;
        }
        AdminCmdType type = command.getAdminRequest().getCmdType();
        return switch (type) {
            case ChangePeer, ChangePeerV2, BatchSwitchWitness -> true;
            default -> checksVersion(command);
        };
    }

    /** Whether the command was made for the region as it is now. */
    static boolean matches(RaftCmdRequest command, Region region) {
        boolean version = checksVersion(command);
        boolean confVer = checksConfVer(command);
        if (!version && !confVer) {
            return true;
        }
        if (!command.getHeader().hasRegionEpoch()) {
            return false;
        }
        RegionEpoch asked = command.getHeader().getRegionEpoch();
        RegionEpoch current = region.getRegionEpoch();
        return (!version || asked.getVersion() == current.getVersion())
                && (!confVer || asked.getConfVer() == current.getConfVer());
    }

    /** Either part lower. */
    static boolean isStale(RegionEpoch epoch, RegionEpoch current) {
        return epoch.getVersion() < current.getVersion()
                || epoch.getConfVer() < current.getConfVer();
    }
}
