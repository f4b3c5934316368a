package io.garrick.mergetree;

/** A bulk load has rows of a table whose schema is not known: synchronize, and load again. */
public final class UnknownTableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long tableId;

    UnknownTableException(long tableId) {
        super("no schema tableId=" + tableId);
        this.tableId = tableId;
    }

    public long tableId() {
        return tableId;
    }
}
