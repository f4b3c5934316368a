package io.garrick.codec.row;

import io.garrick.codec.key.Numbers;
import java.lang.foreign.MemorySegment;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;

/** FLOAT and DOUBLE; both are stored as doubles. */
record RealWriter(boolean single) implements ValueWriter {
    @Override
    public void write(FieldVector out, int index, MemorySegment segment, long at, int length) {
        double value = Numbers.doubleOfComparable(Stored.longBe(segment, at, length));
        if (single) {
            ((Float4Vector) out).set(index, (float) value);
        } else {
            ((Float8Vector) out).set(index, value);
        }
    }

    @Override
    public void writeBlock(Block block) {
        int bytes = single ? Float.BYTES : Double.BYTES;
        long dest = block.out.getDataBufferAddress() + (long) block.start * bytes;
        int run = 0;
        for (int i = 0; i < block.count; i++) {
            if (block.length[i] != Long.BYTES) {
                block.setValid(run, i);
                block.slowly(i);
                run = i + 1;
                continue;
            }
            double value = Numbers.doubleOfComparable(Memory.ALL.get(Memory.LONG_BE, block.at[i]));
            long to = dest + (long) i * bytes;
            if (single) {
                Memory.ALL.set(Memory.INT, to, Float.floatToRawIntBits((float) value));
            } else {
                Memory.ALL.set(Memory.LONG, to, Double.doubleToRawLongBits(value));
            }
        }
        block.setValid(run, block.count);
    }
}
