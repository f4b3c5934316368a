package io.garrick.flashkv.kv;

import io.grpc.BindableService;
import java.util.List;

/** What a store runs on top of its regions. */
public interface TransactionLayer extends AutoCloseable {
    /**
     * An implementation of {@code tikvpb.Tikv} of which the KV methods are served; the store itself
     * answers those that concern raft, splits and the store.
     */
    BindableService kvMethods();

    ReadIndexObserver readIndexObserver();

    /** Further services of its own, on the store's address. */
    default List<BindableService> services() {
        return List.of();
    }

    @Override
    void close();

    /** Makes the layer of one store. */
    interface Factory {
        TransactionLayer create(RegionKv regions, ClusterView cluster);
    }
}
