package io.garrick.flashkv.pd;

import io.garrick.base.Key;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.Region;
import java.util.List;

/** One thing a region's leader is asked to do. */
sealed interface Step {
    /** A new learner; the peer id is chosen when the order goes out. */
    record AddLearner(long storeId) implements Step {}

    /** A caught-up learner becomes a voter. */
    record Promote(Peer peer) implements Step {}

    record Remove(Peer peer) implements Step {}

    record TransferLeader(Peer to) implements Step {}

    record Split(List<Key> keys) implements Step {
        public Split {
            keys = List.copyOf(keys);
        }
    }

    /** A leader transfer whose point is that leaders spread. */
    record Scatter(Peer to) implements Step {}

    /** The region becomes a part of its neighbour. */
    record Merge(Region target) implements Step {}

    /** As PD's operators are called. */
    default String description() {
        return switch (this) {
            case AddLearner _ -> "add-rule-peer";
            case Promote _ -> "promote-learner";
            case Remove _ -> "remove-orphan-peer";
            case TransferLeader _ -> "transfer-leader";
            case Split _ -> "rule-split-region";
            case Scatter _ -> "scatter-region";
            case Merge _ -> "merge-region";
        };
    }
}
