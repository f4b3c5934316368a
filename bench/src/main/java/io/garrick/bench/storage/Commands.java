package io.garrick.bench.storage;

import io.garrick.base.Key;
import io.garrick.codec.key.MvccKey;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import io.garrick.codec.row.RowV2Writer;
import io.garrick.regioncache.CfWrite;
import java.util.ArrayList;
import java.util.List;

/**
 * Commands as a TiKV leader logs them: a prewrite of a batch of rows, then its commit. Values are
 * short enough to travel in lock and write record.
 */
final class Commands {
    private final RowV2Writer writer = new RowV2Writer();

    /** One prewrite and one commit of the same rows. */
    record Transaction(List<CfWrite> prewrite, List<CfWrite> commit) {}

    Transaction transaction(long[] handles, long startTs, long version) {
        List<CfWrite> prewrite = new ArrayList<>(handles.length);
        List<CfWrite> commit = new ArrayList<>(2 * handles.length);
        for (long handle : handles) {
            Key encoded = IngestRig.encoded(handle);
            Key value = Key.wrap(IngestRig.row(writer, handle, version));
            LockRecord.Single lock =
                    LockRecord.Single.of(
                                    LockRecord.Kind.PUT, IngestRig.raw(handles[0]), startTs, 3000)
                            .withShortValue(value);
            prewrite.add(put(CfWrite.Family.LOCK, encoded, Key.wrap(lock.encode())));
            commit.add(
                    put(
                            CfWrite.Family.WRITE,
                            MvccKey.append(encoded, startTs + 1),
                            Key.wrap(new WriteRecord.Put(startTs, value).encode())));
            commit.add(new CfWrite(CfWrite.Family.LOCK, CfWrite.Op.DELETE, encoded, Key.EMPTY));
        }
        return new Transaction(prewrite, commit);
    }

    private static CfWrite put(CfWrite.Family family, Key key, Key value) {
        return new CfWrite(family, CfWrite.Op.PUT, key, value);
    }
}
