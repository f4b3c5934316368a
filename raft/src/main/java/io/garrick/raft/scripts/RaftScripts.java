package io.garrick.raft.scripts;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Runs all scripts under a folder. The kind of a script is the name of its own folder: {@code
 * quorum}, {@code confchange} or {@code interaction}.
 *
 * <p>Scripts that raft-rs answers differently on purpose are listed with their reason in {@code
 * left-out.txt}.
 */
public final class RaftScripts {
    private static final String LEFT_OUT = "left-out.txt";

    /** How one script ended. */
    public sealed interface Outcome {
        record Passed() implements Outcome {}

        record Failed(String why) implements Outcome {}

        record LeftOut(String why) implements Outcome {}
    }

    private RaftScripts() {}

    public static void main(String[] args) {
        if (args.length != 1) {
            System.err.println("usage: raft-scripts FOLDER");
            System.exit(2);
        }
        System.exit(report(Path.of(args[0]), System.out) ? 0 : 1);
    }

    /** Prints each script's outcome and the totals; false if any failed or there was none. */
    static boolean report(Path folder, PrintStream out) {
        Map<String, Outcome> outcomes = runAll(folder);
        int passed = 0;
        int failed = 0;
        int skipped = 0;
        for (Map.Entry<String, Outcome> script : outcomes.entrySet()) {
            switch (script.getValue()) {
                case Outcome.Passed() -> {
                    passed++;
                    out.println("PASSED " + script.getKey());
                }
                case Outcome.Failed(String why) -> {
                    failed++;
                    out.println("FAILED " + script.getKey() + ": " + why);
                }
                case Outcome.LeftOut(String why) -> {
                    skipped++;
                    out.println("SKIPPED " + script.getKey() + ": " + why);
                }
            }
        }
        if (outcomes.isEmpty()) {
            failed++;
            out.println("FAILED " + folder + ": no scripts");
        }
        out.println("passed " + passed + " failed " + failed + " skipped " + skipped);
        return failed == 0;
    }

    /** Outcomes by script name, relative to the folder. */
    public static Map<String, Outcome> runAll(Path folder) {
        Map<String, String> leftOut = leftOut();
        Map<String, Outcome> outcomes = new TreeMap<>();
        for (Path script : scripts(folder)) {
            String kind = kind(script);
            String reason = leftOut.get(kind + "/" + script.getFileName());
            outcomes.put(
                    folder.relativize(script).toString(),
                    reason == null ? run(script, kind) : new Outcome.LeftOut(reason));
        }
        return outcomes;
    }

    private static List<Path> scripts(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".txt")).sorted().toList();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static String kind(Path script) {
        Path parent = script.toAbsolutePath().normalize().getParent();
        return parent == null || parent.getFileName() == null
                ? ""
                : parent.getFileName().toString();
    }

    private static Outcome run(Path script, String kind) {
        try {
            List<String> lines = Files.readAllLines(script, StandardCharsets.UTF_8);
            return switch (kind) {
                case "quorum" -> run(Directive.parse(lines), new QuorumScript());
                case "confchange" -> run(Directive.parse(lines), new ConfChangeScript());
                case "interaction" -> run(Directive.parse(lines), new InteractionScript());
                default -> new Outcome.Failed("unknown kind of script: " + kind);
            };
        } catch (IOException unreadable) {
            return new Outcome.Failed(unreadable.toString());
        } catch (Directive.BadScript bad) {
            return new Outcome.Failed(String.valueOf(bad.getMessage()));
        }
    }

    static Outcome run(List<Directive> directives, Script script) {
        if (directives.isEmpty()) {
            return new Outcome.Failed("no commands");
        }
        for (Directive directive : directives) {
            String actual;
            try {
                actual = script.run(directive);
            } catch (RuntimeException failure) {
                return new Outcome.Failed("line " + directive.line() + ": " + failure);
            }
            if (!lines(actual).equals(lines(directive.expected()))) {
                return new Outcome.Failed(
                        "line %d, %s\n--- expected\n%s--- printed\n%s---"
                                .formatted(
                                        directive.line(),
                                        directive.command(),
                                        directive.expected(),
                                        actual));
            }
        }
        return new Outcome.Passed();
    }

    private static List<String> lines(String text) {
        List<String> lines = new ArrayList<>(text.lines().map(String::stripTrailing).toList());
        while (!lines.isEmpty() && lines.getLast().isEmpty()) {
            lines.removeLast();
        }
        return lines;
    }

    /** Script name to reason. A line is {@code kind/name.txt | reason | source}. */
    static Map<String, String> leftOut() {
        Map<String, String> reasons = new TreeMap<>();
        try (InputStream in = RaftScripts.class.getResourceAsStream(LEFT_OUT)) {
            if (in == null) {
                throw new IllegalStateException("resource " + LEFT_OUT + " is missing");
            }
            for (String line :
                    new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
                if (line.isBlank() || line.startsWith("#")) {
                    continue;
                }
                List<String> parts = List.of(line.split("\\|", 3));
                if (parts.size() != 3) {
                    throw new IllegalStateException(LEFT_OUT + ": " + line);
                }
                reasons.put(
                        parts.get(0).strip(),
                        parts.get(1).strip() + " (" + parts.get(2).strip() + ")");
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
        return reasons;
    }
}
