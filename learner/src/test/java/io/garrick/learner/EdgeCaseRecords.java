package io.garrick.learner;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.OrderedStore;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Damage to the learner's durable records, as a bad disk or a lost file would do. */
final class EdgeCaseRecords {
    private EdgeCaseRecords() {}

    private static KeyRange of(long regionId) {
        return new KeyRange(key(regionId), key(regionId + 1));
    }

    private static Key key(long regionId) {
        return Key.wrap(ByteBuffer.allocate(Long.BYTES).putLong(regionId).array());
    }

    static void dropLog(OrderedStore durable, long regionId) throws IOException {
        try (OrderedStore.Batch batch = durable.newBatch()) {
            batch.deleteRange("raft", of(regionId));
            durable.write(batch, OrderedStore.Durability.SYNCED);
        }
    }

    /** Log entries are there, but say nothing. */
    static void damageEntries(OrderedStore durable, long regionId) throws IOException {
        overwrite(durable, "raft", regionId, 17);
    }

    static void damagePeerRecords(OrderedStore durable, long regionId) throws IOException {
        overwrite(durable, "peer", regionId, 9);
    }

    private static void overwrite(OrderedStore durable, String family, long regionId, int keyLength)
            throws IOException {
        try (OrderedStore.Batch batch = durable.newBatch();
                OrderedStore.Cursor cursor = durable.scan(family, of(regionId))) {
            int damaged = 0;
            while (cursor.next()) {
                if (cursor.key().length == keyLength) {
                    batch.put(family, cursor.key(), new byte[] {(byte) 0xff, 1, 2});
                    damaged++;
                }
            }
            if (damaged == 0) {
                throw new IllegalStateException("nothing to damage");
            }
            durable.write(batch, OrderedStore.Durability.SYNCED);
        }
    }
}
