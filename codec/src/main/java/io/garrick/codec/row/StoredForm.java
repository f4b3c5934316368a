package io.garrick.codec.row;

import io.garrick.codec.schema.FieldType;
import io.garrick.codec.value.Datums;

/** How the values of a column type are stored, whatever they mean. */
enum StoredForm {
    NUMBER,
    DURATION,
    REAL,
    DECIMAL,
    STRING,
    JSON,
    VECTOR;

    static StoredForm of(FieldType type) {
        if (type.array()) {
            return JSON;
        }
        return switch (type.tp()) {
            case FieldType.DURATION -> DURATION;
            case FieldType.FLOAT, FieldType.DOUBLE -> REAL;
            case FieldType.NEW_DECIMAL -> DECIMAL;
            case FieldType.JSON -> JSON;
            case FieldType.VECTOR_FLOAT32 -> VECTOR;
            case FieldType.GEOMETRY -> STRING;
            default -> type.isString() ? STRING : NUMBER;
        };
    }

    /** Whether a datum of that flag holds such a value. */
    boolean accepts(int flag) {
        return switch (flag) {
            case Datums.BYTES, Datums.COMPACT_BYTES -> this == STRING;
            case Datums.INT, Datums.UINT, Datums.VARINT, Datums.UVARINT ->
                    this == NUMBER || this == DURATION;
            case Datums.DURATION -> this == DURATION;
            case Datums.FLOAT -> this == REAL;
            case Datums.DECIMAL -> this == DECIMAL;
            case Datums.JSON -> this == JSON;
            case Datums.VECTOR -> this == VECTOR;
            default -> false;
        };
    }
}
