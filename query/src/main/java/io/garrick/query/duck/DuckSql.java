package io.garrick.query.duck;

import io.garrick.query.sql.SqlTypes;
import io.garrick.query.vector.LeafProgram;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.TableScan;
import org.apache.calcite.rel.rel2sql.RelToSqlConverter;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;

/**
 * A plan cut in two: leaves that our own operators run, and the rest as DuckDB's SQL.
 *
 * @param sql its columns are named c0, c1, ... and have exactly the plan's types
 * @param leaves the streams that {@code sql} names as tables
 * @param isLeaf the whole plan is the one leaf: DuckDB has nothing to do
 */
public record DuckSql(String sql, Map<String, LeafProgram> leaves, boolean isLeaf) {
    /** Which of our own operators may be used. */
    public enum Operators {
        ALL,
        /** Only scans; and DuckDB computes decimals in 128 bits, which is slower. */
        SCAN_ONLY
    }

    public static DuckSql of(RelNode plan, Operators operators) {
        LeafCutter cutter = new LeafCutter(operators);
        RelNode whole =
                operators == Operators.ALL
                        ? plan
                        : plan.accept(new WideDecimals(plan.getCluster().getRexBuilder()));
        RelNode cut = cutter.visit(whole);
        if (cut instanceof TableScan) {
            return new DuckSql("", cutter.leaves(), true);
        }
        String inner =
                new RelToSqlConverter(DuckDialect.INSTANCE)
                        .visitRoot(cut)
                        .asStatement()
                        .toSqlString(DuckDialect.INSTANCE)
                        .getSql();
        return new DuckSql(exactTypes(inner, plan.getRowType()), cutter.leaves(), false);
    }

    /** The leaf that is the whole plan. */
    public Optional<LeafProgram> onlyLeaf() {
        return isLeaf ? leaves.values().stream().findFirst() : Optional.empty();
    }

    /** DuckDB's own result types may be wider, or doubles where MySQL has decimals. */
    private static String exactTypes(String inner, RelDataType row) {
        StringBuilder sql = new StringBuilder("SELECT ");
        StringBuilder names = new StringBuilder();
        List<RelDataTypeField> fields = row.getFieldList();
        for (int i = 0; i < fields.size(); i++) {
            String separator = i == 0 ? "" : ", ";
            String type = SqlTypes.duckdb(fields.get(i).getType());
            // What has no Arrow type of its own leaves as text.
            String outer = type.equals("INTERVAL") ? "VARCHAR" : type;
            sql.append(separator)
                    .append("CAST(c")
                    .append(i)
                    .append(" AS ")
                    .append(outer)
                    .append(") AS c")
                    .append(i);
            names.append(separator).append('c').append(i);
        }
        return sql + " FROM (" + inner + ") AS result(" + names + ")";
    }
}
