package io.garrick.query.vector;

import java.util.Arrays;
import java.util.List;
import org.apache.calcite.sql.SqlKind;
import org.jspecify.annotations.Nullable;

/** Arithmetic. A result beyond 64 bits is an {@link Overflow}. */
final class Arithmetic {
    private Arithmetic() {}

    static Expr plus(Expr left, Expr right) {
        return rows -> {
            Column.Longs a = (Column.Longs) left.eval(rows);
            Column.Longs b = (Column.Longs) right.eval(rows);
            long[] out = new long[rows.count()];
            long overflow = 0;
            for (int i = 0; i < out.length; i++) {
                long x = a.values()[i];
                long y = b.values()[i];
                long sum = x + y;
                overflow |= (x ^ sum) & (y ^ sum);
                out[i] = sum;
            }
            return checked(overflow < 0, new Column.Longs(out, nulls(a, b)));
        };
    }

    static Expr minus(Expr left, Expr right) {
        return rows -> {
            Column.Longs a = (Column.Longs) left.eval(rows);
            Column.Longs b = (Column.Longs) right.eval(rows);
            long[] out = new long[rows.count()];
            long overflow = 0;
            for (int i = 0; i < out.length; i++) {
                long x = a.values()[i];
                long y = b.values()[i];
                long difference = x - y;
                overflow |= (x ^ y) & (x ^ difference);
                out[i] = difference;
            }
            return checked(overflow < 0, new Column.Longs(out, nulls(a, b)));
        };
    }

    static Expr times(Expr left, Expr right) {
        return rows -> {
            Column.Longs a = (Column.Longs) left.eval(rows);
            Column.Longs b = (Column.Longs) right.eval(rows);
            long[] out = new long[rows.count()];
            long overflow = 0;
            for (int i = 0; i < out.length; i++) {
                long x = a.values()[i];
                long y = b.values()[i];
                long product = x * y;
                // The upper half of the true product is the sign of the lower one, if it fits.
                overflow |= Math.multiplyHigh(x, y) ^ (product >> (Long.SIZE - 1));
                out[i] = product;
            }
            return checked(overflow != 0, new Column.Longs(out, nulls(a, b)));
        };
    }

    // Rows that are NULL hold any number: an overflow among them only costs the fast path.
    private static Column.Longs checked(boolean overflow, Column.Longs result) {
        if (overflow) {
            throw new Overflow("a number beyond 64 bits");
        }
        return result;
    }

    private static boolean @Nullable [] nulls(Column a, Column b) {
        return BoolExprs.either(a.nulls(), b.nulls());
    }

    static Expr doubles(SqlKind kind, Expr left, Expr right) {
        return rows -> {
            Column.Doubles a = (Column.Doubles) left.eval(rows);
            Column.Doubles b = (Column.Doubles) right.eval(rows);
            double[] out = new double[rows.count()];
            for (int i = 0; i < out.length; i++) {
                double x = a.values()[i];
                double y = b.values()[i];
                out[i] =
                        switch (kind) {
                            case PLUS -> x + y;
                            case MINUS -> x - y;
                            default -> x * y;
                        };
            }
            return new Column.Doubles(out, nulls(a, b));
        };
    }

    static Expr toDouble(Expr value, double divisor) {
        return rows -> {
            Column.Longs longs = (Column.Longs) value.eval(rows);
            double[] out = new double[rows.count()];
            for (int i = 0; i < out.length; i++) {
                out[i] = longs.values()[i] / divisor;
            }
            return new Column.Doubles(out, longs.nulls());
        };
    }

    /** One value more than conditions: the last is ELSE. */
    static Expr caseLongs(List<Expr> conditions, List<Expr> values) {
        return rows -> {
            int[] branch = branches(conditions, rows);
            long[] out = new long[rows.count()];
            boolean[] nulls = new boolean[rows.count()];
            for (int b = 0; b < values.size(); b++) {
                Column.Longs value = (Column.Longs) values.get(b).eval(rows);
                for (int i = 0; i < out.length; i++) {
                    if (branch[i] == b) {
                        out[i] = value.values()[i];
                        nulls[i] = value.isNull(i);
                    }
                }
            }
            return new Column.Longs(out, nulls);
        };
    }

    static Expr caseDoubles(List<Expr> conditions, List<Expr> values) {
        return rows -> {
            int[] branch = branches(conditions, rows);
            double[] out = new double[rows.count()];
            boolean[] nulls = new boolean[rows.count()];
            for (int b = 0; b < values.size(); b++) {
                Column.Doubles value = (Column.Doubles) values.get(b).eval(rows);
                for (int i = 0; i < out.length; i++) {
                    if (branch[i] == b) {
                        out[i] = value.values()[i];
                        nulls[i] = value.isNull(i);
                    }
                }
            }
            return new Column.Doubles(out, nulls);
        };
    }

    private static int[] branches(List<Expr> conditions, Rows rows) {
        int[] branch = new int[rows.count()];
        Arrays.fill(branch, conditions.size());
        for (int b = conditions.size() - 1; b >= 0; b--) {
            Column.Longs condition = (Column.Longs) conditions.get(b).eval(rows);
            for (int i = 0; i < branch.length; i++) {
                if (condition.values()[i] == 1 && !condition.isNull(i)) {
                    branch[i] = b;
                }
            }
        }
        return branch;
    }
}
