package io.garrick.query.vector;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.apache.calcite.sql.SqlKind;
import org.jspecify.annotations.Nullable;

/** Conditions: longs that are 0 or 1, with SQL's three-valued logic. */
final class BoolExprs {
    private BoolExprs() {}

    static Expr and(List<Expr> conditions) {
        return combine(conditions, 0);
    }

    static Expr or(List<Expr> conditions) {
        return combine(conditions, 1);
    }

    /** {@code decisive} decides alone; else NULL wins over the other value. */
    private static Expr combine(List<Expr> conditions, long decisive) {
        return rows -> {
            long[] values = new long[rows.count()];
            boolean[] nulls = new boolean[rows.count()];
            Arrays.fill(values, 1 - decisive);
            for (Expr condition : conditions) {
                Column.Longs next = (Column.Longs) condition.eval(rows);
                for (int i = 0; i < values.length; i++) {
                    if (values[i] == decisive && !nulls[i]) {
                        continue;
                    }
                    if (next.isNull(i)) {
                        nulls[i] = true;
                    } else if (next.values()[i] == decisive) {
                        values[i] = decisive;
                        nulls[i] = false;
                    }
                }
            }
            return new Column.Longs(values, nulls);
        };
    }

    static Expr not(Expr condition) {
        return rows -> {
            Column.Longs value = (Column.Longs) condition.eval(rows);
            long[] values = new long[rows.count()];
            for (int i = 0; i < values.length; i++) {
                values[i] = 1 - value.values()[i];
            }
            return new Column.Longs(values, value.nulls());
        };
    }

    static Expr isNull(Expr value, boolean wanted) {
        return rows -> {
            Column column = value.eval(rows);
            long[] values = new long[rows.count()];
            for (int i = 0; i < values.length; i++) {
                values[i] = column.isNull(i) == wanted ? 1 : 0;
            }
            return new Column.Longs(values, null);
        };
    }

    static Expr compareLongs(SqlKind kind, Expr left, Expr right) {
        return rows -> {
            Column.Longs a = (Column.Longs) left.eval(rows);
            Column.Longs b = (Column.Longs) right.eval(rows);
            int count = rows.count();
            long[] x = a.values();
            long[] y = b.values();
            long[] out = new long[count];
            switch (kind) {
                case EQUALS -> {
                    for (int i = 0; i < count; i++) {
                        out[i] = x[i] == y[i] ? 1 : 0;
                    }
                }
                case NOT_EQUALS -> {
                    for (int i = 0; i < count; i++) {
                        out[i] = x[i] != y[i] ? 1 : 0;
                    }
                }
                case LESS_THAN -> {
                    for (int i = 0; i < count; i++) {
                        out[i] = x[i] < y[i] ? 1 : 0;
                    }
                }
                case LESS_THAN_OR_EQUAL -> {
                    for (int i = 0; i < count; i++) {
                        out[i] = x[i] <= y[i] ? 1 : 0;
                    }
                }
                case GREATER_THAN -> {
                    for (int i = 0; i < count; i++) {
                        out[i] = x[i] > y[i] ? 1 : 0;
                    }
                }
                case GREATER_THAN_OR_EQUAL -> {
                    for (int i = 0; i < count; i++) {
                        out[i] = x[i] >= y[i] ? 1 : 0;
                    }
                }
                default -> throw new IllegalStateException("not a comparison: " + kind);
            }
            return new Column.Longs(out, either(a.nulls(), b.nulls()));
        };
    }

    static Expr compareDoubles(SqlKind kind, Expr left, Expr right) {
        return rows -> {
            Column.Doubles a = (Column.Doubles) left.eval(rows);
            Column.Doubles b = (Column.Doubles) right.eval(rows);
            long[] out = new long[rows.count()];
            for (int i = 0; i < out.length; i++) {
                out[i] = holds(kind, Double.compare(a.values()[i] + 0.0, b.values()[i] + 0.0));
            }
            return new Column.Longs(out, either(a.nulls(), b.nulls()));
        };
    }

    static Expr compareTexts(SqlKind kind, Expr left, Expr right) {
        return rows -> {
            Column a = left.eval(rows);
            Column b = right.eval(rows);
            long[] out = new long[rows.count()];
            TextCursor x = TextCursor.over(a);
            TextCursor y = TextCursor.over(b);
            for (int i = 0; i < out.length; i++) {
                if (!a.isNull(i) && !b.isNull(i)) {
                    out[i] = holds(kind, x.at(i).compareTo(y.at(i)));
                }
            }
            return new Column.Longs(out, either(a.nulls(), b.nulls()));
        };
    }

    private static long holds(SqlKind kind, int order) {
        boolean holds =
                switch (kind) {
                    case EQUALS -> order == 0;
                    case NOT_EQUALS -> order != 0;
                    case LESS_THAN -> order < 0;
                    case LESS_THAN_OR_EQUAL -> order <= 0;
                    case GREATER_THAN -> order > 0;
                    case GREATER_THAN_OR_EQUAL -> order >= 0;
                    default -> throw new IllegalStateException("not a comparison: " + kind);
                };
        return holds ? 1 : 0;
    }

    /** A pattern whose only wildcard is {@code %}. */
    static Expr like(Expr value, String pattern) {
        byte[][] parts =
                Arrays.stream(pattern.split("%", -1))
                        .map(part -> part.getBytes(StandardCharsets.UTF_8))
                        .toArray(byte[][]::new);
        return rows -> {
            Column column = value.eval(rows);
            long[] out = new long[rows.count()];
            TextCursor cursor = TextCursor.over(column);
            for (int i = 0; i < out.length; i++) {
                if (!column.isNull(i)) {
                    out[i] = cursor.at(i).matches(parts) ? 1 : 0;
                }
            }
            return new Column.Longs(out, column.nulls());
        };
    }

    static boolean @Nullable [] either(boolean @Nullable [] left, boolean @Nullable [] right) {
        if (left == null) {
            return right;
        }
        if (right == null) {
            return left;
        }
        boolean[] nulls = new boolean[left.length];
        for (int i = 0; i < nulls.length; i++) {
            nulls[i] = left[i] || right[i];
        }
        return nulls;
    }
}
