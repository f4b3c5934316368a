package io.garrick.codec.row;

import java.lang.foreign.MemorySegment;
import org.apache.arrow.vector.BaseVariableWidthVector;
import org.apache.arrow.vector.FieldVector;

/** Strings of characters or bytes; the stored bytes are the Arrow bytes. */
record BytesWriter(Scratch scratch) implements ValueWriter {
    @Override
    public void write(FieldVector out, int index, MemorySegment segment, long at, int length) {
        byte[] bytes = scratch.copy(segment, at, length);
        ((BaseVariableWidthVector) out).setSafe(index, bytes, 0, length);
    }

    @Override
    public void writeBlock(Block block) {
        BaseVariableWidthVector out = (BaseVariableWidthVector) block.out;
        int run = 0;
        long room = 0;
        for (int i = 0; i < block.count; i++) {
            room += Math.max(block.length[i], 0);
        }
        out.fillEmpties(block.start);
        int end = reserve(out, block.start, room);
        long data = out.getDataBufferAddress();
        long offsets = out.getOffsetBufferAddress() + Integer.BYTES;
        for (int i = 0; i < block.count; i++) {
            int length = block.length[i];
            int index = block.start + i;
            if (length < 0) {
                block.setValid(run, i);
                run = i + 1;
                out.setLastSet(index - 1);
                block.slowly(i);
                out.fillEmpties(index + 1);
                end = reserve(out, index + 1, room);
                data = out.getDataBufferAddress();
                offsets = out.getOffsetBufferAddress() + Integer.BYTES;
                continue;
            }
            Memory.copy(block.at[i], data + end, length);
            end += length;
            room -= length;
            Memory.ALL.set(Memory.INT, offsets + (long) index * Integer.BYTES, end);
        }
        out.setLastSet(block.start + block.count - 1);
        block.setValid(run, block.count);
    }

    /** Room for so many bytes more, and the slack of the last copy; returns where they start. */
    private static int reserve(BaseVariableWidthVector out, int index, long bytes) {
        int end = out.getOffsetBuffer().getInt((long) index * Integer.BYTES);
        long needed = end + bytes + Memory.SLACK_BYTES;
        if (needed > out.getDataBuffer().capacity()) {
            out.reallocDataBuffer(needed);
        }
        return end;
    }
}
