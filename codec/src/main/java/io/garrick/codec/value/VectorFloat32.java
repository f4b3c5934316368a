package io.garrick.codec.value;

import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;

/** VECTOR values: a count, then so many floats, all little-endian. */
public final class VectorFloat32 {
    private VectorFloat32() {}

    /** No bytes at all are an empty vector, as TiKV reads it. */
    public static float[] read(ByteReader in) {
        if (!in.hasRemaining()) {
            return new float[0];
        }
        long count = in.u32Le();
        if (count * Float.BYTES > in.remaining()) {
            throw in.malformed(count + " elements in " + in.remaining() + " bytes");
        }
        float[] values = new float[(int) count];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat(in.intLe());
        }
        return values;
    }

    public static byte[] encode(float[] values) {
        ByteWriter out = new ByteWriter(4 + 4 * values.length).intLe(values.length);
        for (float value : values) {
            out.intLe(Float.floatToRawIntBits(value));
        }
        return out.toBytes();
    }
}
