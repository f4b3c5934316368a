package io.garrick.regioncache;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;

/**
 * A region as of an applied index.
 *
 * @param range encoded keys
 * @param meta opaque to this module: whatever the caller needs to know the region again
 * @param opSequence the local sequence number of the last snapshot or removal; 0 if there was none
 */
public record RegionState(
        long regionId,
        KeyRange range,
        Key meta,
        long appliedIndex,
        long appliedTerm,
        long opSequence) {
    RegionState advanced(long index, long term) {
        return new RegionState(regionId, range, meta, index, term, opSequence);
    }
}
