package io.garrick.flashkv.store;

import io.garrick.proto.eraft.Snapshot;
import io.garrick.proto.eraft.SnapshotMetadata;
import io.garrick.proto.meta.Region;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides when a leader builds a snapshot for whom. Pure but for the files it lets go.
 *
 * <p>raft asks ({@link #request}) until it gets one. First the receiver must agree (precheck), then
 * one is built of what is applied at that moment, then raft's next question is answered with it. It
 * is dropped once no send uses it and it is no longer new.
 */
final class SnapshotGeneration {
    private static final int KEEP_TICKS = 100;

    private final Set<Long> wanted = new HashSet<>();
    private final Set<Long> agreed = new HashSet<>();
    private final Map<SnapshotFiles, Integer> sending = new HashMap<>();
    private @Nullable Built built;
    private long builtTick;
    private boolean building;
    private boolean cancelled;

    record Built(Snapshot snapshot, SnapshotFiles files) {
        SnapshotMetadata metadata() {
            return snapshot.getMetadata();
        }
    }

    /** What raft gets now for peer {@code to}. */
    Optional<Snapshot> request(long requestIndex, long to, long truncatedIndex) {
        Built have = built;
        if (have != null
                && have.metadata().getIndex() >= requestIndex
                && have.metadata().getIndex() >= truncatedIndex
                && Membership.peer(have.files().data().getRegion(), to).isPresent()) {
            return Optional.of(have.snapshot());
        }
        wanted.add(to);
        return Optional.empty();
    }

    /** Peers to be asked whether they would take a snapshot. */
    Set<Long> toAsk(Region region) {
        wanted.removeIf(id -> Membership.peer(region, id).isEmpty());
        Set<Long> ask = new HashSet<>(wanted);
        ask.removeAll(agreed);
        return ask;
    }

    void agree(long peerId) {
        if (wanted.contains(peerId)) {
            agreed.add(peerId);
        }
    }

    /** Whether a build should start now; if so, it counts as started. */
    boolean start(Region region) {
        if (building || agreed.stream().noneMatch(id -> Membership.peer(region, id).isPresent())) {
            return false;
        }
        building = true;
        return true;
    }

    /** The build ended, with null when it failed. */
    void finished(@Nullable Built result, long tick) {
        building = false;
        wanted.clear();
        agreed.clear();
        if (cancelled) {
            if (result != null) {
                result.files().delete();
            }
            return;
        }
        if (result != null) {
            Built old = built;
            built = result;
            builtTick = tick;
            if (old != null) {
                release(old.files());
            }
        }
    }

    /** The files to go with a snapshot message; null if it is not the one at hand. */
    @Nullable SnapshotFiles takeForSending(Snapshot snapshot) {
        Built have = built;
        if (have == null || !have.metadata().equals(snapshot.getMetadata())) {
            return null;
        }
        sending.merge(have.files(), 1, Integer::sum);
        return have.files();
    }

    void sent(SnapshotFiles files) {
        sending.merge(files, -1, Integer::sum);
        if (built == null || !built.files().equals(files)) {
            release(files);
        }
    }

    /** Lets an old snapshot go. */
    void tick(long tick) {
        Built have = built;
        if (have != null
                && tick - builtTick > KEEP_TICKS
                && sending.getOrDefault(have.files(), 0) == 0) {
            built = null;
            release(have.files());
        }
    }

    void cancel() {
        cancelled = true;
        Built have = built;
        built = null;
        wanted.clear();
        if (have != null) {
            release(have.files());
        }
    }

    private void release(SnapshotFiles files) {
        if (sending.getOrDefault(files, 0) == 0) {
            sending.remove(files);
            files.delete();
        }
    }
}
