package io.garrick.query.sql;

import io.garrick.query.QueryException;
import io.garrick.query.QueryException.Kind;
import io.garrick.query.sql.SqlText.Token;
import java.util.List;
import java.util.Optional;

/** Parses everything but queries; of queries it takes the {@code AS OF TIMESTAMP} clauses out. */
final class StatementParser {
    private final String sql;
    private final List<Token> tokens;
    private int at;

    StatementParser(String sql, List<Token> tokens) {
        this.sql = sql;
        this.tokens = tokens;
    }

    Statement parse() {
        Token first = tokens.get(0);
        String keyword = first.upper();
        if (first.isSymbol("(") || Statement.QUERIES.contains(keyword)) {
            return query(0);
        }
        if (Statement.WRITES.contains(keyword)) {
            return new Statement.Write(sql, keyword);
        }
        if (Statement.IGNORED.contains(keyword)) {
            return new Statement.Ignored(keyword);
        }
        at = 1;
        return switch (keyword) {
            case "EXPLAIN" -> explain();
            case "DESCRIBE", "DESC" -> isQueryNext() ? explain() : describe();
            case "SHOW" -> show();
            case "USE" -> done(new Statement.Use(name()));
            default -> throw unexpected(first);
        };
    }

    private Statement explain() {
        if (isQueryNext()) {
            return new Statement.Explain(query(tokens.get(at).start()));
        }
        if (at < tokens.size() && tokens.get(at).isName() && !accept("ANALYZE")) {
            return describe();
        }
        if (at < tokens.size() && isQueryNext()) {
            throw new QueryException(Kind.UNSUPPORTED, "EXPLAIN ANALYZE is not supported");
        }
        throw unexpectedHere();
    }

    private boolean isQueryNext() {
        return at < tokens.size()
                && (tokens.get(at).isSymbol("(")
                        || Statement.QUERIES.contains(tokens.get(at).upper()));
    }

    private Statement describe() {
        accept("TABLE");
        String name = name();
        if (acceptSymbol(".")) {
            return done(new Statement.Describe(Optional.of(name), name()));
        }
        return done(new Statement.Describe(Optional.empty(), name));
    }

    private Statement show() {
        boolean full = accept("FULL");
        if (accept("DATABASES") || accept("SCHEMAS")) {
            return done(new Statement.ShowDatabases(like()));
        }
        if (accept("TABLES")) {
            Optional<String> database = from();
            return done(new Statement.ShowTables(database, full, like()));
        }
        if (accept("COLUMNS") || accept("FIELDS")) {
            if (!accept("FROM") && !accept("IN")) {
                throw unexpectedHere();
            }
            String table = name();
            Optional<String> database = from();
            if (acceptSymbol(".")) {
                database = Optional.of(table);
                table = name();
            }
            return done(new Statement.Describe(database, table));
        }
        if (accept("CREATE") && accept("TABLE")) {
            String name = name();
            return done(
                    acceptSymbol(".")
                            ? new Statement.ShowCreate(Optional.of(name), name())
                            : new Statement.ShowCreate(Optional.empty(), name));
        }
        throw unexpectedHere();
    }

    private Optional<String> from() {
        return accept("FROM") || accept("IN") ? Optional.of(name()) : Optional.empty();
    }

    private Optional<String> like() {
        if (!accept("LIKE")) {
            return Optional.empty();
        }
        if (at < tokens.size() && tokens.get(at).kind() == SqlText.Kind.STRING) {
            return Optional.of(tokens.get(at++).text());
        }
        throw unexpectedHere();
    }

    private Statement.Query query(int start) {
        StringBuilder text = new StringBuilder(sql);
        // Everything before a query is blanked: the parser's positions are those of the user.
        for (int i = 0; i < start; i++) {
            blank(text, i, i + 1);
        }
        Optional<String> asOf = Optional.empty();
        for (int i = 0; i + 3 < tokens.size(); i++) {
            if (!tokens.get(i).is("AS")
                    || !tokens.get(i + 1).is("OF")
                    || !tokens.get(i + 2).is("TIMESTAMP")) {
                continue;
            }
            Token value = tokens.get(i + 3);
            if (value.kind() != SqlText.Kind.STRING && value.kind() != SqlText.Kind.NUMBER) {
                throw new QueryException(
                        Kind.INVALID,
                        position(value) + "AS OF TIMESTAMP needs a quoted time or a TSO number");
            }
            if (asOf.isPresent() && !asOf.get().equals(value.text())) {
                throw new QueryException(
                        Kind.INVALID,
                        position(value) + "all AS OF clauses of a statement must be equal");
            }
            asOf = Optional.of(value.text());
            blank(text, tokens.get(i).start(), value.end());
        }
        return new Statement.Query(text.toString(), asOf);
    }

    private static void blank(StringBuilder text, int start, int end) {
        for (int i = start; i < end; i++) {
            if (text.charAt(i) != '\n') {
                text.setCharAt(i, ' ');
            }
        }
    }

    private String name() {
        if (at < tokens.size() && tokens.get(at).isName()) {
            return tokens.get(at++).text();
        }
        throw unexpectedHere();
    }

    private boolean accept(String keyword) {
        boolean found = at < tokens.size() && tokens.get(at).is(keyword);
        at += found ? 1 : 0;
        return found;
    }

    private boolean acceptSymbol(String symbol) {
        boolean found = at < tokens.size() && tokens.get(at).isSymbol(symbol);
        at += found ? 1 : 0;
        return found;
    }

    private Statement done(Statement statement) {
        if (at < tokens.size()) {
            throw unexpectedHere();
        }
        return statement;
    }

    private QueryException unexpectedHere() {
        return at < tokens.size()
                ? unexpected(tokens.get(at))
                : new QueryException(Kind.INVALID, "the statement ends too early");
    }

    private QueryException unexpected(Token token) {
        return new QueryException(
                Kind.INVALID, position(token) + "unexpected '" + token.text() + "'");
    }

    private String position(Token token) {
        String before = sql.substring(0, token.start());
        int line = 1 + (int) before.chars().filter(c -> c == '\n').count();
        int column = token.start() - before.lastIndexOf('\n');
        return "line " + line + ", column " + column + ": ";
    }
}
