package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.flashkv.kv.Access;
import io.garrick.flashkv.kv.Modify;
import io.garrick.flashkv.kv.Proposal;
import io.garrick.flashkv.kv.RegionKv;
import io.garrick.flashkv.kv.RegionSnapshot;
import io.garrick.proto.error.Error;
import io.garrick.proto.error.KeyNotInRegion;
import io.garrick.proto.error.MaxTimestampNotSynced;
import io.garrick.proto.error.ServerIsBusy;
import io.garrick.proto.kvrpc.Context;
import io.garrick.proto.meta.Region;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Blocking access to the store's regions. A region error leaves as {@link Refusal}: every handler
 * ends there alike.
 */
final class Regions {
    /** To be answered as the response's region_error. */
    static final class Refusal extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final transient Error error;

        Refusal(Error error) {
            super(error.getMessage(), null, false, false);
            this.error = error;
        }

        Error error() {
            return error;
        }
    }

    private final RegionKv regions;
    private final @Nullable String closed;

    Regions(RegionKv regions) {
        this(regions, null);
    }

    private Regions(RegionKv regions, @Nullable String closed) {
        this.regions = regions;
        this.closed = closed;
    }

    /** Refuses everything. */
    static Regions closed(RegionKv regions, String why) {
        return new Regions(regions, why);
    }

    /**
     * The caller closes the snapshot.
     *
     * @throws IllegalArgumentException when nothing of the kind is served here at all
     */
    RegionSnapshot snapshot(Context context) {
        if (closed != null) {
            throw new IllegalArgumentException(closed);
        }
        return switch (wait(regions.snapshot(context))) {
            case Access.Granted(RegionSnapshot snapshot) -> snapshot;
            case Access.Refused(Error error) -> throw new Refusal(error);
        };
    }

    /** For requests to the regions that this store leads at the moment. */
    List<Context> led() {
        return regions.led();
    }

    /**
     * Returns once the changes are applied.
     *
     * @param term of the snapshot they were decided on: had another leader been in between, its
     *     writes would be missed, and the store refuses by this term
     */
    void write(Context context, long term, List<Modify> modifies) {
        if (modifies.isEmpty()) {
            return;
        }
        Context bound = context.toBuilder().setTerm(term).build();
        switch (wait(regions.propose(bound, List.copyOf(modifies)))) {
            case Proposal.Applied _ -> {}
            case Proposal.Refused(Error error) -> throw new Refusal(error);
        }
    }

    private static <T> T wait(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    static void requireInside(RegionSnapshot snapshot, Collection<Key> encodedKeys) {
        KeyRange range = snapshot.range();
        for (Key key : encodedKeys) {
            if (!range.contains(key)) {
                throw new Refusal(outside(snapshot.region(), key));
            }
        }
    }

    /** A range that ends where the region ends lies inside. */
    static void requireInside(RegionSnapshot snapshot, KeyRange encoded) {
        if (!snapshot.range().contains(encoded)) {
            boolean startInside = snapshot.range().contains(encoded.start());
            throw new Refusal(
                    outside(snapshot.region(), startInside ? encoded.end() : encoded.start()));
        }
    }

    static Refusal maxTimestampNotSynced(long regionId, RuntimeException cause) {
        return new Refusal(
                Error.newBuilder()
                        .setMessage(
                                "max timestamp of region " + regionId + " is not synced: " + cause)
                        .setMaxTimestampNotSynced(MaxTimestampNotSynced.getDefaultInstance())
                        .build());
    }

    static Refusal busy(String reason) {
        return new Refusal(
                Error.newBuilder()
                        .setMessage("server is busy: " + reason)
                        .setServerIsBusy(ServerIsBusy.newBuilder().setReason(reason))
                        .build());
    }

    private static Error outside(Region region, Key key) {
        return Error.newBuilder()
                .setMessage("key " + key + " is not in region " + region.getId())
                .setKeyNotInRegion(
                        KeyNotInRegion.newBuilder()
                                .setKey(Changes.bytes(key))
                                .setRegionId(region.getId())
                                .setStartKey(region.getStartKey())
                                .setEndKey(region.getEndKey()))
                .build();
    }
}
