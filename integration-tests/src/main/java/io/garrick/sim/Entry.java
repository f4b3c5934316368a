package io.garrick.sim;

import io.garrick.codec.record.LockRecord;
import io.garrick.regioncache.CfWrite;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One entry of a region's raft log, with what it means. */
sealed interface Entry {
    record Command(String what, List<CfWrite> writes, List<Effect> effects) implements Entry {
        public Command {
            writes = List.copyOf(writes);
            effects = List.copyOf(effects);
        }
    }

    /** The right part, from a slot on, becomes a region of its own. */
    record Split(int atSlot, long childId) implements Entry {}

    /** The last entry of a region that is about to be merged away. */
    record PrepareMerge() implements Entry {}

    /** Takes in a neighbour whose log ends at an index. */
    record CommitMerge(long sourceId, long sourceIndex) implements Entry {}

    /** What a command changes for a reader. */
    sealed interface Effect {
        int slot();

        /** A null value is a deletion. */
        record Committed(int slot, long commitTs, @Nullable Long value) implements Effect {}

        record Locked(int slot, LockRecord.@Nullable Single lock) implements Effect {}

        /** The write record has come, its value has not. */
        record Orphaned(int slot, long commitTs) implements Effect {}
    }
}
