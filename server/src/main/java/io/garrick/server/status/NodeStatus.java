package io.garrick.server.status;

import java.util.List;
import java.util.Map;

/** What the status pages show of a node. Called by HTTP threads; answers from memory. */
public interface NodeStatus {
    /** Numbers and words for {@code /status}, in display order. */
    Map<String, Object> summary();

    /** The settings in force, for {@code /config}. */
    Map<String, Object> configuration();

    /** Empty if the node is ready to serve; else the reason. */
    String notReadyReason();

    /** Ids of the initialized regions of a physical table that are here and not far behind. */
    List<Long> regionsOfTable(long physicalTableId);

    /** One of Idle, Ready, Running, Stopping, Terminated. */
    String storeStatus();
}
