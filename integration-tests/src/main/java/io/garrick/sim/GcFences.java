package io.garrick.sim;

import io.garrick.base.Key;
import io.garrick.codec.record.WriteRecord;
import io.garrick.regioncache.CfWrite;

/** Write records as a reader without any idea of gc fences would see them. */
final class GcFences {
    private GcFences() {}

    static CfWrite without(CfWrite write) {
        if (write.family() != CfWrite.Family.WRITE || write.op() != CfWrite.Op.PUT) {
            return write;
        }
        WriteRecord record = WriteRecord.parse(write.value().unsafeBytes());
        WriteRecord.Details plain =
                new WriteRecord.Details(record.shortValue(), false, null, null, 0);
        WriteRecord stripped =
                switch (record) {
                    case WriteRecord.Put put -> new WriteRecord.Put(put.startTs(), plain);
                    case WriteRecord.Delete delete ->
                            new WriteRecord.Delete(delete.startTs(), plain);
                    case WriteRecord.LockOnly _, WriteRecord.Rollback _ -> record;
                };
        return new CfWrite(write.family(), write.op(), write.key(), Key.wrap(stripped.encode()));
    }
}
