package io.garrick.codec.row;

import io.garrick.codec.ByteReader;
import io.garrick.codec.value.VectorFloat32;
import java.lang.foreign.MemorySegment;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.complex.ListVector;

/** VECTOR as a list of floats. */
record VectorWriter() implements ValueWriter {
    @Override
    public void write(FieldVector out, int index, MemorySegment segment, long at, int length) {
        ByteReader in = new ByteReader(Stored.bytes(segment, at, length));
        float[] values = VectorFloat32.read(in);
        in.expectEnd();
        ListVector list = (ListVector) out;
        int start = list.startNewValue(index);
        Float4Vector items = (Float4Vector) list.getDataVector();
        for (int i = 0; i < values.length; i++) {
            items.setSafe(start + i, values[i]);
        }
        list.endValue(index, values.length);
    }
}
