package io.garrick.kv;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.Memcomparable;
import io.garrick.proto.kvrpc.BatchRollbackRequest;
import io.garrick.proto.kvrpc.CommitRequest;
import io.garrick.proto.kvrpc.CommitResponse;
import io.garrick.proto.kvrpc.CommitRole;
import io.garrick.proto.kvrpc.KeyError;
import io.garrick.proto.kvrpc.LockInfo;
import io.garrick.proto.kvrpc.Mutation;
import io.garrick.proto.kvrpc.PrewriteRequest;
import io.garrick.proto.kvrpc.PrewriteResponse;
import io.garrick.proto.kvrpc.TxnHeartBeatRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits one transaction (Percolator §2.2): locks every key, commits the primary, then the rest.
 *
 * <p>The primary's batch is locked first and alone, so that whoever meets another lock finds the
 * primary. Once the primary is committed the transaction is; the other batches are committed behind
 * the caller's back, and a reader that comes before finishes them itself. Every request may be
 * repeated: the servers know a transaction by its start timestamp. If the answer to the primary's
 * commit stays away, the outcome is unknown, and said to be.
 */
final class TwoPhaseCommit {
    private static final Logger log = LoggerFactory.getLogger(TwoPhaseCommit.class);

    private static final int BATCH_BYTES = 256 << 10;
    private static final int BATCH_KEYS = 1024;

    // client-go: small transactions hold locks for 3 s, large ones 6 s times the root of their MiB.
    private static final long LEAST_TTL_MILLIS = 3_000;
    private static final long MOST_TTL_MILLIS = 20_000;
    private static final double TTL_MILLIS_PER_ROOT_MIB = 6_000;

    private final KvClient client;
    private final Timestamp startTs;
    private final List<Write> writes;
    private final ByteString primary;
    private final long ttlMillis;
    private final long startedNanos;

    record Write(Key key, Mutation mutation) {}

    /**
     * @param startedNanos when {@code startTs} was taken, by {@link System#nanoTime}
     * @param writes sorted by key, not empty
     */
    TwoPhaseCommit(
            KvClient client,
            Timestamp startTs,
            long startedNanos,
            List<Write> writes,
            long sizeBytes) {
        this.startedNanos = startedNanos;
        this.client = client;
        this.startTs = startTs;
        this.writes = writes;
        this.primary = writes.getFirst().mutation().getKey();
        double rootMib = Math.sqrt(sizeBytes / (double) (1 << 20));
        this.ttlMillis =
                Math.clamp(
                        (long) (TTL_MILLIS_PER_ROOT_MIB * rootMib),
                        LEAST_TTL_MILLIS,
                        MOST_TTL_MILLIS);
    }

    Timestamp run() {
        Backoff backoff = client.backoff("kv commit");
        List<List<Write>> batches = batches(writes, backoff);
        ScheduledFuture<?> heartbeat = null;
        try {
            prewrite(batches.getFirst(), backoff);
            if (batches.size() > 1) {
                heartbeat = client.every(ttlMillis / 2, this::extendTtl);
                List<Runnable> others = new ArrayList<>();
                for (List<Write> batch : batches.subList(1, batches.size())) {
                    Backoff forked = backoff.fork();
                    others.add(() -> prewrite(batch, forked));
                }
                Parallel.run(client.executor(), others);
            }
        } catch (RuntimeException e) {
            rollBackBehind();
            throw e;
        } finally {
            stop(heartbeat);
        }
        Timestamp commitTs = commitPrimary(batches.getFirst());
        for (List<Write> batch : batches.subList(1, batches.size())) {
            client.behind(() -> commitSecondary(batch, commitTs));
        }
        return commitTs;
    }

