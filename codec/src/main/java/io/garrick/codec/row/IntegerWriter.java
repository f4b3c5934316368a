package io.garrick.codec.row;

import java.lang.foreign.MemorySegment;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.SmallIntVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.UInt2Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.UInt8Vector;

/** Ints of any width, YEAR and BIT. */
record IntegerWriter(int bits, boolean signed) implements ValueWriter {
    @Override
    public void write(FieldVector out, int index, MemorySegment segment, long at, int length) {
        if (signed) {
            writeSigned(out, index, Stored.signed(segment, at, length));
        } else {
            writeUnsigned(out, index, Stored.unsigned(segment, at, length));
        }
    }

    @Override
    public void writeBlock(Block block) {
        int bytes = bits / 8;
        int unused = 64 - bits;
        long dest = block.out.getDataBufferAddress() + (long) block.start * bytes;
        int run = 0;
        for (int i = 0; i < block.count; i++) {
            int length = block.length[i];
            boolean fits = false;
            long value = 0;
            if (Stored.isNumberWidth(length)) {
                int shift = 64 - 8 * length;
                long raw = Memory.ALL.get(Memory.LONG, block.at[i]) << shift;
                value = signed ? raw >> shift : raw >>> shift;
                fits = value == (signed ? value << unused >> unused : value << unused >>> unused);
            }
            if (!fits) {
                block.setValid(run, i);
                block.slowly(i);
                run = i + 1;
                continue;
            }
            long to = dest + (long) i * bytes;
            switch (bytes) {
                case 1 -> Memory.ALL.set(Memory.BYTE, to, (byte) value);
                case 2 -> Memory.ALL.set(Memory.SHORT, to, (short) value);
                case 4 -> Memory.ALL.set(Memory.INT, to, (int) value);
                default -> Memory.ALL.set(Memory.LONG, to, value);
            }
        }
        block.setValid(run, block.count);
    }

    private void writeSigned(FieldVector out, int index, long value) {
        if (bits < 64 && value >> (bits - 1) != value >> 63) {
            throw new ColumnOverflow(value + " in " + bits + " bits");
        }
        switch (bits) {
            case 8 -> ((TinyIntVector) out).set(index, (byte) value);
            case 16 -> ((SmallIntVector) out).set(index, (short) value);
            case 32 -> ((IntVector) out).set(index, (int) value);
            default -> ((BigIntVector) out).set(index, value);
        }
    }

    private void writeUnsigned(FieldVector out, int index, long value) {
        if (bits < 64 && value >>> bits != 0) {
            throw new ColumnOverflow(Long.toUnsignedString(value) + " in " + bits + " bits");
        }
        switch (bits) {
            case 8 -> ((UInt1Vector) out).set(index, (byte) value);
            case 16 -> ((UInt2Vector) out).set(index, (char) value);
            case 32 -> ((UInt4Vector) out).set(index, (int) value);
            default -> ((UInt8Vector) out).set(index, value);
        }
    }
}
