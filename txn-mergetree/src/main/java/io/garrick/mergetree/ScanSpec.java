package io.garrick.mergetree;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.TableSchema;
import java.util.List;

/**
 * What a scan wants.
 *
 * @param table the schema that the query was planned with
 * @param columns columns of the batches, in this order; may be empty (to count rows)
 * @param ranges rows outside are never visible; empty list: the whole table
 * @param filters all must hold; used to skip pages
 */
public record ScanSpec(
        TableSchema table,
        List<ColumnSchema> columns,
        List<HandleRange> ranges,
        List<ZoneFilter> filters) {
    public ScanSpec {
        columns = List.copyOf(columns);
        ranges = List.copyOf(ranges);
        filters = List.copyOf(filters);
    }

    public static ScanSpec of(TableSchema table, List<ColumnSchema> columns) {
        return new ScanSpec(table, columns, List.of(), List.of());
    }
}
