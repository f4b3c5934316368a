package io.garrick.query;

import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Databases and their tables at one schema version. Names compare without case. */
public final class Catalog {
    private final long version;
    private final Map<String, Database> databases = new TreeMap<>();

    /**
     * A database and its tables.
     *
     * @param charset that new tables inherit
     */
    public record Database(String name, List<TableSchema> tables, String charset, String collate) {
        public Database {
            tables = List.copyOf(tables);
        }

        /** With TiDB's default charset. */
        public Database(String name, List<TableSchema> tables) {
            this(name, tables, "utf8mb4", FieldType.UTF8MB4_BIN);
        }
    }

    /**
     * @param version equal versions promise equal content
     */
    public Catalog(long version, List<Database> databases) {
        this.version = version;
        for (Database database : databases) {
            this.databases.put(key(database.name()), database);
        }
    }

    /** Databases named by the tables themselves. */
    public static Catalog of(long version, List<TableSchema> tables) {
        Map<String, List<TableSchema>> byDatabase = new TreeMap<>();
        for (TableSchema table : tables) {
            byDatabase.computeIfAbsent(table.dbName(), _ -> new ArrayList<>()).add(table);
        }
        return new Catalog(
                version,
                byDatabase.entrySet().stream()
                        .map(entry -> new Database(entry.getKey(), entry.getValue()))
                        .toList());
    }

    public long version() {
        return version;
    }

    /** Sorted by name. */
    public List<Database> databases() {
        return List.copyOf(databases.values());
    }

    public Optional<Database> database(String name) {
        return Optional.ofNullable(databases.get(key(name)));
    }

    public Optional<TableSchema> table(String database, String table) {
        return database(database).stream()
                .flatMap(found -> found.tables().stream())
                .filter(found -> found.name().equalsIgnoreCase(table))
                .findFirst();
    }

    private static String key(String name) {
        return name.toLowerCase(Locale.ROOT);
    }
}
