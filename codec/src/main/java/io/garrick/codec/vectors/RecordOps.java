package io.garrick.codec.vectors;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.garrick.base.Key;
import io.garrick.codec.record.LastChange;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Write and lock records. */
final class RecordOps {
    private RecordOps() {}

    static void addTo(Map<String, Op> ops) {
        ops.put("write", RecordOps::write);
        ops.put("write_invalid", NumberOps.invalid(vector -> WriteRecord.parse(vector.bytes())));
        ops.put("gc_fence_valid", RecordOps::gcFence);
        ops.put("lock", RecordOps::lock);
        ops.put("lock_shared", RecordOps::lock);
        ops.put("lock_invalid", NumberOps.invalid(vector -> LockRecord.parse(vector.bytes())));
    }

    private static String write(Vector vector) {
        WriteRecord record = WriteRecord.parse(vector.bytes());
        if (!WriteRecord.parse(record.encode()).equals(record)) {
            throw new Op.Complaint("written back as another record");
        }
        WriteRecord.Details details = record.details();
        ObjectNode out = Spelling.object().put("type", String.valueOf(record.type()));
        out.set("start_ts", Spelling.unsigned(record.startTs()));
        putKey(out, "short_value", details.shortValue());
        if (details.overlappedRollback()) {
            out.put("overlapped_rollback", true);
        }
        if (details.gcFence() != null) {
            out.set("gc_fence", Spelling.unsigned(details.gcFence()));
        }
        putLastChange(out, details.lastChange());
        putNumber(out, "txn_source", details.txnSource());
        return Spelling.print(out);
    }

    private static String gcFence(Vector vector) {
        WriteRecord record = WriteRecord.parse(vector.bytes());
        if (!vector.inputs().has("read_ts")) {
            throw new Op.Complaint("no read_ts to compare with");
        }
        long readTs = vector.inputs().path("read_ts").bigIntegerValue().longValue();
        ObjectNode out = Spelling.object();
        out.set("read_ts", Spelling.unsigned(readTs));
        return Spelling.print(out.put("valid", record.isVisibleBehindFence(readTs)));
    }

    private static String lock(Vector vector) {
        LockRecord record = LockRecord.parse(vector.bytes());
        if (!LockRecord.parse(record.encode()).equals(record)) {
            throw new Op.Complaint("written back as another lock");
        }
        return Spelling.print(
                switch (record) {
                    case LockRecord.Single single -> single(single);
                    case LockRecord.Shared(Integer flags, List<LockRecord.Single> locks) -> {
                        ObjectNode out = Spelling.object().put("type", "H");
                        ArrayNode items = out.putArray("locks");
                        locks.forEach(lock -> items.add(single(lock)));
                        if (flags != null) {
                            out.put("flags", flags);
                        }
                        yield out;
                    }
                });
    }

    private static ObjectNode single(LockRecord.Single lock) {
        ObjectNode out =
                Spelling.object()
                        .put("type", String.valueOf(lock.kind().type()))
                        .put("primary", lock.primary().toString());
        out.set("start_ts", Spelling.unsigned(lock.startTs()));
        out.set("ttl", Spelling.unsigned(lock.ttlMillis()));
        putKey(out, "short_value", lock.shortValue());
        putNumber(out, "for_update_ts", lock.forUpdateTs());
        putNumber(out, "txn_size", lock.txnSize());
        putNumber(out, "min_commit_ts", lock.minCommitTs());
        List<Key> secondaries = lock.secondaries();
        if (secondaries != null) {
            ArrayNode keys = out.putArray("async_secondaries");
            secondaries.forEach(key -> keys.add(key.toString()));
        }
        if (!lock.rollbackTs().isEmpty()) {
            ArrayNode timestamps = out.putArray("rollback_ts");
            lock.rollbackTs().forEach(ts -> timestamps.add(Spelling.unsigned(ts)));
        }
        putLastChange(out, lock.lastChange());
        putNumber(out, "txn_source", lock.txnSource());
        if (lock.lockedWithConflict()) {
            out.put("locked_with_conflict", true);
        }
        putNumber(out, "generation", lock.generation());
        return out;
    }

    private static void putKey(ObjectNode out, String field, @Nullable Key key) {
        if (key != null) {
            out.put(field, key.toString());
        }
    }

    private static void putNumber(ObjectNode out, String field, long value) {
        if (value != 0) {
            out.set(field, Spelling.unsigned(value));
        }
    }

    private static void putLastChange(ObjectNode out, @Nullable LastChange change) {
        if (change != null) {
            out.putArray("last_change")
                    .add(Spelling.unsigned(change.ts()))
                    .add(Spelling.unsigned(change.versions()));
        }
    }
}
