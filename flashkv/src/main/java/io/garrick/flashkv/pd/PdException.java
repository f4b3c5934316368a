package io.garrick.flashkv.pd;

import io.garrick.proto.pd.ErrorType;

/** A request PD refuses; becomes the response header's error under an OK gRPC status. */
final class PdException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ErrorType type;

    PdException(ErrorType type, String message) {
        super(message, null, false, false);
        this.type = type;
    }

    static PdException unknown(String message) {
        return new PdException(ErrorType.UNKNOWN, message);
    }

    ErrorType type() {
        return type;
    }

    String text() {
        String message = getMessage();
        return message == null ? type.name() : message;
    }
}
