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
}
