package io.garrick.codec.record;

import io.garrick.base.Key;
import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;
import io.garrick.codec.CodecException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the lock column family says about a key (TiKV, components/txn_types/src/lock.rs): one
 * transaction's lock, or several shared ones.
 */
public sealed interface LockRecord {
    /** What the owner is going to do with the key. */
    enum Kind {
        PUT('P'),
        DELETE('D'),
        LOCK('L'),
        PESSIMISTIC('S');

        private final char type;

        Kind(char type) {
            this.type = type;
        }

        public char type() {
            return type;
        }
    }

    /**
     * One transaction's lock.
     *
     * @param forUpdateTs zero if optimistic
     * @param secondaries keys of the transaction if it commits asynchronously, held by its primary
     *     lock; null if it does not
     * @param rollbackTs start ts of rollbacks that met this lock
     * @param generation counts flushes of a pipelined transaction; zero for others
     */
    record Single(
            Kind kind,
            Key primary,
            long startTs,
            long ttlMillis,
            @Nullable Key shortValue,
            long forUpdateTs,
            long txnSize,
            long minCommitTs,
            @Nullable List<Key> secondaries,
            List<Long> rollbackTs,
            @Nullable LastChange lastChange,
            long txnSource,
            boolean lockedWithConflict,
            long generation)
            implements LockRecord {
        public Single {
            secondaries = secondaries == null ? null : List.copyOf(secondaries);
            rollbackTs = List.copyOf(rollbackTs);
        }

        /** A lock with none of the optional fields. */
        public static Single of(Kind kind, Key primary, long startTs, long ttlMillis) {
            return new Single(
                    kind, primary, startTs, ttlMillis, null, 0, 0, 0, null, List.of(), null, 0,
                    false, 0);
        }

        public boolean usesAsyncCommit() {
            return secondaries != null;
        }

        public Single withShortValue(@Nullable Key value) {
            return new Single(
                    kind,
                    primary,
                    startTs,
                    ttlMillis,
                    value,
                    forUpdateTs,
                    txnSize,
                    minCommitTs,
                    secondaries,
                    rollbackTs,
                    lastChange,
                    txnSource,
                    lockedWithConflict,
                    generation);
        }

        public Single withTtl(long millis) {
            return new Single(
                    kind,
                    primary,
                    startTs,
                    millis,
                    shortValue,
                    forUpdateTs,
                    txnSize,
                    minCommitTs,
                    secondaries,
                    rollbackTs,
                    lastChange,
                    txnSource,
                    lockedWithConflict,
                    generation);
        }

        public Single withForUpdateTs(long ts) {
            return new Single(
                    kind,
                    primary,
                    startTs,
                    ttlMillis,
                    shortValue,
                    ts,
                    txnSize,
                    minCommitTs,
                    secondaries,
                    rollbackTs,
                    lastChange,
                    txnSource,
                    lockedWithConflict,
                    generation);
        }

        public Single withTxnSize(long size) {
            return new Single(
                    kind,
                    primary,
                    startTs,
                    ttlMillis,
                    shortValue,
                    forUpdateTs,
                    size,
                    minCommitTs,
                    secondaries,
                    rollbackTs,
                    lastChange,
                    txnSource,
                    lockedWithConflict,
                    generation);
        }

        public Single withMinCommitTs(long ts) {
            return new Single(
                    kind,
                    primary,
                    startTs,
                    ttlMillis,
                    shortValue,
                    forUpdateTs,
                    txnSize,
                    ts,
                    secondaries,
                    rollbackTs,
                    lastChange,
                    txnSource,
                    lockedWithConflict,
                    generation);
        }

        public Single withSecondaries(@Nullable List<Key> keys) {
            return new Single(
                    kind,
                    primary,
                    startTs,
                    ttlMillis,
                    shortValue,
                    forUpdateTs,
                    txnSize,
                    minCommitTs,
                    keys,
                    rollbackTs,
                    lastChange,
                    txnSource,
                    lockedWithConflict,
                    generation);
        }

        public Single withRollbackTs(List<Long> ts) {
            return new Single(
                    kind,
                    primary,
                    startTs,
                    ttlMillis,
                    shortValue,
                    forUpdateTs,
                    txnSize,
                    minCommitTs,
                    secondaries,
                    ts,
                    lastChange,
                    txnSource,
                    lockedWithConflict,
                    generation);
        }

        /**
         * Whether a snapshot read at {@code readTs} must wait: only locks that may become a version
         * at or below it, and whose transaction the reader has not learned to be harmless.
         */
        public boolean blocksRead(long readTs, Set<Long> bypass) {
            return (kind == Kind.PUT || kind == Kind.DELETE)
                    && Long.compareUnsigned(startTs, readTs) <= 0
                    && Long.compareUnsigned(minCommitTs, readTs) <= 0
                    && !bypass.contains(startTs);
        }

        @Override
        public byte[] encode() {
            ByteWriter out =
                    new ByteWriter(64)
                            .u8(kind.type)
                            .compactBytes(primary.unsafeBytes())
                            .uvarint(startTs)
                            .uvarint(ttlMillis);
            if (shortValue != null) {
                out.u8('v').u8(shortValue.length()).bytes(shortValue.unsafeBytes());
            }
            tsField(out, 'f', forUpdateTs);
            tsField(out, 't', txnSize);
            tsField(out, 'c', minCommitTs);
            if (secondaries != null) {
                out.u8('a').uvarint(secondaries.size());
                secondaries.forEach(key -> out.compactBytes(key.unsafeBytes()));
            }
            if (!rollbackTs.isEmpty()) {
                out.u8('r').uvarint(rollbackTs.size());
                rollbackTs.forEach(out::longBe);
            }
            if (lastChange != null) {
                out.u8('l').longBe(lastChange.ts()).uvarint(lastChange.versions());
            }
            if (txnSource != 0) {
                out.u8('s').uvarint(txnSource);
            }
            if (lockedWithConflict) {
                out.u8('F');
            }
            tsField(out, 'g', generation);
            return out.toBytes();
        }

        private static void tsField(ByteWriter out, char tag, long value) {
            if (value != 0) {
                out.u8(tag).longBe(value);
            }
        }
    }

