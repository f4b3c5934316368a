package io.garrick.codec.record;

import io.garrick.base.Key;
import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;
import io.garrick.codec.CodecException;
import org.jspecify.annotations.Nullable;

/**
 * What the write column family says about one commit ts of a key (TiKV,
 * components/txn_types/src/write.rs).
 */
public sealed interface WriteRecord {
    /** A new value; in the default column family at the start ts unless the record carries it. */
    record Put(long startTs, Details details) implements WriteRecord {
        public Put(long startTs) {
            this(startTs, Details.NONE);
        }

        /** With a short value, at most {@link #LONGEST_SHORT_VALUE} bytes. */
        public Put(long startTs, Key shortValue) {
            this(startTs, new Details(shortValue, false, null, null, 0));
        }
    }

    /** The key no longer exists. */
    record Delete(long startTs, Details details) implements WriteRecord {
        public Delete(long startTs) {
            this(startTs, Details.NONE);
        }
    }

    /** The transaction only locked the key (SELECT FOR UPDATE); no version. */
    record LockOnly(long startTs, Details details) implements WriteRecord {
        public LockOnly(long startTs) {
            this(startTs, Details.NONE);
        }
    }

    /** The transaction of that start ts can no longer commit; no version. */
    record Rollback(long startTs, Details details) implements WriteRecord {
        private static final Key PROTECTED = Key.wrap(new byte[] {'p'});

        public Rollback(long startTs) {
            this(startTs, Details.NONE);
        }

        /** A rollback that must not be collapsed into a later one. */
        public static Rollback ofProtected(long startTs) {
            return new Rollback(startTs, new Details(PROTECTED, false, null, null, 0));
        }

        public boolean isProtected() {
            Key shortValue = details.shortValue();
            return shortValue != null && shortValue.equals(PROTECTED);
        }
    }

    /**
     * Fields behind type and start ts.
     *
     * @param gcFence commit ts of the next version, zero if there is none; set only when an
     *     overlapping rollback rewrote the record
     * @param txnSource who wrote it (zero: an ordinary client)
     */
    record Details(
            @Nullable Key shortValue,
            boolean overlappedRollback,
            @Nullable Long gcFence,
            @Nullable LastChange lastChange,
            long txnSource) {
        public static final Details NONE = new Details(null, false, null, null, 0);
    }

    int LONGEST_SHORT_VALUE = 255;

    long startTs();

    Details details();

    default @Nullable Key shortValue() {
        return details().shortValue();
    }

    /** {@code P}, {@code D}, {@code L} or {@code R}. */
    default char type() {
        return switch (this) {
            case Put _ -> 'P';
            case Delete _ -> 'D';
            case LockOnly _ -> 'L';
            case Rollback _ -> 'R';
        };
    }

    /**
     * Whether the version still counts for a reader at {@code readTs}: a fence at or below it says
     * that a newer version existed and was collected.
     */
    default boolean isVisibleBehindFence(long readTs) {
        Long fence = details().gcFence();
        return fence == null || fence == 0 || Long.compareUnsigned(fence, readTs) > 0;
    }

    /** Stops at the first unknown field, as TiKV does, so that records of newer versions read. */
    static WriteRecord parse(byte[] value) {
        ByteReader in = new ByteReader(value);
        int type = in.u8();
        long startTs = in.uvarint();
        Details details = readDetails(in);
        return switch (type) {
            case 'P' -> new Put(startTs, details);
            case 'D' -> new Delete(startTs, details);
            case 'L' -> new LockOnly(startTs, details);
            case 'R' -> new Rollback(startTs, details);
            default -> throw new CodecException(0, "unknown type of write record " + type);
        };
    }

    default byte[] encode() {
        ByteWriter out = new ByteWriter(32).u8(type()).uvarint(startTs());
        Details fields = details();
        if (fields.shortValue() != null) {
            byte[] shortValue = fields.shortValue().unsafeBytes();
            if (shortValue.length > LONGEST_SHORT_VALUE) {
                throw new IllegalArgumentException(
                        "short value of " + shortValue.length + " bytes");
            }
            out.u8('v').u8(shortValue.length).bytes(shortValue);
        }
        if (fields.overlappedRollback()) {
            out.u8('R');
        }
        if (fields.gcFence() != null) {
            out.u8('F').longBe(fields.gcFence());
        }
        if (fields.lastChange() != null) {
            out.u8('l').longBe(fields.lastChange().ts()).uvarint(fields.lastChange().versions());
        }
        if (fields.txnSource() != 0) {
            out.u8('S').uvarint(fields.txnSource());
        }
        return out.toBytes();
    }

    private static Details readDetails(ByteReader in) {
        Key shortValue = null;
        boolean overlappedRollback = false;
        Long gcFence = null;
        LastChange lastChange = null;
        long txnSource = 0;
        boolean known = true;
        while (known && in.hasRemaining()) {
            switch (in.u8()) {
                case 'v' -> shortValue = Key.wrap(in.bytes(in.u8()));
                case 'R' -> overlappedRollback = true;
                case 'F' -> gcFence = in.longBe();
                case 'l' -> lastChange = new LastChange(in.longBe(), in.uvarint());
                case 'S' -> txnSource = in.uvarint();
                default -> known = false;
            }
        }
        return new Details(shortValue, overlappedRollback, gcFence, lastChange, txnSource);
    }
}
