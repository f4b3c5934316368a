package io.garrick.codec;

/**
 * The row and the table description do not belong together: fetch the newest description and decode
 * again, then with {@code force}.
 */
public final class SchemaMismatchException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long tableId;
    private final long columnId;

    public SchemaMismatchException(long tableId, long columnId, String reason) {
        super(
                "row needs another schema tableId="
                        + tableId
                        + " columnId="
                        + columnId
                        + ": "
                        + reason);
        this.tableId = tableId;
        this.columnId = columnId;
    }

    public long tableId() {
        return tableId;
    }

    public long columnId() {
        return columnId;
    }
}
