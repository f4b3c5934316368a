package io.garrick.query.vector;

/** A value or a table of groups has outgrown what these operators hold. */
public final class Overflow extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Overflow(String what) {
        super(what, null, false, false);
    }
}
