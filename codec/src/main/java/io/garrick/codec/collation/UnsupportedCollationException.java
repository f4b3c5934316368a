package io.garrick.codec.collation;

/** Strings of this collation can be read and shown, but not compared. */
public final class UnsupportedCollationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String collation;

    public UnsupportedCollationException(String collation) {
        super("unsupported collation for comparison: " + collation);
        this.collation = collation;
    }

    public String collation() {
        return collation;
    }
}
