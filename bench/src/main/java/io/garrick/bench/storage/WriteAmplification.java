package io.garrick.bench.storage;

import io.garrick.base.Timestamp;
import io.garrick.bench.Benchmark;
import io.garrick.bench.ForeignLoad;
import io.garrick.bench.Report;
import io.garrick.mergetree.FlushScope;
import io.garrick.mergetree.StoreSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How many bytes go to disk for each byte received? Commands of 157-byte rows go through region
 * cache and table store, with checkpoints, and with compaction until there is nothing to do. Bytes
 * written: /proc/self/io, and per file for parts; the raft log is not part of it. Bytes received:
 * what the rows take, encoded as columns, when a part first has them; that is less than what they
 * take as rows, so the quotient is the stricter one.
 *
 * <p>Targets: 4 for inserts of rising keys, 7 for updates of random keys while the safepoint
 * follows. {@code ratio} is the one that is worse against its target. There is no peer.
 */
public final class WriteAmplification implements Benchmark {
    private static final int ROWS = 4_000_000;
    private static final int ROWS_PER_COMMAND = 64;
    private static final double INSERT_TARGET = 4;
    private static final double UPDATE_TARGET = 7;

    @Override
    public String name() {
        return "wa";
    }

    @Override
    public String summary() {
        return "bytes written ÷ encoded bytes received, for inserts and for random updates";
    }

    /** Bytes of one phase. */
    private record Phase(long encoded, long parts, long all, long rows, int flushes, int merges) {
        double amplification() {
            return (double) all / encoded;
        }
    }

    @Override
    public Report run(Settings settings) throws Exception {
        long rows = (long) settings.scaleOr(ROWS);
        ForeignLoad load = ForeignLoad.start();
        try (Scratch scratch = new Scratch("wa")) {
            CountingDisk disk = IngestRig.disk(scratch.directory());
            try (IngestRig rig =
                    new IngestRig(scratch.directory(), disk, 1, rows, StoreSettings.defaults())) {
                Writer writer = new Writer(rig, disk);
                Phase inserts = writer.run(rows, rows, false);
                // Until each part has been hit, garbage only grows; that is not the steady state.
                writer.run(rows / 4, rows / 4, true);
                Phase updates = writer.run(rows, rows / 4, true);
                if (rig.visibleRows() != rows) {
                    throw new WrongAnswerException(
                            rig.visibleRows() + " rows, " + rows + " were written");
                }
                return report(settings, rows, inserts, updates, load.coresUsedByOthers());
            }
        }
    }

    private Report report(
            Settings settings, long rows, Phase inserts, Phase updates, double foreignCores) {
        boolean insertsWorse =
                inserts.amplification() / INSERT_TARGET > updates.amplification() / UPDATE_TARGET;
        Phase worse = insertsWorse ? inserts : updates;
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("insert", inserts.amplification());
        details.put("insert_target", INSERT_TARGET);
        details.put("update", updates.amplification());
        details.put("update_target", UPDATE_TARGET);
        add("insert", inserts, details);
        add("update", updates, details);
        return new Report(
                name(),
                "bytes/byte",
                worse.amplification(),
                0,
                worse.amplification(),
                0,
                foreignCores <= 0.1,
                1,
                rows,
                settings.command(),
                details);
    }

    private static void add(String name, Phase phase, Map<String, Object> details) {
        details.put(name + "_part_bytes", phase.parts());
        details.put(name + "_other_bytes", phase.all() - phase.parts());
        details.put(name + "_encoded_bytes", phase.encoded());
        details.put(name + "_of_row_bytes", (double) phase.all() / phase.rows() / 157);
        details.put(name + "_flushes", phase.flushes());
        details.put(name + "_merges", phase.merges());
    }

    /** Feeds the rig and counts. */
    private static final class Writer {
        private final IngestRig rig;
        private final CountingDisk disk;
        private final Commands commands = new Commands();
        private long index = 1;
        private long ts = 100;
        private long encoded;
        private int flushes;
        private int merges;

        Writer(IngestRig rig, CountingDisk disk) {
            this.rig = rig;
            this.disk = disk;
        }

        /** Writes {@code count} rows over {@code keys} handles. */
        Phase run(long count, long keys, boolean update) throws IOException {
            long partsBefore = disk.writtenBytes();
            long allBefore = processBytes();
            long encodedBefore = encoded;
            int flushesBefore = flushes;
            int mergesBefore = merges;
            long sinceFlush = 0;
            for (long i = 0; i < count; i += ROWS_PER_COMMAND) {
                long[] handles = new long[ROWS_PER_COMMAND];
                for (int j = 0; j < handles.length; j++) {
                    handles[j] =
                            update
                                    ? Long.remainderUnsigned(VersionedTable.mix(ts * 64 + j), keys)
                                    : i + j;
                }
                Commands.Transaction command =
                        commands.transaction(distinct(handles), ts, update ? ts : 0);
                ts += 2;
                rig.apply(0, index++, command.prewrite());
                rig.apply(0, index++, command.commit());
                sinceFlush += ROWS_PER_COMMAND;
                if (sinceFlush >= StoreSettings.defaults().flushRows()) {
                    flush();
                    sinceFlush = 0;
                }
            }
            flush();
            return new Phase(
                    encoded - encodedBefore,
                    disk.writtenBytes() - partsBefore,
                    processBytes() - allBefore,
                    count,
                    flushes - flushesBefore,
                    merges - mergesBefore);
        }

        private static long[] distinct(long[] handles) {
            return java.util.Arrays.stream(handles).distinct().toArray();
        }

        private void flush() throws IOException {
            long before = disk.writtenBytes();
            rig.checkpoint(new FlushScope.WorthAPart());
            encoded += disk.writtenBytes() - before;
            flushes++;
            // Readers stay up to 20 flushes behind.
            long lag = 2L * 20 * StoreSettings.defaults().flushRows() / ROWS_PER_COMMAND;
            if (ts > lag + 100) {
                rig.store().advanceSafepoint(new Timestamp(ts - lag));
            }
            while (rig.store().compactOnce()) {
                merges++;
            }
        }

        private static long processBytes() throws IOException {
            for (String line : Files.readAllLines(Path.of("/proc/self/io"))) {
                if (line.startsWith("wchar:")) {
                    return Long.parseLong(line.substring(line.indexOf(':') + 1).trim());
                }
            }
            throw new IOException("/proc/self/io has no wchar");
        }
    }
}
