package io.garrick.flashkv.store;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.proto.meta.Region;
import io.garrick.proto.raftserver.RegionLocalState;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The peers of a store, by region and by range, and the regions that were here once.
 *
 * <p>Owned by the store's thread, except {@link #handle} and {@link #handles}, which any may call.
 */
final class RegionTable {
    private final Map<Long, Peer> peers = new HashMap<>();
    private final Map<Long, PeerHandle> handles = new ConcurrentHashMap<>();
    private final TreeMap<Key, Long> byStart = new TreeMap<>();
    private final Map<Long, Key> startOf = new HashMap<>();
    private final Map<Long, RegionLocalState> tombstones = new HashMap<>();

    @Nullable Peer peer(long regionId) {
        return peers.get(regionId);
    }

    @Nullable PeerHandle handle(long regionId) {
        return handles.get(regionId);
    }

    Collection<PeerHandle> handles() {
        return handles.values();
    }

    /** A copy: the caller may add and remove peers meanwhile. */
    List<Peer> all() {
        return new ArrayList<>(peers.values());
    }

    void add(Peer peer) {
        peers.put(peer.regionId(), peer);
        handles.put(peer.regionId(), peer.handle());
        tombstones.remove(peer.regionId());
        if (peer.isInitialized()) {
            rangeChanged(peer);
        }
    }

    void remove(Peer peer) {
        peers.remove(peer.regionId(), peer);
        handles.remove(peer.regionId(), peer.handle());
        Key start = startOf.remove(peer.regionId());
        if (start != null) {
            byStart.remove(start, peer.regionId());
        }
    }

    void rangeChanged(Peer peer) {
        Key start = Key.wrap(peer.region().getStartKey().toByteArray());
        Key old = startOf.put(peer.regionId(), start);
        if (old != null) {
            byStart.remove(old, peer.regionId());
        }
        byStart.put(start, peer.regionId());
    }

    // ---- tombstones: a region's last state here, own peer included

    /** With the region it was merged into, if that was its end. */
    void bury(RegionLocalState last) {
        tombstones.put(last.getRegion().getId(), last);
    }

    @Nullable RegionLocalState tombstone(long regionId) {
        return tombstones.get(regionId);
    }

    // ---- ranges

    /** Another region here that shares keys with the range. */
    @Nullable Peer overlapping(long exceptRegionId, ByteString start, ByteString end) {
        List<Peer> found = allOverlapping(exceptRegionId, start, end);
        return found.isEmpty() ? null : found.getFirst();
    }

    /** All other regions here that share keys with the range, in key order. */
    List<Peer> allOverlapping(long exceptRegionId, ByteString start, ByteString end) {
        KeyRange range =
                DataKeys.rangeOf(Region.newBuilder().setStartKey(start).setEndKey(end).build());
        Key from = byStart.floorKey(range.start());
        var candidates = from == null ? byStart : byStart.tailMap(from, true);
        List<Peer> found = new ArrayList<>();
        for (var entry : candidates.entrySet()) {
            if (!range.end().isEmpty() && entry.getKey().compareTo(range.end()) >= 0) {
                break;
            }
            Peer peer = peers.get(entry.getValue());
            if (peer != null
                    && peer.regionId() != exceptRegionId
                    && DataKeys.rangeOf(peer.region()).overlaps(range)) {
                found.add(peer);
            }
        }
        return found;
    }
}