    /**
     * Several transactions that share the key; none of them blocks a read.
     *
     * @param flags bit 0: no more owners may join; null if not written
     */
    record Shared(@Nullable Integer flags, List<Single> locks) implements LockRecord {
        public Shared {
            locks = List.copyOf(locks);
        }

        @Override
        public byte[] encode() {
            ByteWriter out = new ByteWriter(64).u8('H');
            if (flags != null) {
                out.u8('i').u8(flags);
            }
            out.u8('h').uvarint(locks.size());
            locks.forEach(lock -> out.compactBytes(lock.encode()));
            return out.toBytes();
        }
    }

    byte[] encode();

    /** Stops at the first unknown field, as TiKV does. */
    static LockRecord parse(byte[] value) {
        ByteReader in = new ByteReader(value);
        if (in.peekU8() == 'H') {
            in.u8();
            return parseShared(in);
        }
        return parseSingle(in);
    }

    private static Shared parseShared(ByteReader in) {
        Integer flags = null;
        List<Single> locks = new ArrayList<>();
        boolean known = true;
        while (known && in.hasRemaining()) {
            switch (in.u8()) {
                case 'i' -> flags = in.u8();
                case 'h' -> {
                    for (long left = in.uvarint(); left != 0; left--) {
                        int start = in.position();
                        byte[] lock = in.compactBytes();
                        if (lock.length == 0 || lock[0] == 'H') {
                            throw new CodecException(start, "not a lock inside a shared lock");
                        }
                        locks.add(parseSingle(new ByteReader(lock)));
                    }
                }
                default -> known = false;
            }
        }
        return new Shared(flags, locks);
    }

    private static Single parseSingle(ByteReader in) {
        Kind kind = kindOf(in.u8());
        Key primary = Key.wrap(in.compactBytes());
        long startTs = in.uvarint();
        long ttlMillis = in.hasRemaining() ? in.uvarint() : 0;
        Key shortValue = null;
        long forUpdateTs = 0;
        long txnSize = 0;
        long minCommitTs = 0;
        List<Key> secondaries = null;
        List<Long> rollbackTs = List.of();
        LastChange lastChange = null;
        long txnSource = 0;
        boolean lockedWithConflict = false;
        long generation = 0;
        boolean known = true;
        while (known && in.hasRemaining()) {
            switch (in.u8()) {
                case 'v' -> shortValue = Key.wrap(in.bytes(in.u8()));
                case 'f' -> forUpdateTs = in.longBe();
                case 't' -> txnSize = in.longBe();
                case 'c' -> minCommitTs = in.longBe();
                case 'a' -> secondaries = readKeys(in);
                case 'r' -> rollbackTs = readTimestamps(in);
                case 'l' -> lastChange = new LastChange(in.longBe(), in.uvarint());
                case 's' -> txnSource = in.uvarint();
                case 'F' -> lockedWithConflict = true;
                case 'g' -> generation = in.longBe();
                default -> known = false;
            }
        }
        return new Single(
                kind,
                primary,
                startTs,
                ttlMillis,
                shortValue,
                forUpdateTs,
                txnSize,
                minCommitTs,
                secondaries,
                rollbackTs,
                lastChange,
                txnSource,
                lockedWithConflict,
                generation);
    }

    private static Kind kindOf(int type) {
        for (Kind kind : Kind.values()) {
            if (kind.type == type) {
                return kind;
            }
        }
        throw new CodecException(0, "unknown type of lock " + type);
    }

    private static List<Key> readKeys(ByteReader in) {
        List<Key> keys = new ArrayList<>();
        for (long left = in.uvarint(); left != 0; left--) {
            keys.add(Key.wrap(in.compactBytes()));
        }
        return keys;
    }

    private static List<Long> readTimestamps(ByteReader in) {
        List<Long> timestamps = new ArrayList<>();
        for (long left = in.uvarint(); left != 0; left--) {
            timestamps.add(in.longBe());
        }
        return timestamps;
    }
}
