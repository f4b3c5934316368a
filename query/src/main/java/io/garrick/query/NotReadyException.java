package io.garrick.query;

/** The replica cannot answer now; the same read may succeed later. */
public final class NotReadyException extends Exception {
    private static final long serialVersionUID = 1L;

    public NotReadyException(String reason) {
        super(reason);
    }

    public NotReadyException(String reason, Throwable cause) {
        super(reason, cause);
    }
}
