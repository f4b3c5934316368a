package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Makes a transaction impossible at a key: the lock goes, and a rollback record at the start ts
 * keeps a late prewrite out (tikv/tikv {@code src/storage/txn/actions/cleanup.rs}, {@code
 * check_txn_status.rs}).
 */
final class Rollback {
    private Rollback() {}

    sealed interface Outcome {
        record Done() implements Outcome {}

        /** Too late. */
        record Committed(long commitTs) implements Outcome {}

        /** The transaction still lives. */
        record Alive(LockRecord lock) implements Outcome {}
    }

    /**
     * How long the record must last. A collapsible one may go as soon as the key has a newer one; a
     * protected one is the only witness of its transaction's fate.
     */
    enum Trace {
        COLLAPSIBLE,
        PROTECTED
    }

    /**
     * Idempotent.
     *
     * @param currentTs rolls back only an expired lock; 0 whatever its age
     */
    static Outcome rollback(
            MvccReader reader,
            Changes changes,
            Key key,
            long startTs,
            long currentTs,
            Trace trace) {
        Optional<LockRecord> held = reader.lock(key, changes);
        Optional<LockRecord.Single> own = MvccReader.lockOf(held, startTs);
        if (own.isPresent()) {
            LockRecord.Single lock = own.get();
            if (currentTs != 0 && !isExpired(lock, currentTs)) {
                return new Outcome.Alive(held.orElseThrow());
            }
            removeLock(reader, changes, key, held.orElseThrow(), lock, trace);
            return new Outcome.Done();
        }
        return switch (reader.txnRecord(key, startTs)) {
            case MvccReader.TxnRecord.Committed(long commitTs) -> new Outcome.Committed(commitTs);
            case MvccReader.TxnRecord.RolledBack _ -> new Outcome.Done();
            case MvccReader.TxnRecord.Nothing nothing -> {
                missing(reader, changes, key, startTs, trace, nothing);
                yield new Outcome.Done();
            }
        };
    }

    /** Writes the record of a transaction that has neither lock nor record at the key. */
    static void missing(
            MvccReader reader,
            Changes changes,
            Key key,
            long startTs,
            Trace trace,
            MvccReader.TxnRecord.Nothing nothing) {
        if (trace == Trace.COLLAPSIBLE) {
            collapse(reader, changes, key, startTs);
        }
        if (nothing.overlapped() == null) {
            markMismatching(reader, changes, key, startTs, trace);
        }
        write(changes, key, startTs, trace == Trace.PROTECTED, nothing);
    }

    /**
     * Another transaction's async commit may choose this very ts as its own; its lock remembers, so
     * that its record will carry the mark.
     */
    private static void markMismatching(
            MvccReader reader, Changes changes, Key key, long startTs, Trace trace) {
        if (trace == Trace.PROTECTED
                && reader.lock(key, changes).orElse(null) instanceof LockRecord.Single other
                && other.usesAsyncCommit()
                && Long.compareUnsigned(startTs, other.minCommitTs()) >= 0) {
            List<Long> marks = new ArrayList<>(other.rollbackTs());
            marks.add(startTs);
            changes.putLock(key, other.withRollbackTs(marks));
        }
    }

    /**
     * Undoes what prewrite did and leaves the record, protected at the primary, where a
     * transaction's fate is read.
     */
    static void removeLock(
            MvccReader reader,
            Changes changes,
            Key key,
            LockRecord held,
            LockRecord.Single lock,
            Trace trace) {
        if (reader.txnRecord(key, lock.startTs()) instanceof MvccReader.TxnRecord.Nothing nothing) {
            if (lock.kind() == LockRecord.Kind.PUT && lock.shortValue() == null) {
                changes.deleteValue(key, lock.startTs());
            }
            boolean primary = Memcomparable.encode(lock.primary()).equals(key);
            write(changes, key, lock.startTs(), primary || lock.generation() > 0, nothing);
            if (trace == Trace.COLLAPSIBLE) {
                collapse(reader, changes, key, lock.startTs());
            }
        }
        switch (held) {
            case LockRecord.Single _ -> changes.removeLock(key);
            case LockRecord.Shared shared ->
                    SharedLocks.remove(changes, key, shared, lock.startTs());
        }
    }

    /** The older rollback is not needed: any record that is newer refuses its transaction too. */
    static void collapse(MvccReader reader, Changes changes, Key key, long startTs) {
        reader.seekWrite(key, startTs)
                .filter(found ->
                        found.write() instanceof WriteRecord.Rollback rollback
                                && !rollback.isProtected()
                                && found.commitTs() != startTs)
                .ifPresent(found -> changes.deleteWrite(key, found.commitTs()));
    }

    /**
     * Where another transaction's commit stands at the very same ts, that record is marked instead
     * of overwritten; an unprotected rollback then does without a record.
     */
    static void write(
            Changes changes,
            Key key,
            long startTs,
            boolean isProtected,
            MvccReader.TxnRecord.Nothing nothing) {
        @Nullable WriteRecord overlapped = nothing.overlapped();
        if (overlapped == null) {
            changes.putWrite(
                    key,
                    startTs,
                    isProtected
                            ? WriteRecord.Rollback.ofProtected(startTs)
                            : new WriteRecord.Rollback(startTs));
        } else if (isProtected) {
            changes.putWrite(key, startTs, marked(overlapped, nothing.nextTs()));
        }
    }

    private static WriteRecord marked(WriteRecord write, long nextTs) {
        WriteRecord.Details old = write.details();
        WriteRecord.Details details =
                new WriteRecord.Details(
                        old.shortValue(), true, nextTs, old.lastChange(), old.txnSource());
        return switch (write) {
            case WriteRecord.Put put -> new WriteRecord.Put(put.startTs(), details);
            case WriteRecord.Delete delete -> new WriteRecord.Delete(delete.startTs(), details);
            case WriteRecord.LockOnly lock -> new WriteRecord.LockOnly(lock.startTs(), details);
            case WriteRecord.Rollback rollback ->
                    new WriteRecord.Rollback(rollback.startTs(), details);
        };
    }

    static boolean isExpired(LockRecord.Single lock, long currentTs) {
        return new Timestamp(lock.startTs()).physicalMillis() + lock.ttlMillis()
                < new Timestamp(currentTs).physicalMillis();
    }
}
