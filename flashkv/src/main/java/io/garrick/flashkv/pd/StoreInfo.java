package io.garrick.flashkv.pd;

import io.garrick.proto.meta.NodeState;
import io.garrick.proto.meta.Store;
import io.garrick.proto.meta.StoreLabel;
import io.garrick.proto.meta.StoreState;
import io.garrick.proto.pd.StoreStats;
import java.util.HashMap;
import java.util.Map;

/**
 * A registered store.
 *
 * @param heartbeatMillis when it last spoke, 0 for never since this PD started
 */
record StoreInfo(Store meta, StoreStats stats, long heartbeatMillis) {
    /** Without a heartbeat for so long it gets no new peers (tikv/pd {@code pkg/core/store.go}). */
    static final long DISCONNECTED_MILLIS = 20_000;

    /** Without a heartbeat for so long its peers are replaced: {@code max-store-down-time}. */
    static final long DOWN_MILLIS = 30 * 60_000L;

    long id() {
        return meta.getId();
    }

    boolean isRemoved() {
        return meta.getNodeState() == NodeState.Removed || meta.getState() == StoreState.Tombstone;
    }

    boolean isRemoving() {
        return meta.getNodeState() == NodeState.Removing || meta.getState() == StoreState.Offline;
    }

    boolean isUp() {
        return !isRemoved() && !isRemoving();
    }

    boolean isConnected(long nowMillis) {
        return nowMillis - heartbeatMillis <= DISCONNECTED_MILLIS;
    }

    Map<String, String> labels() {
        Map<String, String> labels = new HashMap<>();
        for (StoreLabel label : meta.getLabelsList()) {
            labels.put(label.getKey(), label.getValue());
        }
        return labels;
    }

    /** As PD's HTTP API names it. */
    String stateName(long nowMillis) {
        if (isRemoved()) {
            return "Tombstone";
        }
        if (isRemoving()) {
            return "Offline";
        }
        long silentMillis = nowMillis - heartbeatMillis;
        if (silentMillis > DOWN_MILLIS) {
            return "Down";
        }
        return silentMillis > DISCONNECTED_MILLIS ? "Disconnected" : "Up";
    }
}
