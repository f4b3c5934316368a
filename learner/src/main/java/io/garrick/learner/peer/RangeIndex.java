package io.garrick.learner.peer;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.learner.RegionLease;
import io.garrick.proto.meta.Region;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Which initialized region has which keys. Regions never overlap here: a snapshot whose range is
 * taken is refused, and comes again. Safe for use by many threads.
 */
final class RangeIndex {
    private final TreeMap<Key, RegionLease> byStart = new TreeMap<>();
    private final Map<Long, RegionLease> byId = new HashMap<>();

    private long installations;

    private static RegionLease lease(Region region, long installation) {
        return new RegionLease(
                region.getId(),
                region.getRegionEpoch().getConfVer(),
                region.getRegionEpoch().getVersion(),
                Regions.range(region),
                installation);
    }

    /** Other regions that have keys of {@code range}, in key order. */
    synchronized List<Long> overlapping(long regionId, KeyRange range) {
        List<Long> ids = new ArrayList<>();
        Key from = byStart.floorKey(range.start());
        for (RegionLease lease : byStart.tailMap(from == null ? range.start() : from).values()) {
            if (!range.end().isEmpty() && lease.range().start().compareTo(range.end()) >= 0) {
                break;
            }
            if (lease.regionId() != regionId && lease.range().overlaps(range)) {
                ids.add(lease.regionId());
            }
        }
        return ids;
    }

    /** Puts the region in place of its former self; false, and no change, if others overlap it. */
    synchronized boolean claim(Region region) {
        if (!overlapping(region.getId(), Regions.range(region)).isEmpty()) {
            return false;
        }
        remove(region.getId());
        add(lease(region, ++installations));
        return true;
    }

    /** A split, merge or membership change, at once. */
    synchronized void replace(List<Long> removed, List<Region> added) {
        List<RegionLease> leases = new ArrayList<>();
        for (Region region : added) {
            RegionLease former = byId.get(region.getId());
            leases.add(lease(region, former == null ? ++installations : former.installation()));
        }
        removed.forEach(this::remove);
        added.forEach(region -> remove(region.getId()));
        leases.forEach(this::add);
    }

    synchronized void remove(long regionId) {
        RegionLease lease = byId.remove(regionId);
        if (lease != null) {
            byStart.remove(lease.range().start(), lease);
        }
    }

    private void add(RegionLease lease) {
        byId.put(lease.regionId(), lease);
        RegionLease other = byStart.put(lease.range().start(), lease);
        if (other != null) {
            throw new IllegalStateException("two regions start at the same key: " + other);
        }
    }

    /** How a range is covered. */
    sealed interface Cover {
        record Full(List<RegionLease> regions) implements Cover {}

        record Gap(Key at) implements Cover {}
    }

    synchronized Cover cover(KeyRange range) {
        List<RegionLease> regions = new ArrayList<>();
        Key at = range.start();
        while (true) {
            var floor = byStart.floorEntry(at);
            if (floor == null || !floor.getValue().range().contains(at)) {
                return new Cover.Gap(at);
            }
            regions.add(floor.getValue());
            Key end = floor.getValue().range().end();
            if (end.isEmpty() || (!range.end().isEmpty() && end.compareTo(range.end()) >= 0)) {
                return new Cover.Full(regions);
            }
            at = end;
        }
    }

    synchronized Optional<RegionLease> lease(long regionId) {
        return Optional.ofNullable(byId.get(regionId));
    }

    synchronized boolean has(RegionLease lease) {
        return lease.equals(byId.get(lease.regionId()));
    }
}
