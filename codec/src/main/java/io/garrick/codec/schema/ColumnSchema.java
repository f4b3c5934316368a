package io.garrick.codec.schema;

import org.jspecify.annotations.Nullable;

/**
 * One column of a table. Its id is the only stable identity: names and offsets change.
 *
 * @param originDefault text of the value that rows written before the column was added have; null
 *     if there is none
 * @param originDefaultBit the same for BIT: base64 of big-endian bytes
 * @param defaultValue text of the current DEFAULT; used to write, never to decode
 * @param generatedExpression empty unless the column is generated
 * @param version 1 and above: timestamp defaults are UTC text
 */
public record ColumnSchema(
        long id,
        String name,
        int offset,
        FieldType type,
        SchemaState state,
        @Nullable String originDefault,
        @Nullable String originDefaultBit,
        @Nullable String defaultValue,
        @Nullable String defaultBit,
        boolean defaultIsExpression,
        String generatedExpression,
        boolean generatedStored,
        boolean hidden,
        String comment,
        int version) {
    public static final long ROW_ID = -1;

    private static final int CURRENT_VERSION = 2;

    /** The hidden handle column of tables whose primary key is not clustered. */
    public static final ColumnSchema ROW_ID_COLUMN =
            of(
                    ROW_ID,
                    "_tidb_rowid",
                    FieldType.of(FieldType.LONGLONG, FieldType.NOT_NULL_FLAG, 20, 0));

    /** A public, ordinary column without defaults. */
    public static ColumnSchema of(long id, String name, FieldType type) {
        return new ColumnSchema(
                id,
                name,
                0,
                type,
                SchemaState.PUBLIC,
                null,
                null,
                null,
                null,
                false,
                "",
                false,
                false,
                "",
                CURRENT_VERSION);
    }

    public ColumnSchema withOffset(int newOffset) {
        return new ColumnSchema(
                id,
                name,
                newOffset,
                type,
                state,
                originDefault,
                originDefaultBit,
                defaultValue,
                defaultBit,
                defaultIsExpression,
                generatedExpression,
                generatedStored,
                hidden,
                comment,
                version);
    }

    public ColumnSchema withState(SchemaState newState) {
        return new ColumnSchema(
                id,
                name,
                offset,
                type,
                newState,
                originDefault,
                originDefaultBit,
                defaultValue,
                defaultBit,
                defaultIsExpression,
                generatedExpression,
                generatedStored,
                hidden,
                comment,
                version);
    }

    public ColumnSchema withType(FieldType newType) {
        return new ColumnSchema(
                id,
                name,
                offset,
                newType,
                state,
                originDefault,
                originDefaultBit,
                defaultValue,
                defaultBit,
                defaultIsExpression,
                generatedExpression,
                generatedStored,
                hidden,
                comment,
                version);
    }

    /** {@code text} as DEFAULT and, as ADD COLUMN does, as the value of rows already written. */
    public ColumnSchema withOriginDefault(@Nullable String text) {
        return new ColumnSchema(
                id,
                name,
                offset,
                type,
                state,
                text,
                originDefaultBit,
                text,
                defaultBit,
                defaultIsExpression,
                generatedExpression,
                generatedStored,
                hidden,
                comment,
                version);
    }

    public boolean isPublic() {
        return state == SchemaState.PUBLIC;
    }

    public boolean isNotNull() {
        return type.isNotNull();
    }

    public boolean isPrimaryKey() {
        return type.hasFlag(FieldType.PRIMARY_KEY_FLAG);
    }

    public boolean isGenerated() {
        return !generatedExpression.isEmpty();
    }

    /** Never stored in a row value. */
    public boolean isVirtual() {
        return isGenerated() && !generatedStored;
    }

    public boolean hasOriginDefault() {
        return originDefault != null || originDefaultBit != null;
    }
}
