package io.garrick.flashkv.store;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.flashkv.kv.Cf;
import io.garrick.proto.eraft.ConfChange;
import io.garrick.proto.eraft.ConfChangeSingle;
import io.garrick.proto.eraft.ConfChangeV2;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.meta.Region;
import io.garrick.proto.raftcmd.AdminRequest;
import io.garrick.proto.raftcmd.BatchSplitRequest;
import io.garrick.proto.raftcmd.ChangePeerRequest;
import io.garrick.proto.raftcmd.CommitMergeRequest;
import io.garrick.proto.raftcmd.CompactLogRequest;
import io.garrick.proto.raftcmd.DeleteRangeRequest;
import io.garrick.proto.raftcmd.PrepareMergeRequest;
import io.garrick.proto.raftcmd.RaftCmdRequest;
import io.garrick.proto.raftcmd.Request;
import io.garrick.proto.raftserver.PeerState;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out committed entries of one peer, in order, into the round's batch.
 *
 * <p>A command that does not fit the region (epoch, key range) has no effect but that the applied
 * index moves; every replica must decide so alike. What must follow the write of the batch (new
 * peers, removals) is given to {@link Effects}. Owned by the store's thread.
 */
final class Applier {
    private static final Logger log = LoggerFactory.getLogger(Applier.class);

    private final PeerStorage storage;
    private final Effects effects;

    /** What a command asks of the world around the peer. */
    interface Effects {
        /** Before the next entry is applied. */
        void confChanged(ConfChangeV2 change, Region region);

        /** After the batch is written; the children's first state is in it. */
        void split(Splits.Outcome outcome);

        /** Whether this child has to be created here; it may exist already. */
        boolean childIsNew(Region child);

        /** Whether the region to be merged has come to the end of its log here. */
        boolean sourceIsReady(CommitMergeRequest merge);

        /** A merge began, or was taken back. */
        void mergeStateChanged();

        /** The source's end goes into the batch too. */
        void merged(Region source, Region formerTarget, KvEngine.Batch batch);

        /** The log may lose entries {@code [first, end)} once the batch survives a crash. */
        void truncated(long first, long end);
    }

    Applier(PeerStorage storage, Effects effects) {
        this.storage = storage;
        this.effects = effects;
    }

    /** The command is refused, and nothing of it may be in the batch. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;
        private final transient io.garrick.proto.error.Error error;

        Refused(io.garrick.proto.error.Error error) {
            super(error.getMessage());
            this.error = error;
        }
    }

    /** Null if the entry must wait, and all behind it: a region to be merged lags behind. */
    @Nullable Outcome apply(Entry entry, KvEngine.Batch batch) {
        if (entry.getIndex() != storage.appliedIndex() + 1) {
            throw new IllegalStateException(
                    "apply of %d after %d, regionId=%d"
                            .formatted(
                                    entry.getIndex(), storage.appliedIndex(), storage.regionId()));
        }
        @Nullable Outcome outcome;
        try {
            outcome =
                    switch (entry.getEntryType()) {
                        case EntryNormal ->
                                entry.getData().isEmpty()
                                        ? Outcome.Done.PLAIN
                                        : execute(
                                                RaftCmdRequest.parseFrom(entry.getData()),
                                                entry,
                                                batch);
                        case EntryConfChange ->
                                change(asV2(ConfChange.parseFrom(entry.getData())), batch);
                        case EntryConfChangeV2 ->
                                change(ConfChangeV2.parseFrom(entry.getData()), batch);
                        case UNRECOGNIZED -> throw new IllegalStateException("unknown entry type");
                    };
        } catch (Refused e) {
            log.info(
                    "command refused regionId={} index={} reason={}",
                    storage.regionId(),
                    entry.getIndex(),
                    e.error.getMessage());
            outcome = new Outcome.Failed(e.error);
        } catch (InvalidProtocolBufferException e) {
            throw new EngineFailure(e);
        }
        if (outcome != null) {
            storage.setApplied(entry.getIndex(), entry.getTerm());
        }
        return outcome;
    }

