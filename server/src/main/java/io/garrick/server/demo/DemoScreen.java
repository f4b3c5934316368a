package io.garrick.server.demo;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What the demo shows. On a terminal the table is drawn over itself; elsewhere a line is printed
 * now and then. One thread.
 */
final class DemoScreen {
    private static final int BAR_CELLS = 30;

    private final PrintStream out;
    private final boolean terminal;
    private int drawnLines;
    private long lastPlainNanos;

    DemoScreen(PrintStream out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** A line that stays. */
    void say(String line) {
        clear();
        out.println(line);
        out.flush();
    }

    void loading(String table, long rows, long total, double seconds) {
        double share = total == 0 ? 1 : Math.min(1, (double) rows / total);
        int full = (int) (share * BAR_CELLS);
        String line =
                String.format(
                        Locale.ROOT,
                        "  loading %-10s [%s%s] %3.0f %%  %,d rows  %,.0f rows/s",
                        table,
                        "#".repeat(full),
                        "-".repeat(BAR_CELLS - full),
                        share * 100,
                        rows,
                        seconds == 0 ? 0 : rows / seconds);
        draw(List.of(line));
    }

    void running(DemoStats stats, Live live, double seconds) {
        List<String> lines = new ArrayList<>();
        lines.add(
                String.format(
                        Locale.ROOT,
                        "  %4.0f s   rows %,d   commits %,d (%.0f/s)   conflicts %d   regions %d  "
                                + " parts %d",
                        seconds,
                        stats.rowsLoaded.get(),
                        stats.commits.get(),
                        live.commitsPerSecond(),
                        stats.conflicts.get(),
                        live.regions(),
                        live.parts()));
        lines.add(
                String.format(
                        Locale.ROOT,
                        "  freshness p50 %.1f ms  p99 %.1f ms   queries %d   mismatches %d   errors"
                                + " %d",
                        stats.freshnessMillis(50),
                        stats.freshnessMillis(99),
                        stats.queries.get(),
                        stats.mismatches.get(),
                        stats.queryErrors.get()));
        if (terminal) {
            for (Map.Entry<String, DemoStats.Query> query : stats.queriesByName().entrySet()) {
                DemoStats.Query timing = query.getValue();
                long runs = timing.runs.get();
                lines.add(
                        String.format(
                                Locale.ROOT,
                                "    %-13s runs %4d   last %8.1f ms   mean %8.1f ms",
                                query.getKey(),
                                runs,
                                timing.lastMicros / 1000.0,
                                runs == 0 ? 0 : timing.totalMicros.get() / 1000.0 / runs));
            }
            if (!stats.lastProblem().isEmpty()) {
                lines.add("  last problem: " + stats.lastProblem());
            }
        }
        draw(lines);
    }

    /** Numbers that change while the demo runs. */
    record Live(double commitsPerSecond, long regions, long parts) {}

    private void draw(List<String> lines) {
        if (terminal) {
            clear();
            lines.forEach(out::println);
            drawnLines = lines.size();
        } else {
            long now = System.nanoTime();
            if (now - lastPlainNanos < 3_000_000_000L) {
                return;
            }
            lastPlainNanos = now;
            lines.forEach(out::println);
        }
        out.flush();
    }

    private void clear() {
        if (terminal && drawnLines > 0) {
            out.print("\u001b[" + drawnLines + "A\u001b[J");
            drawnLines = 0;
        }
    }
}
