package io.garrick.consistency;

/**
 * One operation on a register, as its client saw it. Times are of one clock; an operation took
 * effect, if at all, at one moment between them.
 *
 * @param expected what it read; for a write nothing is read
 * @param written what it wrote; for a read nothing is written
 * @param returned {@link #NEVER} when the client does not know whether it took effect
 */
record RegisterOp(Kind kind, long expected, long written, long invoked, long returned) {
    static final long NEVER = Long.MAX_VALUE;

    /** What a register holds before the first write. */
    static final long EMPTY = 0;

    enum Kind {
        READ,
        WRITE,
        /** Reads and writes at one moment. */
        UPDATE
    }

    static RegisterOp read(long value, long invoked, long returned) {
        return new RegisterOp(Kind.READ, value, EMPTY, invoked, returned);
    }

    static RegisterOp write(long value, long invoked, long returned) {
        return new RegisterOp(Kind.WRITE, EMPTY, value, invoked, returned);
    }

    static RegisterOp update(long read, long written, long invoked, long returned) {
        return new RegisterOp(Kind.UPDATE, read, written, invoked, returned);
    }

    boolean isUnknown() {
        return returned == NEVER;
    }

    boolean reads() {
        return kind != Kind.WRITE;
    }

    boolean writes() {
        return kind != Kind.READ;
    }
}
