package io.garrick.query;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.FieldVector;
import org.jspecify.annotations.Nullable;

/** Results as text, for comparison. */
final class Rows {
    private Rows() {}

    static List<List<String>> of(ResultStream result) {
        List<List<String>> rows = new ArrayList<>();
        while (result.next()) {
            for (int row = 0; row < result.batch().getRowCount(); row++) {
                List<String> values = new ArrayList<>();
                for (FieldVector vector : result.batch().getFieldVectors()) {
                    values.add(text(value(vector, row)));
                }
                rows.add(values);
            }
        }
        return rows;
    }

    static List<List<String>> run(QueryEngine engine, String sql, String database) {
        try (ResultStream result = engine.execute(sql, QuerySession.in(database))) {
            return of(result);
        }
    }

    private static @Nullable Object value(FieldVector vector, int row) {
        return vector instanceof DateDayVector dates && !dates.isNull(row)
                ? LocalDate.ofEpochDay(dates.get(row))
                : vector.getObject(row);
    }

    static String text(@Nullable Object value) {
        return switch (value) {
            case null -> "NULL";
            case BigDecimal decimal -> decimal.toPlainString();
            case byte[] bytes -> HexFormat.of().formatHex(bytes);
            default -> value.toString();
        };
    }
}
