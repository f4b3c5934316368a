package io.garrick.server.demo;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Compares two answers to one query. Decimals are equal if their values are. A decimal equals a
 * floating-point number if rounding the latter to the decimal's scale gives the decimal, give or
 * take one in the last digit: an average is a decimal with four more digits in MySQL and a double
 * in DuckDB. Everything else is equal as text.
 */
final class Answers {
    /** Only to bring both sides into the same order, where a query leaves ties open. */
    private static final MathContext SORT_DIGITS = new MathContext(5);

    private static final double RELATIVE_ERROR = 1e-9;

    private Answers() {}

    /** Empty if the answers are the same; else what differs first. */
    static String difference(
            List<? extends List<? extends @Nullable Object>> ours,
            List<? extends List<? extends @Nullable Object>> theirs) {
        if (ours.size() != theirs.size()) {
            return "replica has " + ours.size() + " rows, cluster has " + theirs.size();
        }
        List<? extends List<? extends @Nullable Object>> left = sorted(ours);
        List<? extends List<? extends @Nullable Object>> right = sorted(theirs);
        for (int i = 0; i < left.size(); i++) {
            if (!sameRow(left.get(i), right.get(i))) {
                return "replica has " + left.get(i) + ", cluster has " + right.get(i);
            }
        }
        return "";
    }

    private static List<? extends List<? extends @Nullable Object>> sorted(
            List<? extends List<? extends @Nullable Object>> rows) {
        List<List<? extends @Nullable Object>> copy = new ArrayList<>(rows);
        copy.sort(Comparator.comparing(Answers::sortKey));
        return copy;
    }

    private static String sortKey(List<? extends @Nullable Object> row) {
        StringBuilder key = new StringBuilder();
        for (Object value : row) {
            switch (value) {
                case null -> key.append("null");
                case Number number -> {
                    BigDecimal rounded = decimal(number).round(SORT_DIGITS);
                    key.append(rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros());
                }
                default -> key.append(value.toString().stripTrailing());
            }
            key.append('|');
        }
        return key.toString();
    }

    private static boolean sameRow(
            List<? extends @Nullable Object> left, List<? extends @Nullable Object> right) {
        if (left.size() != right.size()) {
            return false;
        }
        for (int i = 0; i < left.size(); i++) {
            if (!same(left.get(i), right.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean same(@Nullable Object left, @Nullable Object right) {
        if (left == null || right == null) {
            return left == null && right == null;
        }
        if (left instanceof Number a && right instanceof Number b) {
            return sameNumber(a, b);
        }
        return left.toString().stripTrailing().equals(right.toString().stripTrailing());
    }

    private static boolean sameNumber(Number a, Number b) {
        BigDecimal x = decimal(a);
        BigDecimal y = decimal(b);
        if (x.compareTo(y) == 0) {
            return true;
        }
        boolean floatingA = isFloating(a);
        boolean floatingB = isFloating(b);
        if (floatingA && floatingB) {
            double scale = Math.max(Math.abs(a.doubleValue()), Math.abs(b.doubleValue()));
            return Math.abs(a.doubleValue() - b.doubleValue()) <= scale * RELATIVE_ERROR;
        }
        if (!floatingA && !floatingB) {
            return false;
        }
        BigDecimal exact = floatingA ? y : x;
        BigDecimal rounded = (floatingA ? x : y).setScale(exact.scale(), RoundingMode.HALF_UP);
        return exact.subtract(rounded).abs().compareTo(exact.ulp()) <= 0;
    }

    private static boolean isFloating(Number number) {
        return number instanceof Double || number instanceof Float;
    }

    private static BigDecimal decimal(Number number) {
        return new BigDecimal(number.toString());
    }
}
