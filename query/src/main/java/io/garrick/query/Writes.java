package io.garrick.query;

import io.garrick.base.Timestamp;
import io.garrick.query.QueryException.Kind;
import io.garrick.query.ddl.DdlParser;
import io.garrick.query.sql.Plan;
import io.garrick.query.sql.Statement;
import io.garrick.query.sql.WritePlan;
import io.garrick.query.write.StatementWriter;
import io.garrick.query.write.WriteConflictException;
import io.garrick.query.write.WriteRunner;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Runs statements that write, each in a transaction of its own. One that meets a faster transaction
 * runs again, on what is there by then.
 */
final class Writes {
    private static final int ATTEMPTS = 30;

    private final StatementWriter writer;
    private final Supplier<Timestamp> clock;
    private final Function<Timestamp, Catalog> catalogs;
    private final Planner planner;
    private final BiFunction<Plan, Timestamp, ResultStream> queries;
    private final Lock losers = new ReentrantLock(true);

    /** Resolves a statement against a catalog. */
    interface Planner {
        WritePlan plan(
                Catalog catalog,
                Statement.Write write,
                QuerySession session,
                List<String> parameters);

        /** The types of {@code ?}. */
        Schema parameters(Catalog catalog, Statement.Write write, QuerySession session);
    }

    Writes(
            StatementWriter writer,
            Supplier<Timestamp> clock,
            Function<Timestamp, Catalog> catalogs,
            Planner planner,
            BiFunction<Plan, Timestamp, ResultStream> queries) {
        this.writer = writer;
        this.clock = clock;
        this.catalogs = catalogs;
        this.planner = planner;
        this.queries = queries;
    }

    /** Returns the number of rows written; zero for a schema change. */
    long run(Statement.Write write, QuerySession session, List<String> parameters) {
        requireNow(write, session);
        if (!write.isRows()) {
            writer.change(
                    DdlParser.parse(write.sql(), session.database(), catalogs.apply(clock.get())));
            return 0;
        }
        try {
            return once(write, session, parameters);
        } catch (WriteConflictException _) {
            return again(write, session, parameters);
        }
    }

    /** Statements that lost once come one by one, so they cannot keep each other from winning. */
    private long again(Statement.Write write, QuerySession session, List<String> parameters) {
        losers.lock();
        try {
            for (int attempt = 2; ; attempt++) {
                try {
                    return once(write, session, parameters);
                } catch (WriteConflictException conflict) {
                    if (attempt == ATTEMPTS) {
                        throw new QueryException(
                                Kind.NOT_READY,
                                "Write conflict: other statements were faster "
                                        + ATTEMPTS
                                        + " times, try again later",
                                conflict);
                    }
                }
            }
        } finally {
            losers.unlock();
        }
    }

    private static void requireNow(Statement.Write write, QuerySession session) {
        if (session.snapshotTs().isPresent()) {
            throw new QueryException(
                    Kind.INVALID,
                    write.keyword()
                            + " writes now, not at snapshot_ts "
                            + session.snapshotTs().get());
        }
    }

    private long once(Statement.Write write, QuerySession session, List<String> parameters) {
        try (StatementWriter.Transaction transaction = writer.begin()) {
            Timestamp ts = transaction.startTs();
            WritePlan plan = planner.plan(catalogs.apply(ts), write, session, parameters);
            long rows =
                    new WriteRunner(plan.table(), transaction, query -> queries.apply(query, ts))
                            .run(plan);
            transaction.commit();
            return rows;
        }
    }

    /** Fails if the statement could not run; tells the types of its {@code ?}. */
    Schema parameters(Statement.Write write, QuerySession session, Catalog catalog) {
        requireNow(write, session);
        if (!write.isRows()) {
            DdlParser.parse(write.sql(), session.database(), catalog);
            return new Schema(List.of());
        }
        return planner.parameters(catalog, write, session);
    }
}
