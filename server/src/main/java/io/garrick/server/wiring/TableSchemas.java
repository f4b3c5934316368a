package io.garrick.server.wiring;

import io.garrick.codec.schema.TableSchema;
import io.garrick.kv.ClusterException;
import io.garrick.mergetree.SchemaProvider;
import io.garrick.schemasync.SchemaSync;
import io.garrick.schemasync.SchemaView;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The followed schema as the column store sees it. A table that is not known is asked for once
 * more.
 */
final class TableSchemas implements SchemaProvider {
    private static final Logger log = LoggerFactory.getLogger(TableSchemas.class);

    private final SchemaSync schemas;

    TableSchemas(SchemaSync schemas) {
        this.schemas = schemas;
    }

    @Override
    public Optional<TableSchema> byPhysicalId(long physicalTableId) {
        Optional<TableSchema> known = find(schemas.current(), physicalTableId);
        if (known.isPresent()) {
            return known;
        }
        try {
            return find(schemas.syncNow(), physicalTableId);
        } catch (ClusterException e) {
            log.warn("schema of a table cannot be read tableId={}", physicalTableId, e);
            return Optional.empty();
        }
    }

    /** Rows of a dropped table may still arrive, and old reads may still want them. */
    private static Optional<TableSchema> find(SchemaView view, long physicalTableId) {
        return view.byPhysicalId(physicalTableId)
                .or(() ->
                        view.tombstones().stream()
                                .map(SchemaView.Tombstone::table)
                                .filter(table -> table.allPhysicalIds().contains(physicalTableId))
                                .map(table -> table.forPartition(physicalTableId))
                                .findFirst());
    }
}
