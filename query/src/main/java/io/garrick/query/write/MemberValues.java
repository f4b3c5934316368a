package io.garrick.query.write;

import io.garrick.codec.schema.ColumnSchema;
import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;

/** ENUM and SET: by name, or by number. */
final class MemberValues {
    private MemberValues() {}

    static Object enumNumber(ColumnSchema column, Object value) {
        List<String> members = column.type().elems();
        if (isNumber(value)) {
            long number = ((Number) value).longValue();
            if (number < 1 || number > members.size()) {
                throw ColumnValues.truncated(column);
            }
            return number;
        }
        int found = find(column, TextValues.text(value));
        if (found < 0) {
            throw ColumnValues.truncated(column);
        }
        return found + 1L;
    }

    static Object setBits(ColumnSchema column, Object value) {
        int count = column.type().elems().size();
        if (isNumber(value)) {
            long bits = ((Number) value).longValue();
            if (count < Long.SIZE && bits >>> count != 0) {
                throw ColumnValues.truncated(column);
            }
            return bits;
        }
        String text = TextValues.text(value);
        long bits = 0;
        for (String member : text.isEmpty() ? new String[0] : text.split(",", -1)) {
            int found = find(column, member);
            if (found < 0) {
                throw ColumnValues.truncated(column);
            }
            bits |= 1L << found;
        }
        return bits;
    }

    private static boolean isNumber(Object value) {
        return value instanceof BigDecimal
                || value instanceof Long
                || value instanceof Integer
                || value instanceof Short
                || value instanceof Byte;
    }

    private static int find(ColumnSchema column, String text) {
        boolean anyCase = column.type().collate().toLowerCase(Locale.ROOT).endsWith("_ci");
        List<String> members = column.type().elems();
        String wanted = text.stripTrailing();
        for (int i = 0; i < members.size(); i++) {
            String member = members.get(i);
            if (anyCase ? member.equalsIgnoreCase(wanted) : member.equals(wanted)) {
                return i;
            }
        }
        return -1;
    }
}
