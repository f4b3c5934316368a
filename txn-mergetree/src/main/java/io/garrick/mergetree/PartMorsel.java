package io.garrick.mergetree;

import io.garrick.codec.SchemaMismatchException;
import io.garrick.codec.row.ArrowTypes;
import io.garrick.codec.row.ColumnDecoder;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.mergetree.mvcc.KillSet;
import io.garrick.mergetree.part.ColumnPage;
import io.garrick.mergetree.part.HiddenColumns;
import io.garrick.mergetree.part.LongTotals;
import io.garrick.mergetree.part.PartColumn;
import io.garrick.mergetree.part.PartReader;
import io.garrick.mergetree.part.VectorBuilder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** A few pages of one part. Pages, and ends of pages, without a visible row are left out. */
final class PartMorsel implements Morsel {
    private static final int PAGE_WORDS = ColumnPage.ROWS / Long.SIZE;

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
        long[] words = new long[words(rowCount())];
        long[] pageWords = new long[PAGE_WORDS];
        List<Slice> slices = new ArrayList<>();
        int rowCount = 0;
        int visibleCount = 0;
        for (int page : pages) {
            int wordsFrom = rowCount / 64;
            int visible = mask(cursor, page, pageWords);
            if (visible > 0) {
                System.arraycopy(pageWords, 0, words, wordsFrom, words(reader.pageRows(page)));
                Slice slice = slice(page, words, wordsFrom);
                slices.add(slice);
                rowCount += slice.to() - slice.from();
                visibleCount += visible;
            }
        }
        long[] visibleWords = Arrays.copyOf(words, words(rowCount));
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

    private static int words(int rows) {
        return (rows + Long.SIZE - 1) / Long.SIZE;
    }

    /** Sets the bits of the page's visible rows; answers how many they are. */
    private int mask(PartReader.Cursor cursor, int page, long[] words) throws IOException {
        int from = page * ColumnPage.ROWS;
        int to = from + reader.pageRows(page);
        kills.alive(ts, from, to, words, 0);
        if (reader.maxTs(page) > ts) {
            cursor.keepRange(reader.columnIndex(HiddenColumns.TS), page, Long.MIN_VALUE, ts, words);
        }
        intervals.keepInside(from, to, words, 0);
        int visible = 0;
        for (int word = 0; word < words(to - from); word++) {
            visible += Long.bitCount(words[word]);
        }
        return visible;
    }

    @Override
    public Optional<MorselTotals> totals() throws IOException {
        int[] stored = new int[spec.columns().size()];
        List<LongTotals> totals = new ArrayList<>();
        for (int i = 0; i < stored.length; i++) {
            stored[i] = summable(spec.columns().get(i));
            if (stored[i] < 0) {
                return Optional.empty();
            }
            totals.add(new LongTotals());
        }
        PartReader.Cursor cursor = reader.cursor();
        long[] words = new long[PAGE_WORDS];
        long rowCount = 0;
        for (int page : pages) {
            int visible = mask(cursor, page, words);
            rowCount += visible;
            long[] mask = visible == reader.pageRows(page) ? null : words;
            for (int i = 0; i < stored.length && visible > 0; i++) {
                cursor.total(stored[i], page, mask, totals.get(i));
            }
        }
        return Optional.of(
                new MorselTotals(
                        rowCount,
                        totals.stream()
                                .map(total -> new MorselTotals.Column(total.count(), total.sum()))
                                .toList()));
    }

    /** Where a column's signed numbers are stored; -1 if it has none, or not here. */
    private int summable(ColumnSchema column) {
        int stored = storedIndex(column);
        if (stored < 0) {
            return -1;
        }
        PartColumn source = reader.column(stored);
        Field field = ArrowTypes.field(column);
        boolean number =
                field.getType() instanceof ArrowType.Int
                        || field.getType() instanceof ArrowType.Decimal;
        return number
                        && source.kind() == PartColumn.Kind.LONG
                        && source.order() == PartColumn.Order.SIGNED
                        && VectorBuilder.readable(source, field)
                ? stored
                : -1;
    }

    private int storedIndex(ColumnSchema column) {
        int stored = reader.columnIndex(column.id());
        return stored < 0 && isHandle(column) ? reader.columnIndex(HiddenColumns.HANDLE) : stored;
    }

    private boolean isHandle(ColumnSchema column) {
        return !reader.commonHandle() && StoredColumns.isHandle(spec.table(), column);
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
        int stored = storedIndex(column);
        boolean handle = reader.columnIndex(column.id()) < 0 && stored >= 0;
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
