package io.garrick.kv;

import io.garrick.base.Key;
import io.garrick.codec.key.Memcomparable;
import io.garrick.proto.error.Error;
import io.garrick.proto.kvrpc.Context;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.tikv.TikvGrpc;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends a request to the region that holds its keys.
 *
 * <p>A region error is never the caller's business, except that keys may belong to other regions
 * than a moment ago. So {@link #send} repeats what can be repeated as it is, and comes back empty
 * when the caller has to look up its keys again. Every path that goes around a loop pauses on the
 * call's {@link Backoff}, which ends it.
 */
final class Router implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Router.class);

    private final PdClient pd;
    private final Stores stores;
    private final RegionCache cache = new RegionCache();
    private final Duration requestTimeout;

    Router(PdClient pd, Duration requestTimeout) {
        this.pd = pd;
        this.stores = new Stores(pd);
        this.requestTimeout = requestTimeout;
    }

    @FunctionalInterface
    interface Rpc<R> {
        R call(TikvGrpc.TikvBlockingStub stub, Context context);
    }

    /** Items whose keys are in one region. */
    record Group<T>(RegionRoute route, List<T> items) {}

    RegionRoute route(Key rawKey, Backoff backoff) {
        return routeEncoded(Memcomparable.encode(rawKey), backoff);
    }

    RegionRoute routeEncoded(Key encoded, Backoff backoff) {
        while (true) {
            Optional<RegionRoute> cached = cache.find(encoded);
            if (cached.isPresent()) {
                return cached.get();
            }
            Optional<RegionInfo> found = pd.regionByKey(encoded);
            if (found.isPresent() && found.get().region().getPeersCount() > 0) {
                RegionInfo info = found.get();
                Peer leader = info.leader();
                RegionRoute route =
                        RegionRoute.of(
                                info.region(),
                                leader != null && stores.reachable(leader.getStoreId())
                                        ? leader
                                        : RegionCache.anyPeer(info.region(), stores::reachable));
                cache.put(route);
                return route;
            }
            backoff.pause(Backoff.Reason.REGION, "PD knows no region of key " + encoded, null);
        }
    }

    /** {@code sorted} in key order; the groups keep it. */
    <T> List<Group<T>> group(List<T> sorted, Function<T, Key> keyOf, Backoff backoff) {
        List<Group<T>> groups = new ArrayList<>();
        Group<T> current = null;
        for (T item : sorted) {
            Key encoded = Memcomparable.encode(keyOf.apply(item));
            if (current == null || !current.route().contains(encoded)) {
                current = new Group<>(routeEncoded(encoded, backoff), new ArrayList<>());
                groups.add(current);
            }
            current.items().add(item);
        }
        return groups;
    }

    <R> Optional<R> send(
            RegionRoute first, Backoff backoff, Rpc<R> rpc, Function<R, Error> errorOf) {
        return send(first, Set.of(), backoff, rpc, errorOf);
    }

    /**
     * Asks the region's leader, wherever it moves meanwhile.
     *
     * @param errorOf the default instance if the answer has no region error
     * @return empty if the keys have to be looked up again
     */
    <R> Optional<R> send(
            RegionRoute first,
            Set<Long> resolvedLocks,
            Backoff backoff,
            Rpc<R> rpc,
            Function<R, Error> errorOf) {
        RegionRoute route = first;
        while (true) {
            Optional<TikvGrpc.TikvBlockingStub> stub = stores.stub(route.peer().getStoreId());
            if (stub.isEmpty()) {
                cache.remove(route);
                backoff.pause(
                        Backoff.Reason.REGION,
                        "no store " + route.peer().getStoreId() + " for region " + route.id(),
                        null);
                return Optional.empty();
            }
            R response;
            try {
                long nanos = Math.min(requestTimeout.toNanos(), backoff.remainingNanos());
                response =
                        rpc.call(
                                stub.get().withDeadlineAfter(nanos, TimeUnit.NANOSECONDS),
                                route.context(resolvedLocks));
            } catch (StatusRuntimeException e) {
                backoff.markAmbiguous();
                stores.failed(route.peer().getStoreId());
                cache.remove(route);
                log.debug("store failed storeId={} {}", route.peer().getStoreId(), e.getStatus());
                backoff.pause(
                        Backoff.Reason.NETWORK,
                        "region %d, store %d: %s"
                                .formatted(route.id(), route.peer().getStoreId(), e.getStatus()),
                        e);
                return Optional.empty();
            }
            Error error = errorOf.apply(response);
            if (error.equals(Error.getDefaultInstance())) {
                return Optional.of(response);
            }
            switch (react(route, error, backoff)) {
                case Reaction.Again(RegionRoute next) -> route = next;
                case Reaction.LookUp _ -> {
                    return Optional.empty();
                }
            }
        }
    }

    private sealed interface Reaction {
        record Again(RegionRoute route) implements Reaction {}

        record LookUp() implements Reaction {}
    }

    /** TiKV: components/error_code and errorpb say which trouble is which. */
    private Reaction react(RegionRoute route, Error error, Backoff backoff) {
        String problem = "region %d: %s".formatted(route.id(), error.getMessage());
        log.debug("region error regionId={} {}", route.id(), error);
        if (error.hasNotLeader()) {
            return notLeader(route, error, backoff, problem);
        }
        if (error.hasEpochNotMatch()) {
            return epochNotMatch(route, error, backoff, problem);
        }
        if (error.hasServerIsBusy()) {
            backoff.pauseAtLeast(
                    error.getServerIsBusy().getBackoffMs(), Backoff.Reason.BUSY, problem, null);
            return new Reaction.Again(route);
        }
        if (error.hasDiskFull()
                || error.hasReadIndexNotReady()
                || error.hasDataIsNotReady()
                || error.hasProposalInMergingMode()
                || error.hasRecoveryInProgress()) {
            backoff.pause(Backoff.Reason.BUSY, problem, null);
            return new Reaction.Again(route);
        }
        if (error.hasStaleCommand() || error.hasUndeterminedResult()) {
            // Proposed, then lost from sight: a write may have happened.
            backoff.markAmbiguous();
            backoff.pause(Backoff.Reason.LEADER, problem, null);
            return new Reaction.Again(route);
        }
        if (error.hasMaxTimestampNotSynced() || error.hasBucketVersionNotMatch()) {
            backoff.pause(Backoff.Reason.LEADER, problem, null);
            return new Reaction.Again(route);
        }
        if (error.hasRaftEntryTooLarge()
                || error.hasFlashbackInProgress()
                || error.hasFlashbackNotPrepared()) {
            throw new KvException("refused: " + problem + ": " + error);
        }
        if (error.hasStoreNotMatch()) {
            stores.forget(route.peer().getStoreId());
        }
        boolean gone =
                error.hasRegionNotFound()
                        || error.hasRegionNotInitialized()
                        || error.hasMismatchPeerId()
                        || error.hasIsWitness()
                        || error.hasStoreNotMatch()
                        || error.hasKeyNotInRegion();
        if (!gone) {
            // Only text, for example a proposal dropped by raft.
            backoff.pause(Backoff.Reason.LEADER, problem, null);
            return new Reaction.Again(route);
        }
        cache.remove(route);
        backoff.pause(Backoff.Reason.REGION, problem, null);
        return new Reaction.LookUp();
    }

    private Reaction notLeader(RegionRoute route, Error error, Backoff backoff, String problem) {
        Peer leader = error.getNotLeader().getLeader();
        boolean known =
                leader.getId() != 0
                        && route.region().getPeersList().stream()
                                .anyMatch(peer -> peer.getId() == leader.getId());
        if (known && leader.getId() != route.peer().getId()) {
            backoff.pause(Backoff.Reason.LEADER, problem, null);
            return new Reaction.Again(cache.redirect(route, leader));
        }
        cache.remove(route);
        backoff.pause(Backoff.Reason.REGION, problem, null);
        return new Reaction.LookUp();
    }

    private Reaction epochNotMatch(
            RegionRoute route, Error error, Backoff backoff, String problem) {
        var current = error.getEpochNotMatch().getCurrentRegionsList();
        for (var region : current) {
            if (region.getId() == route.id()
                    && RegionRoute.of(region, route.peer()).olderThan(route.region())) {
                // The store is behind us: it will catch up.
                backoff.pause(Backoff.Reason.REGION, problem, null);
                return new Reaction.Again(route);
            }
        }
        cache.replace(route, current, stores::reachable);
        backoff.pause(Backoff.Reason.LEADER, problem, null);
        return new Reaction.LookUp();
    }

    @Override
    public void close() {
        stores.close();
    }
}
