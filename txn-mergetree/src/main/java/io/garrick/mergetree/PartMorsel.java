package io.garrick.mergetree;

import io.garrick.codec.SchemaMismatchException;
import io.garrick.codec.row.ArrowTypes;
import io.garrick.codec.row.ColumnDecoder;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.mergetree.mvcc.KillSet;
import io.garrick.mergetree.part.ColumnPage;
import io.garrick.mergetree.part.HiddenColumns;
import io.garrick.mergetree.part.PartColumn;
import io.garrick.mergetree.part.PartReader;
import io.garrick.mergetree.part.VectorBuilder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.Field;

/** A few pages of one part. Pages, and ends of pages, without a visible row are left out. */
final class PartMorsel implements Morsel {
    private final PartReader reader;
    private final KillSet kills;
    private final long ts;
    private final ScanSpec spec;
    private final RowIntervals intervals;
    private final int[] pages;

    PartMorsel(
            PartReader reader,
            KillSet kills,
            long ts,
            ScanSpec spec,
            RowIntervals intervals,
            int[] pages) {
        this.reader = reader;
        this.kills = kills;
        this.ts = ts;
        this.spec = spec;
        this.intervals = intervals;
        this.pages = pages;
    }

    @Override
    public int rowCount() {
        int rows = 0;
        for (int page : pages) {
            rows += reader.pageRows(page);
        }
        return rows;
    }

    @Override
    public MaskedBatch read(BufferAllocator allocator) throws IOException {
        ColumnPage scratch = new ColumnPage();
        PartReader.Cursor cursor = reader.cursor();
        long[] words = new long[(rowCount() + 63) / 64];
        List<Slice> slices = new ArrayList<>();
        int rowCount = 0;
        int visibleCount = 0;
        for (int page : pages) {
            int wordsFrom = rowCount / 64;
            int visible = mask(cursor, page, scratch, words, wordsFrom);
            if (visible > 0) {
                Slice slice = slice(page, words, wordsFrom);
                slices.add(slice);
                rowCount += slice.to() - slice.from();
                visibleCount += visible;
            }
        }
        long[] visibleWords = Arrays.copyOf(words, (rowCount + 63) / 64);
        List<FieldVector> vectors = new ArrayList<>();
        try {
            for (ColumnSchema column : spec.columns()) {
                vectors.add(column(column, cursor, slices, rowCount, scratch, allocator));
            }
            return new MaskedBatch(vectors, rowCount, visibleWords, visibleCount);
        } catch (IOException | RuntimeException | Error e) {
            vectors.forEach(FieldVector::close);
            throw e;
        }
    }

    /** Rows [from, to) of a page; from is a multiple of 64, so is to unless the page ends there. */
    private record Slice(int page, int from, int to) {}

    /** Cuts off what is invisible at both ends of a page, and moves its words accordingly. */
    private Slice slice(int page, long[] words, int wordsFrom) {
        int rows = reader.pageRows(page);
        int wordCount = (rows + 63) / 64;
        int first = 0;
        while (words[wordsFrom + first] == 0) {
            first++;
        }
        int end = wordCount;
        while (words[wordsFrom + end - 1] == 0) {
            end--;
        }
        System.arraycopy(words, wordsFrom + first, words, wordsFrom, end - first);
        return new Slice(page, first * 64, Math.min(rows, end * 64));
    }

    private int mask(
            PartReader.Cursor cursor, int page, ColumnPage scratch, long[] words, int wordsFrom)
            throws IOException {
        int from = page * ColumnPage.ROWS;
        int to = from + reader.pageRows(page);
        kills.alive(ts, from, to, words, wordsFrom);
        if (reader.maxTs(page) > ts) {
            cursor.readHidden(HiddenColumns.TS, page, scratch);
            for (int row = 0; row < to - from; row++) {
                if (scratch.longAt(row) > ts) {
                    words[wordsFrom + (row >> 6)] &= ~(1L << row);
                }
            }
        }
        intervals.keepInside(from, to, words, wordsFrom);
        int visible = 0;
        for (int word = wordsFrom; word < wordsFrom + (to - from + 63) / 64; word++) {
            visible += Long.bitCount(words[word]);
        }
        return visible;
    }

    private FieldVector column(
            ColumnSchema column,
            PartReader.Cursor cursor,
            List<Slice> slices,
            int rowCount,
            ColumnPage scratch,
            BufferAllocator allocator)
            throws IOException {
        Field field = ArrowTypes.field(column);
        int stored = reader.columnIndex(column.id());
        boolean handle =
                stored < 0
                        && !reader.commonHandle()
                        && StoredColumns.isHandle(spec.table(), column);
        if (handle) {
            stored = reader.columnIndex(HiddenColumns.HANDLE);
        }
        if (stored < 0) {
            return absent(column, field, rowCount, allocator);
        }
        PartColumn source = reader.column(stored);
        if (!handle && !VectorBuilder.readable(source, field)) {
            throw new SchemaMismatchException(
                    reader.tableId(),
                    column.id(),
                    "stored as " + source.field().getType() + ", wanted " + field.getType());
        }
        try (VectorBuilder builder = new VectorBuilder(field, allocator, Math.max(1, rowCount))) {
            for (Slice slice : slices) {
                cursor.read(stored, slice.page(), scratch);
                builder.append(scratch, source.kind(), slice.from(), slice.to());
            }
            return builder.finish();
        }
    }

    /** A column added after the part was written: what its rows have, is the origin default. */
    private FieldVector absent(
            ColumnSchema column, Field field, int rowCount, BufferAllocator allocator) {
        FieldVector vector = field.createVector(allocator);
        try {
            vector.setInitialCapacity(Math.max(1, rowCount));
            vector.allocateNew();
            ColumnDecoder.forColumn(spec.table(), column, ColumnDecoder.Mismatch.FORCE)
                    .decode(new EmptyRows(rowCount), 0, rowCount, vector);
            return vector;
        } catch (RuntimeException e) {
            vector.close();
            throw e;
        }
    }
}
