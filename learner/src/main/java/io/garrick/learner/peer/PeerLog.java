package io.garrick.learner.peer;

import io.garrick.base.OrderedStore.Batch;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.HardState;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.raft.RaftStorage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One region's raft log: on disk in {@link Records}, its unapplied tail in memory too.
 *
 * <p>Entries up to {@code truncatedIndex} are gone; their last term is kept, so that the leader's
 * probes can be answered. Changes are put into a batch that the caller writes before anything is
 * acknowledged. Owned by the region's worker.
 */
final class PeerLog implements RaftStorage {
    private static final long CACHE_BYTES = 4 << 20;
    private static final int LARGE_CACHE = 64;

    private final long regionId;
    private final Records records;
    // A contiguous tail of the log, perhaps empty.
    private ArrayDeque<Entry> cache = new ArrayDeque<>(1);
    private int cachePeak;
    private long cacheBytes;
    private HardState hardState;
    private ConfState confState;
    private long truncatedIndex;
    private long truncatedTerm;
    private long lastIndex;
    private long lastTerm;

    private PeerLog(long regionId, Records records, HardState hardState, ConfState confState) {
        this.regionId = regionId;
        this.records = records;
        this.hardState = hardState;
        this.confState = confState;
    }

    /** The log of a peer that has nothing yet. Its hard state is not kept before a snapshot. */
    static PeerLog empty(long regionId, Records records) {
        return new PeerLog(
                regionId, records, HardState.getDefaultInstance(), ConfState.getDefaultInstance());
    }

    /** A log that starts behind {@code index}. */
    static PeerLog startingAt(
            long regionId,
            Records records,
            HardState hardState,
            ConfState confState,
            long index,
            long term) {
        PeerLog log = new PeerLog(regionId, records, hardState, confState);
        log.truncatedIndex = index;
        log.truncatedTerm = term;
        log.lastIndex = index;
        log.lastTerm = term;
        return log;
    }

    /** What the disk has. */
    static PeerLog load(long regionId, Records records, ConfState confState) throws IOException {
        Records.Known record = records.regions().get(regionId);
        if (record == null) {
            throw new IllegalStateException("no record of region " + regionId);
        }
        PeerLog log = new PeerLog(regionId, records, record.raft.getHardState(), confState);
        log.truncatedIndex = record.truncated.getIndex();
        log.truncatedTerm = record.truncated.getTerm();
        log.lastIndex = Math.max(record.raft.getLastIndex(), log.truncatedIndex);
        log.lastTerm = log.truncatedTerm;
        if (log.lastIndex > log.truncatedIndex) {
            log.lastTerm =
                    records.entry(regionId, log.lastIndex)
                            .orElseThrow(() ->
                                    new CorruptLogException(regionId, "no entry " + log.lastIndex))
                            .getTerm();
        }
        return log;
    }

    // ---- changes ----

    void append(Batch batch, List<Entry> entries) {
        if (entries.isEmpty()) {
            return;
        }
        long first = entries.getFirst().getIndex();
        if (first <= truncatedIndex || first > lastIndex + 1) {
            throw new IllegalStateException(
                    "append at " + first + " to a log of " + truncatedIndex + ".." + lastIndex);
        }
        if (first <= lastIndex) {
            records.deleteEntries(batch, regionId, first, lastIndex + 1);
            while (!cache.isEmpty() && cache.getLast().getIndex() >= first) {
                cacheBytes -= cache.removeLast().getSerializedSize();
            }
        }
        for (Entry entry : entries) {
            records.putEntry(batch, regionId, entry);
            cache.addLast(entry);
            cacheBytes += entry.getSerializedSize();
        }
        lastIndex = entries.getLast().getIndex();
        lastTerm = entries.getLast().getTerm();
        trimCache(0);
    }

    void setHardState(HardState state) {
        hardState = state;
    }

    void setConfState(ConfState state) {
        confState = state;
    }

    /** Writes hard state and last index. */
    void putState(Batch batch) {
        records.putRaft(batch, regionId, hardState, lastIndex);
    }

    /** Replaces the whole log by a snapshot's position. */
    void restore(Batch batch, long index, long term, ConfState conf) {
        records.deleteEntries(batch, regionId, 0, Math.max(lastIndex, index) + 1);
        records.putTruncated(batch, regionId, index, term);
        cache.clear();
        cacheBytes = 0;
        truncatedIndex = index;
        truncatedTerm = term;
        lastIndex = index;
        lastTerm = term;
        confState = conf;
        hardState = hardState.toBuilder().setCommit(Math.max(hardState.getCommit(), index)).build();
    }

