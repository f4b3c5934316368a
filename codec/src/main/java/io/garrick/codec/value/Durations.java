package io.garrick.codec.value;

import java.math.BigDecimal;
import java.util.Locale;

/** TIME values: signed nanoseconds. */
public final class Durations {
    private static final long SECOND = 1_000_000_000L;

    private Durations() {}

    /** {@code [-]HH:MM:SS[.f]} with {@code fsp} fraction digits, cut, not rounded. */
    public static String text(long nanos, int fsp) {
        long seconds = Math.abs(nanos / SECOND);
        String text =
                String.format(
                        Locale.ROOT,
                        "%s%02d:%02d:%02d",
                        nanos < 0 ? "-" : "",
                        seconds / 3600,
                        seconds / 60 % 60,
                        seconds % 60);
        if (fsp <= 0) {
            return text;
        }
        String fraction = String.format(Locale.ROOT, "%09d", Math.abs(nanos % SECOND));
        return text + "." + fraction.substring(0, Math.min(fsp, 9));
    }

    /** Reads {@code [-][H]H:MM:SS[.f]}. */
    public static long parse(String text) {
        String rest = text.strip();
        boolean negative = rest.startsWith("-");
        String[] parts = (negative ? rest.substring(1) : rest).split(":", -1);
        if (parts.length > 3) {
            throw new NumberFormatException("not a time: " + text);
        }
        long hours = parts.length > 1 ? Long.parseLong(parts[0]) : 0;
        long minutes = parts.length > 1 ? Long.parseLong(parts[1]) : 0;
        BigDecimal seconds = new BigDecimal(parts.length == 2 ? "0" : parts[parts.length - 1]);
        long nanos = (hours * 3600 + minutes * 60) * SECOND + seconds.movePointRight(9).longValue();
        return negative ? -nanos : nanos;
    }
}
