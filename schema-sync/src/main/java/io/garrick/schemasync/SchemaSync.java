package io.garrick.schemasync;

import io.garrick.base.OrderedStore;
import io.garrick.base.Timestamp;
import io.garrick.codec.schema.SchemaDiff;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvException;
import io.garrick.kv.PdException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the newest {@link SchemaView}, and finds the one that was valid at a timestamp.
 *
 * <p>A sync reads everything at one timestamp. It compares TiDB's schema version with the view's
 * and applies the differences between them in order; if that cannot be right, it loads everything
 * (TiFlash, dbms/src/TiDB/Schema/SchemaBuilder.cpp does the same). TiDB may raise the version
 * before it writes the difference: a missing difference is skipped if there is a later one, else
 * the view stays one version behind until it appears.
 *
 * <p>Safe for many threads. {@link #current} never waits.
 */
public final class SchemaSync implements AutoCloseable {
    /** The family of the ordered store that holds the last view. */
    public static final String FAMILY = "schema";

    private static final Logger log = LoggerFactory.getLogger(SchemaSync.class);

    /** Past this many versions a full load is cheaper and surely right. */
    private static final long MOST_DIFFS = 1_000;

    private static final int REMEMBERED_VIEWS = 64;

    private final MetaStore meta;
    private final SchemaFile file;
    private final ScheduledExecutorService poller =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("schema-sync").factory());
    private final Object syncing = new Object();
    private final Map<Long, SchemaView> older =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<Long, SchemaView> eldest) {
                    return size() > REMEMBERED_VIEWS;
                }
            };
    private volatile SchemaView current;

    /** Whether strings in keys are sort keys; null until the cluster was asked. */
    private volatile @Nullable Boolean newCollation;

    private SchemaSync(MetaStore meta, SchemaFile file, SchemaView saved) {
        this.meta = meta;
        this.file = file;
        this.current = saved;
        this.newCollation = saved.version() == 0 ? null : saved.newCollation();
    }

    /**
     * Begins with the view saved in {@code store}, whose {@link #FAMILY} must exist, and follows
     * the cluster from there every {@code poll}. Without a saved view the first sync comes before
     * the return; if the cluster does not answer, the view is empty until it does.
     */
    public static SchemaSync start(KvClient kv, OrderedStore store, Duration poll)
            throws IOException {
        return start(MetaStore.of(kv), store, poll);
    }

    /** The same from any {@link MetaStore}. */
    public static SchemaSync start(MetaStore meta, OrderedStore store, Duration poll)
            throws IOException {
        SchemaFile file = new SchemaFile(store, FAMILY);
        SchemaSync sync = new SchemaSync(meta, file, file.load());
        if (sync.current.version() == 0) {
            sync.syncQuietly();
        }
        var _ =
                sync.poller.scheduleWithFixedDelay(
                        sync::syncQuietly,
                        sync.current.version() == 0 ? poll.toMillis() : 0,
                        poll.toMillis(),
                        TimeUnit.MILLISECONDS);
        return sync;
    }

    /** The newest view known here; the cluster may be ahead by one poll. */
    public SchemaView current() {
        return current;
    }

    /**
     * Brings the view up to the cluster's now.
     *
     * @throws KvException or {@link PdException} if the cluster cannot be read
     */
    public SchemaView syncNow() {
        return syncAt(meta.now());
    }

    /**
     * The schema that a read at {@code ts} sees.
     *
     * @throws KvException or {@link PdException} if the cluster cannot be read
     */
    public SchemaView at(Timestamp ts) {
        SchemaView newest = current;
        MetaReader reader = reader(ts);
        long version = reader.version();
        if (version == newest.version()) {
            return newest;
        }
        if (version > newest.version()) {
            SchemaView synced = syncAt(ts);
            if (synced.version() == version || synced.version() == version - 1) {
                return synced;
            }
        }
        return olderView(ts, version, reader);
    }

    private MetaReader reader(Timestamp ts) {
        MetaStore.Reader at = meta.at(ts);
        Boolean known = newCollation;
        if (known == null) {
            known = ClusterSettings.newCollation(at).orElse(null);
            newCollation = known;
            if (known != null) {
                log.info("collations of the cluster newCollation={}", known);
            }
        }
        return new MetaReader(at, known == null || known);
    }

    private SchemaView olderView(Timestamp ts, long version, MetaReader reader) {
        synchronized (older) {
            SchemaView known = older.get(version);
            if (known != null) {
                return known;
            }
        }
        SchemaView loaded = load(SchemaView.EMPTY, reader, ts, version);
        if (loaded.version() == version) {
            synchronized (older) {
                older.put(version, loaded);
            }
        }
        return loaded;
    }

    /** Forgets tables dropped before {@code safePoint}, whose rows no read can want any more. */
    public void forgetDropped(Timestamp safePoint) {
        synchronized (syncing) {
            SchemaView before = current;
            Map<Long, SchemaView.Tombstone> kept = new HashMap<>(before.tombstonesById());
            if (!kept.values().removeIf(t -> t.droppedAt().compareTo(safePoint) < 0)) {
                return;
            }
            publish(
                    before,
                    new SchemaView(
                            before.version(),
                            before.ts(),
                            before.databasesById(),
                            before.tablesById(),
                            kept));
        }
    }

    private SchemaView syncAt(Timestamp ts) {
        synchronized (syncing) {
            SchemaView before = current;
            if (ts.compareTo(before.ts()) <= 0) {
                return before;
            }
            MetaReader reader = reader(ts);
            long version = reader.version();
            if (version == before.version()) {
                current = before.seenAt(ts);
                return current;
            }
            boolean followable =
                    before.version() > 0
                            && before.newCollation() == reader.newCollation()
                            && version > before.version()
                            && version - before.version() <= MOST_DIFFS;
            SchemaView after =
                    followable
                            ? follow(before, reader, ts, version)
                                    .orElseGet(() -> load(before, reader, ts, version))
                            : load(before, reader, ts, version);
            publish(before, after);
            return after;
        }
    }

    /** Empty if a full load is needed. */
    private static Optional<SchemaView> follow(
            SchemaView before, MetaReader reader, Timestamp ts, long version) {
        SchemaDraft draft = new SchemaDraft(before, reader, ts);
        long reached = before.version();
        for (long next = before.version() + 1; next <= version; next++) {
            Optional<SchemaDiff> diff = reader.diff(next);
            if (diff.isPresent()) {
                if (!draft.apply(diff.get())) {
                    return Optional.empty();
                }
            } else if (next == version) {
                break; // still to be written
            }
            reached = next;
        }
        return Optional.of(draft.finish(reached));
    }

    private static SchemaView load(
            SchemaView before, MetaReader reader, Timestamp ts, long version) {
        SchemaDraft draft = new SchemaDraft(before, reader, ts).loadAll();
        boolean complete = version == 0 || reader.diff(version).isPresent();
        return draft.finish(complete ? version : version - 1);
    }

    /** Under {@link #syncing}. */
    private void publish(SchemaView before, SchemaView after) {
        try {
            file.save(before, after);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot save the schema", e);
        }
        if (before.version() != after.version()) {
            log.info(
                    "schema synced version={} from={} tables={} dropped={}",
                    after.version(),
                    before.version(),
                    after.tablesById().size(),
                    after.tombstonesById().size());
            synchronized (older) {
                older.put(before.version(), before);
            }
        }
        current = after;
    }

    private void syncQuietly() {
        try {
            syncNow();
        } catch (RuntimeException e) {
            // Whatever it was, the next poll must come.
            log.warn("schema sync failed, will be tried again: {}", e.getMessage());
        }
    }

    /** Ends the polling. The store stays its owner's to close. */
    @Override
    public void close() {
        poller.shutdownNow();
        try {
            poller.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
