package io.garrick.mergetree;

import io.garrick.base.Key;
import io.garrick.codec.row.ArrowTypes;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.TableSchema;
import io.garrick.mergetree.part.PartColumn;
import io.garrick.mergetree.part.PartReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Says which pages of a part cannot hold a row that matches a scan's filters. */
final class ZonePruner {
    private record Rule(ZoneFilter filter, int column, PartColumn.Order order) {}

    private final PartReader reader;
    private final List<Rule> rules = new ArrayList<>();

    ZonePruner(PartReader reader, ScanSpec spec) {
        this.reader = reader;
        for (ZoneFilter filter : spec.filters()) {
            int column = storedColumn(spec.table(), filter.columnId());
            if (column >= 0) {
                rules.add(new Rule(filter, column, reader.column(column).order()));
            }
        }
    }

    /** -1 if the part has no bounds that can be compared with the query's. */
    private int storedColumn(TableSchema table, long columnId) {
        Optional<ColumnSchema> column = table.column(columnId);
        int stored = reader.columnIndex(columnId);
        if (column.isEmpty() || stored < 0) {
            return -1;
        }
        // After a change of type the bounds could be in another order or unit.
        boolean same =
                PartColumn.of(columnId, ArrowTypes.field(column.get()))
                        .field()
                        .getType()
                        .equals(reader.column(stored).field().getType());
        return same ? stored : -1;
    }

    boolean mayMatch(int page) {
        for (Rule rule : rules) {
            if (!mayMatch(rule, page)) {
                return false;
            }
        }
        return true;
    }

    private boolean mayMatch(Rule rule, int page) {
        int nulls = reader.nullCount(rule.column(), page);
        if (rule.filter() instanceof ZoneFilter.IsNull) {
            return nulls > 0;
        }
        if (nulls == reader.pageRows(page)) {
            return false;
        }
        return switch (rule.filter()) {
            case ZoneFilter.IsNull _, ZoneFilter.IsNotNull _ -> true;
            case ZoneFilter.LongRange(_, long min, long max) -> longs(rule, page, min, max);
            case ZoneFilter.DoubleRange(_, double min, double max) ->
                    rule.order() != PartColumn.Order.DOUBLE
                            || (bound(reader.maxLong(rule.column(), page)) >= min
                                    && bound(reader.minLong(rule.column(), page)) <= max);
            case ZoneFilter.BytesRange(_, Key min, Key max) ->
                    rule.order() != PartColumn.Order.BYTES || bytes(rule, page, min, max);
        };
    }

    private boolean longs(Rule rule, int page, long min, long max) {
        return switch (rule.order()) {
            case SIGNED ->
                    reader.maxLong(rule.column(), page) >= min
                            && reader.minLong(rule.column(), page) <= max;
            case UNSIGNED ->
                    Long.compareUnsigned(reader.maxLong(rule.column(), page), min) >= 0
                            && Long.compareUnsigned(reader.minLong(rule.column(), page), max) <= 0;
            case NONE, DOUBLE, BYTES -> true;
        };
    }

    private boolean bytes(Rule rule, int page, Key min, Key max) {
        byte[] upper = reader.maxBytes(rule.column(), page);
        byte[] lower = reader.minBytes(rule.column(), page);
        return (upper.length == 0 || Arrays.compareUnsigned(upper, min.unsafeBytes()) >= 0)
                && Arrays.compareUnsigned(lower, max.unsafeBytes()) <= 0;
    }

    private static double bound(long bits) {
        return Double.longBitsToDouble(bits);
    }
}
