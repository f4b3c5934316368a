package io.garrick.flashkv.store;

import java.nio.ByteBuffer;

/** Keys of a store's own state, as TiKV lays them out (attach-protocol 4.5). */
final class LocalKeys {
    static final byte[] STORE_IDENT = {1, 1};
    private static final byte RAFT_PREFIX = 2;
    private static final byte REGION_PREFIX = 3;
    private static final byte LOG = 1;
    private static final byte RAFT_STATE = 2;
    private static final byte APPLY_STATE = 3;
    private static final byte SNAPSHOT_RAFT_STATE = 4;
    private static final byte REGION_STATE = 1;

    private LocalKeys() {}

    static byte[] log(long regionId, long index) {
        return ByteBuffer.allocate(19)
                .put((byte) 1)
                .put(RAFT_PREFIX)
                .putLong(regionId)
                .put(LOG)
                .putLong(index)
                .array();
    }

    static byte[] raftState(long regionId) {
        return key(RAFT_PREFIX, regionId, RAFT_STATE);
    }

    static byte[] applyState(long regionId) {
        return key(RAFT_PREFIX, regionId, APPLY_STATE);
    }

    static byte[] snapshotRaftState(long regionId) {
        return key(RAFT_PREFIX, regionId, SNAPSHOT_RAFT_STATE);
    }

    static byte[] regionState(long regionId) {
        return key(REGION_PREFIX, regionId, REGION_STATE);
    }

    static byte[] firstRegionState() {
        return key(REGION_PREFIX, 0, (byte) 0);
    }

    static byte[] endOfRegionStates() {
        return new byte[] {1, REGION_PREFIX + 1};
    }

    private static byte[] key(byte prefix, long regionId, byte suffix) {
        return ByteBuffer.allocate(11)
                .put((byte) 1)
                .put(prefix)
                .putLong(regionId)
                .put(suffix)
                .array();
    }
}
