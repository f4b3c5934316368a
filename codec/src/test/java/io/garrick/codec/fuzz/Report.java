package io.garrick.codec.fuzz;

import java.io.PrintStream;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Counts executions and findings; prints a finding once for each place it comes from. */
final class Report {
    /** What one fuzzer did. */
    static final class Line {
        long mutated;
        long guided;
        int findings;
    }

    private final PrintStream out;
    private final Map<String, Line> lines = new TreeMap<>();
    private final Set<String> places = new HashSet<>();

    Report(PrintStream out) {
        this.out = out;
        Fuzzers.ALL.forEach(fuzzer -> lines.put(fuzzer.name(), new Line()));
    }

    synchronized Line of(String fuzzer) {
        return lines.computeIfAbsent(fuzzer, _ -> new Line());
    }

    synchronized void finding(String fuzzer, byte[] input, String stack) {
        if (places.add(fuzzer + place(stack))) {
            of(fuzzer).findings++;
            out.println("FINDING " + fuzzer + " input " + HexFormat.of().formatHex(input));
            out.println(stack);
        }
    }

    /** The error's class and the innermost frames: another input through them is no news. */
    private static String place(String stack) {
        return stack.lines()
                .map(line -> line.replaceFirst(":.*", ""))
                .limit(4)
                .reduce("", (left, right) -> left + "|" + right);
    }

    /** Returns how many findings there were. */
    synchronized int print(int seconds) {
        int findings = 0;
        for (Map.Entry<String, Line> line : lines.entrySet()) {
            Line counts = line.getValue();
            out.printf(
                    "fuzz %-14s executions %d (mutated %d, guided by coverage %d) findings %d%n",
                    line.getKey(),
                    counts.mutated + counts.guided,
                    counts.mutated,
                    counts.guided,
                    counts.findings);
            findings += counts.findings;
        }
        out.println("fuzz seconds " + seconds + " findings " + findings);
        return findings;
    }

    static String stack(Throwable failure) {
        java.io.StringWriter text = new java.io.StringWriter();
        failure.printStackTrace(new java.io.PrintWriter(text));
        return text.toString().lines().limit(25).reduce("", (left, right) -> left + right + "\n");
    }
}
