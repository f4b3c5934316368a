package io.garrick.regioncache;

import java.io.IOException;

/** The three sorted streams of a region snapshot; keys are encoded keys without the data prefix. */
public interface SnapshotSource {
    /** The caller closes the stream. */
    Entries open(CfWrite.Family family) throws IOException;

    /** Starts before the first entry. */
    interface Entries extends AutoCloseable {
        boolean next() throws IOException;

        byte[] key();

        byte[] value();

        @Override
        void close() throws IOException;
    }
}
