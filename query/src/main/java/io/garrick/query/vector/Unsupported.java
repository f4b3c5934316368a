package io.garrick.query.vector;

/** An expression that runs elsewhere. */
final class Unsupported extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Unsupported(Object what) {
        super(String.valueOf(what), null, false, false);
    }
}
