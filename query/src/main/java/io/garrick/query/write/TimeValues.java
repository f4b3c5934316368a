package io.garrick.query.write;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.value.PackedTime;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** DATE, DATETIME, TIMESTAMP and TIME. The session's time zone is UTC. */
final class TimeValues {
    private static final Pattern DATE_TIME =
            Pattern.compile(
                    "(\\d{1,4})[-/.](\\d{1,2})[-/.](\\d{1,2})(?:["
                            + " T]+(\\d{1,2}):(\\d{1,2})(?::(\\d{1,2})(?:\\.(\\d{0,9})\\d*)?)?)?");
    private static final Pattern DIGITS =
            Pattern.compile(
                    "(\\d{4})(\\d{2})(\\d{2})(?:(\\d{2})(\\d{2})(\\d{2}))?(?:\\.(\\d{0,9})\\d*)?");
    private static final Pattern CLOCK =
            Pattern.compile(
                    "(-)?(?:(\\d+) )?(\\d{1,3}):(\\d{1,2})(?::(\\d{1,2})(?:\\.(\\d{0,9})\\d*)?)?");
    private static final Pattern NOW =
            Pattern.compile("(?:CURRENT_TIMESTAMP|NOW|LOCALTIME|LOCALTIMESTAMP)(?:\\(\\d?\\))?");
    private static final LocalDateTime FIRST_TIMESTAMP = LocalDateTime.of(1970, 1, 1, 0, 0, 1);
    private static final LocalDateTime AFTER_TIMESTAMPS = LocalDateTime.of(2038, 1, 19, 3, 14, 8);
    private static final long SECOND_NANOS = 1_000_000_000L;
    private static final long LARGEST_SECONDS = 838L * 3600 + 59 * 60 + 59;

    private TimeValues() {}

    static boolean isNow(String text) {
        return NOW.matcher(text.toUpperCase(Locale.ROOT)).matches();
    }

    static Object now(ColumnSchema column, long nowMillis) {
        return packed(
                column, LocalDateTime.ofInstant(Instant.ofEpochMilli(nowMillis), ZoneOffset.UTC));
    }

    static Object packed(ColumnSchema column, Object value) {
        FieldType type = column.type();
        LocalDateTime time;
        try {
            time =
                    switch (value) {
                        case LocalDateTime exact -> exact;
                        case LocalDate date -> date.atStartOfDay();
                        default -> parse(column, value);
                    };
        } catch (DateTimeException _) {
            throw incorrect(column, value);
        }
        if (type.isDate()) {
            return PackedTime.of(time.toLocalDate()).packed();
        }
        LocalDateTime rounded = rounded(time, Math.max(0, Math.min(6, type.decimal())));
        if (rounded.getYear() > 9999
                || (type.tp() == FieldType.TIMESTAMP
                        && (rounded.isBefore(FIRST_TIMESTAMP)
                                || !rounded.isBefore(AFTER_TIMESTAMPS)))) {
            throw incorrect(column, value);
        }
        return PackedTime.of(rounded).packed();
    }

    private static LocalDateTime rounded(LocalDateTime time, int fsp) {
        long unit = SECOND_NANOS / (long) Math.pow(10, fsp);
        long nanos = time.toLocalTime().toNanoOfDay() % SECOND_NANOS;
        long up = (nanos + unit / 2) / unit * unit;
        return time.truncatedTo(ChronoUnit.SECONDS).plusNanos(up);
    }

    private static LocalDateTime parse(ColumnSchema column, Object value) {
        String text = TextValues.text(value).strip();
        Matcher parts = DATE_TIME.matcher(text);
        if (!parts.matches()) {
            parts = DIGITS.matcher(text);
            if (!parts.matches()) {
                throw incorrect(column, value);
            }
        }
        int year = Integer.parseInt(parts.group(1));
        if (parts.group(1).length() <= 2) {
            year += year < 70 ? 2000 : 1900;
        }
        if (year == 0) {
            throw incorrect(column, value);
        }
        return LocalDateTime.of(
                        year,
                        Integer.parseInt(parts.group(2)),
                        Integer.parseInt(parts.group(3)),
                        number(parts.group(4)),
                        number(parts.group(5)),
                        number(parts.group(6)))
                .plusNanos(fraction(parts.group(7)));
    }

    private static int number(@org.jspecify.annotations.Nullable String digits) {
        return digits == null ? 0 : Integer.parseInt(digits);
    }

    private static long fraction(@org.jspecify.annotations.Nullable String digits) {
        return digits == null || digits.isEmpty()
                ? 0
                : Long.parseLong((digits + "000000000").substring(0, 9));
    }

    private static ValueRefusedException incorrect(ColumnSchema column, Object value) {
        return ColumnValues.incorrect(column.type().isDate() ? "date" : "datetime", column, value);
    }

    /** Nanoseconds. */
    static Object duration(ColumnSchema column, Object value) {
        long nanos =
                switch (value) {
                    case LocalTime time -> time.toNanoOfDay();
                    case LocalDateTime time -> time.toLocalTime().toNanoOfDay();
                    case Number number -> ofNumber(column, number);
                    default -> parseDuration(column, value);
                };
        int fsp = Math.max(0, Math.min(6, column.type().decimal()));
        long unit = SECOND_NANOS / (long) Math.pow(10, fsp);
        long rounded = Long.signum(nanos) * ((Math.abs(nanos) + unit / 2) / unit * unit);
        if (Math.abs(rounded) > LARGEST_SECONDS * SECOND_NANOS) {
            throw ColumnValues.incorrect("time", column, value);
        }
        return rounded;
    }

    /** {@code HHMMSS.fraction}. */
    private static long ofNumber(ColumnSchema column, Number value) {
        BigDecimal number = new BigDecimal(value.toString());
        long whole = number.abs().setScale(0, RoundingMode.DOWN).longValue();
        long seconds = whole % 100;
        long minutes = whole / 100 % 100;
        if (seconds > 59 || minutes > 59) {
            throw ColumnValues.incorrect("time", column, value);
        }
        long nanos =
                number.abs().remainder(BigDecimal.ONE).movePointRight(9).longValue()
                        + ((whole / 10_000 * 60 + minutes) * 60 + seconds) * SECOND_NANOS;
        return number.signum() * nanos;
    }

    private static long parseDuration(ColumnSchema column, Object value) {
        String text = TextValues.text(value).strip();
        Matcher parts = CLOCK.matcher(text);
        if (!parts.matches()) {
            if (text.matches("-?\\d{1,7}(\\.\\d+)?")) {
                return ofNumber(column, new BigDecimal(text));
            }
            throw ColumnValues.incorrect("time", column, value);
        }
        long days = number(parts.group(2));
        long minutes = number(parts.group(4));
        long seconds = number(parts.group(5));
        if (minutes > 59 || seconds > 59 || days > 34) {
            throw ColumnValues.incorrect("time", column, value);
        }
        long total = ((days * 24 + number(parts.group(3))) * 60 + minutes) * 60 + seconds;
        long nanos = total * SECOND_NANOS + fraction(parts.group(6));
        return parts.group(1) == null ? nanos : -nanos;
    }
}
