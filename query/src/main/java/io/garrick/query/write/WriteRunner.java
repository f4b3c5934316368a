package io.garrick.query.write;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import io.garrick.query.QueryException;
import io.garrick.query.QueryException.Kind;
import io.garrick.query.ResultStream;
import io.garrick.query.sql.Plan;
import io.garrick.query.sql.WritePlan;
import io.garrick.query.write.StatementWriter.RowKey;
import io.garrick.query.write.StatementWriter.Rows;
import io.garrick.query.write.StatementWriter.StoredRow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Carries out a {@link WritePlan} in one transaction.
 *
 * <p>Rows that change are found by a query at the transaction's start, then read again, whole and
 * without loss, from the row store at the same timestamp. A row changed since is a conflict at
 * commit, so no update is lost. One thread uses it, once.
 */
public final class WriteRunner {
    private static final int ROWS_AT_ONCE = 4096;

    /** ON UPDATE CURRENT_TIMESTAMP (TiDB, pkg/parser/mysql/type.go, OnUpdateNowFlag). */
    private static final long ON_UPDATE_NOW_FLAG = 1 << 13;

    private final TableSchema table;
    private final Rows rows;
    private final long nowMillis;
    private final Function<Plan, ResultStream> queries;
    private long rowNumber;

    /**
     * Collects changes for one table.
     *
     * @param queries runs a query at the transaction's start; the runner closes the result
     */
    public WriteRunner(
            TableSchema table,
            StatementWriter.Transaction transaction,
            Function<Plan, ResultStream> queries) {
        this.table = table;
        this.rows = transaction.rows(table);
        this.nowMillis = transaction.startTs().physicalMillis();
        this.queries = queries;
    }

    /** Gives the changes to the transaction. Returns how many rows it found or made. */
    public long run(WritePlan plan) {
        switch (plan) {
            case WritePlan.Insert insert -> insert(insert);
            case WritePlan.InsertSelect insert -> insert(insert);
            case WritePlan.Update update ->
                    forEachFound(update.find(), (key, result) -> update(update, key, result));
            case WritePlan.Delete delete ->
                    forEachFound(delete.find(), (row, _) -> rows.delete(row));
        }
        return rowNumber;
    }

    // ---- INSERT

    private void insert(WritePlan.Insert insert) {
        List<@Nullable Object> computed = insert.computed().map(this::onlyRow).orElseGet(List::of);
        for (List<WritePlan.Cell> cells : insert.rows()) {
            rowNumber++;
            Row row = new Row();
            for (int i = 0; i < cells.size(); i++) {
                row.set(insert.offsets().get(i), cells.get(i), computed);
            }
            rows.insert(row.finish());
        }
    }

    private void insert(WritePlan.InsertSelect insert) {
        try (ResultStream result = queries.apply(insert.query())) {
            while (result.next()) {
                for (int i = 0; i < result.batch().getRowCount(); i++) {
                    rowNumber++;
                    Row row = new Row();
                    List<@Nullable Object> values = values(result, i);
                    for (int c = 0; c < values.size(); c++) {
                        row.set(
                                insert.offsets().get(c),
                                new WritePlan.Computed(c, insert.position()),
                                values);
                    }
                    rows.insert(row.finish());
                }
            }
        }
    }

    private List<@Nullable Object> onlyRow(Plan plan) {
        try (ResultStream result = queries.apply(plan)) {
            List<@Nullable Object> row = null;
            while (result.next()) {
                if (result.batch().getRowCount() > 0) {
                    row = values(result, 0);
                }
            }
            return Objects.requireNonNull(row, "an expression without a value");
        }
    }

    private static List<@Nullable Object> values(ResultStream result, int row) {
        List<@Nullable Object> values = new ArrayList<>();
        for (int c = 0; c < result.batch().getFieldVectors().size(); c++) {
            values.add(ArrowValues.of(result.batch().getVector(c), row));
        }
        return values;
    }

    /** A row under construction. */
    private final class Row {
        private final @Nullable Object[] values = new Object[table.columns().size()];
        private final boolean[] given = new boolean[values.length];

        void set(int offset, WritePlan.Cell cell, List<@Nullable Object> computed) {
            ColumnSchema column = table.columns().get(offset);
            given[offset] = true;
            values[offset] = value(column, cell, computed, true);
        }

        List<@Nullable Object> finish() {
            for (ColumnSchema column : table.columns()) {
                if (!given[column.offset()]) {
                    values[column.offset()] = missing(column);
                }
            }
            return Arrays.asList(values);
        }

