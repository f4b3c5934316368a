package io.garrick.flashkv.pd;

import java.util.Map;

/**
 * What the scheduler needs to know of a store.
 *
 * @param up registered and not on its way out
 * @param available connected, not busy, with room for another incoming peer
 * @param peerCount with peers that are ordered but not there yet
 * @param leaderCount with leads that are ordered but not taken yet
 */
record StoreView(
        long id,
        Map<String, String> labels,
        boolean up,
        boolean available,
        int peerCount,
        int leaderCount) {
    StoreView {
        labels = Map.copyOf(labels);
    }
}
