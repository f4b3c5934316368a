package io.garrick.learner;

import io.garrick.base.OrderedStore;
import java.io.IOException;
import java.util.List;

/**
 * A store attached to PD. {@link #start} registers it; {@link #close} stops it, keeping its data.
 */
public interface Learner extends AutoCloseable {
    /** Column families that the durable store must have. */
    List<String> FAMILIES = List.of("raft", "peer");

    /**
     * Recovers the peers, listens, registers with PD and begins to heartbeat. Blocks until PD knows
     * the store.
     *
     * @param durable synced state, opened with a log; stays the caller's to close
     * @param sink stays the caller's to close
     */
    static Learner start(
            LearnerConfig config, PlacementDriver pd, OrderedStore durable, ApplySink sink)
            throws IOException {
        if (config.workers() > 0) {
            throw new IOException("not connected yet");
        }
        throw new IllegalStateException(pd + " " + durable + " " + sink);
    }

    ReadGate readGate();

    LearnerStatus status();

    @Override
    void close();
}
