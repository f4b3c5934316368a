package io.garrick.codec.row;

import java.lang.foreign.MemorySegment;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.TimeStampVector;

/** DATE, DATETIME and TIMESTAMP. Dates that do not exist, zero dates too, become NULL. */
record PackedTimeWriter(boolean date) implements ValueWriter {
    private static final int LAST_YEAR = 9999;

    /** Years whose months stand in a table. */
    private static final int KNOWN_YEARS = 200;

    private static final int FIRST_KNOWN = 1900 * 13;
    private static final int[] MONTHS = months();
    private static final long CLOCK_MASK = (1L << 41) - 1;
    private static final long DAY_MICROS = 86_400_000_000L;

    /** No epoch day or microsecond has this number: the date does not exist. */
    private static final long NOTHING = Long.MIN_VALUE;

    @Override
    public void write(FieldVector out, int index, MemorySegment segment, long at, int length) {
        long packed = Stored.unsigned(segment, at, length);
        long value = date ? epochDay(packed) : epochMicros(packed);
        if (value == NOTHING) {
            out.setNull(index);
        } else if (date) {
            ((DateDayVector) out).set(index, (int) value);
        } else {
            ((TimeStampVector) out).set(index, value);
        }
    }

    @Override
    public void writeBlock(Block block) {
        int bytes = date ? Integer.BYTES : Long.BYTES;
        long dest = block.out.getDataBufferAddress() + (long) block.start * bytes;
        int run = 0;
        for (int i = 0; i < block.count; i++) {
            int length = block.length[i];
            long value = NOTHING;
            if (Stored.isNumberWidth(length)) {
                int shift = 64 - 8 * length;
                long packed = Memory.ALL.get(Memory.LONG, block.at[i]) << shift >>> shift;
                value = date ? epochDay(packed) : epochMicros(packed);
            }
            if (value == NOTHING) {
                block.setValid(run, i);
                block.slowly(i);
                run = i + 1;
            } else if (date) {
                Memory.ALL.set(Memory.INT, dest + (long) i * bytes, (int) value);
            } else {
                Memory.ALL.set(Memory.LONG, dest + (long) i * bytes, value);
            }
        }
        block.setValid(run, block.count);
    }

    private static long epochMicros(long packed) {
        int clock = (int) (packed >>> 24) & 0x1ffff;
        boolean isClock = (clock >>> 12) < 24 && (clock >>> 6 & 0x3f) < 60 && (clock & 0x3f) < 60;
        boolean exists = isClock && micros(packed) <= 999_999;
        long day = exists ? epochDay(packed & ~CLOCK_MASK) : NOTHING;
        int hour = (int) (packed >>> 36) & 0x1f;
        int minute = (int) (packed >>> 30) & 0x3f;
        int second = (int) (packed >>> 24) & 0x3f;
        long seconds = (hour * 60L + minute) * 60 + second;
        return day == NOTHING ? NOTHING : day * DAY_MICROS + seconds * 1_000_000 + micros(packed);
    }

    private static int micros(long packed) {
        return (int) packed & 0xffffff;
    }

    /** Also of a DATETIME, and only if its time of day exists too. */
    private static long epochDay(long packed) {
        int yearMonth = (int) (packed >>> 46);
        int day = (int) (packed >>> 41) & 0x1f;
        int known = yearMonth - FIRST_KNOWN;
        if ((packed & CLOCK_MASK) == 0
                && known >= 0
                && known < MONTHS.length
                && day != 0
                && day <= (MONTHS[known] & 0x1f)) {
            return (long) (MONTHS[known] >> 5) + day;
        }
        return anyEpochDay(packed, yearMonth, day);
    }

    private static long anyEpochDay(long packed, int yearMonth, int day) {
        int year = yearMonth / 13;
        int month = yearMonth - year * 13;
        boolean isPossible =
                year <= LAST_YEAR
                        && month != 0
                        && day != 0
                        && day <= daysIn(year, month)
                        && ((int) (packed >>> 36) & 0x1f) <= 23
                        && ((int) (packed >>> 30) & 0x3f) <= 59
                        && ((int) (packed >>> 24) & 0x3f) <= 59
                        && micros(packed) <= 999_999;
        return isPossible ? epochDay(year, month, day) : NOTHING;
    }

    /** For each year and month, as packed: days before the month, five bits of days in it. */
    private static int[] months() {
        int[] months = new int[KNOWN_YEARS * 13];
        for (int i = 0; i < months.length; i++) {
            int year = (FIRST_KNOWN + i) / 13;
            int month = (FIRST_KNOWN + i) % 13;
            if (month != 0) {
                months[i] = (epochDay(year, month, 1) - 1) << 5 | daysIn(year, month);
            }
        }
        return months;
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
