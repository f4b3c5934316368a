package io.garrick.query;

import io.garrick.query.duck.DuckSql;
import io.garrick.query.duck.DuckSql.Operators;
import io.garrick.query.sql.Plan;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A plan and who runs which part of it. */
final class Physical {
    private final Plan plan;
    private final DuckSql parts;
    private final AtomicReference<@Nullable DuckSql> plainParts = new AtomicReference<>();

    private Physical(Plan plan, DuckSql parts) {
        this.plan = plan;
        this.parts = parts;
    }

    static Physical of(Plan plan) {
        return new Physical(plan, DuckSql.of(plan.rel(), Operators.ALL));
    }

    Plan plan() {
        return plan;
    }

    DuckSql parts() {
        return parts;
    }

    /** The same plan without our own filters and aggregates. */
    DuckSql plainParts() {
        DuckSql plain = plainParts.get();
        if (plain == null) {
            plain = DuckSql.of(plan.rel(), Operators.SCAN_ONLY);
            plainParts.set(plain);
        }
        return plain;
    }

    String engine() {
        return parts.isLeaf() ? "replica" : "duckdb";
    }

    /** What runs where, one part per line. */
    String explain() {
        StringBuilder text = new StringBuilder();
        if (!parts.isLeaf()) {
            text.append("DUCKDB ").append(parts.sql().replaceAll("\\s+", " ")).append('\n');
        }
        parts.leaves()
                .forEach((name, leaf) ->
                        text.append("REPLICA ")
                                .append(name)
                                .append(": ")
                                .append(leaf.describe())
                                .append('\n'));
        return text.toString();
    }
}
