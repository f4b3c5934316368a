package io.garrick.query;

import io.garrick.base.Timestamp;
import io.garrick.codec.schema.TableSchema;
import io.garrick.query.QueryException.Kind;
import io.garrick.query.duck.DuckDb;
import io.garrick.query.duck.DuckSql;
import io.garrick.query.sql.Like;
import io.garrick.query.sql.Plan;
import io.garrick.query.sql.SqlPlanner;
import io.garrick.query.sql.Statement;
import io.garrick.query.sql.WritePlan;
import io.garrick.query.vector.LeafProgram;
import io.garrick.query.vector.Overflow;
import io.garrick.query.write.StatementWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.calcite.plan.RelOptUtil;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs SQL over a {@link Replica}. Any thread may use it. */
public final class QueryEngine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(QueryEngine.class);
    private static final int PLAN_CACHE_SIZE = 256;
    private static final Schema NOTHING = new Schema(List.of());

    private final QueryConfig config;
    private final Replica replica;
    private final Optional<Writes> writes;
    private final BufferAllocator allocator;
    private final DuckDb duckDb;
    private final QueryMetrics metrics = new QueryMetrics();
    private final AtomicLong queryIds = new AtomicLong();
    private final Map<PlanKey, Physical> plans =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<PlanKey, Physical> eldest) {
                    return size() > PLAN_CACHE_SIZE;
                }
            };
    private @Nullable SqlPlanner planner;
    private @Nullable Catalog plannerCatalog;

    private record PlanKey(String sql, Optional<String> database, long catalogVersion) {}

    /**
     * What a statement will answer.
     *
     * @param parameters the types of {@code ?}
     * @param isQuery false for statements without rows
     */
    public record Description(
            Schema schema, Schema parameters, Timestamp snapshotTs, boolean isQuery) {}

    private QueryEngine(
            QueryConfig config,
            Replica replica,
            Optional<StatementWriter> writer,
            BufferAllocator allocator,
            DuckDb duckDb) {
        this.config = config;
        this.replica = replica;
        this.writes =
                writer.map(found ->
                        new Writes(
                                found,
                                () -> SnapshotTs.resolve(Optional.empty(), replica),
                                this::catalog,
                                new WritePlanning(),
                                this::run));
        this.allocator = allocator;
        this.duckDb = duckDb;
    }

    /** An engine that only reads. It borrows the allocator and gives each query a child of it. */
    public static QueryEngine create(
            QueryConfig config, Replica replica, BufferAllocator allocator) {
        return create(config, replica, Optional.empty(), allocator);
    }

    /**
     * The engine borrows the allocator and gives each query a child of it.
     *
     * @param writer where statements write; empty: they are refused
     */
    public static QueryEngine create(
            QueryConfig config,
            Replica replica,
            Optional<StatementWriter> writer,
            BufferAllocator allocator) {
        return new QueryEngine(config, replica, writer, allocator, DuckDb.open(config));
    }

    /** Makes the engine's metrics visible; once per registry. */
    public QueryEngine register(PrometheusRegistry registry) {
        metrics.register(registry);
        return this;
    }

    /** Runs a statement. The caller closes the result. */
    public ResultStream execute(String sql, QuerySession session) {
        return execute(sql, session, List.of());
    }

    /**
     * Runs a statement with parameters.
     *
     * @param parameters SQL literals for the statement's {@code ?}
     */
    public ResultStream execute(String sql, QuerySession session, List<String> parameters) {
        long startNanos = System.nanoTime();
        try {
            return new MeteredResult(run(sql, session, parameters), metrics, startNanos);
        } catch (QueryException failure) {
            metrics.failures.labelValues(failure.kind().name()).inc();
            throw failure;
        } catch (RuntimeException failure) {
            metrics.failures.labelValues(Kind.INTERNAL.name()).inc();
            LOG.warn("statement failed", failure);
            throw new QueryException(
                    Kind.INTERNAL, "internal error: " + failure.getMessage(), failure);
        }
    }

    /**
     * Runs a statement that has no rows to give.
     *
     * @return how many rows it wrote; zero if it is none that writes rows
     */
    public long update(String sql, QuerySession session, List<String> parameters) {
        long startNanos = System.nanoTime();
        if (!(Statement.parse(sql) instanceof Statement.Write write)) {
            execute(sql, session, parameters).close();
            return 0;
        }
        try {
            metrics.queries.labelValues("write").inc();
            return writes(write).run(write, session, parameters);
        } catch (QueryException failure) {
            metrics.failures.labelValues(failure.kind().name()).inc();
            throw failure;
        } catch (RuntimeException failure) {
            metrics.failures.labelValues(Kind.INTERNAL.name()).inc();
            LOG.warn("statement failed", failure);
            throw new QueryException(
                    Kind.INTERNAL, "internal error: " + failure.getMessage(), failure);
        } finally {
            metrics.seconds.observe((System.nanoTime() - startNanos) / 1e9);
        }
    }

    private Writes writes(Statement.Write write) {
        return writes.orElseThrow(() ->
                new QueryException(
                        Kind.READ_ONLY,
                        "read-only replica: " + write.keyword() + " is not allowed here"));
    }

    /** Plans what writes with the planner of the catalog. */
    private final class WritePlanning implements Writes.Planner {
        @Override
        public WritePlan plan(
                Catalog catalog,
                Statement.Write write,
                QuerySession session,
                List<String> parameters) {
            return planner(catalog).planWrite(write.sql(), session.database(), parameters);
        }

        @Override
        public Schema parameters(Catalog catalog, Statement.Write write, QuerySession session) {
            return planner(catalog).writeParameters(write.sql(), session.database());
        }
    }

    private ResultStream run(Plan plan, Timestamp ts) {
        return run(Physical.of(plan), ts);
    }

    /** Whether a statement writes rows or changes the schema. */
    public static boolean isWrite(String sql) {
        return Statement.parse(sql) instanceof Statement.Write;
    }

    /** A query without our own filters and aggregates: the other opinion in differential tests. */
    ResultStream executePlain(String sql, QuerySession session) {
        Statement.Query query = (Statement.Query) Statement.parse(sql);
        Timestamp ts = snapshotTs(query, session);
        Physical physical = plan(query, session, List.of(), ts);
        return run(physical.plainParts(), physical.plan().schema(), ts);
    }

    /** Plans a statement without running it. */
    public Description describe(String sql, QuerySession session) {
        return describe(sql, session, List.of());
    }

    public Description describe(String sql, QuerySession session, List<String> parameters) {
        Statement statement = Statement.parse(sql);
        Timestamp ts = snapshotTs(statement, session);
        return switch (statement) {
            case Statement.Query query -> {
                Plan plan = plan(query, session, parameters, ts).plan();
                yield new Description(plan.schema(), plan.parameters(), ts, true);
            }
            case Statement.Write write ->
                    new Description(
                            NOTHING,
                            writes(write).parameters(write, session, catalog(ts)),
                            ts,
                            false);
            case Statement.Use _, Statement.Ignored _ ->
                    new Description(NOTHING, NOTHING, ts, false);
            default -> new Description(headings(statement), NOTHING, ts, true);
        };
    }

    /** The database a USE statement chooses; empty for every other statement. */
    public static Optional<String> databaseChosenBy(String sql) {
        return Statement.parse(sql) instanceof Statement.Use use
                ? Optional.of(use.database())
                : Optional.empty();
    }

    /** Planning the first statement takes seconds of class loading; call this before serving. */
    public void warmUp() {
        long startNanos = System.nanoTime();
        WarmUp.run(duckDb, allocator);
        LOG.info("planner warmed up millis={}", (System.nanoTime() - startNanos) / 1_000_000);
    }

    private ResultStream run(String sql, QuerySession session, List<String> parameters) {
        Statement statement = Statement.parse(sql);
        Timestamp ts = snapshotTs(statement, session);
        if (statement instanceof Statement.Query query) {
            return run(plan(query, session, parameters, ts), ts);
        }
        if (statement instanceof Statement.Write write) {
            writes(write).run(write, session, parameters);
            return new RowsResult(NOTHING, List.of(), ts, allocator);
        }
        requireNoTransaction(statement);
        metrics.queries.labelValues("catalog").inc();
        return new RowsResult(headings(statement), rows(statement, session, ts), ts, allocator);
    }

    /** A replica that only reads can promise a transaction; one that writes cannot take it back. */
    private void requireNoTransaction(Statement statement) {
        if (writes.isPresent()
                && statement instanceof Statement.Ignored(String keyword)
                && List.of("BEGIN", "START", "ROLLBACK").contains(keyword)) {
            throw new QueryException(
                    Kind.UNSUPPORTED,
                    keyword + " is not supported: each statement is a transaction of its own");
        }
    }

    private ResultStream run(Physical physical, Timestamp ts) {
        metrics.queries.labelValues(physical.engine()).inc();
        Schema schema = physical.plan().schema();
        try {
            return run(physical.parts(), schema, ts);
        } catch (Overflow overflow) {
            LOG.info("query restarted without own operators reason={}", overflow.getMessage());
            metrics.restarts.inc();
            return run(physical.plainParts(), schema, ts);
        }
    }

    private ResultStream run(DuckSql parts, Schema schema, Timestamp ts) {
        BufferAllocator child =
                allocator.newChildAllocator(
                        "query-" + queryIds.incrementAndGet(), 0, config.queryMemoryBytes());
        if (parts.onlyLeaf().isEmpty()) {
            return duckDb.run(parts, schema, ts, scan -> open(scan.table(), ts), child);
        }
        LeafProgram leaf = parts.onlyLeaf().get();
        TableView view;
        try {
            view = open(leaf.scan().table(), ts);
        } catch (RuntimeException failure) {
            child.close();
            throw failure;
        }
        return LeafResult.start(leaf, schema, ts, config.threads(), view, child);
    }

    private TableView open(TableSchema table, Timestamp ts) {
        try {
            return replica.open(table, ts, ReadOptions.DEFAULT);
        } catch (NotReadyException failure) {
            throw SnapshotTs.notReady(failure);
        }
    }

    private Timestamp snapshotTs(Statement statement, QuerySession session) {
        Optional<String> asOf =
                switch (statement) {
                    case Statement.Query query -> query.asOf();
                    case Statement.Explain explain -> explain.query().asOf();
                    default -> Optional.empty();
                };
        return SnapshotTs.resolve(asOf.or(session::snapshotTs), replica);
    }

    private Physical plan(
            Statement.Query query, QuerySession session, List<String> parameters, Timestamp ts) {
        Catalog catalog = catalog(ts);
        PlanKey key = new PlanKey(query.sql(), session.database(), catalog.version());
        if (parameters.isEmpty()) {
            synchronized (plans) {
                Physical known = plans.get(key);
                if (known != null) {
                    return known;
                }
            }
        }
        long startNanos = System.nanoTime();
        Plan plan = planner(catalog).plan(query.sql(), session.database(), parameters);
        Physical physical = Physical.of(plan);
        metrics.planSeconds.observe((System.nanoTime() - startNanos) / 1e9);
        if (parameters.isEmpty()) {
            synchronized (plans) {
                plans.put(key, physical);
            }
        }
        return physical;
    }

    private Catalog catalog(Timestamp ts) {
        try {
            return replica.catalog(ts);
        } catch (NotReadyException failure) {
            throw SnapshotTs.notReady(failure);
        }
    }

    /** Databases and tables at the session's timestamp. */
    public Catalog catalog(QuerySession session) {
        return catalog(SnapshotTs.resolve(session.snapshotTs(), replica));
    }

    private synchronized SqlPlanner planner(Catalog catalog) {
        SqlPlanner known = planner;
        if (known == null
                || plannerCatalog == null
                || plannerCatalog.version() != catalog.version()) {
            known = new SqlPlanner(catalog, replica::estimatedRows);
            planner = known;
            plannerCatalog = catalog;
        }
        return known;
    }

    private static Schema headings(Statement statement) {
        return switch (statement) {
            case Statement.ShowDatabases _ -> RowsResult.textSchema("Database");
            case Statement.ShowTables show ->
                    show.full()
                            ? RowsResult.textSchema("Tables", "Table_type")
                            : RowsResult.textSchema("Tables");
            case Statement.Describe _ ->
                    RowsResult.textSchema("Field", "Type", "Null", "Key", "Default", "Extra");
            case Statement.ShowCreate _ -> RowsResult.textSchema("Table", "Create Table");
            case Statement.Explain _ -> RowsResult.textSchema("plan");
            case Statement.Use _, Statement.Ignored _, Statement.Query _, Statement.Write _ ->
                    NOTHING;
        };
    }

    private List<List<String>> rows(Statement statement, QuerySession session, Timestamp ts) {
        return switch (statement) {
            case Statement.ShowDatabases show ->
                    catalog(ts).databases().stream()
                            .map(Catalog.Database::name)
                            .filter(name ->
                                    show.like().isEmpty() || Like.matches(name, show.like().get()))
                            .map(List::of)
                            .toList();
            case Statement.ShowTables show -> showTables(show, session, ts);
            case Statement.Describe describe ->
                    Describe.rows(table(describe.database(), describe.table(), session, ts));
            case Statement.ShowCreate show -> {
                TableSchema table = table(show.database(), show.table(), session, ts);
                yield List.of(List.of(table.name(), Describe.create(table)));
            }
            case Statement.Explain explain -> explain(explain.query(), session, ts);
            case Statement.Use use -> {
                database(Optional.of(use.database()), session, ts);
                yield List.of();
            }
            case Statement.Ignored _, Statement.Query _, Statement.Write _ -> List.of();
        };
    }

    private List<List<String>> showTables(
            Statement.ShowTables show, QuerySession session, Timestamp ts) {
        List<List<String>> rows = new ArrayList<>();
        for (TableSchema table : database(show.database(), session, ts).tables()) {
            if (show.like().isEmpty() || Like.matches(table.name(), show.like().get())) {
                rows.add(show.full() ? List.of(table.name(), "BASE TABLE") : List.of(table.name()));
            }
        }
        return rows;
    }

    private List<List<String>> explain(Statement.Query query, QuerySession session, Timestamp ts) {
        Physical physical = plan(query, session, List.of(), ts);
        List<List<String>> rows = new ArrayList<>();
        physical.explain().lines().forEach(line -> rows.add(List.of(line)));
        RelOptUtil.toString(physical.plan().rel())
                .lines()
                .forEach(line -> rows.add(List.of("  " + line)));
        return rows;
    }

    private Catalog.Database database(Optional<String> named, QuerySession session, Timestamp ts) {
        String name =
                named.or(session::database)
                        .orElseThrow(
                                () -> new QueryException(Kind.INVALID, "no database selected"));
        return catalog(ts)
                .database(name)
                .orElseThrow(
                        () -> new QueryException(Kind.INVALID, "unknown database '" + name + "'"));
    }

    private TableSchema table(
            Optional<String> named, String table, QuerySession session, Timestamp ts) {
        Catalog.Database database = database(named, session, ts);
        return catalog(ts)
                .table(database.name(), table)
                .orElseThrow(() ->
                        new QueryException(
                                Kind.INVALID,
                                "unknown table '" + database.name() + "." + table + "'"));
    }

    @Override
    public void close() {
        duckDb.close();
    }
}
