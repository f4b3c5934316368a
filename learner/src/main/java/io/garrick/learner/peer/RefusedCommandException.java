package io.garrick.learner.peer;

/**
 * A committed command that every replica refuses in the same way: it only advances the applied
 * index. Never used for local failures.
 */
final class RefusedCommandException extends Exception {
    private static final long serialVersionUID = 1L;

    RefusedCommandException(String reason) {
        super(reason, null, false, false);
    }
}
