package io.garrick.flashkv.writer;

import io.garrick.base.Key;
import io.garrick.codec.key.MetaKeys;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvTransaction;
import io.garrick.kv.WriteConflictException;

/**
 * The numbers of one table's row ids and AUTO_INCREMENT values, which share a counter. Blocks of
 * them are taken in transactions of their own, as TiDB does, so none is given twice. Safe for many
 * threads.
 */
public final class RowIds {
    /** TiDB takes row ids in blocks of this size. */
    private static final long BLOCK = 30_000;

    private static final int ATTEMPTS = 20;

    private final KvClient kv;
    private final Key counter;
    private long last;
    private long lastOfBlock;

    public RowIds(KvClient kv, long databaseId, long logicalTableId) {
        this.kv = kv;
        this.counter = MetaKeys.autoTableId(databaseId, logicalTableId);
    }

    public synchronized long next() {
        if (last == lastOfBlock) {
            lastOfBlock = raise(0, BLOCK);
            last = lastOfBlock - BLOCK;
        }
        return ++last;
    }

    /** Never gives {@code id} or less from now on. */
    public synchronized void reserve(long id) {
        if (id <= last) {
            return;
        }
        if (id > lastOfBlock) {
            lastOfBlock = raise(id, 0);
            last = lastOfBlock;
        } else {
            last = id;
        }
    }

    /** Brings the counter to {@code least} at least, then adds to it. Returns what it then is. */
    private long raise(long least, long step) {
        for (int attempt = 1; ; attempt++) {
            KvTransaction txn = kv.begin();
            long now = txn.get(counter).map(MetaKeys::decimalValue).orElse(0L);
            long raised = Math.addExact(Math.max(now, least), step);
            if (raised != now) {
                txn.put(counter, MetaKeys.decimalText(raised));
            }
            try {
                txn.commit();
                return raised;
            } catch (WriteConflictException e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }
}
