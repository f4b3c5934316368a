package io.garrick.schemasync;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.garrick.base.Key;
import io.garrick.codec.key.RecordKey;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.row.PlainRowDecoder;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.DbSchema;
import io.garrick.codec.schema.TableSchema;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What TiDB's table {@code mysql.tidb} says about the whole cluster, read as any other table: name
 * and value, one setting a row (TiDB, pkg/session/bootstrap.go).
 */
final class ClusterSettings {
    private static final String DATABASE = "mysql";
    private static final String TABLE = "tidb";
    private static final String BOOTSTRAPPED = "bootstrapped";
    private static final String NEW_COLLATION = "new_collation_enabled";

    private ClusterSettings() {}

    /**
     * Whether strings in keys are sort keys. Decided when TiDB bootstraps, and never changed: empty
     * before that. A cluster whose table does not say so was bootstrapped by a version without the
     * framework. A cluster without that table, as the embedded one, has it.
     */
    static Optional<Boolean> newCollation(MetaStore.Reader reader) {
        MetaReader meta = new MetaReader(reader, true);
        if (meta.version() == 0) {
            return Optional.empty();
        }
        Optional<DbSchema> mysql =
                meta.databases().stream()
                        .filter(db -> db.name().equalsIgnoreCase(DATABASE))
                        .findFirst();
        Optional<TableSchema> table =
                mysql.flatMap(db ->
                        meta.tables(db).stream()
                                .filter(candidate -> candidate.name().equalsIgnoreCase(TABLE))
                                .findFirst());
        if (table.isEmpty()) {
            return Optional.of(true);
        }
        Map<String, String> settings = settings(reader, table.get());
        return isTrue(settings, BOOTSTRAPPED)
                ? Optional.of(isTrue(settings, NEW_COLLATION))
                : Optional.empty();
    }

    private static boolean isTrue(Map<String, String> settings, String name) {
        return "True".equals(settings.get(name));
    }

    private static Map<String, String> settings(MetaStore.Reader reader, TableSchema table) {
        List<ColumnSchema> columns =
                List.of(column(table, "variable_name"), column(table, "variable_value"));
        PlainRowDecoder decoder = new PlainRowDecoder(table, columns);
        Map<String, String> found = new HashMap<>();
        reader.scan(
                TableKeys.recordRange(table.physicalId()),
                (key, value) -> {
                    List<@Nullable Object> row = decoder.decode(RecordKey.parse(key), value);
                    found.put(text(row.get(0)), text(row.get(1)));
                });
        return found;
    }

    private static ColumnSchema column(TableSchema table, String name) {
        return table.column(name)
                .orElseThrow(() ->
                        new IllegalArgumentException(DATABASE + "." + TABLE + " without " + name));
    }

    private static String text(@Nullable Object value) {
        return value instanceof Key bytes
                ? new String(bytes.unsafeBytes(), UTF_8)
                : String.valueOf(value);
    }
}
