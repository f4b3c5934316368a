package io.garrick.query.sql;

import io.garrick.query.QueryException;
import io.garrick.query.QueryException.Kind;
import io.garrick.query.sql.SqlText.Token;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A statement, told apart by its first words. Queries are parsed in full by {@link SqlPlanner}. */
public sealed interface Statement {
    /**
     * A query, with or without rows.
     *
     * @param sql without {@code AS OF} clauses, which are blanked so that positions stay
     * @param asOf what stood in the {@code AS OF TIMESTAMP} clauses
     */
    record Query(String sql, Optional<String> asOf) implements Statement {}

    record Explain(Query query) implements Statement {}

    record ShowDatabases(Optional<String> like) implements Statement {}

    record ShowTables(Optional<String> database, boolean full, Optional<String> like)
            implements Statement {}

    record Describe(Optional<String> database, String table) implements Statement {}

    record ShowCreate(Optional<String> database, String table) implements Statement {}

    record Use(String database) implements Statement {}

    /**
     * INSERT, UPDATE, DELETE, or a schema change.
     *
     * @param keyword its first word, in capitals
     */
    record Write(String sql, String keyword) implements Statement {
        /** Whether it writes rows; if not, it changes the schema. */
        public boolean isRows() {
            return switch (keyword) {
                case "INSERT", "UPDATE", "DELETE", "REPLACE" -> true;
                default -> false;
            };
        }
    }

    /** Settings and transaction words that clients send on their own; they change nothing here. */
    record Ignored(String keyword) implements Statement {}

    Set<String> WRITES =
            Set.of(
                    "INSERT",
                    "UPDATE",
                    "DELETE",
                    "REPLACE",
                    "MERGE",
                    "CREATE",
                    "DROP",
                    "ALTER",
                    "TRUNCATE",
                    "RENAME",
                    "LOAD",
                    "GRANT",
                    "REVOKE",
                    "LOCK",
                    "UNLOCK",
                    "ANALYZE",
                    "CALL",
                    "IMPORT",
                    "FLASHBACK",
                    "RECOVER",
                    "BATCH");

    Set<String> QUERIES = Set.of("SELECT", "WITH", "VALUES", "TABLE");

    Set<String> IGNORED = Set.of("SET", "BEGIN", "START", "COMMIT", "ROLLBACK");

    /** The statement that {@code sql} is; a trailing semicolon is allowed. */
    static Statement parse(String sql) {
        List<Token> tokens = SqlText.tokens(sql);
        int count = tokens.size();
        while (count > 0 && tokens.get(count - 1).isSymbol(";")) {
            count--;
        }
        if (count == 0) {
            throw new QueryException(Kind.INVALID, "the statement is empty");
        }
        int end = tokens.get(count - 1).end();
        return new StatementParser(sql.substring(0, end), tokens.subList(0, count)).parse();
    }
}
