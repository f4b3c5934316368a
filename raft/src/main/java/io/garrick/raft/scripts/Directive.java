package io.garrick.raft.scripts;

import java.util.ArrayList;
import java.util.List;

/**
 * One command of a script with what it must print.
 *
 * <p>The format is that of github.com/cockroachdb/datadriven: {@code command arg key=value
 * key=(v1,v2)}, input lines, {@code ----}, expected lines up to an empty one. A doubled {@code
 * ----} lets the expectation contain empty lines.
 *
 * @param line where it starts, 1-based
 */
record Directive(
        int line, String command, List<Argument> arguments, String input, String expected) {
    /** An argument; one without values is positional. */
    record Argument(String key, List<String> values) {}

    /** A script that cannot be read. */
    static final class BadScript extends RuntimeException {
        private static final long serialVersionUID = 1L;

        BadScript(String message) {
            super(message);
        }
    }

    static List<Directive> parse(List<String> lines) {
        List<Directive> directives = new ArrayList<>();
        int at = 0;
        while (at < lines.size()) {
            String line = lines.get(at).strip();
            if (line.isEmpty() || line.startsWith("#")) {
                at++;
                continue;
            }
            int start = at;
            StringBuilder head = new StringBuilder(line);
            at++;
            while (head.toString().endsWith("\\") && at < lines.size()) {
                head.setLength(head.length() - 1);
                head.append(' ').append(lines.get(at).strip());
                at++;
            }
            StringBuilder input = new StringBuilder();
            while (at < lines.size() && !lines.get(at).strip().equals("----")) {
                input.append(lines.get(at)).append('\n');
                at++;
            }
            if (at == lines.size()) {
                throw new BadScript("line " + (start + 1) + ": no ---- after the command");
            }
            at++;
            boolean doubled = at < lines.size() && lines.get(at).strip().equals("----");
            StringBuilder expected = new StringBuilder();
            if (doubled) {
                at++;
                while (at + 1 < lines.size()
                        && !(lines.get(at).strip().equals("----")
                                && lines.get(at + 1).strip().equals("----"))) {
                    expected.append(lines.get(at)).append('\n');
                    at++;
                }
                if (at + 1 >= lines.size()) {
                    throw new BadScript("line " + (start + 1) + ": expectation does not end");
                }
                at += 2;
            } else {
                while (at < lines.size() && !lines.get(at).isBlank()) {
                    expected.append(lines.get(at)).append('\n');
                    at++;
                }
            }
            List<String> words = words(head.toString());
            directives.add(
                    new Directive(
                            start + 1,
                            words.getFirst(),
                            words.stream().skip(1).map(Directive::argument).toList(),
                            input.toString().strip(),
                            expected.toString()));
        }
        return directives;
    }

    /** Splits at blanks that are outside of parentheses. */
    private static List<String> words(String head) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        int depth = 0;
        for (char c : (head + " ").toCharArray()) {
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            if (c == ' ' && depth == 0) {
                if (!word.isEmpty()) {
                    words.add(word.toString());
                    word.setLength(0);
                }
            } else {
                word.append(c);
            }
        }
        return words;
    }

    private static Argument argument(String word) {
        int equals = word.indexOf('=');
        if (equals < 0) {
            return new Argument(word, List.of());
        }
        String value = word.substring(equals + 1);
        if (!value.startsWith("(")) {
            return new Argument(word.substring(0, equals), List.of(value));
        }
        List<String> values = new ArrayList<>();
        for (String part : value.substring(1, value.length() - 1).split(",", -1)) {
            if (!part.isBlank()) {
                values.add(part.strip());
            }
        }
        return new Argument(word.substring(0, equals), values);
    }

    /** Positional arguments, in order. */
    List<String> positional() {
        return arguments.stream().filter(a -> a.values().isEmpty()).map(Argument::key).toList();
    }

    /** Values of a key; empty when it is not given. */
    List<String> values(String key) {
        return arguments.stream()
                .filter(a -> a.key().equals(key))
                .flatMap(a -> a.values().stream())
                .toList();
    }

    boolean has(String key) {
        return arguments.stream().anyMatch(a -> a.key().equals(key));
    }

    String value(String key, String otherwise) {
        List<String> values = values(key);
        return values.isEmpty() ? otherwise : values.getFirst();
    }
}
