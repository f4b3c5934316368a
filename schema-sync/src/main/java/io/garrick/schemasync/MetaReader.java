package io.garrick.schemasync;

import io.garrick.codec.CodecException;
import io.garrick.codec.key.MetaKeys;
import io.garrick.codec.schema.DbInfoJson;
import io.garrick.codec.schema.DbSchema;
import io.garrick.codec.schema.SchemaDiff;
import io.garrick.codec.schema.SchemaDiffJson;
import io.garrick.codec.schema.SharedParts;
import io.garrick.codec.schema.TableInfoJson;
import io.garrick.codec.schema.TableSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** TiDB's meta documents as of one timestamp (TiDB, pkg/meta/meta.go). */
final class MetaReader {
    private static final Logger log = LoggerFactory.getLogger(MetaReader.class);

    private final MetaStore.Reader reader;
    private final boolean newCollation;
    private final SharedParts shared = new SharedParts();

    /**
     * @param newCollation whether strings in keys are sort keys; {@link ClusterSettings} says so
     */
    MetaReader(MetaStore.Reader reader, boolean newCollation) {
        this.reader = reader;
        this.newCollation = newCollation;
    }

    boolean newCollation() {
        return newCollation;
    }

    /** Zero if no schema was ever written. */
    long version() {
        return reader.get(MetaKeys.schemaVersion()).map(MetaKeys::decimalValue).orElse(0L);
    }

    Optional<SchemaDiff> diff(long version) {
        return reader.get(MetaKeys.diff(version)).map(SchemaDiffJson::parse);
    }

    List<DbSchema> databases() {
        List<DbSchema> found = new ArrayList<>();
        reader.scan(
                MetaKeys.databases(),
                (key, value) -> {
                    if (MetaKeys.parse(key).fieldText().startsWith("DB:")) {
                        found.add(DbInfoJson.parse(value));
                    }
                });
        return found;
    }

    Optional<DbSchema> database(long id) {
        return reader.get(MetaKeys.database(id)).map(DbInfoJson::parse);
    }

    /** Without views, sequences and temporary tables, which have no rows to follow. */
    List<TableSchema> tables(DbSchema db) {
        List<TableSchema> found = new ArrayList<>();
        reader.scan(
                MetaKeys.tables(db.id()),
                (key, value) -> {
                    if (MetaKeys.parse(key).fieldText().startsWith("Table:")) {
                        parse(db, value).ifPresent(found::add);
                    }
                });
        return found;
    }

    Optional<TableSchema> table(DbSchema db, long tableId) {
        return reader.get(MetaKeys.table(db.id(), tableId)).flatMap(json -> parse(db, json));
    }

    private Optional<TableSchema> parse(DbSchema db, byte[] json) {
        TableSchema table;
        try {
            table = TableInfoJson.parse(db.name(), json, shared);
        } catch (CodecException e) {
            // One document we cannot read must not hide all the others.
            log.warn("table description unreadable db={} {}", db.name(), e.getMessage());
            return Optional.empty();
        }
        if (table.kind() != TableSchema.Kind.TABLE) {
            return Optional.empty();
        }
        return Optional.of(newCollation ? table : table.withNewCollation(false));
    }
}
