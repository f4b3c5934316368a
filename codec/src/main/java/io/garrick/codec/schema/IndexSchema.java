package io.garrick.codec.schema;

import java.util.List;

/**
 * One index of a table.
 *
 * @param kind TiDB's number: 1 is a B-tree, 5 and above are columnar and have no keys in TiKV
 */
public record IndexSchema(
        long id,
        String name,
        List<IndexColumn> columns,
        SchemaState state,
        int kind,
        boolean unique,
        boolean primary,
        boolean invisible,
        boolean global) {
    public static final int BTREE = 1;

    /**
     * A column of an index.
     *
     * @param offset position in the table's columns
     * @param length of the indexed prefix in characters; -1 is the whole column
     */
    public record IndexColumn(String name, int offset, int length) {
        public static final int FULL_LENGTH = -1;

        public boolean isFullLength() {
            return length == FULL_LENGTH;
        }
    }

    public IndexSchema {
        columns = List.copyOf(columns);
    }

    /** A public, visible B-tree primary key. */
    public static IndexSchema primaryKey(long id, List<IndexColumn> columns) {
        return new IndexSchema(
                id, "PRIMARY", columns, SchemaState.PUBLIC, BTREE, true, true, false, false);
    }
}
