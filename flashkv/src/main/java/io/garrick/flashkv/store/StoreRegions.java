package io.garrick.flashkv.store;

import com.google.protobuf.ByteString;
import io.garrick.flashkv.kv.Access;
import io.garrick.flashkv.kv.Modify;
import io.garrick.flashkv.kv.Proposal;
import io.garrick.flashkv.kv.RegionKv;
import io.garrick.proto.kvrpc.Context;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.RegionEpoch;
import io.garrick.proto.raftcmd.CmdType;
import io.garrick.proto.raftcmd.DeleteRangeRequest;
import io.garrick.proto.raftcmd.DeleteRequest;
import io.garrick.proto.raftcmd.PutRequest;
import io.garrick.proto.raftcmd.RaftCmdRequest;
import io.garrick.proto.raftcmd.RaftRequestHeader;
import io.garrick.proto.raftcmd.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * {@link RegionKv} over the regions of one store.
 *
 * <p>A leader with a lease answers reads on the caller's thread; all else goes to the store's.
 */
final class StoreRegions implements RegionKv {
    private final long storeId;
    private final StoreLoop loop;
    private final RegionTable regions;
    private final KvEngine kv;

    StoreRegions(long storeId, StoreLoop loop, RegionTable regions, KvEngine kv) {
        this.storeId = storeId;
        this.loop = loop;
        this.regions = regions;
        this.kv = kv;
    }

    @Override
    public CompletableFuture<Access> snapshot(Context context) {
        PeerHandle handle = regions.handle(context.getRegionId());
        var refusal = context.getStaleRead() ? stale(context, handle) : refusal(context, handle);
        if (refusal != null || handle == null) {
            return refused(refusal);
        }
        PeerHandle.View view = handle.view();
        if (view.readable() && handle.leaseValid(System.nanoTime())) {
            EngineSnapshot snapshot = kv.snapshot();
            if (snapshot == null) {
                return refused(null);
            }
            // Taken first, checked again after: so the snapshot lies within the lease.
            if (handle.shows(view) && handle.leaseValid(System.nanoTime())) {
                return CompletableFuture.completedFuture(
                        new Access.Granted(new RegionView(snapshot, view.region(), view.term())));
            }
            snapshot.close();
        }
        CompletableFuture<Access> access = new CompletableFuture<>();
        loop.read(
                context.getRegionId(),
                error -> access.complete(error == null ? readNow(context) : refuse(error)));
        return access;
    }

    /** On the store's thread, which alone changes regions. */
    private Access readNow(Context context) {
        PeerHandle handle = regions.handle(context.getRegionId());
        var refusal = refusal(context, handle);
        EngineSnapshot snapshot = refusal == null ? kv.snapshot() : null;
        if (handle == null || snapshot == null) {
            return refuse(refusal);
        }
        PeerHandle.View view = handle.view();
        return new Access.Granted(new RegionView(snapshot, view.region(), view.term()));
    }

    private static CompletableFuture<Access> refused(io.garrick.proto.error.@Nullable Error error) {
        return CompletableFuture.completedFuture(refuse(error));
    }

    private static Access refuse(io.garrick.proto.error.@Nullable Error error) {
        return new Access.Refused(error == null ? RegionErrors.busy("store is stopping") : error);
    }

    /** No region here advances a safe ts: whoever wants a stale read is sent to the leader. */
    private io.garrick.proto.error.Error stale(Context context, @Nullable PeerHandle handle) {
        if (context.getPeer().getStoreId() != storeId) {
            return RegionErrors.storeNotMatch(context.getPeer().getStoreId(), storeId);
        }
        return handle == null
                ? RegionErrors.regionNotFound(context.getRegionId())
                : RegionErrors.dataIsNotReady(context.getRegionId(), handle.view().self().getId());
    }

