package io.garrick.raft;

import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.HardState;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A copy of a node's state, for decisions of the driver and for people.
 *
 * @param applied last index reported through {@link RaftNode#advanceApplyTo}
 * @param persisted last index known to be synced here
 * @param leadTransferee the peer leadership is being handed to, 0 when none
 * @param progress by peer id, empty unless leader
 */
public record RaftStatus(
        long id,
        HardState hardState,
        SoftState softState,
        long firstIndex,
        long lastIndex,
        long persisted,
        long applied,
        long leadTransferee,
        ConfState confState,
        SortedMap<Long, ProgressStatus> progress) {
    public RaftStatus {
        progress = Collections.unmodifiableSortedMap(new TreeMap<>(progress));
    }
}
