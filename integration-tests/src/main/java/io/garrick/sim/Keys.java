package io.garrick.sim;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.row.RowV2Writer;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The keys of the simulation, by slot: the first half are rows of a table with integer handles, the
 * second half rows of a table with common handles.
 */
final class Keys {
    static final int COUNT = 24;
    static final int PER_TABLE = COUNT / 2;
    static final long INT_TABLE = 101;
    static final long COMMON_TABLE = 102;
    static final long VALUE_COLUMN = 2;
    static final long PADDING_COLUMN = 3;
    static final List<TableSchema> TABLES = List.of(table(INT_TABLE), table(COMMON_TABLE));

    private Keys() {}

    private static TableSchema table(long id) {
        TableSchema.Builder builder =
                TableSchema.builder(id, "sim", "t" + id)
                        .column(
                                1,
                                "id",
                                FieldType.of(
                                        FieldType.LONGLONG,
                                        FieldType.NOT_NULL_FLAG | FieldType.PRIMARY_KEY_FLAG,
                                        20,
                                        0))
                        .column(VALUE_COLUMN, "value", FieldType.of(FieldType.LONGLONG, 0, 20, 0))
                        .column(
                                PADDING_COLUMN,
                                "padding",
                                FieldType.text(FieldType.VARCHAR, 0, 1000, FieldType.UTF8MB4_BIN));
        return id == INT_TABLE ? builder.pkIsHandle().build() : builder.commonHandle("id").build();
    }

    /** What a query needs to know a row. */
    static List<ColumnSchema> readColumns(TableSchema table) {
        return table.columns().subList(0, 2);
    }

    /** The slot of a row of a table by its id column. */
    static int slot(long tableId, long id) {
        return (int) id + (tableId == INT_TABLE ? PER_TABLE / 2 : PER_TABLE);
    }

    static Key raw(int slot) {
        return slot < PER_TABLE
                ? TableKeys.recordKey(INT_TABLE, slot - PER_TABLE / 2)
                : TableKeys.recordKey(
                        COMMON_TABLE,
                        ByteBuffer.allocate(9)
                                .put((byte) 3)
                                .putLong((slot - PER_TABLE) ^ Long.MIN_VALUE)
                                .array());
    }

    static Key encoded(int slot) {
        return Memcomparable.encode(raw(slot));
    }

    /** The range of slots [from, to); the first and the last region have no outer bound. */
    static KeyRange range(int from, int to) {
        return new KeyRange(
                from == 0 ? Key.EMPTY : encoded(from), to == COUNT ? Key.EMPTY : encoded(to));
    }

    /** A row; long ones travel in the default column family. */
    static Key row(long value, boolean isLong) {
        return Key.wrap(
                new RowV2Writer()
                        .putInt(VALUE_COLUMN, value)
                        .putString(PADDING_COLUMN, "x".repeat(isLong ? 300 : 3))
                        .toBytes());
    }
}
