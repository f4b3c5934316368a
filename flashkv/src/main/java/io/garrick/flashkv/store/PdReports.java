package io.garrick.flashkv.store;

import io.garrick.proto.meta.Region;
import io.garrick.proto.pd.RegionHeartbeatRequest;
import io.garrick.proto.pd.SplitID;
import java.util.List;
import java.util.function.Consumer;

/** What the store's thread tells and asks PD. Nothing here blocks. */
interface PdReports {
    void regionHeartbeat(RegionHeartbeatRequest heartbeat);

    /** The answer comes on any thread; it is empty when PD refuses or cannot be reached. */
    void askSplit(Region region, int count, Consumer<List<SplitID>> answer);

    void reportSplit(List<Region> regions);
}
