package io.garrick.flashkv.kv;

import io.garrick.base.KeyRange;
import io.garrick.proto.meta.Region;
import org.jspecify.annotations.Nullable;

/**
 * One region's data at one moment: everything applied so far, and nothing that comes later.
 *
 * <p>Used by one thread at a time.
 */
public interface RegionSnapshot extends AutoCloseable {
    /** The region as of this snapshot; its range bounds what may be asked. */
    Region region();

    /** The encoded range of {@link #region()}. */
    KeyRange range();

    /** The raft term this snapshot was taken in. */
    long term();

    /** Null when the key is absent. The array belongs to the caller. */
    byte @Nullable [] get(Cf cf, byte[] key);

    /**
     * A cursor over the part of {@code range} within the region. The caller closes it before the
     * snapshot.
     */
    Cursor cursor(Cf cf, KeyRange range);

    @Override
    void close();

    /** Unpositioned at first. Arrays belong to the caller. */
    interface Cursor extends AutoCloseable {
        /** To the first key {@code >= key}; false if there is none in the range. */
        boolean seek(byte[] key);

        /** To the last key {@code <= key}; false if there is none in the range. */
        boolean seekForPrev(byte[] key);

        boolean seekToFirst();

        boolean seekToLast();

        /** Only when valid. */
        boolean next();

        /** Only when valid. */
        boolean prev();

        boolean valid();

        byte[] key();

        byte[] value();

        @Override
        void close();
    }
}
