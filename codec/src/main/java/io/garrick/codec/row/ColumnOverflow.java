package io.garrick.codec.row;

/** A stored value that the column's type cannot hold; the decoder knows the column. */
final class ColumnOverflow extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ColumnOverflow(String reason) {
        super(reason);
    }
}
