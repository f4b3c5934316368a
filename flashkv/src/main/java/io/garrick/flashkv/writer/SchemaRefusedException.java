package io.garrick.flashkv.writer;

import java.io.Serial;

/** A schema change that the schema as it is does not allow. Nothing was changed. */
public final class SchemaRefusedException extends IllegalArgumentException {
    @Serial private static final long serialVersionUID = 1L;

    SchemaRefusedException(String message) {
        super(message);
    }
}
