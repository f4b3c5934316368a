package io.garrick.query;

/** A query's failure in one line that a user can act on. */
public final class QueryException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What the user can do about it. */
    public enum Kind {
        /** The statement is wrong: syntax, unknown name, type error, bad value. */
        INVALID,
        /** The statement would write. */
        READ_ONLY,
        /** The replica is behind: retry. */
        NOT_READY,
        /** Over the memory limit. */
        OUT_OF_MEMORY,
        CANCELLED,
        /** Correct SQL that this engine cannot run. */
        UNSUPPORTED,
        INTERNAL
    }

    private final Kind kind;

    public QueryException(Kind kind, String message) {
        super(oneLine(message));
        this.kind = kind;
    }

    public QueryException(Kind kind, String message, Throwable cause) {
        super(oneLine(message), cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }

    private static String oneLine(String message) {
        return message.strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
