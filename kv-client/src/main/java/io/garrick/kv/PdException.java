package io.garrick.kv;

import io.garrick.proto.pd.ErrorType;
import java.io.Serial;

/** PD refused a call, or could not be reached within the time allowed. */
public sealed class PdException extends ClusterException permits StoreTombstoneException {
    @Serial private static final long serialVersionUID = 1L;

    private final ErrorType type;

    PdException(ErrorType type, String message) {
        super(message);
        this.type = type;
    }

    PdException(ErrorType type, String message, Throwable cause) {
        super(message, cause);
        this.type = type;
    }

    /** PD's own error type; {@link ErrorType#UNKNOWN} also if PD was not reached. */
    public ErrorType type() {
        return type;
    }
}
