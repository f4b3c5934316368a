package io.garrick.codec.row;

import java.lang.foreign.MemorySegment;
import org.apache.arrow.vector.FieldVector;

/** Puts one stored value into a vector; one kind per family of column types. */
sealed interface ValueWriter
        permits IntegerWriter,
                RealWriter,
                DecimalWriter,
                BytesWriter,
                PackedTimeWriter,
                DurationWriter,
                MembersWriter,
                JsonWriter,
                VectorWriter {
    /** The value lies in {@code length} bytes of {@code segment} from {@code at}, as in row v2. */
    void write(FieldVector out, int index, MemorySegment segment, long at, int length);

    /** A block of values; the same as {@link #write} for each. */
    default void writeBlock(Block block) {
        for (int i = 0; i < block.count; i++) {
            block.slowly(i);
        }
    }
}
