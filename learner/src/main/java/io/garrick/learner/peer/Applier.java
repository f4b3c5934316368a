package io.garrick.learner.peer;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.learner.ApplySink;
import io.garrick.learner.ApplySink.RegionState;
import io.garrick.proto.eraft.ConfChange;
import io.garrick.proto.eraft.ConfChangeSingle;
import io.garrick.proto.eraft.ConfChangeV2;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.EntryType;
import io.garrick.proto.meta.Region;
import io.garrick.proto.raftcmd.AdminRequest;
import io.garrick.proto.raftcmd.BatchSplitRequest;
import io.garrick.proto.raftcmd.CommitMergeRequest;
import io.garrick.proto.raftcmd.RaftCmdRequest;
import io.garrick.proto.raftserver.PeerState;
import io.garrick.proto.raftserver.RegionLocalState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies one region's committed entries to the sink, one at a time.
 *
 * <p>A command that replicas must refuse (wrong epoch, key outside) only advances the index. A
 * failure of our own is thrown: the peer then stops, since skipping it would let the replica drift.
 * Owned by the region's worker; {@link #local} and the indexes may be read by anyone.
 */
final class Applier {
    private static final Logger LOG = LoggerFactory.getLogger(Applier.class);

    /** What the peer has to do after an entry. */
    sealed interface Outcome {
        record Done() implements Outcome {}

        /** Tell raft; the region is changed already. */
        record ConfChanged(ConfChangeV2 change) implements Outcome {}

        /** This peer left the region. The entry counts as applied. */
        record RemovedSelf(Region region) implements Outcome {}

        /** Create the peers of the new regions. */
        record Split(List<Region> children, long index) implements Outcome {}

        /** Not applied: the merged region must come to the end of its log first. */
        record WaitForSource(CommitMergeRequest merge) implements Outcome {}

        /** The merged region has no peer of its own any more. */
        record Merged(Region source, Region formerTarget, long index) implements Outcome {}

        /** Applied, but its data is not here: only a snapshot brings it. */
        record NeedsSnapshot(String reason) implements Outcome {}

        /** The leader has dropped its log up to here. */
        record Compacted(long index) implements Outcome {}
    }

    private static final Outcome DONE = new Outcome.Done();

    private final ApplySink sink;
    private final long storeId;
    private volatile RegionLocalState local;
    private volatile long appliedIndex;

    Applier(ApplySink sink, long storeId, RegionState state) {
        this.sink = sink;
        this.storeId = storeId;
        this.local = state.local();
        this.appliedIndex = state.appliedIndex();
    }

    RegionLocalState local() {
        return local;
    }

    Region region() {
        return local.getRegion();
    }

    long appliedIndex() {
        return appliedIndex;
    }

    /** A snapshot was installed, or is about to be. */
    void reset(RegionLocalState state, long index) {
        local = state;
        appliedIndex = index;
    }

    /**
     * Applies the entry behind the last one.
     *
     * @param sourceCaughtUp what {@link Outcome.WaitForSource} waited for has come
     */
    Outcome apply(Entry entry, boolean sourceCaughtUp) throws IOException {
        if (entry.getIndex() != appliedIndex + 1) {
            throw new IllegalStateException(
                    "entry " + entry.getIndex() + " after " + appliedIndex + " was applied");
        }
        Outcome outcome = dispatch(entry, sourceCaughtUp);
        if (!(outcome instanceof Outcome.WaitForSource)) {
            appliedIndex = entry.getIndex();
        }
        return outcome;
    }

    private Outcome dispatch(Entry entry, boolean sourceCaughtUp) throws IOException {
        try {
            if (entry.getEntryType() == EntryType.EntryNormal) {
                return entry.getData().isEmpty()
                        ? advance(entry)
                        : command(entry, Commands.decode(entry.getData()), sourceCaughtUp);
            }
            return confChange(entry, confChangeOf(entry));
        } catch (RefusedCommandException e) {
            LOG.debug(
                    "command refused regionId={} index={} reason={}",
                    region().getId(),
                    entry.getIndex(),
                    e.getMessage());
            return advance(entry);
        }
    }

    private static ConfChangeV2 confChangeOf(Entry entry) {
        try {
            return switch (entry.getEntryType()) {
                case EntryConfChangeV2 -> ConfChangeV2.parseFrom(entry.getData());
                case EntryConfChange -> {
                    ConfChange change = ConfChange.parseFrom(entry.getData());
                    yield ConfChangeV2.newBuilder()
                            .addChanges(
                                    ConfChangeSingle.newBuilder()
                                            .setChangeType(change.getChangeType())
                                            .setNodeId(change.getNodeId()))
                            .setContext(change.getContext())
                            .build();
                }
                case EntryNormal, UNRECOGNIZED ->
                        throw new IllegalStateException("unknown entry type");
            };
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("undecodable membership change", e);
        }
    }

    private Outcome advance(Entry entry) throws IOException {
        sink.write(region().getId(), entry.getIndex(), entry.getTerm(), List.of());
        return DONE;
    }

