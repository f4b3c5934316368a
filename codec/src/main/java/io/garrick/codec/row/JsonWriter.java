package io.garrick.codec.row;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.garrick.codec.value.JsonText;
import java.lang.foreign.MemorySegment;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;

/** JSON as the text TiDB prints. */
record JsonWriter() implements ValueWriter {
    @Override
    public void write(FieldVector out, int index, MemorySegment segment, long at, int length) {
        String text = JsonText.of(Stored.bytes(segment, at, length));
        ((VarCharVector) out).setSafe(index, text.getBytes(UTF_8));
    }
}
