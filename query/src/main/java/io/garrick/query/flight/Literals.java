package io.garrick.query.flight;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DateMilliVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** Bound parameters as SQL literals. */
final class Literals {
    private static final DateTimeFormatter TIMESTAMP =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS", Locale.ROOT);

    private Literals() {}

    static List<String> of(VectorSchemaRoot rows, int row) {
        List<String> literals = new ArrayList<>();
        for (FieldVector vector : rows.getFieldVectors()) {
            literals.add(vector.isNull(row) ? "NULL" : of(vector, row));
        }
        return literals;
    }

    private static String of(FieldVector vector, int row) {
        if (vector instanceof DateDayVector dates) {
            return "DATE '" + LocalDate.ofEpochDay(dates.get(row)) + "'";
        }
        if (vector instanceof DateMilliVector dates) {
            return "DATE '"
                    + LocalDate.ofEpochDay(Math.floorDiv(dates.get(row), 86_400_000L))
                    + "'";
        }
        if (vector instanceof TimeStampVector times) {
            return "TIMESTAMP '" + TIMESTAMP.format(time(times, row)) + "'";
        }
        return switch (vector.getObject(row)) {
            case Number number -> number.toString();
            case Boolean truth -> truth ? "TRUE" : "FALSE";
            case byte[] bytes -> "X'" + HexFormat.of().withUpperCase().formatHex(bytes) + "'";
            case Object other -> "'" + other.toString().replace("'", "''") + "'";
        };
    }

    private static LocalDateTime time(TimeStampVector vector, int row) {
        long value = vector.get(row);
        TimeUnit unit =
                switch (((ArrowType.Timestamp) vector.getField().getType()).getUnit()) {
                    case SECOND -> TimeUnit.SECONDS;
                    case MILLISECOND -> TimeUnit.MILLISECONDS;
                    case MICROSECOND -> TimeUnit.MICROSECONDS;
                    case NANOSECOND -> TimeUnit.NANOSECONDS;
                };
        long seconds = Math.floorDiv(value, unit.convert(1, TimeUnit.SECONDS));
        long rest = value - unit.convert(seconds, TimeUnit.SECONDS);
        return LocalDateTime.ofInstant(
                Instant.ofEpochSecond(seconds, unit.toNanos(rest)), ZoneOffset.UTC);
    }
}
