package io.garrick.query.flight;

import io.garrick.codec.schema.TableSchema;
import io.garrick.query.Catalog;
import io.garrick.query.Describe;
import io.garrick.query.sql.Like;
import io.garrick.query.sql.SqlPlanner;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flight.sql.impl.FlightSql.CommandGetDbSchemas;
import org.apache.arrow.flight.sql.impl.FlightSql.CommandGetPrimaryKeys;
import org.apache.arrow.flight.sql.impl.FlightSql.CommandGetTables;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.WriteChannel;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/** Rows of Flight SQL's catalog calls. There is one catalog; MySQL's databases are its schemas. */
final class CatalogRows {
    /** MySQL's name for the only catalog (information_schema, TABLE_CATALOG). */
    static final String CATALOG = "def";

    static final String TABLE_TYPE = "TABLE";

    private CatalogRows() {}

    static List<@Nullable Object[]> databases(Catalog catalog, CommandGetDbSchemas command) {
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (Catalog.Database database : catalog.databases()) {
            if (isCatalog(command.hasCatalog(), command.getCatalog())
                    && matches(
                            command.hasDbSchemaFilterPattern(),
                            command.getDbSchemaFilterPattern(),
                            database.name())) {
                rows.add(new @Nullable Object[] {CATALOG, database.name()});
            }
        }
        return rows;
    }

    static List<@Nullable Object[]> tables(Catalog catalog, CommandGetTables command) {
        List<@Nullable Object[]> rows = new ArrayList<>();
        if (!isCatalog(command.hasCatalog(), command.getCatalog())
                || (command.getTableTypesCount() > 0
                        && command.getTableTypesList().stream()
                                .noneMatch(TABLE_TYPE::equalsIgnoreCase))) {
            return rows;
        }
        for (Catalog.Database database : catalog.databases()) {
            if (!matches(
                    command.hasDbSchemaFilterPattern(),
                    command.getDbSchemaFilterPattern(),
                    database.name())) {
                continue;
            }
            for (TableSchema table : database.tables()) {
                if (matches(
                        command.hasTableNameFilterPattern(),
                        command.getTableNameFilterPattern(),
                        table.name())) {
                    rows.add(row(database, table, command.getIncludeSchema()));
                }
            }
        }
        return rows;
    }

    private static @Nullable Object[] row(
            Catalog.Database database, TableSchema table, boolean withSchema) {
        return withSchema
                ? new @Nullable Object[] {
                    CATALOG,
                    database.name(),
                    table.name(),
                    TABLE_TYPE,
                    bytes(SqlPlanner.schemaOf(table))
                }
                : new @Nullable Object[] {CATALOG, database.name(), table.name(), TABLE_TYPE};
    }

    static List<@Nullable Object[]> primaryKeys(Catalog catalog, CommandGetPrimaryKeys command) {
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (Catalog.Database database : catalog.databases()) {
            if (command.hasDbSchema() && !database.name().equalsIgnoreCase(command.getDbSchema())) {
                continue;
            }
            for (TableSchema table : database.tables()) {
                if (!table.name().equalsIgnoreCase(command.getTable())) {
                    continue;
                }
                int sequence = 1;
                for (String column : Describe.primaryKey(table)) {
                    rows.add(
                            new @Nullable Object[] {
                                CATALOG,
                                database.name(),
                                table.name(),
                                column,
                                sequence++,
                                "PRIMARY"
                            });
                }
            }
        }
        return rows;
    }

    private static boolean isCatalog(boolean asked, String name) {
        return !asked || name.isEmpty() || name.equalsIgnoreCase(CATALOG);
    }

    private static boolean matches(boolean asked, String pattern, String name) {
        return !asked || Like.matches(name, pattern);
    }

    /** A schema as an encapsulated IPC message. */
    static byte[] bytes(Schema schema) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            MessageSerializer.serialize(new WriteChannel(Channels.newChannel(out)), schema);
        } catch (IOException impossible) {
            throw new IllegalStateException(impossible);
        }
        return out.toByteArray();
    }

    static void fill(VectorSchemaRoot root, List<@Nullable Object[]> rows) {
        root.allocateNew();
        for (int column = 0; column < root.getFieldVectors().size(); column++) {
            FieldVector vector = root.getVector(column);
            for (int row = 0; row < rows.size(); row++) {
                set(vector, row, rows.get(row)[column]);
            }
        }
        root.setRowCount(rows.size());
    }

    private static void set(FieldVector vector, int row, @Nullable Object value) {
        switch (value) {
            case null -> vector.setNull(row);
            case String text ->
                    ((VarCharVector) vector).setSafe(row, text.getBytes(StandardCharsets.UTF_8));
            case byte[] bytes -> ((VarBinaryVector) vector).setSafe(row, bytes);
            case Integer number -> ((IntVector) vector).setSafe(row, number);
            default -> throw new IllegalArgumentException(value.toString());
        }
    }
}
