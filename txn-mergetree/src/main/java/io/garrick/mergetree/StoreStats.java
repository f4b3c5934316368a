package io.garrick.mergetree;

import java.util.List;

/** A moment's sizes. */
public record StoreStats(List<Table> tables, long safepoint) {
    public StoreStats {
        tables = List.copyOf(tables);
    }

    /**
     * Sizes of one table.
     *
     * @param partRows versions in parts, dead ones included
     * @param deadRows versions in parts that have been killed
     * @param memtableRows versions in memory, not flushed
     */
    public record Table(
            long tableId,
            int partCount,
            long partRows,
            long deadRows,
            long partBytes,
            long memtableRows,
            long memtableBytes) {}

    public long partCount() {
        return tables.stream().mapToLong(Table::partCount).sum();
    }

    public long partRows() {
        return tables.stream().mapToLong(Table::partRows).sum();
    }

    public long partBytes() {
        return tables.stream().mapToLong(Table::partBytes).sum();
    }

    public long memtableRows() {
        return tables.stream().mapToLong(Table::memtableRows).sum();
    }

    public long memtableBytes() {
        return tables.stream().mapToLong(Table::memtableBytes).sum();
    }
}
