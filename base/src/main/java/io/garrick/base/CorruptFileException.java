package io.garrick.base;

import java.io.IOException;

/**
 * Bytes on disk are not what was written. The answer is quarantine and re-replication, never a
 * guess.
 */
public final class CorruptFileException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String file;
    private final long offset;

    public CorruptFileException(String file, long offset, String expected, String found) {
        super(
                "corrupt file "
                        + file
                        + " at offset "
                        + offset
                        + ": expected "
                        + expected
                        + ", found "
                        + found);
        this.file = file;
        this.offset = offset;
    }

    public String file() {
        return file;
    }

    public long offset() {
        return offset;
    }
}
