package io.garrick.flashkv.kv;

import io.garrick.base.KeyRange;
import io.garrick.proto.kvrpc.LockInfo;
import java.util.List;

/**
 * Told on the leader before it answers another replica's read index, so that no transaction commits
 * below the reader's timestamp afterwards.
 */
public interface ReadIndexObserver {
    /**
     * Nothing held in memory, ever: right as long as no transaction commits by async commit or 1PC.
     */
    ReadIndexObserver NONE = (_, _, _) -> new Verdict.Clear(true);

    /**
     * Raises max_ts to {@code startTs} first, then looks at the locks held in memory. Called by the
     * region's owner thread; must not block.
     */
    Verdict beforeReadIndex(long regionId, long startTs, List<KeyRange> encodedRanges);

    sealed interface Verdict {
        /**
         * Nothing blocks the reader.
         *
         * @param noLockInRegion whether the whole region is free of in-memory locks
         */
        record Clear(boolean noLockInRegion) implements Verdict {}

        /** Keys in it are raw. */
        record Locked(LockInfo lock) implements Verdict {}
    }
}