        private @Nullable Object missing(ColumnSchema column) {
            if (column.type().hasFlag(FieldType.AUTO_INCREMENT_FLAG)) {
                return rows.nextAutoValue();
            }
            try {
                return ColumnValues.defaultOf(column, nowMillis);
            } catch (ValueRefusedException refused) {
                if (!column.isPublic()) {
                    return null;
                }
                throw refused("", refused.getMessage());
            }
        }
    }

    private @Nullable Object value(
            ColumnSchema column,
            WritePlan.Cell cell,
            List<@Nullable Object> computed,
            boolean inserts) {
        try {
            Object value =
                    switch (cell) {
                        case WritePlan.Constant(Object constant, _) -> constant;
                        case WritePlan.Computed(int index, _) -> computed.get(index);
                        case WritePlan.Default _ -> {
                            if (inserts && column.type().hasFlag(FieldType.AUTO_INCREMENT_FLAG)) {
                                yield rows.nextAutoValue();
                            }
                            yield ColumnValues.defaultOf(column, nowMillis);
                        }
                    };
            if (cell instanceof WritePlan.Default) {
                if (value == null && column.isNotNull()) {
                    throw new ValueRefusedException(
                            "Field '" + column.name() + "' doesn't have a default value");
                }
                return value;
            }
            if (value == null) {
                if (inserts && column.type().hasFlag(FieldType.AUTO_INCREMENT_FLAG)) {
                    return rows.nextAutoValue();
                }
                if (column.isNotNull()) {
                    throw new ValueRefusedException(
                            "Column '" + column.name() + "' cannot be null");
                }
                return null;
            }
            Object converted = ColumnValues.convert(column, value);
            if (inserts
                    && column.type().hasFlag(FieldType.AUTO_INCREMENT_FLAG)
                    && converted.equals(0L)) {
                return rows.nextAutoValue();
            }
            return converted;
        } catch (ValueRefusedException refused) {
            throw refused(cell.position(), refused.getMessage() + rowSuffix(refused));
        }
    }

    private String rowSuffix(ValueRefusedException refused) {
        String text = String.valueOf(refused.getMessage());
        return text.startsWith("Column") || text.startsWith("Field") ? "" : " at row " + rowNumber;
    }

    private static QueryException refused(String position, @Nullable String text) {
        return new QueryException(Kind.INVALID, position + text);
    }

    // ---- UPDATE and DELETE

    private interface Found {
        void row(StoredRow stored, List<@Nullable Object> computed);
    }

    private void forEachFound(Plan find, Found action) {
        List<RowKey> keys = new ArrayList<>();
        List<List<@Nullable Object>> computed = new ArrayList<>();
        try (ResultStream result = queries.apply(find)) {
            while (result.next()) {
                for (int i = 0; i < result.batch().getRowCount(); i++) {
                    List<@Nullable Object> found = values(result, i);
                    keys.add(key(found));
                    computed.add(found);
                }
            }
        }
        for (int from = 0; from < keys.size(); from += ROWS_AT_ONCE) {
            int to = Math.min(keys.size(), from + ROWS_AT_ONCE);
            List<StoredRow> stored = rows.read(keys.subList(from, to));
            for (int i = from; i < to; i++) {
                rowNumber++;
                action.row(stored.get(i - from), computed.get(i));
            }
        }
    }

    private RowKey key(List<@Nullable Object> found) {
        if (!table.isCommonHandle()) {
            Object handle = Objects.requireNonNull(found.getFirst(), "a row without a handle");
            return new RowKey.IntHandle(((Number) handle).longValue());
        }
        @Nullable Object[] values = new Object[table.columns().size()];
        List<TableSchema.KeyColumn> parts = table.commonHandleColumns();
        for (int i = 0; i < parts.size(); i++) {
            ColumnSchema column = parts.get(i).column();
            Object value = found.get(i);
            if (value == null) {
                throw new QueryException(
                        Kind.UNSUPPORTED,
                        "a row with a zero date in its primary key cannot be changed");
            }
            values[column.offset()] = ColumnValues.convert(column, value);
        }
        return new RowKey.Clustered(Arrays.asList(values));
    }

    private void update(
            WritePlan.Update update, StoredRow stored, List<@Nullable Object> computed) {
        List<@Nullable Object> after = new ArrayList<>(stored.values());
        boolean[] assigned = new boolean[after.size()];
        for (WritePlan.Assignment assignment : update.assignments()) {
            ColumnSchema column = table.columns().get(assignment.offset());
            assigned[column.offset()] = true;
            after.set(column.offset(), value(column, assignment.cell(), computed, false));
        }
        for (ColumnSchema column : table.columns()) {
            if (!assigned[column.offset()] && column.type().hasFlag(ON_UPDATE_NOW_FLAG)) {
                after.set(column.offset(), TimeValues.now(column, nowMillis));
            }
        }
        rows.update(stored, after);
    }
}
