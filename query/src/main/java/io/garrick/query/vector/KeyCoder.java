package io.garrick.query.vector;

import java.util.Arrays;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;

/** Gives each distinct value of one key column a small number. NULL is a value. */
sealed interface KeyCoder {
    int MAX_CODES = 1 << 20;

    /** Replaces codes[0..count) by the codes of the column's values. */
    void encode(Column column, int count, int[] codes);

    /** The code, here, of what {@code other} has under {@code code}. */
    int codeOf(KeyCoder other, int code);

    void write(int code, FieldVector out, int row);

    static KeyCoder of(Expr.Kind kind) {
        return switch (kind) {
            case LONG -> new Longs();
            case TEXT -> new Texts();
            case DOUBLE -> throw new Unsupported("a key of doubles");
        };
    }

    /** Open addressing from value to code. */
    final class Longs implements KeyCoder {
        private static final int NULL_CODE = 0;

        private long[] values = new long[16];
        private int count = 1;
        private int[] slots = new int[64];

        @Override
        public void encode(Column column, int rows, int[] codes) {
            Column.Longs longs = (Column.Longs) column;
            for (int i = 0; i < rows; i++) {
                codes[i] = longs.isNull(i) ? NULL_CODE : code(longs.values()[i]);
            }
        }

        private int code(long value) {
            int mask = slots.length - 1;
            int slot = hash(value) & mask;
            while (slots[slot] != 0) {
                if (values[slots[slot]] == value) {
                    return slots[slot];
                }
                slot = (slot + 1) & mask;
            }
            if (count == MAX_CODES) {
                throw new Overflow("too many groups");
            }
            if (count == values.length) {
                values = Arrays.copyOf(values, 2 * count);
            }
            values[count] = value;
            slots[slot] = count;
            count++;
            if (count * 2 > slots.length) {
                grow();
            }
            return count - 1;
        }

        private void grow() {
            slots = new int[slots.length * 2];
            int mask = slots.length - 1;
            for (int code = 1; code < count; code++) {
                int slot = hash(values[code]) & mask;
                while (slots[slot] != 0) {
                    slot = (slot + 1) & mask;
                }
                slots[slot] = code;
            }
        }

        private static int hash(long value) {
            long mixed = value * 0x9E3779B97F4A7C15L;
            return (int) (mixed >>> 32);
        }

        @Override
        public int codeOf(KeyCoder other, int code) {
            return code == NULL_CODE ? NULL_CODE : code(((Longs) other).values[code]);
        }

        @Override
        public void write(int code, FieldVector out, int row) {
            if (code == NULL_CODE) {
                out.setNull(row);
            } else {
                Store.set(out, row, values[code]);
            }
        }
    }

    /** The same for text; a text is copied when it is seen first. */
    final class Texts implements KeyCoder {
        private static final int NULL_CODE = 0;

        private byte[][] values = new byte[16][];
        private int[] hashes = new int[16];
        private int count = 1;
        private int[] slots = new int[64];

        @Override
        public void encode(Column column, int rows, int[] codes) {
            TextCursor cursor = TextCursor.over(column);
            for (int i = 0; i < rows; i++) {
                codes[i] = column.isNull(i) ? NULL_CODE : code(cursor.at(i));
            }
        }

        private int code(TextCursor text) {
            int hash = text.hashCode();
            int mask = slots.length - 1;
            int slot = spread(hash) & mask;
            while (slots[slot] != 0) {
                int code = slots[slot];
                if (hashes[code] == hash && same(values[code], text)) {
                    return code;
                }
                slot = (slot + 1) & mask;
            }
            return add(slot, hash, text.bytes());
        }

        private int add(int slot, int hash, byte[] text) {
            if (count == MAX_CODES) {
                throw new Overflow("too many groups");
            }
            if (count == values.length) {
                values = Arrays.copyOf(values, 2 * count);
                hashes = Arrays.copyOf(hashes, 2 * count);
            }
            values[count] = text;
            hashes[count] = hash;
            slots[slot] = count;
            count++;
            if (count * 2 > slots.length) {
                grow();
            }
            return count - 1;
        }

        private void grow() {
            slots = new int[slots.length * 2];
            int mask = slots.length - 1;
            for (int code = 1; code < count; code++) {
                int slot = spread(hashes[code]) & mask;
                while (slots[slot] != 0) {
                    slot = (slot + 1) & mask;
                }
                slots[slot] = code;
            }
        }

        private static boolean same(byte[] value, TextCursor text) {
            if (value.length != text.length()) {
                return false;
            }
            for (int i = 0; i < value.length; i++) {
                if (value[i] != text.byteAt(i)) {
                    return false;
                }
            }
            return true;
        }

        private static int spread(int hash) {
            int mixed = hash * 0x9E3779B9;
            return mixed ^ mixed >>> 15;
        }

        @Override
        public int codeOf(KeyCoder other, int code) {
            return code == NULL_CODE
                    ? NULL_CODE
                    : code(TextCursor.over(new Column.ConstantText(((Texts) other).values[code])));
        }

        @Override
        public void write(int code, FieldVector out, int row) {
            if (code == NULL_CODE) {
                out.setNull(row);
            } else {
                ((VarCharVector) out).setSafe(row, values[code]);
            }
        }
    }
}
