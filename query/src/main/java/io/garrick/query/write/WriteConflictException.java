package io.garrick.query.write;

/** Another transaction changed a row or the schema first. Nothing was written; try again. */
public final class WriteConflictException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public WriteConflictException(String message, Throwable cause) {
        super(message, cause);
    }
}
