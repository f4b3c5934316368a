package io.garrick.query.vector;

/** A value or a table of groups has outgrown what the fast way of running a plan can hold. */
public final class Overflow extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public Overflow(String what) {
        super(what, null, false, false);
    }
}
