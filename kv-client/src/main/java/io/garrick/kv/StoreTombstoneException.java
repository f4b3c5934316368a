package io.garrick.kv;

import io.garrick.proto.pd.ErrorType;
import java.io.Serial;

/** The store was removed from the cluster for good; its id never comes back. */
public final class StoreTombstoneException extends PdException {
    @Serial private static final long serialVersionUID = 1L;

    StoreTombstoneException(String message) {
        super(ErrorType.STORE_TOMBSTONE, message);
    }
}
