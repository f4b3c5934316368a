package io.garrick.bench.storage;

import io.garrick.base.Key;
import io.garrick.bench.Benchmark;
import io.garrick.bench.Comparison;
import io.garrick.bench.Report;
import io.garrick.codec.key.MvccKey;
import io.garrick.codec.row.RowV2Writer;
import io.garrick.mergetree.FlushScope;
import io.garrick.mergetree.StoreSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteOptions;

/**
 * How fast do committed rows become durable parts? A row is 157 bytes; its prewrite and its commit
 * count as one. Commands come from memory, as if the raft log had just been read; two threads, one
 * region each, apply them, and a third flushes and checkpoints, until every row is in a synced
 * file. Peer: RocksDB puts of the same keys and values, one by one, with its log and without sync,
 * on two threads. Target: 1.0.
 */
public final class Ingest implements Benchmark {
    private static final int ROWS = 400_000;
    private static final int ROWS_PER_COMMAND = 64;

    @Override
    public String name() {
        return "ingest";
    }

    @Override
    public String summary() {
        return "committed rows/s from commands to durable parts, against RocksDB puts";
    }

    /** What one thread writes. */
    private record Lane(List<Commands.Transaction> commands, List<Key> keys, List<byte[]> values) {}

    @Override
    public Report run(Settings settings) throws Exception {
        int threads = settings.threadsOr(2);
        long rows = (long) settings.scaleOr(ROWS) / ((long) threads * ROWS_PER_COMMAND);
        rows *= (long) threads * ROWS_PER_COMMAND;
        List<Lane> lanes = new ArrayList<>();
        for (int lane = 0; lane < threads; lane++) {
            lanes.add(lane(rows * lane / threads, rows * (lane + 1) / threads));
        }
        long total = rows;
        Comparison.Outcome outcome =
                Comparison.interleaved(
                        2,
                        settings.rounds(),
                        answer -> ours(lanes, total, answer),
                        answer -> peer(lanes, total, answer));
        return new Report(
                name(),
                "rows/s",
                outcome.ours(),
                outcome.peer(),
                outcome.ratio(),
                outcome.spread(),
                outcome.clean(),
                threads,
                rows,
                settings.command(),
                Map.of("row_bytes", IngestRig.ROW_BYTES, "rows_per_command", ROWS_PER_COMMAND));
    }

    /** Handles of a lane in scattered order. */
    private static Lane lane(long from, long to) {
        Commands commands = new Commands();
        RowV2Writer writer = new RowV2Writer();
        Lane lane = new Lane(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        long count = to - from;
        long ts = 100;
        for (long i = 0; i < count; i += ROWS_PER_COMMAND) {
            long[] handles = new long[ROWS_PER_COMMAND];
            for (int j = 0; j < handles.length; j++) {
                handles[j] = from + (i + j) * 6_700_417 % count;
                lane.keys.add(MvccKey.append(IngestRig.encoded(handles[j]), ts + 1));
                lane.values.add(IngestRig.row(writer, handles[j], 0));
            }
            lane.commands.add(commands.transaction(handles, ts, 0));
            ts += 2;
        }
        return lane;
    }

    private static double ours(List<Lane> lanes, long rows, Comparison.Answer answer)
            throws Exception {
        try (Scratch scratch = new Scratch("ingest");
                IngestRig rig =
                        new IngestRig(
                                scratch.directory(),
                                IngestRig.disk(scratch.directory()),
                                lanes.size(),
                                rows,
                                StoreSettings.defaults())) {
            long start = System.nanoTime();
            AtomicBoolean applied = new AtomicBoolean();
            try (ExecutorService threads = Executors.newFixedThreadPool(lanes.size() + 1)) {
                Future<Void> flushing =
                        threads.submit(() -> {
                            while (!applied.get()) {
                                rig.checkpoint(new FlushScope.WorthAPart());
                                Thread.sleep(5);
                            }
                            return null;
                        });
                List<Callable<Void>> applying = new ArrayList<>();
                for (int lane = 0; lane < lanes.size(); lane++) {
                    int region = lane;
                    applying.add(() -> {
                        long index = 1;
                        for (Commands.Transaction command : lanes.get(region).commands) {
                            rig.apply(region, index++, command.prewrite());
                            rig.apply(region, index++, command.commit());
                        }
                        return null;
                    });
                }
                for (Future<Void> done : threads.invokeAll(applying)) {
                    done.get();
                }
                applied.set(true);
                flushing.get();
            }
            rig.checkpoint(FlushScope.ALL);
            double rate = rows * 1e9 / (System.nanoTime() - start);
            answer.is(rig.visibleRows());
            return rate;
        }
    }

    private static double peer(List<Lane> lanes, long rows, Comparison.Answer answer)
            throws Exception {
        RocksDB.loadLibrary();
        try (Scratch scratch = new Scratch("ingest-peer");
                Options options = new Options().setCreateIfMissing(true);
                WriteOptions unsynced = new WriteOptions().setSync(false);
                RocksDB db = RocksDB.open(options, scratch.path("db").toString())) {
            long start = System.nanoTime();
            try (ExecutorService threads = Executors.newFixedThreadPool(lanes.size())) {
                List<Callable<Void>> writing = new ArrayList<>();
                for (Lane lane : lanes) {
                    writing.add(() -> {
                        put(db, unsynced, lane);
                        return null;
                    });
                }
                for (Future<Void> done : threads.invokeAll(writing)) {
                    done.get();
                }
            }
            double rate = rows * 1e9 / (System.nanoTime() - start);
            long found = 0;
            try (RocksIterator all = db.newIterator()) {
                for (all.seekToFirst(); all.isValid(); all.next()) {
                    found++;
                }
            }
            answer.is(found);
            return rate;
        }
    }

    private static void put(RocksDB db, WriteOptions options, Lane lane) throws IOException {
        try {
            for (int i = 0; i < lane.keys.size(); i++) {
                db.put(options, lane.keys.get(i).unsafeBytes(), lane.values.get(i));
            }
        } catch (RocksDBException e) {
            throw new IOException(e);
        }
    }
}
