package io.garrick.codec.collation;

import io.garrick.codec.ByteWriter;

/** What one character contributes to a sort key. */
@FunctionalInterface
interface Weights {
    void append(int codePoint, ByteWriter out);
}
