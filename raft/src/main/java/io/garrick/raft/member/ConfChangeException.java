package io.garrick.raft.member;

/** A change that the current configuration cannot take. */
public final class ConfChangeException extends Exception {
    private static final long serialVersionUID = 1L;

    ConfChangeException(String message) {
        super(message);
    }
}
