package io.garrick.codec.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;

/**
 * What Jazzer calls: the first byte names the fuzzer, the rest is its input. Findings go to a file,
 * so that one does not hide the others.
 */
public final class JazzerTarget {
    private static final int MOST_FINDINGS = 50;
    private static final long[] EXECUTIONS = new long[Fuzzers.ALL.size()];
    private static final Set<String> KNOWN = new HashSet<>();

    private JazzerTarget() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        if (data.length == 0) {
            return;
        }
        int index = (data[0] & 0xff) % Fuzzers.ALL.size();
        Fuzzer fuzzer = Fuzzers.ALL.get(index);
        byte[] input = Arrays.copyOfRange(data, 1, data.length);
        EXECUTIONS[index]++;
        Judge.Verdict verdict = Judge.run(fuzzer, input);
        if (verdict.finding().isPresent()) {
            Throwable finding = verdict.finding().get();
            boolean isNew = KNOWN.add(fuzzer.name() + finding.getClass() + top(finding));
            if (isNew && KNOWN.size() <= MOST_FINDINGS) {
                String stack = Report.stack(finding).replace('\n', '\u2028').replace('\t', ' ');
                append(
                        "finding\t%s\t%s\t%s%n"
                                .formatted(fuzzer.name(), HexFormat.of().formatHex(input), stack));
            }
        }
    }

    /** Called once, at the end. */
    public static void fuzzerTearDown() throws IOException {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < EXECUTIONS.length; i++) {
            out.append("executions\t%s\t%d%n".formatted(Fuzzers.ALL.get(i).name(), EXECUTIONS[i]));
        }
        append(out.toString());
    }

    private static String top(Throwable finding) {
        StackTraceElement[] frames = finding.getStackTrace();
        return frames.length == 0 ? "" : frames[0].toString();
    }

    private static void append(String text) throws IOException {
        Files.writeString(
                Path.of(System.getProperty("garrick.fuzz.report")),
                text,
                UTF_8,
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }
}
