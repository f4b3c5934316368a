package io.garrick.codec.vectors;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs every {@code .tsv} file below a directory.
 *
 * <p>Prints {@code name passed P failed F} per file, what failed, and a sum as the last line; the
 * exit code is 1 if anything failed. Whatever cannot be read or is not known counts as failed. With
 * {@code --emit}, vectors of files without an expected column print their id and our answer. Some
 * ops need inputs besides the bytes (a collation, the members of an enum), which stand in the
 * expected column; a file without that column may have them in a column {@code inputs}. Without
 * them such a vector has no answer, and counts as failed.
 */
public final class VectorRunner {
    /** How many vectors agreed, and how many did not. */
    public record Sum(int passed, int failed) {
        Sum plus(Sum other) {
            return new Sum(passed + other.passed, failed + other.failed);
        }
    }

    private static final Map<String, Op> OPS = ops();
    private static final Sum PASSED = new Sum(1, 0);
    private static final Sum FAILED = new Sum(0, 1);
    private static final Sum NOTHING = new Sum(0, 0);

    private final PrintStream out;
    private final boolean emit;

    public VectorRunner(PrintStream out, boolean emit) {
        this.out = out;
        this.emit = emit;
    }

    /** {@code DIR [--emit]}. */
    public static void main(String[] args) throws IOException {
        boolean emit = List.of(args).contains("--emit");
        List<String> directories =
                Stream.of(args).filter(argument -> !argument.startsWith("--")).toList();
        if (directories.size() != 1 || args.length != (emit ? 2 : 1)) {
            System.err.println("usage: vectors DIR [--emit]");
            System.exit(2);
        }
        PrintStream out = new PrintStream(System.out, true, UTF_8);
        Sum sum = new VectorRunner(out, emit).run(Path.of(directories.getFirst()));
        System.exit(sum.failed() == 0 ? 0 : 1);
    }

    public Sum run(Path directory) throws IOException {
        Sum sum = NOTHING;
        List<Path> files = files(directory);
        if (files.isEmpty()) {
            out.println("no .tsv file below " + directory);
            sum = FAILED;
        }
        for (Path file : files) {
            Sum ofFile = runFile(file);
            out.println(name(file) + " passed " + ofFile.passed() + " failed " + ofFile.failed());
            sum = sum.plus(ofFile);
        }
        out.println("vectors passed " + sum.passed() + " failed " + sum.failed());
        return sum;
    }

    private static List<Path> files(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> tree = Files.walk(directory)) {
            return tree.filter(Files::isRegularFile)
                    .filter(file -> file.toString().endsWith(".tsv"))
                    .sorted()
                    .toList();
        }
    }

    private static String name(Path file) {
        Path name = file.getFileName();
        return name == null ? file.toString() : name.toString().replaceFirst("\\.tsv$", "");
    }

    private Sum runFile(Path file) throws IOException {
        List<String> lines;
        try {
            lines = List.of(Files.readString(file, UTF_8).split("\n", -1));
        } catch (MalformedInputException notText) {
            return fail(file.toString(), "not UTF-8");
        }
        Map<String, Integer> columns = new LinkedHashMap<>();
        for (String column : line(lines.getFirst()).split("\t", -1)) {
            columns.put(column, columns.size());
        }
        if (!columns.containsKey("id")
                || !columns.containsKey("op")
                || !columns.containsKey("hex")) {
            return fail(file.toString(), "no header with id, op and hex");
        }
        Sum sum = NOTHING;
        for (int i = 1; i < lines.size(); i++) {
            String line = line(lines.get(i));
            if (!line.isEmpty()) {
                sum = sum.plus(runLine(file + ":" + (i + 1), line, columns));
            }
        }
        return sum.passed() + sum.failed() == 0 && !(emit && !columns.containsKey("expected"))
                ? fail(file.toString(), "no vectors")
                : sum;
    }

    private static String line(String raw) {
        return raw.endsWith("\r") ? raw.substring(0, raw.length() - 1) : raw;
    }

    private Sum runLine(String where, String line, Map<String, Integer> columns) {
        String[] cells = line.split("\t", -1);
        if (cells.length != columns.size()) {
            return fail(where, cells.length + " cells, not " + columns.size());
        }
        String expected =
                columns.containsKey("expected") ? cell(cells, columns, "expected", "") : null;
        String inputs = cell(cells, columns, "inputs", cell(cells, columns, "input", ""));
        Vector vector =
                new Vector(
                        cell(cells, columns, "id", ""),
                        cell(cells, columns, "op", ""),
                        cell(cells, columns, "hex", ""),
                        expected,
                        expected == null ? inputs : expected,
                        cell(cells, columns, "note", ""));
        Op op = OPS.get(vector.op());
        if (op == null) {
            return fail(vector.id(), "unknown op " + vector.op());
        }
        return runVector(vector, op);
    }

    private static String cell(
            String[] cells, Map<String, Integer> columns, String name, String missing) {
        Integer at = columns.get(name);
        return at == null ? missing : cells[at];
    }

    private Sum runVector(Vector vector, Op op) {
        String answer = null;
        String complaint = null;
        try {
            answer = op.answer(vector);
        } catch (RuntimeException failure) {
            complaint = failure.toString();
        }
        String expected = vector.expected();
        if (expected == null) {
            if (!emit) {
                return fail(vector.id(), "nothing expected");
            }
            if (answer == null) {
                return fail(vector.id(), "no answer: " + complaint);
            }
            out.println(vector.id() + "\t" + answer);
            return NOTHING;
        }
        if (answer == null) {
            return fail(vector.id(), String.valueOf(complaint));
        }
        boolean whole =
                !KeyOps.PARTIAL.contains(vector.op()) && !SchemaOps.PARTIAL.contains(vector.op());
        boolean textOnly = vector.op().equals("json_to_text") || vector.op().equals("json_type");
        boolean same = textOnly ? expected.equals(answer) : Same.text(expected, answer, whole);
        return same ? PASSED : fail(vector.id(), "expected " + expected + ", found " + answer);
    }

    private Sum fail(String where, @Nullable String reason) {
        out.println("FAILED " + where + ": " + reason);
        return FAILED;
    }

    private static Map<String, Op> ops() {
        Map<String, Op> ops = new HashMap<>();
        NumberOps.addTo(ops);
        ValueOps.addTo(ops);
        KeyOps.addTo(ops);
        RowOps.addTo(ops);
        RecordOps.addTo(ops);
        SchemaOps.addTo(ops);
        CollationOps.addTo(ops);
        return Map.copyOf(ops);
    }
}
