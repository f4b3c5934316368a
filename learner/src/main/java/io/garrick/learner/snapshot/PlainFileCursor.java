package io.garrick.learner.snapshot;

import io.garrick.base.CorruptFileException;
import io.garrick.learner.SnapshotCursor;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * TiKV's plain snapshot file, used for locks: key, value, key, value ... each as zig-zag LEB128
 * length and bytes; an empty key ends it (tikv, components/raftstore/src/store/snap/io.rs).
 */
final class PlainFileCursor implements SnapshotCursor {
    private static final int BUFFER_BYTES = 64 << 10;

    private final Path file;
    private final long sizeBytes;
    private final InputStream in;
    private long position;
    private boolean ended;
    private byte[] key = new byte[0];
    private byte[] value = new byte[0];

    PlainFileCursor(Path file) throws IOException {
        this.file = file;
        this.sizeBytes = Files.size(file);
        this.in = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES);
    }

    @Override
    public boolean next() throws IOException {
        if (ended) {
            return false;
        }
        byte[] dataKey = readBytes();
        if (dataKey.length == 0) {
            ended = true;
            if (position != sizeBytes) {
                throw corrupt("the end of the file", "bytes behind the last pair");
            }
            return false;
        }
        key = DataKeys.strip(dataKey, file, position);
        value = readBytes();
        return true;
    }

    private byte[] readBytes() throws IOException {
        long zigzag = 0;
        for (int shift = 0; ; shift += 7) {
            int b = in.read();
            if (b < 0) {
                throw corrupt("a length", "the end of the file");
            }
            position++;
            zigzag |= (long) (b & 0x7f) << shift;
            if ((b & 0x80) == 0) {
                break;
            }
            if (shift > 56) {
                throw corrupt("a length", "more than 9 bytes of length");
            }
        }
        long length = (zigzag >>> 1) ^ -(zigzag & 1);
        if (length < 0 || length > sizeBytes - position) {
            throw corrupt("a length inside the file", Long.toString(length));
        }
        byte[] bytes = in.readNBytes((int) length);
        if (bytes.length != length) {
            throw new EOFException("file shrank while being read: " + file);
        }
        position += length;
        return bytes;
    }

    private CorruptFileException corrupt(String expected, String found) {
        return new CorruptFileException(file.toString(), position, expected, found);
    }

    @Override
    public byte[] key() {
        return key;
    }

    @Override
    public byte[] value() {
        return value;
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            // Closing a file opened for reading loses nothing.
            throw new IllegalStateException("cannot close " + file, e);
        }
    }
}
