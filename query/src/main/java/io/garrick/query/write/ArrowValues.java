package io.garrick.query.write;

import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.TimeMicroVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.VarCharVector;
import org.jspecify.annotations.Nullable;

/** Values of a result as {@link ColumnValues} takes them. */
final class ArrowValues {
    private static final long MICROS = 1_000_000;

    private ArrowValues() {}

    static @Nullable Object of(FieldVector vector, int row) {
        if (vector.isNull(row)) {
            return null;
        }
        return switch (vector) {
            case DateDayVector dates -> LocalDate.ofEpochDay(dates.get(row));
            case TimeStampVector times ->
                    LocalDateTime.ofEpochSecond(
                            Math.floorDiv(times.get(row), MICROS),
                            (int) Math.floorMod(times.get(row), MICROS) * 1000,
                            ZoneOffset.UTC);
            case TimeMicroVector times -> LocalTime.ofNanoOfDay(times.get(row) * 1000);
            case VarCharVector texts -> texts.getObject(row).toString();
            default -> vector.getObject(row);
        };
    }
}
