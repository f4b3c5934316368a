package io.garrick.query.write;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.query.QueryException;
import io.garrick.query.QueryException.Kind;

/** What DEFAULT means for rows to come and for rows that are there. */
public final class ColumnDefaults {
    private ColumnDefaults() {}

    /** Fails if the column's own DEFAULT does not fit it. */
    public static void check(ColumnSchema column) {
        if (column.defaultValue() == null && column.defaultBit() == null) {
            return;
        }
        try {
            ColumnValues.defaultOf(column, 0);
        } catch (ValueRefusedException _) {
            if (!TimeValues.isNow(String.valueOf(column.defaultValue()))) {
                throw new QueryException(
                        Kind.INVALID, "Invalid default value for '" + column.name() + "'");
            }
        }
        boolean large =
                switch (column.type().tp()) {
                    case FieldType.JSON,
                            FieldType.VECTOR_FLOAT32,
                            FieldType.TINY_BLOB,
                            FieldType.BLOB,
                            FieldType.MEDIUM_BLOB,
                            FieldType.LONG_BLOB ->
                            true;
                    default -> false;
                };
        if (large) {
            throw new QueryException(
                    Kind.INVALID,
                    "BLOB, TEXT or JSON column '" + column.name() + "' can't have a default value");
        }
    }
}
