package io.garrick.flashkv.store;

import com.google.protobuf.ByteString;
import io.garrick.proto.meta.Region;
import io.garrick.proto.raftcmd.AdminCmdType;
import io.garrick.proto.raftcmd.AdminRequest;
import io.garrick.proto.raftcmd.BatchSplitRequest;
import io.garrick.proto.raftcmd.SplitRequest;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/**
 * Cuts regions led here: by request, and when they have grown too large. Ids come from PD, sizes
 * from a walk in the background. Owned by the store's thread, except {@link #split(long, List,
 * Consumer)}, which any may call.
 */
final class RegionSplitter {
    private final StoreLoop loop;
    private final StoreConfig config;
    private final KvEngine kv;
    private final RegionTable regions;
    private final PdReports pd;
    private final ExecutorService background;
    private boolean sizeCheckRunning;

    RegionSplitter(
            StoreLoop loop,
            StoreConfig config,
            KvEngine kv,
            RegionTable regions,
            PdReports pd,
            ExecutorService background) {
        this.loop = loop;
        this.config = config;
        this.kv = kv;
        this.regions = regions;
        this.pd = pd;
        this.background = background;
    }

    /** Splits a region led here at encoded keys; keys outside or at its bounds are ignored. */
    void split(long regionId, List<ByteString> keys, Consumer<Outcome> waiter) {
        if (!loop.post(
                () -> {
                    Peer peer = regions.peer(regionId);
                    if (peer == null) {
                        waiter.accept(new Outcome.Failed(RegionErrors.regionNotFound(regionId)));
                    } else {
                        split(peer, keys, waiter);
                    }
                })) {
            waiter.accept(new Outcome.Failed(RegionErrors.busy("store is stopping")));
        }
    }

    void split(Peer peer, List<ByteString> keys, Consumer<Outcome> waiter) {
        Region region = peer.region();
        if (!peer.isLeader()) {
            waiter.accept(
                    new Outcome.Failed(
                            RegionErrors.notLeader(region.getId(), peer.handle().view().leader())));
            return;
        }
        List<ByteString> inside =
                keys.stream()
                        .filter(key -> Splits.isInside(region, key))
                        .distinct()
                        .sorted(ByteString.unsignedLexicographicalComparator())
                        .toList();
        if (inside.isEmpty()) {
            waiter.accept(new Outcome.Done(List.of(region)));
            return;
        }
        pd.askSplit(
                region,
                inside.size(),
                ids -> {
                    if (ids.size() != inside.size()) {
                        waiter.accept(
                                new Outcome.Failed(
                                        RegionErrors.other("PD gave no ids for the split")));
                        return;
                    }
                    loop.post(() -> proposeSplit(region, inside, ids, waiter));
                });
    }

    private void proposeSplit(
            Region region,
            List<ByteString> keys,
            List<io.garrick.proto.pd.SplitID> ids,
            Consumer<Outcome> waiter) {
        Peer peer = regions.peer(region.getId());
        if (peer == null) {
            waiter.accept(new Outcome.Failed(RegionErrors.regionNotFound(region.getId())));
            return;
        }
        BatchSplitRequest.Builder splits = BatchSplitRequest.newBuilder().setRightDerive(true);
        for (int i = 0; i < keys.size(); i++) {
            splits.addRequests(
                    SplitRequest.newBuilder()
                            .setSplitKey(keys.get(i))
                            .setNewRegionId(ids.get(i).getNewRegionId())
                            .addAllNewPeerIds(ids.get(i).getNewPeerIdsList())
                            .setRightDerive(true));
        }
        loop.touch(peer);
        loop.guarded(
                peer,
                () ->
                        peer.proposeRangeChange(
                                AdminRequest.newBuilder()
                                        .setCmdType(AdminCmdType.BatchSplit)
                                        .setSplits(splits)
                                        .build(),
                                region,
                                waiter));
    }

    /** One region at a time is measured, off this thread. */
    void checkSizes() {
        if (sizeCheckRunning) {
            return;
        }
        for (Peer peer : regions.all()) {
            if (peer.sizeCheckDue(config.regionSplitBytes())) {
                EngineSnapshot snapshot = kv.snapshot();
                if (snapshot == null) {
                    return;
                }
                peer.sizeCheckStarted();
                sizeCheckRunning = true;
                Region region = peer.region();
                try {
                    background.execute(() -> measure(region, snapshot));
                } catch (RejectedExecutionException e) {
                    snapshot.close();
                }
                return;
            }
        }
    }

    private void measure(Region region, EngineSnapshot snapshot) {
        RegionSize size;
        try (snapshot) {
            size = RegionSize.measure(snapshot, region, config.regionSplitBytes());
        }
        loop.post(() -> {
            sizeCheckRunning = false;
            Peer peer = regions.peer(region.getId());
            if (peer == null || !peer.region().getRegionEpoch().equals(region.getRegionEpoch())) {
                return;
            }
            peer.measured(size.bytes());
            if (!size.splitKeys().isEmpty()) {
                split(peer, size.splitKeys(), _ -> {});
            }
        });
    }
}
