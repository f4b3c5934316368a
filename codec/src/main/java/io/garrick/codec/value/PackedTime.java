package io.garrick.codec.value;

import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.Locale;

/**
 * DATE, DATETIME and TIMESTAMP as one number: from the top, year * 13 + month (17 bits, after a
 * zero bit), day 5, hour 5, minute 6, second 6, microsecond 24. Larger is later (TiDB,
 * pkg/types/time.go).
 *
 * <p>Zero is the zero date. Month or day may be zero, and the day may not exist in the month: SQL
 * modes allow it.
 */
public record PackedTime(
        int year, int month, int day, int hour, int minute, int second, int micros) {
    private static final int MONTHS = 13;

    public static PackedTime of(long packed) {
        int yearMonth = (int) (packed >>> 46) & 0x1ffff;
        return new PackedTime(
                yearMonth / MONTHS,
                yearMonth % MONTHS,
                (int) (packed >>> 41) & 0x1f,
                (int) (packed >>> 36) & 0x1f,
                (int) (packed >>> 30) & 0x3f,
                (int) (packed >>> 24) & 0x3f,
                (int) packed & 0xffffff);
    }

    public static PackedTime of(LocalDateTime time) {
        return new PackedTime(
                time.getYear(),
                time.getMonthValue(),
                time.getDayOfMonth(),
                time.getHour(),
                time.getMinute(),
                time.getSecond(),
                time.getNano() / 1000);
    }

    public static PackedTime of(LocalDate date) {
        return of(date.atStartOfDay());
    }

    /**
     * The other layout, found only inside JSON: year 14 bits, month 4, day 5, hour 5, minute 6,
     * second 6, microsecond 20, then four bits of type that do not belong to the time.
     */
    public static PackedTime ofCoreTime(long bits) {
        return new PackedTime(
                (int) (bits >>> 50) & 0x3fff,
                (int) (bits >>> 46) & 0xf,
                (int) (bits >>> 41) & 0x1f,
                (int) (bits >>> 36) & 0x1f,
                (int) (bits >>> 30) & 0x3f,
                (int) (bits >>> 24) & 0x3f,
                (int) (bits >>> 4) & 0xfffff);
    }

    public long packed() {
        return (long) (year * MONTHS + month) << 46
                | (long) day << 41
                | (long) hour << 36
                | (long) minute << 30
                | (long) second << 24
                | micros;
    }

    public String dateText() {
        return String.format(Locale.ROOT, "%04d-%02d-%02d", year, month, day);
    }

    /** With {@code fsp} fraction digits, cut, not rounded. */
    public String text(int fsp) {
        String seconds =
                String.format(Locale.ROOT, "%s %02d:%02d:%02d", dateText(), hour, minute, second);
        if (fsp == 0) {
            return seconds;
        }
        return seconds + "." + String.format(Locale.ROOT, "%06d", micros).substring(0, fsp);
    }
}
