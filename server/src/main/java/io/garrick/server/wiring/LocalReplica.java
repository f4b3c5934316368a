package io.garrick.server.wiring;

import io.garrick.base.KeyRange;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.schema.TableSchema;
import io.garrick.kv.ClusterException;
import io.garrick.kv.LockResolution;
import io.garrick.kv.LockResolver;
import io.garrick.kv.PdClient;
import io.garrick.learner.ReadGate;
import io.garrick.learner.ReadOutcome;
import io.garrick.learner.RegionLease;
import io.garrick.mergetree.Morsel;
import io.garrick.mergetree.ReadTooOldException;
import io.garrick.mergetree.ScanSpec;
import io.garrick.mergetree.Snapshot;
import io.garrick.mergetree.TableStore;
import io.garrick.proto.kvrpc.LockInfo;
import io.garrick.query.Catalog;
import io.garrick.query.NotReadyException;
import io.garrick.query.ReadOptions;
import io.garrick.query.Replica;
import io.garrick.query.TableView;
import io.garrick.regioncache.RegionCache;
import io.garrick.schemasync.SchemaSync;
import io.garrick.schemasync.SchemaView;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What queries read: the column store of this node, behind the read gate.
 *
 * <p>Order of a read: prove readiness of every region of the table at the ts (read index, wait,
 * locks), pin the data, check that no row of the range still waits for its value, then check that
 * no region has changed. Any change means once more, at the same ts.
 */
final class LocalReplica implements Replica {
    private static final Duration RETRY_PAUSE = Duration.ofMillis(5);

    /** A new table's first region, or one that a split made, arrives within seconds. */
    private static final Duration ARRIVAL = Duration.ofSeconds(10);

    private static final Duration ARRIVAL_PAUSE = Duration.ofMillis(20);

    /** A transaction usually ends long before its time to live. */
    private static final long LONGEST_LOCK_PAUSE_MILLIS = 20;

    private final PdClient pd;
    private final SchemaSync schemas;
    private final ReadGate gate;
    private final LockResolver locks;
    private final RegionCache cache;
    private final TableStore store;
    private final LongReads longReads;

    LocalReplica(
            PdClient pd,
            SchemaSync schemas,
            ReadGate gate,
            LockResolver locks,
            RegionCache cache,
            TableStore store,
            LongReads longReads) {
        this.pd = pd;
        this.schemas = schemas;
        this.gate = gate;
        this.locks = locks;
        this.cache = cache;
        this.store = store;
        this.longReads = longReads;
    }

    @Override
    public Timestamp currentTimestamp() throws NotReadyException {
        try {
            return pd.timestamp();
        } catch (ClusterException e) {
            throw new NotReadyException("no timestamp from PD: " + e.getMessage(), e);
        }
    }

    @Override
    public Timestamp safepoint() {
        return store.safepoint();
    }

    @Override
    public Catalog catalog(Timestamp ts) throws NotReadyException {
        SchemaView view;
        try {
            view = schemas.at(ts);
        } catch (ClusterException e) {
            throw new NotReadyException(
                    "the schema at " + ts + " cannot be read: " + e.getMessage(), e);
        }
        List<Catalog.Database> databases = new ArrayList<>();
        for (SchemaView.Database database : view.databases()) {
            databases.add(
                    new Catalog.Database(
                            database.name(),
                            database.tables(),
                            database.charset(),
                            database.collate()));
        }
        return new Catalog(view.version(), databases);
    }

    @Override
    public TableView open(TableSchema table, Timestamp ts, ReadOptions options)
            throws NotReadyException {
        long deadlineNanos = System.nanoTime() + options.timeout().toNanos();
        List<Snapshot> pinned = new ArrayList<>();
        Runnable ended = longReads.open(ts);
        try {
            for (long physicalId : table.readablePhysicalIds()) {
                pinned.add(pin(table, physicalId, ts, deadlineNanos));
            }
            return new PinnedTable(List.copyOf(pinned), ended);
        } catch (NotReadyException | RuntimeException e) {
            ended.run();
            pinned.forEach(Snapshot::close);
            throw e;
        }
    }

