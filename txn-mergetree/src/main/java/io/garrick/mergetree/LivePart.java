package io.garrick.mergetree;

import io.garrick.mergetree.mvcc.KillBuffer;
import io.garrick.mergetree.mvcc.KillCodec;
import io.garrick.mergetree.mvcc.KillSet;
import io.garrick.mergetree.part.HandleSearch;
import io.garrick.mergetree.part.PartReader;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A part with the kills against it. Kills and lookups belong to the holder of the table's lock.
 *
 * <p>Counted: born with one pin, the table's. When the last goes, the mapping is closed, and the
 * file is deleted if the part was dropped.
 */
final class LivePart {
    // Blobs of kills per part in the manifest, before they are folded into one.
    private static final int MAX_KILL_ENTRIES = 16;

    private final PartReader reader;
    private final Consumer<LivePart> lastUnpin;
    private final AtomicInteger pins = new AtomicInteger(1);
    private volatile boolean dropped;

    private KillSet kills;
    // Kills that the manifest does not have yet.
    private final KillBuffer dirty = new KillBuffer();
    // Kills of lookups under way, not in the set yet.
    private final KillBuffer pending = new KillBuffer();
    private int killEntries;

    private @Nullable HandleSearch search;

    /**
     * Takes over the reader.
     *
     * @param manifestKills kills that the manifest has
     */
    LivePart(
            PartReader ownedReader,
            KillBuffer manifestKills,
            int killEntries,
            Consumer<LivePart> lastUnpin) {
        this.reader = ownedReader;
        this.killEntries = killEntries;
        this.lastUnpin = lastUnpin;
        this.kills =
                KillSet.none(ownedReader.rowCount())
                        .with(KillCodec.decode(ownedReader.kills()))
                        .with(manifestKills)
                        .folded();
    }

    PartReader reader() {
        return reader;
    }

    long partId() {
        return reader.partId();
    }

    KillSet kills() {
        return kills;
    }

    /** Records a kill; it counts from the next {@link #applyPending}. */
    void kill(int row, long end) {
        pending.add(row, end);
    }

    void applyPending() {
        if (!pending.isEmpty()) {
            kills = kills.with(pending);
            dirty.addAll(pending);
            pending.clear();
        }
    }

    /** Adds what the manifest lacks to the edit; counts as saved once that is committed. */
    void saveDirty(Manifest.Edit edit) {
        if (dirty.isEmpty()) {
            return;
        }
        if (killEntries >= MAX_KILL_ENTRIES) {
            edit.replaceKills(reader.tableId(), partId(), kills.toBuffer());
        } else {
            edit.addKills(reader.tableId(), partId(), dirty);
        }
        edit.afterCommit(this::saved);
    }

    private void saved() {
        killEntries = killEntries >= MAX_KILL_ENTRIES ? 1 : killEntries + 1;
        dirty.clear();
    }

    /** For the holder of the table's lock. */
    HandleSearch search() {
        HandleSearch open = search;
        if (open == null) {
            open = new HandleSearch(reader);
            search = open;
        }
        return open;
    }

    void pin() {
        pins.incrementAndGet();
    }

    void unpin() {
        if (pins.decrementAndGet() == 0) {
            reader.close();
            if (dropped) {
                lastUnpin.accept(this);
            }
        }
    }

    /** The file goes when the last pin goes; the table's pin goes with this call. */
    void drop() {
        dropped = true;
        unpin();
    }
}