    private @Nullable Outcome execute(RaftCmdRequest command, Entry entry, KvEngine.Batch batch)
            throws Refused {
        checkEpoch(command);
        if (!command.hasAdminRequest()) {
            write(command.getRequestsList(), batch);
            return Outcome.Done.PLAIN;
        }
        AdminRequest admin = command.getAdminRequest();
        return switch (admin.getCmdType()) {
            case BatchSplit -> split(admin.getSplits(), batch);
            case Split ->
                    split(
                            BatchSplitRequest.newBuilder()
                                    .addRequests(admin.getSplit())
                                    .setRightDerive(admin.getSplit().getRightDerive())
                                    .build(),
                            batch);
            case CompactLog -> compact(admin.getCompactLog(), entry);
            case PrepareMerge -> prepareMerge(admin.getPrepareMerge(), entry, batch);
            case CommitMerge -> commitMerge(admin.getCommitMerge(), batch);
            case RollbackMerge -> rollbackMerge(admin.getRollbackMerge().getCommit(), batch);
            case TransferLeader, ComputeHash, VerifyHash, InvalidAdmin, UpdateGcPeer ->
                    Outcome.Done.PLAIN;
            default ->
                    throw new Refused(
                            RegionErrors.other("unsupported command " + admin.getCmdType()));
        };
    }

    private void checkEpoch(RaftCmdRequest command) throws Refused {
        if (!Epochs.matches(command, storage.region())) {
            throw new Refused(RegionErrors.epochNotMatch(List.of(storage.region())));
        }
    }

    // ---- data

    private void write(List<Request> requests, KvEngine.Batch batch) throws Refused {
        for (Request request : requests) {
            check(request);
        }
        for (Request request : requests) {
            switch (request.getCmdType()) {
                case Put ->
                        batch.put(
                                Cf.of(request.getPut().getCf()),
                                DataKeys.of(request.getPut().getKey()),
                                request.getPut().getValue().toByteArray());
                case Delete ->
                        batch.delete(
                                Cf.of(request.getDelete().getCf()),
                                DataKeys.of(request.getDelete().getKey()));
                case DeleteRange -> {
                    DeleteRangeRequest range = request.getDeleteRange();
                    if (!range.getNotifyOnly()) {
                        batch.deleteRange(
                                Cf.of(range.getCf()),
                                DataKeys.of(range.getStartKey()),
                                DataKeys.endOf(range.getEndKey()));
                    }
                }
                default -> {} // Get and Snap read nothing here
            }
        }
    }

    private void check(Request request) throws Refused {
        switch (request.getCmdType()) {
            case Put -> checkKey(request.getPut().getKey());
            case Delete -> checkKey(request.getDelete().getKey());
            case DeleteRange -> {
                DeleteRangeRequest range = request.getDeleteRange();
                checkKey(range.getStartKey());
                ByteString end = range.getEndKey();
                ByteString regionEnd = storage.region().getEndKey();
                boolean inside =
                        end.isEmpty()
                                ? regionEnd.isEmpty()
                                : Splits.compare(range.getStartKey(), end) < 0
                                        && (regionEnd.isEmpty()
                                                || Splits.compare(end, regionEnd) <= 0);
                if (!inside) {
                    throw new Refused(RegionErrors.keyNotInRegion(end, storage.region()));
                }
            }
            case Get, Snap -> {}
            default ->
                    throw new Refused(
                            RegionErrors.other("invalid cmd type " + request.getCmdType()));
        }
    }

    private void checkKey(ByteString key) throws Refused {
        Region region = storage.region();
        boolean inside =
                Splits.compare(region.getStartKey(), key) <= 0
                        && (region.getEndKey().isEmpty()
                                || Splits.compare(key, region.getEndKey()) < 0);
        if (!inside) {
            throw new Refused(RegionErrors.keyNotInRegion(key, region));
        }
    }

    // ---- membership

    private static ConfChangeV2 asV2(ConfChange change) {
        return ConfChangeV2.newBuilder()
                .addChanges(
                        ConfChangeSingle.newBuilder()
                                .setChangeType(change.getChangeType())
                                .setNodeId(change.getNodeId()))
                .setContext(change.getContext())
                .build();
    }

