package io.garrick.query.vector;

/** A compiled expression. Has no state: any thread may evaluate it. */
@FunctionalInterface
interface Expr {
    Column eval(Rows rows);

    /** A stored column of numbers, as it is. */
    record StoredLongs(int column) implements Expr {
        @Override
        public Column eval(Rows rows) {
            return Load.longs(rows.vectors().get(column), rows.rows(), rows.count());
        }
    }

    /** What an expression's columns are. */
    enum Kind {
        LONG,
        DOUBLE,
        TEXT
    }

    /**
     * An expression and how to read its values.
     *
     * @param scale of a decimal; 0 for all others
     */
    record Typed(Expr expr, Kind kind, int scale) {}
}
