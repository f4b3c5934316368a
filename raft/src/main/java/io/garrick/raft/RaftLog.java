package io.garrick.raft;

import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.proto.eraft.SnapshotMetadata;
import io.garrick.raft.RaftBrokenException.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The whole log of a peer: what the storage has, followed by what it has not taken over yet.
 *
 * <p>Invariants: {@code applied <= committed <= lastIndex} (at start applied may be ahead of
 * committed, whose persistence is lazy); {@code persisted <= lastIndex} is the last index whose
 * sync the driver has confirmed and that no conflict has replaced since.
 */
final class RaftLog {
    private final RaftStorage storage;
    private final UnstableLog unstable;
    private long committed;
    private long persisted;
    private long applied;

    RaftLog(RaftStorage storage) {
        this.storage = storage;
        unstable = new UnstableLog(storage.lastIndex() + 1);
        committed = storage.firstIndex() - 1;
        applied = storage.firstIndex() - 1;
        persisted = storage.lastIndex();
    }

    RaftStorage storage() {
        return storage;
    }

    UnstableLog unstable() {
        return unstable;
    }

    long committed() {
        return committed;
    }

    long persisted() {
        return persisted;
    }

    long applied() {
        return applied;
    }

    // ---- reading ----

    long firstIndex() {
        Snapshot snapshot = unstable.snapshot();
        return snapshot == null ? storage.firstIndex() : snapshot.getMetadata().getIndex() + 1;
    }

    long lastIndex() {
        long index = unstable.lastIndex();
        return index >= 0 ? index : storage.lastIndex();
    }

    long lastTerm() {
        return term(lastIndex());
    }

    /** 0 for an index that is compacted away, not yet there, or before the first entry ever. */
    long term(long index) {
        if (index < firstIndex() - 1 || index > lastIndex()) {
            return 0;
        }
        long term = unstable.term(index);
        return term >= 0 ? term : storage.term(index).orElse(0);
    }

    boolean matches(long index, long term) {
        // Index 0 with term 0 is what every log starts with.
        return term(index) == term && index <= lastIndex() && index >= firstIndex() - 1;
    }

    boolean isUpToDate(long lastIndex, long lastTerm) {
        return lastTerm > lastTerm() || (lastTerm == lastTerm() && lastIndex >= lastIndex());
    }

    /**
     * Entries from {@code low} to the end within {@code maxBytes}; empty optional when {@code low}
     * is compacted.
     */
    Optional<List<Entry>> from(long low, long maxBytes) {
        return low > lastIndex() ? Optional.of(List.of()) : slice(low, lastIndex() + 1, maxBytes);
    }

    Optional<List<Entry>> slice(long low, long high, long maxBytes) {
        if (low < firstIndex()) {
            return Optional.empty();
        }
        if (low >= high) {
            return Optional.of(List.of());
        }
        if (low >= unstable.offset()) {
            return Optional.of(Entries.limit(unstable.slice(low, high), maxBytes));
        }
        long stored = Math.min(high, unstable.offset());
        Optional<List<Entry>> head = storage.entries(low, stored, maxBytes);
        if (head.isEmpty() || head.get().size() < stored - low || stored == high) {
            return head;
        }
        List<Entry> all = new ArrayList<>(head.get());
        all.addAll(unstable.slice(stored, high));
        return Optional.of(Entries.limit(all, maxBytes));
    }

    /**
     * The last index at or before {@code index} whose term is at most {@code term}: nothing after
     * it can agree with a log that has {@code term} at {@code index}. So probing skips a whole term
     * at a time.
     */
    long lastPossibleMatch(long index, long term) {
        long candidate = index;
        while (candidate > 0 && term(candidate) > term) {
            candidate--;
        }
        return candidate;
    }

    /** Whether an entry in {@code [low, high)} satisfies the test; reads page by page. */
    boolean any(long low, long high, long pageBytes, Predicate<Entry> test) {
        long next = low;
        while (next < high) {
            long at = next;
            List<Entry> page =
                    slice(next, high, pageBytes)
                            .filter(entries -> !entries.isEmpty())
                            .orElseThrow(() -> missing(at));
            for (Entry entry : page) {
                if (test.test(entry)) {
                    return true;
                }
            }
            next += page.size();
        }
        return false;
    }

    private static RaftBrokenException missing(long index) {
        return new RaftBrokenException(
                Reason.BAD_STORED_STATE, "entry " + index + " is not applied but not there");
    }

    // ---- appending ----

    /** An entry here that the leader's replaces. */
    record Conflict(long index, long oldTerm, long newTerm, boolean beforeUnstable) {}

    /**
     * An accepted append: the last index it speaks of, and where it replaced the tail of this log.
     */
    record Appended(long lastNewIndex, @Nullable Conflict conflict) {}

