package io.garrick.learner.peer;

import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.RegionEpoch;
import io.garrick.proto.raftcmd.AdminCmdType;
import io.garrick.proto.raftcmd.RaftCmdRequest;
import io.garrick.proto.raftcmd.RaftRequestHeader;

/**
 * Whether a committed command is still meant for the region as it is now. Every replica must decide
 * alike, so this follows TiKV to the letter (tikv, components/raftstore/src/store/util.rs,
 * admin_cmd_epoch_lookup and check_flashback_state).
 */
final class EpochRules {
    private static final long FLAG_FLASHBACK = 0x8;

    private EpochRules() {}

    private record Checks(boolean version, boolean confVer) {}

    static void check(RaftCmdRequest command, Region region) throws RefusedCommandException {
        checkEpoch(command, region);
        checkFlashback(command, region);
    }

    private static Checks checks(RaftCmdRequest command) {
        if (!command.hasAdminRequest()) {
            return new Checks(true, false);
        }
        return switch (command.getAdminRequest().getCmdType()) {
            case InvalidAdmin, CompactLog, ComputeHash, VerifyHash, TransferLeader, UpdateGcPeer ->
                    new Checks(false, false);
            case ChangePeer, ChangePeerV2, BatchSwitchWitness -> new Checks(false, true);
            case Split,
                    BatchSplit,
                    PrepareMerge,
                    CommitMerge,
                    RollbackMerge,
                    PrepareFlashback,
                    FinishFlashback ->
                    new Checks(true, true);
            // The caller stops at unknown admin commands: what they change cannot be guessed.
            case UNRECOGNIZED -> new Checks(false, false);
        };
    }

    private static void checkEpoch(RaftCmdRequest command, Region region)
            throws RefusedCommandException {
        Checks checks = checks(command);
        if (!checks.version && !checks.confVer) {
            return;
        }
        RaftRequestHeader header = command.getHeader();
        if (!header.hasRegionEpoch()) {
            throw new RefusedCommandException("no epoch");
        }
        RegionEpoch sent = header.getRegionEpoch();
        RegionEpoch now = region.getRegionEpoch();
        if ((checks.version && sent.getVersion() != now.getVersion())
                || (checks.confVer && sent.getConfVer() != now.getConfVer())) {
            throw new RefusedCommandException("epoch does not match");
        }
    }

    private static void checkFlashback(RaftCmdRequest command, Region region)
            throws RefusedCommandException {
        AdminCmdType admin = command.getAdminRequest().getCmdType();
        if (command.hasAdminRequest()
                && (admin == AdminCmdType.PrepareFlashback
                        || admin == AdminCmdType.FinishFlashback)) {
            return;
        }
        boolean inFlashback = region.getIsInFlashback() || region.getFlashbackStartTs() > 0;
        boolean flagged = (command.getHeader().getFlags() & FLAG_FLASHBACK) != 0;
        if (inFlashback && !flagged && !readsBelow(command, region.getFlashbackStartTs())) {
            throw new RefusedCommandException("flashback in progress");
        }
        if (!inFlashback && flagged) {
            throw new RefusedCommandException("flashback not prepared");
        }
    }

    private static boolean readsBelow(RaftCmdRequest command, long flashbackStartTs) {
        var data = command.getHeader().getFlagData();
        if (data.size() != Long.BYTES) {
            return false;
        }
        long readTs = data.asReadOnlyByteBuffer().getLong();
        return readTs != 0 && Long.compareUnsigned(readTs, flashbackStartTs) < 0;
    }
}
