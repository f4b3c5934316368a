package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import io.garrick.proto.kvrpc.Assertion;
import io.garrick.proto.kvrpc.AssertionLevel;
import io.garrick.proto.kvrpc.KeyError;
import io.garrick.proto.kvrpc.Mutation;
import io.garrick.proto.kvrpc.Op;
import io.garrick.proto.kvrpc.PrewriteRequest;
import io.garrick.proto.kvrpc.PrewriteRequest.PessimisticAction;
import io.garrick.proto.kvrpc.WriteConflict.Reason;
import java.util.List;
import java.util.Optional;

/**
 * The first phase: a lock on every key, with what will be written, unless somebody else was faster.
 *
 * <p>Idempotent: meeting its own lock is success. A transaction that was rolled back cannot come
 * back: its rollback record stands at its start ts and refuses the lock (tikv/tikv {@code
 * src/storage/txn/actions/prewrite.rs}).
 */
final class Prewrite {
    private final MvccReader reader;
    private final Changes changes;
    private final PrewriteRequest request;
    private final long startTs;
    private final Key primary;

    Prewrite(MvccReader reader, Changes changes, PrewriteRequest request) {
        this.reader = reader;
        this.changes = changes;
        this.request = request;
        this.startTs = request.getStartVersion();
        this.primary = Key.wrap(request.getPrimaryLock().toByteArray());
    }

    /** Locks the mutation's key, or says why not. */
    Optional<KeyError> mutation(int index) {
        Mutation mutation = request.getMutations(index);
        Key key = Memcomparable.encode(Key.wrap(mutation.getKey().toByteArray()));
        PessimisticAction action =
                index < request.getPessimisticActionsCount()
                        ? request.getPessimisticActions(index)
                        : PessimisticAction.SKIP_PESSIMISTIC_CHECK;
        Optional<LockRecord.Single> held = reader.lock(key);
        if (held.isPresent()) {
            LockRecord.Single lock = held.get();
            if (lock.startTs() != startTs) {
                return Optional.of(KeyErrors.locked(key, lock));
            }
            if (lock.kind() != LockRecord.Kind.PESSIMISTIC) {
                return Optional.empty();
            }
            // Its own pessimistic lock protects the key since before: nothing to check, it only
            // turns into a real one.
            return write(
                    mutation,
                    key,
                    lock.forUpdateTs(),
                    Math.max(lock.ttlMillis(), request.getLockTtl()),
                    Math.max(lock.minCommitTs(), request.getMinCommitTs()));
        }
        if (action == PessimisticAction.DO_PESSIMISTIC_CHECK) {
            return Optional.of(KeyErrors.abort("pessimistic lock not found, start_ts " + startTs));
        }
        return check(mutation, key)
                .or(() ->
                        write(
                                mutation,
                                key,
                                request.getForUpdateTs(),
                                request.getLockTtl(),
                                request.getMinCommitTs()));
    }

    private Optional<KeyError> check(Mutation mutation, Key key) {
        if (request.getSkipConstraintCheck()) {
            return Optional.empty();
        }
        Optional<MvccReader.Found> newest = reader.seekWrite(key, -1L);
        if (newest.isPresent()) {
            long commitTs = newest.get().commitTs();
            WriteRecord write = newest.get().write();
            boolean rolledBack =
                    commitTs == startTs
                            && (write instanceof WriteRecord.Rollback
                                    || write.details().overlappedRollback());
            if (rolledBack || Long.compareUnsigned(commitTs, startTs) > 0) {
                return Optional.of(
                        KeyErrors.conflict(
                                key,
                                primary,
                                startTs,
                                write.startTs(),
                                commitTs,
                                rolledBack ? Reason.SelfRolledBack : Reason.Optimistic));
            }
        }
        boolean mustNotExist =
                mutation.getOp() == Op.Insert || mutation.getOp() == Op.CheckNotExists;
        boolean asserted =
                request.getAssertionLevel() != AssertionLevel.Off
                        && mutation.getAssertion() != Assertion.None;
        if (!mustNotExist && !asserted) {
            return Optional.empty();
        }
        Optional<MvccReader.Found> existing =
                reader.seekVersion(key, -1L)
                        .filter(found -> found.write() instanceof WriteRecord.Put);
        if (mustNotExist && existing.isPresent()) {
            return Optional.of(KeyErrors.alreadyExists(key));
        }
        if (asserted && existing.isPresent() != (mutation.getAssertion() == Assertion.Exist)) {
            return Optional.of(
                    KeyErrors.assertionFailed(
                            key,
                            startTs,
                            mutation.getAssertion(),
                            existing.map(found -> found.write().startTs()).orElse(0L),
                            existing.map(MvccReader.Found::commitTs).orElse(0L)));
        }
        return Optional.empty();
    }

    private Optional<KeyError> write(
            Mutation mutation, Key key, long forUpdateTs, long ttlMillis, long minCommitTs) {
        LockRecord.Kind kind;
        switch (mutation.getOp()) {
            case Put, Insert -> kind = LockRecord.Kind.PUT;
            case Del -> kind = LockRecord.Kind.DELETE;
            case Lock -> kind = LockRecord.Kind.LOCK;
            case CheckNotExists -> {
                return Optional.empty();
            }
            case Rollback, PessimisticLock, SharedLock, SharedPessimisticLock, UNRECOGNIZED -> {
                return Optional.of(KeyErrors.abort("cannot prewrite " + mutation.getOp()));
            }
            default -> throw new IllegalStateException("unknown op " + mutation.getOp());
        }
        Key shortValue = null;
        if (kind == LockRecord.Kind.PUT) {
            byte[] value = mutation.getValue().toByteArray();
            if (value.length <= WriteRecord.LONGEST_SHORT_VALUE) {
                shortValue = Key.wrap(value);
            } else {
                changes.putValue(key, startTs, value);
            }
        }
        changes.putLock(
                key,
                new LockRecord.Single(
                        kind,
                        primary,
                        startTs,
                        ttlMillis,
                        shortValue,
                        forUpdateTs,
                        request.getTxnSize(),
                        minCommitTs,
                        null,
                        List.of(),
                        null,
                        request.getContext().getTxnSource(),
                        false,
                        0));
        return Optional.empty();
    }
}
