package io.garrick.learner;

import java.io.IOException;

/** PD has removed this store for good: its data directory must be wiped before it may come back. */
public final class StoreTombstoneException extends IOException {
    private static final long serialVersionUID = 1L;

    public StoreTombstoneException(String message) {
        super(message);
    }
}
