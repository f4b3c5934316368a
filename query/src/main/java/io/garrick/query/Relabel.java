package io.garrick.query;

import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;

/** Hands buffers from one vector to another whose type has the same layout. */
public final class Relabel {
    private Relabel() {}

    public static void move(FieldVector from, FieldVector to) {
        if (from.getMinorType() == to.getMinorType()) {
            from.makeTransferPair(to).transfer();
            return;
        }
        // Such as times with and without a zone.
        if (from.getBufferSizeFor(1) != to.getBufferSizeFor(1)) {
            throw new IllegalStateException("got " + from.getField() + " for " + to.getField());
        }
        to.loadFieldBuffers(
                new ArrowFieldNode(from.getValueCount(), from.getNullCount()),
                from.getFieldBuffers());
    }
}
