package io.garrick.flashkv.writer;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.SchemaState;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What rows that are there already have in a column that is added (TiDB, pkg/ddl/column.go). */
final class OriginDefaults {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);

    private OriginDefaults() {}

    static ColumnSchema added(ColumnSchema column, long id, long nowMillis) {
        String bits = column.defaultBit();
        String text = column.defaultValue();
        if (text != null && text.startsWith("CURRENT_TIMESTAMP")) {
            text = TIME.format(Instant.ofEpochMilli(nowMillis));
        } else if (text == null && bits == null && column.isNotNull()) {
            if (column.type().tp() == FieldType.BIT) {
                bits =
                        Base64.getEncoder()
                                .encodeToString(new byte[(column.type().length() + 7) / 8]);
            } else {
                text = zero(column.type());
            }
        }
        return new ColumnSchema(
                id,
                column.name(),
                0,
                column.type(),
                SchemaState.PUBLIC,
                text,
                bits,
                column.defaultValue(),
                column.defaultBit(),
                column.defaultIsExpression(),
                column.generatedExpression(),
                column.generatedStored(),
                column.hidden(),
                column.comment(),
                column.version());
    }

    private static @Nullable String zero(FieldType type) {
        return switch (type.tp()) {
            case FieldType.DATE, FieldType.NEW_DATE -> "0000-00-00";
            case FieldType.DATETIME, FieldType.TIMESTAMP -> "0000-00-00 00:00:00";
            case FieldType.DURATION -> "00:00:00";
            case FieldType.YEAR -> "0000";
            case FieldType.ENUM -> type.elems().getFirst();
            case FieldType.JSON, FieldType.VECTOR_FLOAT32 ->
                    throw new SchemaRefusedException(
                            "a JSON or VECTOR column of a table with rows must allow NULL");
            default -> type.isString() || type.tp() == FieldType.SET ? "" : "0";
        };
    }
}
