package io.garrick.query;

import io.garrick.base.Timestamp;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import io.garrick.mergetree.Morsel;
import io.garrick.mergetree.ScanSpec;
import io.garrick.query.duck.DuckDb;
import io.garrick.query.duck.DuckSql;
import io.garrick.query.sql.Plan;
import io.garrick.query.sql.SqlPlanner;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;

/** Plans and runs queries over an empty table, so that the first user does not wait for it. */
final class WarmUp {
    private static final List<String> QUERIES =
            List.of(
                    "select count(*) from t",
                    "select a.s, sum(a.d), avg(a.d), min(b.t) from t a join t b on a.i = b.i"
                            + " where a.t < date '1998-12-01' - interval '90' day and b.s like 'x%'"
                            + " group by a.s having count(*) > 1 order by 2 desc limit 10",
                    "select i from t x where d > (select avg(d) from t y where y.i = x.i)"
                            + " and exists (select 1 from t z where z.i = x.i)"
                            + " and i in (select i from t)");

    private WarmUp() {}

    static void run(DuckDb duckDb, BufferAllocator allocator) {
        TableSchema table =
                TableSchema.builder(1, "warm", "t")
                        .column(1, "i", FieldType.of(FieldType.LONGLONG, 0, 20, 0))
                        .column(2, "d", FieldType.of(FieldType.NEW_DECIMAL, 0, 15, 2))
                        .column(3, "t", FieldType.of(FieldType.DATE, 0, 10, 0))
                        .column(
                                4,
                                "s",
                                FieldType.text(FieldType.VARCHAR, 0, 20, FieldType.UTF8MB4_BIN))
                        .build();
        SqlPlanner planner = new SqlPlanner(Catalog.of(0, List.of(table)), _ -> 1000);
        for (String sql : QUERIES) {
            Plan plan = planner.plan(sql, Optional.of("warm"), List.of());
            try (ResultStream result =
                    duckDb.run(
                            DuckSql.of(plan.rel(), DuckSql.Operators.SCAN_ONLY),
                            plan.schema(),
                            Timestamp.ZERO,
                            _ -> new EmptyView(),
                            allocator.newChildAllocator("warm-up", 0, Long.MAX_VALUE))) {
                while (result.next()) {
                    result.batch();
                }
            }
        }
    }

    private static final class EmptyView implements TableView {
        @Override
        public long maxRowCount() {
            return 0;
        }

        @Override
        public List<Morsel> morsels(ScanSpec spec) {
            return List.of();
        }

        @Override
        public void close() {}
    }
}
