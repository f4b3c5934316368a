package io.garrick.codec.index;

import io.garrick.base.Key;
import io.garrick.codec.ByteReader;
import io.garrick.codec.key.Numbers;
import io.garrick.codec.row.RowV2;
import org.jspecify.annotations.Nullable;

/**
 * The value of an index entry (TiDB, pkg/tablecodec, GenIndexValuePortal).
 *
 * <p>Up to nine bytes are the old form: a handle of eight bytes if the entry is unique, a single
 * {@code 0} if not. Longer ones are a tail length, optional segments, padding, and perhaps an int
 * handle. Version 1 says so with {@code 7d 01}.
 *
 * @param tailLength padding, int handle and untouched mark together; -1 in the old form
 * @param intHandle of a unique entry of a table with int handles
 * @param restored original values of columns whose key datum is only a sort key
 */
public record IndexValue(
        Form form,
        int tailLength,
        @Nullable Long intHandle,
        @Nullable Key commonHandle,
        @Nullable Long partitionId,
        @Nullable RowV2 restored) {
    /** Which layout the bytes have. */
    public enum Form {
        OLD,
        V0,
        V1
    }

    private static final int LONGEST_OLD = 9;
    private static final int VERSION_FLAG = 0x7d;
    private static final int PARTITION_FLAG = 0x7e;
    private static final int COMMON_HANDLE_FLAG = 0x7f;
    private static final int ROW_FLAG = 0x80;
    private static final int UNTOUCHED = '1';

    public static IndexValue parse(byte[] value) {
        return switch (formOf(value)) {
            case OLD -> parseOld(value);
            case V0 -> parseSegments(value, Form.V0, 1);
            case V1 -> parseSegments(value, Form.V1, 3);
        };
    }

    static Form formOf(byte[] value) {
        boolean marked = value.length >= 3 && (value[1] & 0xff) == VERSION_FLAG;
        if (value.length <= LONGEST_OLD) {
            return (value.length == 3 || value.length == 4) && marked ? Form.V1 : Form.OLD;
        }
        return marked && (value[0] == 0 || value[0] == 1) ? Form.V1 : Form.V0;
    }

    /** Whether the entry was written unchanged inside a transaction; such values never commit. */
    public static boolean isUntouched(byte[] value) {
        int length = value.length;
        if (length <= LONGEST_OLD) {
            return (length == 1 || length == LONGEST_OLD) && value[length - 1] == UNTOUCHED;
        }
        int tailLength = value[0] & 0xff;
        if (tailLength < Long.BYTES) {
            return tailLength >= 1 && value[length - 1] == UNTOUCHED;
        }
        return tailLength == Long.BYTES + 1;
    }

    private static IndexValue parseOld(byte[] value) {
        Long handle = value.length >= Long.BYTES ? new ByteReader(value).longBe() : null;
        return new IndexValue(Form.OLD, -1, handle, null, null, null);
    }

    private static IndexValue parseSegments(byte[] value, Form form, int from) {
        int tailLength = value[0] & 0xff;
        if (tailLength > value.length - from) {
            throw new ByteReader(value).malformed("tail of " + tailLength + " bytes");
        }
        ByteReader in = new ByteReader(value, from, value.length - tailLength);
        Key commonHandle = null;
        Long partitionId = null;
        RowV2 restored = null;
        if (in.hasRemaining() && in.peekU8() == COMMON_HANDLE_FLAG) {
            in.u8();
            commonHandle = Key.wrap(in.bytes(in.u16Be()));
        }
        if (in.hasRemaining() && in.peekU8() == PARTITION_FLAG) {
            in.u8();
            partitionId = Numbers.comparableInt(in.longBe());
        }
        if (in.hasRemaining() && in.peekU8() == ROW_FLAG) {
            restored = RowV2.parse(in.rest());
        }
        in.expectEnd();
        Long handle =
                form == Form.V0 && tailLength >= Long.BYTES
                        ? new ByteReader(value, value.length - tailLength, value.length).longBe()
                        : null;
        return new IndexValue(form, tailLength, handle, commonHandle, partitionId, restored);
    }
}
