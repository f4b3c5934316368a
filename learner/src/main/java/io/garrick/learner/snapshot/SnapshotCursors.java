package io.garrick.learner.snapshot;

import io.garrick.learner.Cf;
import io.garrick.learner.SnapshotCursor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Opens one column family of a snapshot, whatever its files look like. */
public final class SnapshotCursors {
    private SnapshotCursors() {}

    /** The files' pairs one after the other; the sender splits a family in key order. */
    public static SnapshotCursor open(Cf cf, List<Path> files) throws IOException {
        Chain chain = new Chain(cf, files.iterator());
        try {
            chain.openNext();
            return chain;
        } catch (IOException | RuntimeException failure) {
            chain.close();
            throw failure;
        }
    }

    private static SnapshotCursor openFile(Cf cf, Path file) throws IOException {
        return switch (cf) {
            case DEFAULT, WRITE -> new SstCursor(file);
            case LOCK -> new PlainFileCursor(file);
        };
    }

    private static final class Chain implements SnapshotCursor {
        private final Cf cf;
        private final Iterator<Path> rest;
        private @Nullable SnapshotCursor current;

        Chain(Cf cf, Iterator<Path> files) {
            this.cf = cf;
            this.rest = files;
        }

        void openNext() throws IOException {
            close();
            if (rest.hasNext()) {
                current = openFile(cf, rest.next());
            }
        }

        @Override
        public boolean next() throws IOException {
            while (current != null) {
                if (current.next()) {
                    return true;
                }
                openNext();
            }
            return false;
        }

        private SnapshotCursor current() {
            if (current == null) {
                throw new IllegalStateException("not on a pair");
            }
            return current;
        }

        @Override
        public byte[] key() {
            return current().key();
        }

        @Override
        public byte[] value() {
            return current().value();
        }

        @Override
        public void close() {
            if (current != null) {
                current.close();
                current = null;
            }
        }
    }
}
