package io.garrick.query.write;

/** A value does not fit its column; the text is MySQL's. */
final class ValueRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ValueRefusedException(String message) {
        super(message, null, false, false);
    }
}
