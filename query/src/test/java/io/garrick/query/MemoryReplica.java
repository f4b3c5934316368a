package io.garrick.query;

import io.garrick.base.Timestamp;
import io.garrick.codec.schema.TableSchema;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Tables in memory, the same at every timestamp. */
final class MemoryReplica implements Replica, AutoCloseable {
    static final Timestamp NOW = new Timestamp(1_000_000);
    static final Timestamp SAFEPOINT = new Timestamp(500);

    private final List<MemoryTable> tables;
    private final AtomicInteger openViews = new AtomicInteger();
    private volatile boolean ready = true;

    MemoryReplica(List<MemoryTable> tables) {
        this.tables = List.copyOf(tables);
    }

    void setReady(boolean nowReady) {
        ready = nowReady;
    }

    int openViews() {
        return openViews.get();
    }

    @Override
    public Timestamp currentTimestamp() {
        return NOW;
    }

    @Override
    public Timestamp safepoint() {
        return SAFEPOINT;
    }

    @Override
    public Catalog catalog(Timestamp ts) {
        return Catalog.of(1, tables.stream().map(MemoryTable::schema).toList());
    }

    @Override
    public TableView open(TableSchema table, Timestamp ts, ReadOptions options)
            throws NotReadyException {
        if (!ready) {
            throw new NotReadyException("region 7 has not applied index 42");
        }
        TableView view = table(table).view();
        openViews.incrementAndGet();
        return new TableView() {
            private boolean closed;

            @Override
            public long maxRowCount() {
                return view.maxRowCount();
            }

            @Override
            public List<io.garrick.mergetree.Morsel> morsels(io.garrick.mergetree.ScanSpec spec)
                    throws java.io.IOException {
                return view.morsels(spec);
            }

            @Override
            public void close() {
                if (!closed) {
                    closed = true;
                    openViews.decrementAndGet();
                }
            }
        };
    }

    @Override
    public long estimatedRows(TableSchema table) {
        return table(table).rowCount();
    }

    private MemoryTable table(TableSchema schema) {
        return tables.stream()
                .filter(table -> table.schema().logicalId() == schema.logicalId())
                .findFirst()
                .orElseThrow();
    }

    @Override
    public void close() {
        tables.forEach(MemoryTable::close);
    }
}