    /** In TiKV's order (attach-protocol G.5); null when the request may go on. */
    private io.garrick.proto.error.@Nullable Error refusal(
            Context context, @Nullable PeerHandle handle) {
        long regionId = context.getRegionId();
        if (context.getPeer().getStoreId() != storeId) {
            return RegionErrors.storeNotMatch(context.getPeer().getStoreId(), storeId);
        }
        if (handle == null) {
            return RegionErrors.regionNotFound(regionId);
        }
        PeerHandle.View view = handle.view();
        if (context.getPeer().getId() != view.self().getId()) {
            return RegionErrors.mismatchPeer(context.getPeer().getId(), view.self().getId());
        }
        if (!view.leading()) {
            return RegionErrors.notLeader(regionId, view.leader());
        }
        if (view.region().getPeersCount() == 0) {
            return RegionErrors.notInitialized(regionId);
        }
        if (context.getTerm() != 0 && view.term() > context.getTerm() + 1) {
            return RegionErrors.staleCommand();
        }
        RegionEpoch asked = context.getRegionEpoch();
        if (asked.getVersion() != view.region().getRegionEpoch().getVersion()) {
            return RegionErrors.epochNotMatch(withNeighbours(view.region()));
        }
        if (view.merging()) {
            return RegionErrors.merging(regionId);
        }
        return null;
    }

    /** A region that split is next to what it gave away: the client learns of all at once. */
    private List<Region> withNeighbours(Region region) {
        List<Region> found = new ArrayList<>(List.of(region));
        for (PeerHandle handle : regions.handles()) {
            Region other = handle.view().region();
            boolean left =
                    !region.getStartKey().isEmpty()
                            && other.getEndKey().equals(region.getStartKey());
            boolean right =
                    !region.getEndKey().isEmpty() && other.getStartKey().equals(region.getEndKey());
            if (left || right) {
                found.add(other);
            }
        }
        return found;
    }

    @Override
    public CompletableFuture<Proposal> propose(Context context, List<Modify> modifies) {
        PeerHandle handle = regions.handle(context.getRegionId());
        var refusal = refusal(context, handle);
        if (refusal != null || handle == null) {
            return CompletableFuture.completedFuture(
                    new Proposal.Refused(
                            refusal == null ? RegionErrors.busy("store is stopping") : refusal));
        }
        if (modifies.isEmpty()) {
            return CompletableFuture.completedFuture(new Proposal.Applied());
        }
        RaftCmdRequest.Builder command =
                RaftCmdRequest.newBuilder()
                        .setHeader(
                                RaftRequestHeader.newBuilder()
                                        .setRegionId(context.getRegionId())
                                        .setPeer(context.getPeer())
                                        .setRegionEpoch(context.getRegionEpoch())
                                        .setTerm(context.getTerm()));
        for (Modify modify : modifies) {
            command.addRequests(request(modify));
        }
        RaftCmdRequest built = command.build();
        ByteString encoded = built.toByteString();
        CompletableFuture<Proposal> proposal = new CompletableFuture<>();
        loop.propose(
                built,
                encoded,
                outcome ->
                        proposal.complete(
                                switch (outcome) {
                                    case Outcome.Done _ -> new Proposal.Applied();
                                    case Outcome.Failed(var error) -> new Proposal.Refused(error);
                                }));
        return proposal;
    }

    @Override
    public List<Context> led() {
        return regions.handles().stream()
                .map(PeerHandle::view)
                .filter(PeerHandle.View::leading)
                .map(view ->
                        Context.newBuilder()
                                .setRegionId(view.region().getId())
                                .setRegionEpoch(view.region().getRegionEpoch())
                                .setPeer(view.self())
                                .build())
                .toList();
    }

    private static Request request(Modify modify) {
        return switch (modify) {
            case Modify.Put(var cf, var key, var value) ->
                    Request.newBuilder()
                            .setCmdType(CmdType.Put)
                            .setPut(
                                    PutRequest.newBuilder()
                                            .setCf(cf.family())
                                            .setKey(key)
                                            .setValue(value))
                            .build();
            case Modify.Delete(var cf, var key) ->
                    Request.newBuilder()
                            .setCmdType(CmdType.Delete)
                            .setDelete(DeleteRequest.newBuilder().setCf(cf.family()).setKey(key))
                            .build();
            case Modify.DeleteRange(var cf, var key, var end) ->
                    Request.newBuilder()
                            .setCmdType(CmdType.DeleteRange)
                            .setDeleteRange(
                                    DeleteRangeRequest.newBuilder()
                                            .setCf(cf.family())
                                            .setStartKey(key)
                                            .setEndKey(end))
                            .build();
        };
    }
}
