package io.garrick.flashkv.store;

import io.garrick.proto.meta.Region;
import java.util.List;

/** How a proposed command ended. */
sealed interface Outcome {
    /**
     * Applied.
     *
     * @param regions what a split resulted in, left to right; else empty
     */
    record Done(List<Region> regions) implements Outcome {
        static final Done PLAIN = new Done(List.of());
    }

    /** Without effect; or, with stale_command, of unknown effect. */
    record Failed(io.garrick.proto.error.Error error) implements Outcome {}
}
