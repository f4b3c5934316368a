package io.garrick.flashkv.pd;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.proto.meta.Peer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * All known regions, by id and by start key; ranges never overlap. Guarded by the cluster's lock.
 */
final class RegionMap {
    /** What a report changed. */
    sealed interface Change {
        /** Older than what is known. */
        record Stale() implements Change {}

        /** Epoch, range and peers are as they were. */
        record SameMeta() implements Change {}

        /** Replaced these overlapping older regions. */
        record NewMeta(List<Long> removed) implements Change {}
    }

    private final Map<Long, RegionInfo> byId = new HashMap<>();
    private final TreeMap<Key, RegionInfo> byStart = new TreeMap<>();
    private final Map<Long, Integer> peerCounts = new HashMap<>();
    private final Map<Long, Integer> leaderCounts = new HashMap<>();

    Change put(RegionInfo region) {
        RegionInfo known = byId.get(region.id());
        if (known != null
                && (region.version() < known.version() || region.confVer() < known.confVer())) {
            return new Change.Stale();
        }
        List<RegionInfo> overlapped = overlapping(region.range(), 0);
        for (RegionInfo other : overlapped) {
            if (other.id() != region.id() && other.version() > region.version()) {
                return new Change.Stale();
            }
        }
        boolean same = known != null && known.region().equals(region.region());
        List<Long> removed = new ArrayList<>();
        for (RegionInfo other : overlapped) {
            if (other.id() != region.id()) {
                remove(other);
                removed.add(other.id());
            }
        }
        if (known != null) {
            remove(known);
        }
        add(region);
        return same && removed.isEmpty() ? new Change.SameMeta() : new Change.NewMeta(removed);
    }

    Optional<RegionInfo> get(long id) {
        return Optional.ofNullable(byId.get(id));
    }

    Optional<RegionInfo> at(Key key) {
        Map.Entry<Key, RegionInfo> entry = byStart.floorEntry(key);
        return entry != null && entry.getValue().range().contains(key)
                ? Optional.of(entry.getValue())
                : Optional.empty();
    }

    /** The region that ends where the region of {@code key} starts. */
    Optional<RegionInfo> before(Key key) {
        return at(key).flatMap(current -> {
            Map.Entry<Key, RegionInfo> entry = byStart.lowerEntry(current.range().start());
            return entry != null && entry.getValue().range().end().equals(current.range().start())
                    ? Optional.of(entry.getValue())
                    : Optional.empty();
        });
    }

    /** In key order; {@code limit} 0 or less means all. */
    List<RegionInfo> overlapping(KeyRange range, int limit) {
        Map.Entry<Key, RegionInfo> first = byStart.floorEntry(range.start());
        Key from = first == null ? range.start() : first.getKey();
        List<RegionInfo> found = new ArrayList<>();
        for (RegionInfo region : byStart.tailMap(from, true).values()) {
            if (!range.end().isEmpty() && region.range().start().compareTo(range.end()) >= 0) {
                break;
            }
            if (region.range().overlaps(range)) {
                found.add(region);
                if (found.size() == limit) {
                    break;
                }
            }
        }
        return found;
    }

    int count() {
        return byId.size();
    }

    int peerCount(long storeId) {
        return peerCounts.getOrDefault(storeId, 0);
    }

    int leaderCount(long storeId) {
        return leaderCounts.getOrDefault(storeId, 0);
    }

    private void add(RegionInfo region) {
        byId.put(region.id(), region);
        byStart.put(region.range().start(), region);
        count(region, 1);
    }

    private void remove(RegionInfo region) {
        byId.remove(region.id());
        byStart.remove(region.range().start());
        count(region, -1);
    }

    private void count(RegionInfo region, int delta) {
        for (Peer peer : region.region().getPeersList()) {
            peerCounts.merge(peer.getStoreId(), delta, Integer::sum);
        }
        if (region.leader().getId() != 0) {
            leaderCounts.merge(region.leader().getStoreId(), delta, Integer::sum);
        }
    }
}