    /** Per region, in key order, so the first batch begins with the primary. */
    private List<List<Write>> batches(List<Write> sorted, Backoff backoff) {
        List<List<Write>> batches = new ArrayList<>();
        for (Router.Group<Write> group : client.router().group(sorted, Write::key, backoff)) {
            int from = 0;
            int bytes = 0;
            List<Write> items = group.items();
            for (int i = 0; i < items.size(); i++) {
                Mutation mutation = items.get(i).mutation();
                int size = mutation.getKey().size() + mutation.getValue().size();
                if (i > from && (bytes + size > BATCH_BYTES || i - from == BATCH_KEYS)) {
                    batches.add(items.subList(from, i));
                    from = i;
                    bytes = 0;
                }
                bytes += size;
            }
            batches.add(items.subList(from, items.size()));
        }
        return batches;
    }

    // ---- first phase

    private void prewrite(List<Write> batch, Backoff backoff) {
        while (true) {
            RegionRoute route = client.router().route(batch.getFirst().key(), backoff);
            if (!route.endsAfter(Memcomparable.encode(batch.getLast().key()))) {
                // The region was split since the batches were made.
                for (List<Write> smaller : batches(batch, backoff)) {
                    prewrite(smaller, backoff);
                }
                return;
            }
            PrewriteRequest.Builder request =
                    PrewriteRequest.newBuilder()
                            .setPrimaryLock(primary)
                            .setStartVersion(startTs.value())
                            .setLockTtl(ttlFromStart())
                            .setTxnSize(batch.size())
                            .setMinCommitTs(startTs.value() + 1);
            for (Write write : batch) {
                request.addMutations(write.mutation());
            }
            Optional<PrewriteResponse> response =
                    client.router()
                            .send(
                                    route,
                                    backoff,
                                    (stub, context) ->
                                            stub.kvPrewrite(request.setContext(context).build()),
                                    r -> r.getRegionError());
            if (response.isEmpty()) {
                continue;
            }
            if (response.get().getErrorsCount() == 0) {
                return;
            }
            List<LockInfo> locks = new ArrayList<>();
            for (KeyError error : response.get().getErrorsList()) {
                if (!error.hasLocked()) {
                    throw failure("prewrite", error);
                }
                locks.add(error.getLocked());
            }
            // Time zero: a writer must not push the commits of those it waits for.
            if (!client.locks().resolve(locks, Timestamp.ZERO, backoff).resolved()) {
                backoff.pause(
                        Backoff.Reason.LOCK,
                        "locked by live transaction " + locks.getFirst().getLockVersion(),
                        null);
            }
        }
    }

    /** A lock's time to live counts from the start timestamp. */
    private long ttlFromStart() {
        return (System.nanoTime() - startedNanos) / 1_000_000 + ttlMillis;
    }

    private void extendTtl() {
        Backoff backoff = client.backoff("kv heartbeat");
        client.router()
                .send(
                        client.router().route(writes.getFirst().key(), backoff),
                        backoff,
                        (stub, context) ->
                                stub.kvTxnHeartBeat(
                                        TxnHeartBeatRequest.newBuilder()
                                                .setContext(context)
                                                .setPrimaryLock(primary)
                                                .setStartVersion(startTs.value())
                                                .setAdviseLockTtl(ttlFromStart())
                                                .build()),
                        r -> r.getRegionError());
    }

    // ---- second phase

    private Timestamp commitPrimary(List<Write> batch) {
        Backoff backoff = client.backoff("kv commit primary");
        try {
            while (true) {
                Timestamp commitTs = client.pd().timestamp();
                if (commit(batch, commitTs, CommitRole.Primary, backoff)) {
                    return commitTs;
                }
            }
        } catch (TransactionAbortedException e) {
            // Certain even after a lost answer: a commit that had happened would be confirmed.
            rollBackBehind();
            throw e;
        } catch (ClusterException e) {
            if (backoff.ambiguous()) {
                throw new UndeterminedException(
                        "transaction " + startTs + ": the answer to its commit was lost", e);
            }
            rollBackBehind();
            throw e;
        }
    }

