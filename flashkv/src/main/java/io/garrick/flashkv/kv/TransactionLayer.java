package io.garrick.flashkv.kv;

import io.grpc.BindableService;

/** What a store runs on top of its regions. */
public interface TransactionLayer extends AutoCloseable {
    /**
     * An implementation of {@code tikvpb.Tikv} of which the KV methods are served; the store itself
     * answers those that concern raft, splits and the store.
     */
    BindableService kvMethods();

    ReadIndexObserver readIndexObserver();

    @Override
    void close();

    /** Makes the layer of one store. */
    interface Factory {
        TransactionLayer create(RegionKv regions);
    }
}
