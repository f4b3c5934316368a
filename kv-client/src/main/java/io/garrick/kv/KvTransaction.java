package io.garrick.kv;

import io.garrick.base.Key;
import io.garrick.base.Timestamp;
import io.garrick.proto.kvrpc.Mutation;
import io.garrick.proto.kvrpc.Op;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Reads at its start and writes all or nothing at its end, optimistically: conflicts show at
 * commit. Keys are raw. One thread uses it at a time, and calls {@link #commit} or {@link
 * #rollback} once.
 */
public final class KvTransaction {
    private final KvClient client;
    private final Timestamp startTs;
    private final KvSnapshot snapshot;
    private final NavigableMap<Key, Mutation> writes = new TreeMap<>();
    private final long startedNanos = System.nanoTime();
    private long sizeBytes;
    private boolean ended;

    KvTransaction(KvClient client, Timestamp startTs) {
        this.client = client;
        this.startTs = startTs;
        this.snapshot = client.snapshot(startTs);
    }

    public Timestamp startTs() {
        return startTs;
    }

    /** What this transaction wrote, else what had committed when it began. */
    public Optional<byte[]> get(Key key) {
        Mutation own = writes.get(key);
        if (own == null) {
            return snapshot.get(key);
        }
        return own.getOp() == Op.Del ? Optional.empty() : Optional.of(own.getValue().toByteArray());
    }

    /** The database as of the start, without this transaction's own writes. */
    public KvSnapshot snapshot() {
        return snapshot;
    }

    /** The array must not change afterwards. */
    public void put(Key key, byte[] ownedValue) {
        write(Op.Put, key, ownedValue);
    }

    /** Like put, but the commit fails with {@link KeyExistsException} if the key exists. */
    public void insert(Key key, byte[] ownedValue) {
        write(Op.Insert, key, ownedValue);
    }

    public void delete(Key key) {
        write(Op.Del, key, new byte[0]);
    }

    private void write(Op op, Key key, byte[] value) {
        if (ended) {
            throw new IllegalStateException("the transaction has ended");
        }
        if (key.isEmpty() || (op != Op.Del && value.length == 0)) {
            // An empty value reads like a missing one in TiKV.
            throw new IllegalArgumentException("empty key or value, key " + key);
        }
        Mutation mutation =
                Mutation.newBuilder()
                        .setOp(op)
                        .setKey(Bytes.of(key))
                        .setValue(Bytes.wrap(value))
                        .build();
        Mutation before = writes.put(key, mutation);
        sizeBytes += key.length() + value.length;
        if (before != null) {
            sizeBytes -= before.getKey().size() + before.getValue().size();
        }
    }

    public int writeCount() {
        return writes.size();
    }

    /** Of the keys and values written so far. */
    public long sizeBytes() {
        return sizeBytes;
    }

    /**
     * Writes everything, and returns once it is committed; the cleaning up of locks goes on behind.
     *
     * @return the commit timestamp, or the start if nothing was written
     * @throws WriteConflictException if a key was written since the start
     * @throws KeyExistsException if an inserted key exists
     * @throws TransactionAbortedException if it took so long that others rolled it back
     * @throws UndeterminedException if the answer to the commit was lost
     */
    public Timestamp commit() {
        end();
        if (writes.isEmpty()) {
            return startTs;
        }
        List<TwoPhaseCommit.Write> sorted = new ArrayList<>(writes.size());
        writes.forEach((key, mutation) -> sorted.add(new TwoPhaseCommit.Write(key, mutation)));
        return new TwoPhaseCommit(client, startTs, startedNanos, sorted, sizeBytes).run();
    }

    /** Forgets the writes; nothing of them was sent yet. */
    public void rollback() {
        end();
        writes.clear();
    }

    private void end() {
        if (ended) {
            throw new IllegalStateException("the transaction has ended already");
        }
        ended = true;
    }
}
