package io.garrick.learner.snapshot;

import io.garrick.base.CorruptFileException;
import io.garrick.learner.SnapshotCursor;
import java.io.IOException;
import java.nio.file.Path;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.SstFileReader;
import org.rocksdb.SstFileReaderIterator;

/** A RocksDB block-based table from first to last key; block checksums are verified. */
final class SstCursor implements SnapshotCursor {
    private final Path file;
    private final Options options;
    private final SstFileReader reader;
    private final ReadOptions readOptions;
    private final SstFileReaderIterator iterator;
    private boolean started;
    private long position;
    private byte[] key = new byte[0];

    SstCursor(Path file) throws IOException {
        RocksDB.loadLibrary();
        this.file = file;
        this.options = new Options();
        this.reader = new SstFileReader(options);
        this.readOptions = new ReadOptions().setVerifyChecksums(true).setFillCache(false);
        try {
            reader.open(file.toString());
            this.iterator = reader.newIterator(readOptions);
        } catch (RocksDBException e) {
            readOptions.close();
            reader.close();
            options.close();
            throw corrupt(e);
        }
    }

    @Override
    public boolean next() throws IOException {
        if (started) {
            iterator.next();
            position++;
        } else {
            started = true;
            iterator.seekToFirst();
        }
        if (iterator.isValid()) {
            key = DataKeys.strip(iterator.key(), file, position);
            return true;
        }
        try {
            iterator.status();
        } catch (RocksDBException e) {
            throw corrupt(e);
        }
        return false;
    }

    private CorruptFileException corrupt(RocksDBException cause) {
        CorruptFileException corrupt =
                new CorruptFileException(
                        file.toString(),
                        position,
                        "a readable SST file",
                        String.valueOf(cause.getMessage()));
        corrupt.initCause(cause);
        return corrupt;
    }

    @Override
    public byte[] key() {
        return key;
    }

    @Override
    public byte[] value() {
        return iterator.value();
    }

    @Override
    public void close() {
        iterator.close();
        readOptions.close();
        reader.close();
        options.close();
    }
}
