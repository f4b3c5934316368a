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
}