    /**
     * Forgets the log, which cannot be used. It starts behind {@code index}, and nothing above is
     * known to be committed; the region must not apply before a snapshot has come.
     */
    void startAnew(Batch batch, long index, long term) {
        hardState =
                HardState.newBuilder()
                        .setTerm(Math.max(hardState.getTerm(), term))
                        .setVote(hardState.getVote())
                        .setCommit(index)
                        .build();
        records.deleteEntries(batch, regionId, 0, Long.MAX_VALUE);
        restore(batch, index, term, confState);
        putState(batch);
    }

    /** Forgets entries up to {@code index}, which must be applied and durable in the sink. */
    void truncate(Batch batch, long index) {
        if (index <= truncatedIndex) {
            return;
        }
        long term =
                term(index)
                        .orElseThrow(() -> new IllegalStateException("no term of entry " + index));
        records.deleteEntries(batch, regionId, truncatedIndex, index + 1);
        records.putTruncated(batch, regionId, index, term);
        truncatedIndex = index;
        truncatedTerm = term;
        trimCache(index);
    }

    /** Entries up to {@code applied} need no memory any more. */
    void trimCache(long applied) {
        cachePeak = Math.max(cachePeak, cache.size());
        while (!cache.isEmpty()
                && (cache.getFirst().getIndex() <= applied || cacheBytes > CACHE_BYTES)) {
            cacheBytes -= cache.removeFirst().getSerializedSize();
        }
        if (cache.isEmpty() && cachePeak > LARGE_CACHE) {
            // It would keep the room of its busiest moment for ever.
            cache = new ArrayDeque<>(1);
            cachePeak = 0;
        }
    }

    // ---- what raft asks ----

    HardState hardState() {
        return hardState;
    }

    long truncatedIndex() {
        return truncatedIndex;
    }

    long truncatedTerm() {
        return truncatedTerm;
    }

    @Override
    public InitialState initialState() {
        return new InitialState(hardState, confState);
    }

    @Override
    public Optional<List<Entry>> entries(long low, long high, long maxBytes) {
        if (low <= truncatedIndex) {
            return Optional.empty();
        }
        if (high > lastIndex + 1) {
            throw new IllegalArgumentException("entries to " + high + " of " + lastIndex);
        }
        if (!cache.isEmpty() && cache.getFirst().getIndex() <= low) {
            return Optional.of(cached(low, high, maxBytes));
        }
        try {
            List<Entry> entries = records.entries(regionId, low, high, maxBytes);
            long next = low;
            for (Entry entry : entries) {
                if (entry.getIndex() != next++) {
                    throw new CorruptLogException(regionId, "no entry " + (next - 1));
                }
            }
            if (low < high && entries.isEmpty()) {
                throw new CorruptLogException(regionId, "no entry " + low);
            }
            return Optional.of(entries);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<Entry> cached(long low, long high, long maxBytes) {
        List<Entry> entries = new ArrayList<>();
        long bytes = 0;
        for (Entry entry : cache) {
            if (entry.getIndex() < low) {
                continue;
            }
            if (entry.getIndex() >= high) {
                break;
            }
            bytes += entry.getSerializedSize();
            if (bytes > maxBytes && !entries.isEmpty()) {
                break;
            }
            entries.add(entry);
        }
        return entries;
    }

    @Override
    public OptionalLong term(long index) {
        if (index < truncatedIndex || index > lastIndex) {
            return OptionalLong.empty();
        }
        if (index == truncatedIndex) {
            return OptionalLong.of(truncatedTerm);
        }
        if (index == lastIndex) {
            return OptionalLong.of(lastTerm);
        }
        if (!cache.isEmpty() && cache.getFirst().getIndex() <= index) {
            for (Entry entry : cache) {
                if (entry.getIndex() == index) {
                    return OptionalLong.of(entry.getTerm());
                }
            }
        }
        try {
            return OptionalLong.of(
                    records.entry(regionId, index)
                            .orElseThrow(
                                    () -> new CorruptLogException(regionId, "no entry " + index))
                            .getTerm());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public long firstIndex() {
        return truncatedIndex + 1;
    }

    @Override
    public long lastIndex() {
        return lastIndex;
    }

    /** A learner never leads, so nobody asks it for a snapshot. */
    @Override
    public Optional<Snapshot> snapshot(long requestIndex, long to) {
        return Optional.empty();
    }
}
