package io.garrick.bench.raft;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.PeerRole;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.RegionEpoch;

/** The one table and its regions, as both processes know them. */
final class Layout {
    static final long LEADER_STORE = 1;
    static final long LEARNER_STORE = 2;
    static final long TABLE_ID = 100;

    /** Where the log of a region starts that nobody has written to (TiKV, RAFT_INIT_LOG_INDEX). */
    static final long FIRST = 5;

    static final long TERM = 6;

    private static final long HANDLES_PER_REGION = 1L << 32;

    private Layout() {}

    static TableSchema table() {
        return TableSchema.builder(TABLE_ID, "bench", "rows")
                .column(
                        1,
                        "id",
                        FieldType.of(
                                FieldType.LONGLONG,
                                FieldType.NOT_NULL_FLAG | FieldType.PRIMARY_KEY_FLAG,
                                20,
                                0))
                .column(2, "a", FieldType.of(FieldType.LONGLONG, 0, 20, 0))
                .column(3, "b", FieldType.of(FieldType.LONGLONG, 0, 20, 0))
                .column(4, "s", FieldType.text(FieldType.VARCHAR, 0, 1024, FieldType.UTF8MB4_BIN))
                .pkIsHandle()
                .build();
    }

    /** Region ids count from 1. */
    static long handle(long regionId, long row) {
        return regionId * HANDLES_PER_REGION + row;
    }

    static KeyRange range(long regionId) {
        return new KeyRange(bound(regionId), bound(regionId + 1));
    }

    private static Key bound(long regionId) {
        return Memcomparable.encode(TableKeys.recordKey(TABLE_ID, handle(regionId, 0)));
    }

    static Peer leader(long regionId) {
        return Peer.newBuilder().setId(regionId * 10 + 1).setStoreId(LEADER_STORE).build();
    }

    static Peer learner(long regionId) {
        return Peer.newBuilder()
                .setId(regionId * 10 + 2)
                .setStoreId(LEARNER_STORE)
                .setRole(PeerRole.Learner)
                .build();
    }

    static RegionEpoch epoch() {
        return RegionEpoch.newBuilder().setConfVer(2).setVersion(1).build();
    }

    static Region region(long regionId) {
        KeyRange range = range(regionId);
        return Region.newBuilder()
                .setId(regionId)
                .setStartKey(bytes(range.start()))
                .setEndKey(bytes(range.end()))
                .setRegionEpoch(epoch())
                .addPeers(leader(regionId))
                .addPeers(learner(regionId))
                .build();
    }

    static ByteString bytes(Key key) {
        return ByteString.copyFrom(key.unsafeBytes());
    }
}
