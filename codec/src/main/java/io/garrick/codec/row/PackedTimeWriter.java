package io.garrick.codec.row;

import java.lang.foreign.MemorySegment;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.TimeStampVector;

/** DATE, DATETIME and TIMESTAMP. Dates that do not exist, zero dates too, become NULL. */
record PackedTimeWriter(boolean date) implements ValueWriter {
    private static final int LAST_YEAR = 9999;
    private static final long DAY_MICROS = 86_400_000_000L;

    @Override
    public void write(FieldVector out, int index, MemorySegment segment, long at, int length) {
        long packed = Stored.unsigned(segment, at, length);
        int yearMonth = (int) (packed >>> 46);
        int year = yearMonth / 13;
        int month = yearMonth % 13;
        int day = (int) (packed >>> 41) & 0x1f;
        int hour = (int) (packed >>> 36) & 0x1f;
        int minute = (int) (packed >>> 30) & 0x3f;
        int second = (int) (packed >>> 24) & 0x3f;
        int micros = (int) packed & 0xffffff;
        if (year > LAST_YEAR
                || month == 0
                || day == 0
                || day > daysIn(year, month)
                || hour > 23
                || minute > 59
                || second > 59
                || micros > 999_999) {
            out.setNull(index);
            return;
        }
        int epochDay = epochDay(year, month, day);
        if (date) {
            ((DateDayVector) out).set(index, epochDay);
        } else {
            long seconds = (hour * 60L + minute) * 60 + second;
            ((TimeStampVector) out)
                    .set(index, epochDay * DAY_MICROS + seconds * 1_000_000 + micros);
        }
    }

    private static int daysIn(int year, int month) {
        if (month == 2) {
            boolean leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            return leap ? 29 : 28;
        }
        return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
    }

    /** Days since 1970-01-01, counting years from March so that a leap day ends its year. */
    private static int epochDay(int year, int month, int day) {
        int shifted = month > 2 ? year : year - 1;
        int era = Math.floorDiv(shifted, 400);
        int yearOfEra = shifted - era * 400;
        int dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
        int dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
        return era * 146_097 + dayOfEra - 719_468;
    }
}
