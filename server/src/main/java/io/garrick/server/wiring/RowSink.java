package io.garrick.server.wiring;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.RecordKey;
import io.garrick.codec.key.TableKeys;
import io.garrick.mergetree.BulkSource;
import io.garrick.mergetree.CommittedRow;
import io.garrick.mergetree.TableStore;
import io.garrick.regioncache.CommittedRows;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The column store as the region cache sees it. */
public final class RowSink implements CommittedRows, CommittedRows.Fences {
    private final TableStore store;

    /** The store is borrowed for as long as this object is used. */
    public RowSink(TableStore store) {
        this.store = store;
    }

    @Override
    public void append(List<io.garrick.regioncache.CommittedRow> rows) {
        List<CommittedRow> mapped = new ArrayList<>(rows.size());
        for (io.garrick.regioncache.CommittedRow row : rows) {
            mapped.add(mapped(row));
        }
        store.append(mapped);
    }

    @Override
    public boolean covers(io.garrick.regioncache.CommittedRow row) {
        return store.fence(TableKeys.tableIdOf(row.rawKey()), row.regionId())
                .filter(fence ->
                        row.index() < fence.index()
                                || (row.index() == fence.index()
                                        && row.ordinal() <= fence.ordinal()))
                .isPresent();
    }

    private static CommittedRow mapped(io.garrick.regioncache.CommittedRow row) {
        RecordKey key = RecordKey.parse(row.rawKey());
        boolean intHandle = key.hasIntHandle();
        return new CommittedRow(
                key.tableId(),
                intHandle ? key.intHandle() : 0,
                intHandle ? null : key.handle().unsafeBytes(),
                row.commitTs(),
                row.delete(),
                row.value().unsafeBytes(),
                row.regionId(),
                row.index(),
                row.ordinal());
    }

    @Override
    public boolean hasVersion(Key rawKey, long commitTs) {
        RecordKey key = RecordKey.parse(rawKey);
        try {
            return store.hasVersion(
                    key.tableId(),
                    key.hasIntHandle() ? key.intHandle() : 0,
                    key.hasIntHandle() ? null : key.handle().unsafeBytes(),
                    commitTs);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void replaceRange(
            OpId op, KeyRange encodedRange, Iterator<io.garrick.regioncache.CommittedRow> rows) {
        try {
            store.ingest(new RowSource(rawRange(encodedRange), rows), id(op));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void purgeRange(OpId op, KeyRange encodedRange) {
        try {
            store.purge(rawRange(encodedRange), id(op));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Map<OpId, KeyRange> openOperations() {
        Map<OpId, KeyRange> open = new HashMap<>();
        try {
            store.openOps()
                    .forEach((op, rawRange) ->
                            open.put(
                                    new OpId(op.regionId(), op.index(), op.sequence()),
                                    encodedRange(rawRange)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return open;
    }

    @Override
    public void closeOperation(OpId op) {
        try {
            store.closeOp(id(op));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static io.garrick.mergetree.OpId id(OpId op) {
        return new io.garrick.mergetree.OpId(op.regionId(), op.index(), op.sequence());
    }

    private static KeyRange rawRange(KeyRange encoded) {
        return new KeyRange(rawBound(encoded.start()), rawBound(encoded.end()));
    }

    private static Key rawBound(Key encoded) {
        return encoded.isEmpty() ? Key.EMPTY : Memcomparable.decode(encoded);
    }

    private static KeyRange encodedRange(KeyRange raw) {
        return new KeyRange(encodedBound(raw.start()), encodedBound(raw.end()));
    }

    private static Key encodedBound(Key raw) {
        return raw.isEmpty() ? Key.EMPTY : Memcomparable.encode(raw);
    }

    /** A stream of rows in the words of the column store. */
    private static final class RowSource implements BulkSource {
        private final KeyRange range;
        private final Iterator<io.garrick.regioncache.CommittedRow> rows;
        private @Nullable CommittedRow current;

        RowSource(KeyRange range, Iterator<io.garrick.regioncache.CommittedRow> rows) {
            this.range = range;
            this.rows = rows;
        }

        @Override
        public KeyRange range() {
            return range;
        }

        @Override
        public boolean next() {
            if (!rows.hasNext()) {
                return false;
            }
            current = mapped(rows.next());
            return true;
        }

        private CommittedRow current() {
            if (current == null) {
                throw new IllegalStateException("not on a row");
            }
            return current;
        }

        @Override
        public long tableId() {
            return current().tableId();
        }

        @Override
        public long handle() {
            return current().handle();
        }

        @Override
        public byte @Nullable [] commonHandle() {
            return current().commonHandle();
        }

        @Override
        public long commitTs() {
            return current().commitTs();
        }

        @Override
        public boolean delete() {
            return current().delete();
        }

        @Override
        public byte[] rowBytes() {
            return current().rowBytes();
        }
    }
}