    /** Takes a leader's entries if they connect to this log; null if they do not. */
    @Nullable Appended tryAppend(long index, long term, long leaderCommit, List<Entry> entries) {
        if (!matches(index, term)) {
            return null;
        }
        Conflict replaced = null;
        long conflict = firstUnknown(entries);
        if (conflict != 0) {
            if (conflict <= committed) {
                throw new RaftBrokenException(
                        Reason.CONFLICT_WITH_COMMITTED,
                        "entry " + conflict + " differs, committed " + committed);
            }
            int skip = (int) (conflict - index - 1);
            if (conflict <= lastIndex()) {
                replaced =
                        new Conflict(
                                conflict,
                                term(conflict),
                                entries.get(skip).getTerm(),
                                conflict <= unstable.offset());
            }
            append(entries.subList(skip, entries.size()));
            persisted = Math.min(persisted, conflict - 1);
        }
        long lastNew = index + entries.size();
        commitTo(Math.min(leaderCommit, lastNew));
        return new Appended(lastNew, replaced);
    }

    private long firstUnknown(List<Entry> entries) {
        for (Entry entry : entries) {
            if (!matches(entry.getIndex(), entry.getTerm())) {
                return entry.getIndex();
            }
        }
        return 0;
    }

    void append(List<Entry> entries) {
        if (entries.isEmpty()) {
            return;
        }
        if (entries.getFirst().getIndex() <= committed) {
            throw new RaftBrokenException(
                    Reason.MISUSE,
                    "append at " + entries.getFirst().getIndex() + ", committed " + committed);
        }
        unstable.append(entries);
    }

    void restore(Snapshot snapshot) {
        persisted = Math.min(persisted, committed);
        committed = snapshot.getMetadata().getIndex();
        unstable.restore(snapshot);
    }

    // ---- committing ----

    void commitTo(long index) {
        if (index <= committed) {
            return;
        }
        if (index > lastIndex()) {
            throw new RaftBrokenException(
                    Reason.COMMIT_BEYOND_LAST_INDEX,
                    "commit " + index + ", last index " + lastIndex());
        }
        committed = index;
    }

    /**
     * Commits up to an index if this log has that very entry; true if that moved the commit index.
     */
    boolean tryCommit(long index, long term) {
        if (index <= committed || !matches(index, term)) {
            return false;
        }
        commitTo(index);
        return true;
    }

    /** At start, from the persisted hard state. */
    void loadCommitted(long index) {
        if (index < committed || index > lastIndex()) {
            throw new RaftBrokenException(
                    Reason.BAD_STORED_STATE,
                    "commit " + index + " outside of [" + committed + ", " + lastIndex() + "]");
        }
        committed = index;
    }

    // ---- persisting and applying ----

    /** An entry is synced; true if that is news and the entry is still in the log. */
    boolean entriesPersisted(long index, long term) {
        Snapshot snapshot = unstable.snapshot();
        long notYetTaken = snapshot == null ? unstable.offset() : snapshot.getMetadata().getIndex();
        // A conflict may have replaced the entry between write and sync.
        if (index <= persisted || index >= notYetTaken || storage.term(index).orElse(0) != term) {
            return false;
        }
        persisted = index;
        return true;
    }

    void snapshotPersisted(long index) {
        if (index > committed || index >= unstable.offset()) {
            throw new RaftBrokenException(
                    Reason.MISUSE, "persisted a snapshot at " + index + " that was not given");
        }
        persisted = Math.max(persisted, index);
    }

    void appliedTo(long index) {
        if (index < applied || index > committed) {
            throw new RaftBrokenException(
                    Reason.MISUSE,
                    "applied " + index + " outside of [" + applied + ", " + committed + "]");
        }
        applied = index;
    }

    /** At start, from the state machine: commit is persisted lazily and may be behind. */
    void loadApplied(long index) {
        applied = index;
    }

    /** One past the last entry that may be applied: committed, and on disk up to an allowance. */
    private long applyEnd(long allowUnpersisted) {
        if (unstable.snapshot() != null) {
            return 0; // the snapshot comes first
        }
        boolean anything = allowUnpersisted >= Long.MAX_VALUE - persisted;
        return (anything ? committed : Math.min(committed, persisted + allowUnpersisted)) + 1;
    }

    boolean hasEntriesToApply(long since, long allowUnpersisted) {
        return applyEnd(allowUnpersisted) > Math.max(since + 1, firstIndex());
    }

    List<Entry> entriesToApply(long since, long allowUnpersisted, long maxBytes) {
        long low = Math.max(since + 1, firstIndex());
        long high = applyEnd(allowUnpersisted);
        if (low >= high) {
            return List.of();
        }
        return slice(low, high, maxBytes).orElseThrow(() -> missing(low));
    }

    Optional<Snapshot> snapshot(long requestIndex, long to) {
        Snapshot pending = unstable.snapshot();
        if (pending != null) {
            SnapshotMetadata meta = pending.getMetadata();
            if (meta.getIndex() >= requestIndex) {
                return Optional.of(pending);
            }
        }
        return storage.snapshot(requestIndex, to);
    }
}
