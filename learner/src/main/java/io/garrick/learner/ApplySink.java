package io.garrick.learner;

import com.google.protobuf.ByteString;
import io.garrick.base.KeyRange;
import io.garrick.proto.kvrpc.LockInfo;
import io.garrick.proto.raftserver.RegionLocalState;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Where committed commands go.
 *
 * <p>Calls for one region never overlap and come in log order; calls for different regions may run
 * at the same time. All keys are encoded (memcomparable) keys without the {@code z} prefix.
 *
 * <p>Durability: {@link #write} may lose everything above {@link #durableApplied} in a crash, but
 * what survives must be a prefix of the calls over all regions together. The learner replays its
 * raft log from each region's recovered applied index, so repeated calls are not seen twice unless
 * a crash lies between them. An {@link IOException} or unchecked exception quarantines the region:
 * it stops applying and asks its leader for a snapshot.
 */
public interface ApplySink {
    enum Kind {
        PUT,
        DELETE,
        /** {@code key} is the first key, {@code value} the end (excluded, empty = no bound). */
        DELETE_RANGE
    }

    record Write(Cf cf, Kind kind, ByteString key, ByteString value) {}

    /**
     * A region as of an applied index.
     *
     * @param local its {@code region} is the full metapb.Region, unknown fields kept
     */
    record RegionState(RegionLocalState local, long appliedIndex, long appliedTerm) {
        public long regionId() {
            return local.getRegion().getId();
        }
    }

    /** What a crash left durable, at start. Called once, before anything else. */
    List<RegionState> recover() throws IOException;

    /**
     * One committed command, all or nothing. An empty list only advances the applied index: leader
     * changes, refused commands, commands without data.
     */
    void write(long regionId, long index, long term, List<Write> writes) throws IOException;

    /**
     * A split, membership change, merge or flashback switch was applied at {@code index} of {@code
     * regionId}'s log: all metas change at once, in one atomic checkpoint that need not be synced.
     *
     * @param after the resulting states; the first is {@code regionId}'s own, split children follow
     *     with applied index 5 and term 5
     * @param removed regions merged into {@code regionId}: their state goes, their data stays and
     *     belongs to {@code regionId} from now on
     */
    void regionsChanged(
            long regionId, long index, long term, List<RegionState> after, List<Long> removed)
            throws IOException;

    /**
     * Replaces all data in the region's range, and its state. Durable on return. The same {@code
     * opSequence} comes again after a crash in the middle, and may come again after a crash right
     * behind it: then it must change nothing.
     *
     * <p>Runs on a thread of its own, so that a large snapshot does not stop other regions; no
     * other call for this region overlaps it.
     */
    void installSnapshot(RegionState state, long opSequence, SnapshotFiles files)
            throws IOException;

    /**
     * Destroys the peer's state and the data in its range. Durable on return, and repeatable under
     * the same {@code opSequence}. The state may be unknown already; the range is purged all the
     * same.
     */
    void remove(RegionLocalState tombstone, long opSequence) throws IOException;

    /** The raft log of this region up to here may be forgotten. 0 if nothing is durable. */
    long durableApplied(long regionId);

    /**
     * A lock that forbids reading {@code encodedRange} at {@code ts}, raw keys inside; locks whose
     * start ts is in {@code bypass} do not count. Called by the region's owner thread.
     */
    Optional<LockInfo> blockingLock(
            long regionId, KeyRange encodedRange, long ts, Set<Long> bypass);

    /** True asks the cluster to send less: leaders pause appends, PD places no new peers here. */
    default boolean busy() {
        return false;
    }

    /** Bytes of data on disk, for PD's balance. */
    default long usedBytes() {
        return 0;
    }
}
