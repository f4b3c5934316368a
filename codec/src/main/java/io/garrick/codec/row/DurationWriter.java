package io.garrick.codec.row;

import java.lang.foreign.MemorySegment;
import org.apache.arrow.vector.DurationVector;
import org.apache.arrow.vector.FieldVector;

/** TIME: stored nanoseconds, Arrow microseconds. */
record DurationWriter() implements ValueWriter {
    @Override
    public void write(FieldVector out, int index, MemorySegment segment, long at, int length) {
        ((DurationVector) out).set(index, Stored.signed(segment, at, length) / 1000);
    }

    @Override
    public void writeBlock(Block block) {
        long dest = block.out.getDataBufferAddress() + (long) block.start * Long.BYTES;
        int run = 0;
        for (int i = 0; i < block.count; i++) {
            int length = block.length[i];
            if (!Stored.isNumberWidth(length)) {
                block.setValid(run, i);
                block.slowly(i);
                run = i + 1;
                continue;
            }
            int shift = 64 - 8 * length;
            long nanos = Memory.ALL.get(Memory.LONG, block.at[i]) << shift >> shift;
            Memory.ALL.set(Memory.LONG, dest + (long) i * Long.BYTES, nanos / 1000);
        }
        block.setValid(run, block.count);
    }
}
