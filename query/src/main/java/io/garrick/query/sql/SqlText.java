package io.garrick.query.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** SQL text as a list of tokens, so that nothing is ever found inside a string or a comment. */
public final class SqlText {
    /** What a token is; a word may be a keyword or an identifier. */
    public enum Kind {
        WORD,
        QUOTED,
        STRING,
        NUMBER,
        SYMBOL
    }

    /**
     * One token and its place.
     *
     * @param text of a quoted identifier or string: what stands between the quotes
     * @param end exclusive
     */
    public record Token(Kind kind, String text, int start, int end) {
        public boolean is(String keyword) {
            return kind == Kind.WORD && text.equalsIgnoreCase(keyword);
        }

        public boolean isSymbol(String symbol) {
            return kind == Kind.SYMBOL && text.equals(symbol);
        }

        public boolean isName() {
            return kind == Kind.WORD || kind == Kind.QUOTED;
        }

        public String upper() {
            return text.toUpperCase(Locale.ROOT);
        }
    }

    private final String sql;
    private final List<Token> tokens = new ArrayList<>();
    private int at;

    private SqlText(String sql) {
        this.sql = sql;
    }

    public static List<Token> tokens(String sql) {
        SqlText text = new SqlText(sql);
        text.scan();
        return List.copyOf(text.tokens);
    }

    private void scan() {
        while (at < sql.length()) {
            char c = sql.charAt(at);
            if (Character.isWhitespace(c)) {
                at++;
            } else if (c == '#' || sql.startsWith("-- ", at) || sql.startsWith("--\n", at)) {
                skipTo("\n");
            } else if (sql.startsWith("/*", at)) {
                skipTo("*/");
            } else if (c == '\'' || c == '"') {
                quoted(c, Kind.STRING);
            } else if (c == '`') {
                quoted(c, Kind.QUOTED);
            } else if (Character.isDigit(c)) {
                run(Kind.NUMBER);
            } else if (Character.isUnicodeIdentifierStart(c) || c == '_' || c == '@') {
                run(Kind.WORD);
            } else {
                tokens.add(new Token(Kind.SYMBOL, String.valueOf(c), at, at + 1));
                at++;
            }
        }
    }

    private void skipTo(String end) {
        int found = sql.indexOf(end, at);
        at = found < 0 ? sql.length() : found + end.length();
    }

    private void quoted(char quote, Kind kind) {
        int start = at;
        StringBuilder text = new StringBuilder();
        at++;
        while (at < sql.length()) {
            char c = sql.charAt(at++);
            if (c == quote) {
                if (at < sql.length() && sql.charAt(at) == quote) {
                    at++;
                } else {
                    break;
                }
            }
            text.append(c);
        }
        tokens.add(new Token(kind, text.toString(), start, at));
    }

    private void run(Kind kind) {
        int start = at;
        while (at < sql.length() && isPart(sql.charAt(at), kind)) {
            at++;
        }
        tokens.add(new Token(kind, sql.substring(start, at), start, at));
    }

    private static boolean isPart(char c, Kind kind) {
        return Character.isUnicodeIdentifierPart(c)
                || c == '$'
                || c == '@'
                || (kind == Kind.NUMBER && c == '.');
    }
}
