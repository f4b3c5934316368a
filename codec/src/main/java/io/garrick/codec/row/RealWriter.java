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
}
