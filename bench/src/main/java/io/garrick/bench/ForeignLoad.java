package io.garrick.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How much CPU processes other than this benchmark's used since {@link #start}: /proc/stat less
 * /proc/PID/stat.
 *
 * <p>Source: proc(5). Steal, iowait and idle time are not counted as used. Where there is no /proc,
 * nothing is known and the load counts as unbounded, so that no figure is called clean without a
 * check.
 */
public final class ForeignLoad {
    private static final Set<Long> OWN_CHILDREN = ConcurrentHashMap.newKeySet();

    private final long startNanos = System.nanoTime();
    private final long machineTicks = machineTicks();
    private final long ownTicks = ownTicks();

    private ForeignLoad() {}

    public static ForeignLoad start() {
        return new ForeignLoad();
    }

    /**
     * Counts a process that the benchmark itself started as its own, from before {@link #start}
     * until it is gone.
     */
    public static void own(Process process) {
        OWN_CHILDREN.add(process.pid());
    }

    /** Cores kept busy by others, on average since the start. */
    public double coresUsedByOthers() {
        if (machineTicks < 0) {
            return Double.POSITIVE_INFINITY;
        }
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        long others = (machineTicks() - machineTicks) - (ownTicks() - ownTicks);
        // The kernel counts 100 ticks a second (USER_HZ) on every Linux that a JDK 25 runs on.
        return Math.max(0, others) / 100.0 / seconds;
    }

    private static long machineTicks() {
        try {
            List<String> lines = Files.readAllLines(Path.of("/proc/stat"));
            String[] fields = lines.getFirst().trim().split("\\s+", -1);
            // cpu user nice system idle iowait irq softirq steal ...
            return Long.parseLong(fields[1])
                    + Long.parseLong(fields[2])
                    + Long.parseLong(fields[3])
                    + Long.parseLong(fields[6])
                    + Long.parseLong(fields[7]);
        } catch (IOException noProc) {
            return -1;
        }
    }

    private static long ownTicks() {
        long ticks = ticksOf(ProcessHandle.current().pid());
        for (long child : OWN_CHILDREN) {
            ticks += ticksOf(child);
        }
        return ticks;
    }

    private static long ticksOf(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            // The command is in parentheses and may hold blanks; state is the first field after it.
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            // Own user and system time, then that of children that ended: a process that the
            // benchmark
            // stopped before the load is read still counts as its own.
            return Long.parseLong(fields[11])
                    + Long.parseLong(fields[12])
                    + Long.parseLong(fields[13])
                    + Long.parseLong(fields[14]);
        } catch (IOException gone) {
            return 0;
        }
    }
}
