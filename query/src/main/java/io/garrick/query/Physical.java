package io.garrick.query;

import io.garrick.query.duck.DuckSql;
import io.garrick.query.sql.Plan;

/** A plan and who runs which part of it. */
record Physical(Plan plan, DuckSql duckSql) {
    static Physical of(Plan plan) {
        return new Physical(plan, DuckSql.of(plan.rel()));
    }

    String engine() {
        return "duckdb";
    }

    String explain() {
        StringBuilder text = new StringBuilder();
        text.append("DUCKDB ").append(duckSql.sql().replaceAll("\\s+", " ")).append('\n');
        duckSql.scans()
                .forEach((name, scan) ->
                        text.append("  REPLICA scan ")
                                .append(name)
                                .append(" of ")
                                .append(scan.table().dbName())
                                .append('.')
                                .append(scan.table().name())
                                .append(" columns=")
                                .append(
                                        scan.columns().stream()
                                                .map(column -> column.name())
                                                .toList())
                                .append('\n'));
        return text.toString();
    }
}
