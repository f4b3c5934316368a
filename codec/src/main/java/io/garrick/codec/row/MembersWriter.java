package io.garrick.codec.row;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;

/**
 * ENUM and SET as text.
 *
 * <p>An enum number outside the members reads as empty text, as TiDB has it; a set bit without a
 * member means that the schema is older than the row.
 */
record MembersWriter(boolean set, List<byte[]> members) implements ValueWriter {
    private static final byte[] EMPTY = {};

    static MembersWriter of(boolean set, List<String> members) {
        return new MembersWriter(set, members.stream().map(text -> text.getBytes(UTF_8)).toList());
    }

    @Override
    public void write(FieldVector out, int index, MemorySegment segment, long at, int length) {
        long number = Stored.unsigned(segment, at, length);
        ((VarCharVector) out).setSafe(index, set ? setText(number) : enumText(number));
    }

    private byte[] enumText(long number) {
        return number <= 0 || number > members.size() ? EMPTY : members.get((int) number - 1);
    }

    private byte[] setText(long bits) {
        if (members.size() < 64 && bits >>> members.size() != 0) {
            throw new ColumnOverflow("set bits " + Long.toHexString(bits));
        }
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        boolean isFirst = true;
        for (int i = 0; i < Math.min(members.size(), Long.SIZE); i++) {
            if ((bits >>> i & 1) != 0) {
                if (!isFirst) {
                    text.write(',');
                }
                isFirst = false;
                text.writeBytes(members.get(i));
            }
        }
        return text.toByteArray();
    }
}