    private Snapshot pin(TableSchema table, long physicalId, Timestamp ts, long deadlineNanos)
            throws NotReadyException {
        KeyRange range = TableKeys.encodedRecordRange(physicalId);
        long arrivalNanos = Math.min(deadlineNanos, System.nanoTime() + ARRIVAL.toNanos());
        Set<Long> bypass = new HashSet<>();
        while (true) {
            Duration left = Duration.ofNanos(deadlineNanos - System.nanoTime());
            if (left.isNegative()) {
                throw new NotReadyException(
                        "table "
                                + table.dbName()
                                + "."
                                + table.name()
                                + " was not ready at "
                                + ts
                                + " in time");
            }
            switch (prepare(range, ts, bypass, left)) {
                case ReadOutcome.Ready(List<RegionLease> regions) -> {
                    Snapshot snapshot = pinIfComplete(physicalId, ts, regions);
                    if (snapshot != null) {
                        return snapshot;
                    }
                    pause(RETRY_PAUSE);
                }
                case ReadOutcome.Locked(var found) -> {
                    LockResolution resolution = resolve(table, found, ts);
                    bypass.addAll(resolution.bypass());
                    pause(
                            Duration.ofMillis(
                                    Math.min(resolution.waitMillis(), LONGEST_LOCK_PAUSE_MILLIS)));
                }
                case ReadOutcome.NotReady(String reason) -> {
                    if (hasReplica(table) && System.nanoTime() < arrivalNanos) {
                        pause(ARRIVAL_PAUSE);
                        continue;
                    }
                    throw new NotReadyException(
                            "table "
                                    + table.dbName()
                                    + "."
                                    + table.name()
                                    + " is not ready at "
                                    + ts
                                    + ": "
                                    + reason);
                }
            }
        }
    }

    /** Its regions come by themselves, if they are not here yet. */
    private static boolean hasReplica(TableSchema table) {
        Integer replicas = table.replicaCount();
        return replicas != null && replicas > 0;
    }

    private LockResolution resolve(TableSchema table, List<LockInfo> found, Timestamp ts)
            throws NotReadyException {
        try {
            return locks.resolve(found, ts);
        } catch (ClusterException e) {
            throw new NotReadyException(
                    "a lock in " + table.name() + " cannot be resolved: " + e.getMessage(), e);
        }
    }

    private ReadOutcome prepare(KeyRange range, Timestamp ts, Set<Long> bypass, Duration timeout) {
        try {
            return gate.prepareRead(range, ts, Set.copyOf(bypass), timeout)
                    .get(timeout.toMillis() + 1_000, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            return new ReadOutcome.NotReady(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new ReadOutcome.NotReady("interrupted");
        }
    }

    /** Null if the regions have changed meanwhile. */
    private @org.jspecify.annotations.Nullable Snapshot pinIfComplete(
            long physicalId, Timestamp ts, List<RegionLease> regions) throws NotReadyException {
        Snapshot snapshot;
        try {
            snapshot = store.pin(physicalId, ts);
        } catch (ReadTooOldException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        } catch (IOException e) {
            throw new NotReadyException("the column store cannot be read: " + e.getMessage(), e);
        }
        boolean kept = false;
        try {
            for (RegionLease region : regions) {
                var waiting = cache.firstOrphanCommitTs(region.regionId());
                if (waiting.isPresent() && waiting.get() <= ts.value()) {
                    throw new NotReadyException(
                            "region "
                                    + region.regionId()
                                    + " waits for the value of a committed row");
                }
            }
            kept = gate.stillValid(regions);
            return kept ? snapshot : null;
        } finally {
            if (!kept) {
                snapshot.close();
            }
        }
    }

    private static void pause(Duration time) throws NotReadyException {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NotReadyException("interrupted", e);
        }
    }

    @Override
    public long estimatedRows(TableSchema table) {
        long rows = 0;
        for (long physicalId : table.readablePhysicalIds()) {
            rows += store.estimatedRows(physicalId);
        }
        return Math.max(rows, 1);
    }

    /** The physical tables of one logical table, pinned at one ts. */
    private record PinnedTable(List<Snapshot> parts, Runnable ended) implements TableView {
        @Override
        public long maxRowCount() {
            return parts.stream().mapToLong(Snapshot::maxRowCount).sum();
        }

        @Override
        public List<Morsel> morsels(ScanSpec spec) throws IOException {
            List<Morsel> morsels = new ArrayList<>();
            for (Snapshot part : parts) {
                morsels.addAll(part.morsels(spec));
            }
            return morsels;
        }

        @Override
        public void close() {
            ended.run();
            parts.forEach(Snapshot::close);
        }
    }
}
