package io.garrick.query.duck;

import io.garrick.mergetree.ReadTooOldException;
import io.garrick.query.QueryException;
import io.garrick.query.QueryException.Kind;
import org.apache.arrow.memory.OutOfMemoryException;
import org.jspecify.annotations.Nullable;

/** What a failure below means to the user. */
public final class Failures {
    private Failures() {}

    public static QueryException explain(Throwable failure) {
        for (@Nullable Throwable at = failure; at != null; at = at.getCause()) {
            if (at instanceof QueryException known) {
                return known;
            }
            if (at instanceof OutOfMemoryException || isDuckMemory(at)) {
                return new QueryException(
                        Kind.OUT_OF_MEMORY, "the query is over its memory limit", failure);
            }
            if (at instanceof ReadTooOldException) {
                return new QueryException(Kind.INVALID, String.valueOf(at.getMessage()), failure);
            }
        }
        // What follows is about SQL that the user has not written.
        String message = String.valueOf(failure.getMessage()).split("LINE 1:", 2)[0].strip();
        Kind kind =
                message.contains("Conversion Error") || message.contains("Out of Range")
                        ? Kind.INVALID
                        : Kind.INTERNAL;
        return new QueryException(kind, "the query failed: " + message, failure);
    }

    private static boolean isDuckMemory(Throwable failure) {
        return String.valueOf(failure.getMessage()).contains("Out of Memory Error");
    }
}