    private Outcome confChange(Entry entry, ConfChangeV2 change)
            throws IOException, RefusedCommandException {
        ByteString context = change.getContext();
        if (context.isEmpty()) {
            // Raft's own way out of a joint configuration; TiKV never uses it.
            throw new IllegalStateException("membership change without a command");
        }
        RaftCmdRequest command = Commands.decode(context);
        EpochRules.check(command, region());
        AdminRequest admin = command.getAdminRequest();
        Region after =
                switch (admin.getCmdType()) {
                    case ChangePeer -> RegionChanges.changePeer(region(), admin.getChangePeer());
                    case ChangePeerV2 ->
                            RegionChanges.changePeers(
                                    region(), admin.getChangePeerV2().getChangesList());
                    default ->
                            throw new IllegalStateException(
                                    "membership change with command " + admin.getCmdType());
                };
        if (Regions.onStore(after, storeId).isEmpty()) {
            local = local.toBuilder().setRegion(after).build();
            return new Outcome.RemovedSelf(after);
        }
        changed(entry, after);
        return new Outcome.ConfChanged(change);
    }

    private Outcome command(Entry entry, RaftCmdRequest command, boolean sourceCaughtUp)
            throws IOException, RefusedCommandException {
        EpochRules.check(command, region());
        if (command.hasAdminRequest()) {
            return admin(entry, command.getAdminRequest(), sourceCaughtUp);
        }
        Commands.Data data = Commands.data(command, region());
        sink.write(region().getId(), entry.getIndex(), entry.getTerm(), data.writes());
        return data.ingestsFiles()
                ? new Outcome.NeedsSnapshot("imported files are not replicated to this store")
                : DONE;
    }

    private Outcome admin(Entry entry, AdminRequest admin, boolean sourceCaughtUp)
            throws IOException, RefusedCommandException {
        return switch (admin.getCmdType()) {
            case InvalidAdmin, TransferLeader, ComputeHash, VerifyHash, UpdateGcPeer ->
                    advance(entry);
            case CompactLog -> {
                advance(entry);
                yield new Outcome.Compacted(admin.getCompactLog().getCompactIndex());
            }
            case BatchSplit -> split(entry, admin.getSplits());
            case Split ->
                    split(
                            entry,
                            BatchSplitRequest.newBuilder()
                                    .addRequests(admin.getSplit())
                                    .setRightDerive(admin.getSplit().getRightDerive())
                                    .build());
            case PrepareMerge -> {
                changed(
                        entry,
                        RegionChanges.prepareMerge(
                                local, admin.getPrepareMerge(), entry.getIndex()),
                        List.of(),
                        List.of());
                yield DONE;
            }
            case CommitMerge -> commitMerge(entry, admin.getCommitMerge(), sourceCaughtUp);
            case RollbackMerge -> {
                changed(
                        entry,
                        RegionChanges.rollbackMerge(local, admin.getRollbackMerge().getCommit()),
                        List.of(),
                        List.of());
                yield DONE;
            }
            case PrepareFlashback ->
                    changed(
                            entry,
                            region().toBuilder()
                                    .setIsInFlashback(true)
                                    .setFlashbackStartTs(admin.getPrepareFlashback().getStartTs())
                                    .build());
            case FinishFlashback ->
                    changed(
                            entry,
                            region().toBuilder()
                                    .clearIsInFlashback()
                                    .clearFlashbackStartTs()
                                    .build());
            case BatchSwitchWitness -> {
                Region after = RegionChanges.switchWitnesses(region(), admin.getSwitchWitnesses());
                if (Regions.onStore(after, storeId)
                        .filter(peer -> peer.getIsWitness())
                        .isPresent()) {
                    throw new IllegalStateException("a columnar replica cannot be a witness");
                }
                yield changed(entry, after);
            }
            case ChangePeer, ChangePeerV2 ->
                    throw new IllegalStateException("membership change in a normal entry");
            case UNRECOGNIZED ->
                    throw new IllegalStateException(
                            "unknown admin command " + admin.getCmdTypeValue());
        };
    }

    private Outcome split(Entry entry, BatchSplitRequest request)
            throws IOException, RefusedCommandException {
        RegionChanges.Split split = RegionChanges.split(region(), request);
        changed(
                entry,
                local.toBuilder().setRegion(split.derived()).build(),
                split.children(),
                List.of());
        return new Outcome.Split(split.children(), entry.getIndex());
    }

    private Outcome commitMerge(Entry entry, CommitMergeRequest request, boolean sourceCaughtUp)
            throws IOException {
        if (!sourceCaughtUp) {
            return new Outcome.WaitForSource(request);
        }
        Region former = region();
        changed(
                entry,
                local.toBuilder().setRegion(RegionChanges.commitMerge(former, request)).build(),
                List.of(),
                List.of(request.getSource().getId()));
        return new Outcome.Merged(request.getSource(), former, entry.getIndex());
    }

    private Outcome changed(Entry entry, Region after) throws IOException {
        changed(entry, local.toBuilder().setRegion(after).build(), List.of(), List.of());
        return DONE;
    }

    private void changed(
            Entry entry, RegionLocalState after, List<Region> children, List<Long> removed)
            throws IOException {
        List<RegionState> states = new ArrayList<>();
        states.add(new RegionState(after, entry.getIndex(), entry.getTerm()));
        for (Region child : children) {
            states.add(childState(child));
        }
        sink.regionsChanged(
                after.getRegion().getId(), entry.getIndex(), entry.getTerm(), states, removed);
        local = after;
        LOG.info(
                "region changed regionId={} index={} epoch={}.{} children={} merged={}",
                after.getRegion().getId(),
                entry.getIndex(),
                after.getRegion().getRegionEpoch().getConfVer(),
                after.getRegion().getRegionEpoch().getVersion(),
                children.size(),
                removed);
    }

    /** Every region starts with this log position. */
    static RegionState childState(Region child) {
        return new RegionState(
                RegionLocalState.newBuilder().setState(PeerState.Normal).setRegion(child).build(),
                MessageRules.INITIAL,
                MessageRules.INITIAL);
    }
}
