package io.garrick.query.flight;

import io.garrick.query.QueryException;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightRuntimeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Failures as Flight statuses: one line of text, never a stack trace. */
final class Statuses {
    private static final Logger LOG = LoggerFactory.getLogger(Statuses.class);

    private Statuses() {}

    static FlightRuntimeException of(Throwable failure) {
        return switch (failure) {
            case FlightRuntimeException status -> status;
            case QueryException query ->
                    status(query.kind())
                            .withDescription(String.valueOf(query.getMessage()))
                            .toRuntimeException();
            default -> {
                LOG.warn("request failed", failure);
                yield CallStatus.INTERNAL
                        .withDescription("internal error: " + failure.getMessage())
                        .toRuntimeException();
            }
        };
    }

    static FlightRuntimeException invalid(String message) {
        return CallStatus.INVALID_ARGUMENT.withDescription(message).toRuntimeException();
    }

    private static CallStatus status(QueryException.Kind kind) {
        return switch (kind) {
            case INVALID, READ_ONLY -> CallStatus.INVALID_ARGUMENT;
            case NOT_READY -> CallStatus.UNAVAILABLE;
            case OUT_OF_MEMORY -> CallStatus.RESOURCE_EXHAUSTED;
            case CANCELLED -> CallStatus.CANCELLED;
            case UNSUPPORTED -> CallStatus.UNIMPLEMENTED;
            case INTERNAL -> CallStatus.INTERNAL;
        };
    }
}
