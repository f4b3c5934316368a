package io.garrick.bench.storage;

import io.garrick.base.Timestamp;
import io.garrick.codec.schema.TableSchema;
import io.garrick.mergetree.Morsel;
import io.garrick.mergetree.ReadTooOldException;
import io.garrick.mergetree.ScanSpec;
import io.garrick.mergetree.Snapshot;
import io.garrick.mergetree.TableStore;
import io.garrick.query.Catalog;
import io.garrick.query.NotReadyException;
import io.garrick.query.ReadOptions;
import io.garrick.query.Replica;
import io.garrick.query.TableView;
import java.io.IOException;
import java.util.List;

/** What the query engine reads, without a cluster around it: everything is there already. */
final class StoreReplica implements Replica {
    private final TableStore store;
    private final List<TableSchema> tables;
    private final Timestamp now;

    StoreReplica(TableStore store, List<TableSchema> tables, long now) {
        this.store = store;
        this.tables = List.copyOf(tables);
        this.now = new Timestamp(now);
    }

    @Override
    public Timestamp currentTimestamp() {
        return now;
    }

    @Override
    public Timestamp safepoint() {
        return store.safepoint();
    }

    @Override
    public Catalog catalog(Timestamp ts) {
        return Catalog.of(1, tables);
    }

    @Override
    public TableView open(TableSchema table, Timestamp ts, ReadOptions options)
            throws NotReadyException {
        try {
            Snapshot snapshot = store.pin(table.physicalId(), ts);
            return new TableView() {
                @Override
                public long maxRowCount() {
                    return snapshot.maxRowCount();
                }

                @Override
                public List<Morsel> morsels(ScanSpec spec) throws IOException {
                    return snapshot.morsels(spec);
                }

                @Override
                public void close() {
                    snapshot.close();
                }
            };
        } catch (IOException | ReadTooOldException failure) {
            throw new NotReadyException("cannot be read: " + failure.getMessage(), failure);
        }
    }

    @Override
    public long estimatedRows(TableSchema table) {
        return Math.max(1, store.estimatedRows(table.physicalId()));
    }
}
