package io.garrick.query.ddl;

import io.garrick.query.QueryException;
import io.garrick.query.QueryException.Kind;
import io.garrick.query.sql.SqlText;
import io.garrick.query.sql.SqlText.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The text of a schema change without the words that only TiDB has: Druid's parser knows MySQL's.
 * They become blanks, so positions stay the user's.
 *
 * @param sql what is left
 * @param clustered what stood behind PRIMARY KEY; null if nothing did
 */
record DdlText(String sql, @Nullable Boolean clustered) {
    private static final Pattern FEATURE_COMMENT =
            Pattern.compile("/\\*T!(?:\\[clustered_index\\])?(.*?)\\*/", Pattern.DOTALL);
    private static final Pattern QUOTED_NAME = Pattern.compile("'([^']+)'");

    /** ALTER TABLE ... SET TIFLASH REPLICA n. */
    record ReplicaCount(List<String> table, int count) {}

    static DdlText of(String sql) {
        StringBuilder text = new StringBuilder(openComments(sql));
        Boolean clustered = null;
        List<Token> tokens = SqlText.tokens(text.toString());
        for (int i = 1; i < tokens.size(); i++) {
            Token token = tokens.get(i);
            boolean isClustered = token.is("CLUSTERED");
            if (!isClustered && !token.is("NONCLUSTERED")) {
                continue;
            }
            Token before = tokens.get(i - 1);
            if (before.isSymbol(")") || before.is("KEY")) {
                clustered = isClustered;
                blank(text, token.start(), token.end());
            }
        }
        return new DdlText(text.toString(), clustered);
    }

    /** What stands in a comment for TiDB alone is part of the statement. */
    private static String openComments(String sql) {
        StringBuilder text = new StringBuilder(sql);
        List<Token> tokens = SqlText.tokens(sql);
        Matcher comment = FEATURE_COMMENT.matcher(sql);
        while (comment.find()) {
            int start = comment.start();
            if (tokens.stream().noneMatch(token -> token.start() < start && start < token.end())) {
                blank(text, comment.start(), comment.start(1));
                blank(text, comment.end(1), comment.end());
            }
        }
        return text.toString();
    }

    private static void blank(StringBuilder text, int start, int end) {
        for (int i = start; i < end; i++) {
            if (text.charAt(i) != '\n') {
                text.setCharAt(i, ' ');
            }
        }
    }

    Optional<ReplicaCount> setReplica() {
        List<Token> tokens = SqlText.tokens(sql);
        if (tokens.size() < 6 || !tokens.get(0).is("ALTER") || !tokens.get(1).is("TABLE")) {
            return Optional.empty();
        }
        List<String> name = new ArrayList<>(List.of(tokens.get(2).text()));
        int at = 3;
        if (tokens.get(3).isSymbol(".")) {
            name.add(tokens.get(4).text());
            at = 5;
        }
        if (tokens.size() != at + 4
                || !tokens.get(at).is("SET")
                || !tokens.get(at + 1).is("TIFLASH")
                || !tokens.get(at + 2).is("REPLICA")) {
            return Optional.empty();
        }
        Token count = tokens.get(at + 3);
        if (!count.text().matches("\\d{1,4}")) {
            throw new QueryException(
                    Kind.INVALID, position(count.start()) + "a number of replicas is needed");
        }
        return Optional.of(new ReplicaCount(name, Integer.parseInt(count.text())));
    }

    /** An error at the first place where the name it quotes stands. */
    QueryException invalid(@Nullable String message) {
        Matcher quoted = QUOTED_NAME.matcher(String.valueOf(message));
        String position = quoted.find() ? positionOf(quoted.group(1)) : "";
        return new QueryException(Kind.INVALID, position + message);
    }

    QueryException unsupported(String message) {
        return new QueryException(Kind.UNSUPPORTED, String.valueOf(invalid(message).getMessage()));
    }

    private String positionOf(String name) {
        return SqlText.tokens(sql).stream()
                .filter(token -> token.text().equalsIgnoreCase(name))
                .findFirst()
                .map(token -> position(token.start()))
                .orElse("");
    }

    private String position(int offset) {
        String before = sql.substring(0, offset);
        int line = 1 + (int) before.chars().filter(c -> c == '\n').count();
        return "line " + line + ", column " + (offset - before.lastIndexOf('\n')) + ": ";
    }
}