    /** False if the commit timestamp is too early: a reader has pushed the transaction. */
    private boolean commit(
            List<Write> batch, Timestamp commitTs, CommitRole role, Backoff backoff) {
        while (true) {
            RegionRoute route = client.router().route(batch.getFirst().key(), backoff);
            if (!route.endsAfter(Memcomparable.encode(batch.getLast().key()))) {
                // The first part holds the primary; the rest may come later.
                List<List<Write>> smaller = batches(batch, backoff);
                if (!commit(smaller.getFirst(), commitTs, role, backoff)) {
                    return false;
                }
                for (List<Write> rest : smaller.subList(1, smaller.size())) {
                    client.behind(() -> commitSecondary(rest, commitTs));
                }
                return true;
            }
            CommitRequest.Builder request =
                    CommitRequest.newBuilder()
                            .setStartVersion(startTs.value())
                            .setCommitVersion(commitTs.value())
                            .setCommitRole(role)
                            .setPrimaryKey(primary);
            for (Write write : batch) {
                request.addKeys(write.mutation().getKey());
            }
            Optional<CommitResponse> response =
                    client.router()
                            .send(
                                    route,
                                    backoff,
                                    (stub, context) ->
                                            stub.kvCommit(request.setContext(context).build()),
                                    r -> r.getRegionError());
            if (response.isEmpty()) {
                continue;
            }
            if (!response.get().hasError()) {
                return true;
            }
            KeyError error = response.get().getError();
            if (error.hasCommitTsExpired() && role == CommitRole.Primary) {
                return false;
            }
            throw failure("commit", error);
        }
    }

    private void commitSecondary(List<Write> batch, Timestamp commitTs) {
        try {
            commit(batch, commitTs, CommitRole.Secondary, client.backoff("kv commit secondary"));
        } catch (ClusterException e) {
            // The primary decides; whoever meets these locks finishes them.
            log.debug("secondaries left to readers startTs={} {}", startTs, e.getMessage());
        }
    }

    // ---- giving up

    private void rollBackBehind() {
        client.behind(() -> {
            try {
                Backoff backoff = client.backoff("kv rollback");
                for (List<Write> batch : batches(writes, backoff)) {
                    rollBack(batch, backoff);
                }
            } catch (ClusterException e) {
                // The locks expire, and readers remove them.
                log.debug("locks left to readers startTs={} {}", startTs, e.getMessage());
            }
        });
    }

    private void rollBack(List<Write> batch, Backoff backoff) {
        BatchRollbackRequest.Builder request =
                BatchRollbackRequest.newBuilder().setStartVersion(startTs.value());
        for (Write write : batch) {
            request.addKeys(write.mutation().getKey());
        }
        boolean done =
                client.router()
                        .send(
                                client.router().route(batch.getFirst().key(), backoff),
                                backoff,
                                (stub, context) ->
                                        stub.kvBatchRollback(request.setContext(context).build()),
                                r -> r.getRegionError())
                        .isPresent();
        if (!done) {
            for (List<Write> smaller : batches(batch, backoff)) {
                rollBack(smaller, backoff);
            }
        }
    }

    private KvException failure(String what, KeyError error) {
        String message = "%s of transaction %s: %s".formatted(what, startTs, error);
        if (error.hasConflict()) {
            return new WriteConflictException(message);
        }
        if (error.hasAlreadyExist()) {
            return new KeyExistsException(message, Bytes.key(error.getAlreadyExist().getKey()));
        }
        if (error.hasTxnLockNotFound()
                || error.hasTxnNotFound()
                || !error.getAbort().isEmpty()
                || !error.getRetryable().isEmpty()) {
            return new TransactionAbortedException(message);
        }
        return new KvException(message);
    }

    private static void stop(@Nullable ScheduledFuture<?> task) {
        if (task != null) {
            task.cancel(false);
        }
    }
}
