package io.garrick.bench.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.MetaKeys;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.DbInfoJson;
import io.garrick.codec.schema.DbSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.IndexSchema;
import io.garrick.codec.schema.SchemaDiff;
import io.garrick.codec.schema.SchemaDiffJson;
import io.garrick.codec.schema.SchemaState;
import io.garrick.codec.schema.TableInfoJson;
import io.garrick.codec.schema.TableSchema;
import io.garrick.schemasync.MetaStore;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * The meta keys of a cluster with many tables, made while they are read, so that they take no
 * memory. Tables have 4 to 20 columns of eight kinds, and two indexes.
 */
final class ManyTables implements MetaStore {
    static final int TABLES_PER_DATABASE = 1_000;

    private static final int VERSION = 4_711;
    private static final long TEMPLATE_ID = 987_654_321;
    private static final long FIRST_ID = 1_000_000;
    private static final int SHAPES = 40;

    private final int tables;
    private final String[] templates = new String[SHAPES];

    ManyTables(int tables) {
        this.tables = tables;
        for (int shape = 0; shape < SHAPES; shape++) {
            templates[shape] = new String(TableInfoJson.emit(template(shape)), UTF_8);
        }
    }

    static long id(int table) {
        return FIRST_ID + (long) table;
    }

    static String name(int table) {
        return "table_" + id(table);
    }

    private static TableSchema template(int shape) {
        TableSchema.Builder table =
                TableSchema.builder(TEMPLATE_ID, "", "table_" + TEMPLATE_ID)
                        .updateTimestamp(TEMPLATE_ID << 18)
                        .column(
                                1,
                                "id",
                                FieldType.of(
                                        FieldType.LONGLONG,
                                        FieldType.NOT_NULL_FLAG | FieldType.PRIMARY_KEY_FLAG,
                                        20,
                                        0))
                        .pkIsHandle();
        int columns = 4 + shape * 16 / SHAPES;
        for (int id = 2; id <= columns; id++) {
            table.column(column(id, shape));
        }
        for (int index = 1; index <= 2; index++) {
            List<IndexSchema.IndexColumn> parts =
                    List.of(
                            new IndexSchema.IndexColumn(
                                    "c" + (index + 1) + "_" + shape % 7, index, -1));
            table.index(
                    new IndexSchema(
                            index,
                            "idx_" + index,
                            parts,
                            SchemaState.PUBLIC,
                            IndexSchema.BTREE,
                            false,
                            false,
                            false,
                            false));
        }
        return table.build();
    }

    private static ColumnSchema column(int id, int shape) {
        FieldType type =
                switch ((id + shape) % 8) {
                    case 0 -> FieldType.of(FieldType.LONG, 0, 11, 0);
                    case 1 ->
                            FieldType.text(
                                    FieldType.VARCHAR,
                                    0,
                                    32L * (1 + shape % 8),
                                    FieldType.UTF8MB4_BIN);
                    case 2 -> FieldType.of(FieldType.DATETIME, FieldType.NOT_NULL_FLAG, 19, 0);
                    case 3 -> FieldType.of(FieldType.NEW_DECIMAL, 0, 10 + shape % 10, 2);
                    case 4 -> FieldType.members(FieldType.ENUM, 0, List.of("new", "paid", "sent"));
                    case 5 -> FieldType.of(FieldType.DOUBLE, 0, 22, -1);
                    case 6 -> FieldType.of(FieldType.JSON, 0, -1, 0);
                    default -> FieldType.text(FieldType.BLOB, 0, 65_535, FieldType.UTF8MB4_BIN);
                };
        return ColumnSchema.of(id, "c" + id + "_" + shape % 7, type);
    }

    private byte[] json(int table) {
        return templates[table % SHAPES]
                .replace(Long.toString(TEMPLATE_ID), Long.toString(id(table)))
                .getBytes(UTF_8);
    }

    @Override
    public Timestamp now() {
        return new Timestamp(1L << 40);
    }

    @Override
    public Reader at(Timestamp ts) {
        return new Reader() {
            @Override
            public Optional<byte[]> get(Key key) {
                if (key.equals(MetaKeys.schemaVersion())) {
                    return Optional.of(MetaKeys.decimalText(VERSION));
                }
                SchemaDiff diff =
                        new SchemaDiff(
                                VERSION, 3, 1, id(0), 0, 0, false, false, List.of(), List.of());
                return key.equals(MetaKeys.diff(VERSION))
                        ? Optional.of(SchemaDiffJson.emit(diff))
                        : Optional.empty();
            }

            @Override
            public void scan(KeyRange range, BiConsumer<Key, byte[]> entries) {
                int databases = (tables + TABLES_PER_DATABASE - 1) / TABLES_PER_DATABASE;
                for (int db = 1; db <= databases; db++) {
                    if (range.equals(MetaKeys.databases())) {
                        DbSchema info =
                                new DbSchema(
                                        db,
                                        "db" + db,
                                        "utf8mb4",
                                        FieldType.UTF8MB4_BIN,
                                        SchemaState.PUBLIC);
                        entries.accept(MetaKeys.database(db), DbInfoJson.emit(info));
                    } else if (range.equals(MetaKeys.tables(db))) {
                        int end = Math.min(db * TABLES_PER_DATABASE, tables);
                        for (int i = (db - 1) * TABLES_PER_DATABASE; i < end; i++) {
                            entries.accept(MetaKeys.table(db, id(i)), json(i));
                        }
                    }
                }
            }
        };
    }
}
