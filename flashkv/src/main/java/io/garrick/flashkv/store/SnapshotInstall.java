package io.garrick.flashkv.store;

import io.garrick.flashkv.kv.Cf;
import io.garrick.proto.raftserver.SnapshotCFFile;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;

/** Puts a received snapshot's files into the engine. May run again after a crash. */
final class SnapshotInstall {
    private SnapshotInstall() {}

    /** Replaces the data of the snapshot's range. */
    static void install(KvEngine kv, SnapshotFiles snapshot) {
        byte[] start = DataKeys.of(snapshot.data().getRegion().getStartKey());
        byte[] end = DataKeys.endOf(snapshot.data().getRegion().getEndKey());
        clear(kv, start, end);
        try {
            for (int i = 0; i < snapshot.files().size(); i++) {
                SnapshotCFFile file = snapshot.files().get(i);
                if (file.getSize() == 0) {
                    continue;
                }
                Cf cf = Cf.of(file.getCf());
                if (cf == Cf.LOCK) {
                    loadLocks(kv, snapshot, i);
                } else {
                    kv.ingest(cf, snapshot.path(i));
                }
            }
        } catch (IOException e) {
            throw new EngineFailure(e);
        }
    }

    static void clear(KvEngine kv, byte[] start, byte[] end) {
        try (KvEngine.Batch batch = kv.newBatch()) {
            for (Cf cf : Cf.values()) {
                if (!kv.isEmpty(cf, start, end)) {
                    batch.deleteRange(cf, start, end);
                }
            }
            if (!batch.isEmpty()) {
                kv.write(batch, false);
            }
        }
    }

    private static void loadLocks(KvEngine kv, SnapshotFiles snapshot, int position)
            throws IOException {
        try (KvEngine.Batch batch = kv.newBatch();
                InputStream in =
                        new BufferedInputStream(Files.newInputStream(snapshot.path(position)))) {
            for (byte[] key = CompactBytes.read(in); key.length > 0; key = CompactBytes.read(in)) {
                batch.put(Cf.LOCK, key, CompactBytes.read(in));
            }
            kv.write(batch, false);
        }
    }
}
