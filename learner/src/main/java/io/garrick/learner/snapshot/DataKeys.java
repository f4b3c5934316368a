package io.garrick.learner.snapshot;

import io.garrick.base.CorruptFileException;
import java.nio.file.Path;
import java.util.Arrays;

/** In files every key carries the prefix {@code z}, which tells data from TiKV's local keys. */
final class DataKeys {
    private static final byte PREFIX = 'z';

    private DataKeys() {}

    static byte[] strip(byte[] dataKey, Path file, long offset) throws CorruptFileException {
        if (dataKey.length == 0 || dataKey[0] != PREFIX) {
            throw new CorruptFileException(
                    file.toString(), offset, "a key that starts with z", "another key");
        }
        return Arrays.copyOfRange(dataKey, 1, dataKey.length);
    }
}
