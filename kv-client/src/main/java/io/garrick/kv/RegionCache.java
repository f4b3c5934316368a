package io.garrick.kv;

import io.garrick.base.Key;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.Region;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.LongPredicate;

/**
 * The regions seen last, by start key; disjoint, but with gaps.
 *
 * <p>What is cached may be out of date: the store that is asked says so, and the answer corrects
 * the cache. Reads take no lock; changes go one at a time.
 */
final class RegionCache {
    private final ConcurrentSkipListMap<Key, RegionRoute> byStart = new ConcurrentSkipListMap<>();

    Optional<RegionRoute> find(Key encoded) {
        Map.Entry<Key, RegionRoute> floor = byStart.floorEntry(encoded);
        return floor != null && floor.getValue().contains(encoded)
                ? Optional.of(floor.getValue())
                : Optional.empty();
    }

    /** Replaces everything it overlaps, unless something there is newer. */
    synchronized void put(RegionRoute route) {
        List<RegionRoute> overlapping = overlapping(route);
        for (RegionRoute present : overlapping) {
            if (route.olderThan(present.region())) {
                return;
            }
        }
        overlapping.forEach(present -> byStart.remove(present.start()));
        byStart.put(route.start(), route);
    }

    /** Only if it is still the one cached. */
    synchronized void remove(RegionRoute route) {
        byStart.remove(route.start(), route);
    }

    /** The same region, asked at another peer. Only if it is still the one cached. */
    synchronized RegionRoute redirect(RegionRoute route, Peer peer) {
        RegionRoute redirected = RegionRoute.of(route.region(), peer);
        byStart.replace(route.start(), route, redirected);
        return redirected;
    }

    /** Puts the regions a store named in place of the one it no longer has in that form. */
    synchronized void replace(RegionRoute old, List<Region> current, LongPredicate reachable) {
        remove(old);
        for (Region region : current) {
            if (region.getPeersCount() > 0) {
                // After a split the new regions usually lead where the old one led.
                put(RegionRoute.of(region, peerOn(region, old.peer().getStoreId(), reachable)));
            }
        }
    }

    static Peer peerOn(Region region, long storeId, LongPredicate reachable) {
        for (Peer peer : region.getPeersList()) {
            if (peer.getStoreId() == storeId) {
                return peer;
            }
        }
        return anyPeer(region, reachable);
    }

    static Peer anyPeer(Region region, LongPredicate reachable) {
        for (Peer peer : region.getPeersList()) {
            if (RegionRoute.mayLead(peer) && reachable.test(peer.getStoreId())) {
                return peer;
            }
        }
        return region.getPeers(0);
    }

    private List<RegionRoute> overlapping(RegionRoute route) {
        List<RegionRoute> found = new ArrayList<>();
        Map.Entry<Key, RegionRoute> entry = byStart.floorEntry(route.start());
        if (entry == null) {
            entry = byStart.higherEntry(route.start());
        }
        while (entry != null
                && (route.end().isEmpty() || entry.getKey().compareTo(route.end()) < 0)) {
            if (entry.getValue().overlaps(route)) {
                found.add(entry.getValue());
            }
            entry = byStart.higherEntry(entry.getKey());
        }
        return found;
    }
}
