package io.garrick.query.client;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.HexFormat;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.TimeStampMicroTZVector;
import org.apache.arrow.vector.TimeStampMicroVector;
import org.apache.arrow.vector.TimeStampVector;
import org.jspecify.annotations.Nullable;

/** Values as text. */
final class Values {
    private static final long MICROS = 1_000_000;
    private static final DateTimeFormatter TIME =
            new DateTimeFormatterBuilder()
                    .appendPattern("uuuu-MM-dd HH:mm:ss")
                    .appendFraction(ChronoField.NANO_OF_SECOND, 0, 6, true)
                    .toFormatter();

    private Values() {}

    /** Null for NULL. */
    static @Nullable String text(FieldVector vector, int row) {
        if (vector.isNull(row)) {
            return null;
        }
        return switch (vector) {
            case DateDayVector dates -> LocalDate.ofEpochDay(dates.get(row)).toString();
            case TimeStampMicroVector times -> time(times, row);
            case TimeStampMicroTZVector times -> time(times, row) + "Z";
            default ->
                    switch (vector.getObject(row)) {
                        case BigDecimal decimal -> decimal.toPlainString();
                        case byte[] bytes -> "0x" + HexFormat.of().formatHex(bytes);
                        case Object other -> other.toString();
                    };
        };
    }

    private static String time(TimeStampVector vector, int row) {
        long micros = vector.get(row);
        LocalDateTime time =
                LocalDateTime.ofEpochSecond(
                        Math.floorDiv(micros, MICROS),
                        (int) Math.floorMod(micros, MICROS) * 1000,
                        ZoneOffset.UTC);
        return TIME.format(time);
    }
}
