package io.garrick.query.duck;

import io.garrick.query.scan.Scan;
import io.garrick.query.sql.SqlTypes;
import java.util.List;
import java.util.Map;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.rel2sql.RelToSqlConverter;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;

/**
 * A plan as DuckDB runs it.
 *
 * @param sql its columns are named c0, c1, ... and have exactly the plan's types
 * @param scans the streams that {@code sql} names as tables
 */
public record DuckSql(String sql, Map<String, Scan> scans) {
    public static DuckSql of(RelNode plan) {
        LeafCutter cutter = new LeafCutter();
        RelNode cut = plan.accept(cutter);
        String inner =
                new RelToSqlConverter(DuckDialect.INSTANCE)
                        .visitRoot(cut)
                        .asStatement()
                        .toSqlString(DuckDialect.INSTANCE)
                        .getSql();
        return new DuckSql(exactTypes(inner, plan.getRowType()), cutter.scans());
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
