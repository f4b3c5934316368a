package io.garrick.flashkv.store;

import java.io.IOException;
import java.io.UncheckedIOException;

/** The local disk or RocksDB failed. The store must stop: going on could lose acknowledged data. */
final class EngineFailure extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    EngineFailure(Exception cause) {
        super(cause instanceof IOException io ? io : new IOException(cause));
    }
}