    private Outcome change(ConfChangeV2 change, KvEngine.Batch batch)
            throws Refused, InvalidProtocolBufferException {
        RaftCmdRequest command = RaftCmdRequest.parseFrom(change.getContext());
        checkEpoch(command);
        AdminRequest admin = command.getAdminRequest();
        List<ChangePeerRequest> changes =
                switch (admin.getCmdType()) {
                    case ChangePeer -> List.of(admin.getChangePeer());
                    case ChangePeerV2 -> admin.getChangePeerV2().getChangesList();
                    default ->
                            throw new Refused(
                                    RegionErrors.other("not a change: " + admin.getCmdType()));
                };
        try {
            Region after = Membership.apply(storage.region(), changes);
            storage.setRegion(after, batch);
            log.info(
                    "region members changed regionId={} confVer={} peers={}",
                    after.getId(),
                    after.getRegionEpoch().getConfVer(),
                    describe(after));
            effects.confChanged(change, after);
            return Outcome.Done.PLAIN;
        } catch (Membership.RefusedException e) {
            throw new Refused(RegionErrors.other(String.valueOf(e.getMessage())));
        }
    }

    private static List<String> describe(Region region) {
        return region.getPeersList().stream()
                .map(peer -> peer.getId() + "@" + peer.getStoreId() + ":" + peer.getRole())
                .toList();
    }

    // ---- splits and the log

    private Outcome split(BatchSplitRequest request, KvEngine.Batch batch) throws Refused {
        Splits.Outcome outcome;
        try {
            outcome = Splits.apply(storage.region(), request);
        } catch (Membership.RefusedException e) {
            throw new Refused(RegionErrors.other(String.valueOf(e.getMessage())));
        }
        storage.setRegion(outcome.derived(), batch);
        for (Region child : outcome.created()) {
            if (effects.childIsNew(child)) {
                PeerStorage.writeInitial(batch, child);
            }
        }
        log.info(
                "region split regionId={} version={} created={}",
                storage.regionId(),
                outcome.derived().getRegionEpoch().getVersion(),
                outcome.created().stream().map(Region::getId).toList());
        effects.split(outcome);
        return new Outcome.Done(outcome.ordered());
    }

    // ---- merges

    private Outcome prepareMerge(PrepareMergeRequest request, Entry entry, KvEngine.Batch batch)
            throws Refused {
        try {
            storage.setLocal(Merges.prepare(storage.local(), request, entry.getIndex()), batch);
        } catch (Membership.RefusedException e) {
            throw new Refused(RegionErrors.other(String.valueOf(e.getMessage())));
        }
        log.info(
                "region prepares merge regionId={} target={} index={}",
                storage.regionId(),
                request.getTarget().getId(),
                entry.getIndex());
        effects.mergeStateChanged();
        return Outcome.Done.PLAIN;
    }

    private @Nullable Outcome commitMerge(CommitMergeRequest request, KvEngine.Batch batch)
            throws Refused {
        if (!effects.sourceIsReady(request)) {
            return null;
        }
        Region former = storage.region();
        try {
            storage.setRegion(Merges.commit(former, request), batch);
        } catch (Membership.RefusedException e) {
            throw new Refused(RegionErrors.other(String.valueOf(e.getMessage())));
        }
        log.info(
                "region merged regionId={} source={} version={}",
                storage.regionId(),
                request.getSource().getId(),
                storage.region().getRegionEpoch().getVersion());
        effects.merged(request.getSource(), former, batch);
        return new Outcome.Done(List.of(storage.region()));
    }

    private Outcome rollbackMerge(long commit, KvEngine.Batch batch) throws Refused {
        try {
            storage.setLocal(Merges.rollback(storage.local(), commit), batch);
        } catch (Membership.RefusedException e) {
            throw new Refused(RegionErrors.other(String.valueOf(e.getMessage())));
        }
        log.info("region takes its merge back regionId={}", storage.regionId());
        effects.mergeStateChanged();
        return Outcome.Done.PLAIN;
    }

    private Outcome compact(CompactLogRequest request, Entry entry) throws Refused {
        if (request.getCompactIndex() < storage.firstIndex()
                || storage.state() == PeerState.Merging) { // the target may need the log
            return Outcome.Done.PLAIN;
        }
        if (request.getCompactTerm() == 0 || request.getCompactIndex() >= entry.getIndex()) {
            throw new Refused(RegionErrors.other("impossible log compaction"));
        }
        long first = storage.truncate(request.getCompactIndex(), request.getCompactTerm());
        effects.truncated(first, request.getCompactIndex() + 1);
        return Outcome.Done.PLAIN;
    }
}
