package io.garrick.mergetree.part;

import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.base.CorruptFileException;
import io.garrick.base.Disk;
import io.garrick.mergetree.part.format.Blob;
import io.garrick.mergetree.part.format.ColumnChunk;
import io.garrick.mergetree.part.format.PartFooter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32C;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/**
 * One mapped part. Any number of threads may read; whoever opened it closes it, after the last
 * read.
 */
public final class PartReader implements AutoCloseable {
    private final String name;
    private final Arena arena; // shared: query threads read, the last unpin closes
    private final MemorySegment file;
    private final PartFooter footer;
    private final Column[] columns;
    private final Map<Long, Integer> indexOfId = new HashMap<>();
    private final Column handles;
    private final Column timestamps;
    private final byte[] kills;
    private int version;

    /** One column chunk with its page tables as plain arrays. */
    private static final class Column {
        final PartColumn column;
        final long[] offsets;
        final int[] lengths;
        final int[] crcs;
        final int[] nullCounts;
        final long[] minLongs;
        final long[] maxLongs;
        final ColumnChunk chunk;
        // Races are harmless: a page is verified at least once before its first use.
        final boolean[] verified;

        Column(PartColumn column, ColumnChunk chunk) {
            this.column = column;
            this.chunk = chunk;
            this.offsets = longs(chunk.getPageOffsetList());
            this.lengths = ints(chunk.getPageLengthList());
            this.crcs = ints(chunk.getPageCrc32CList());
            this.nullCounts = ints(chunk.getNullCountList());
            this.minLongs = longs(chunk.getMinLongList());
            this.maxLongs = longs(chunk.getMaxLongList());
            this.verified = new boolean[offsets.length];
        }

        private static long[] longs(java.util.List<Long> list) {
            long[] array = new long[list.size()];
            Arrays.setAll(array, list::get);
            return array;
        }

        private static int[] ints(java.util.List<Integer> list) {
            int[] array = new int[list.size()];
            Arrays.setAll(array, list::get);
            return array;
        }
    }

    private PartReader(String name, Arena arena, MemorySegment file) throws IOException {
        this.name = name;
        this.arena = arena;
        this.file = file;
        this.footer = readFooter();
        this.columns = new Column[footer.getColumnsCount()];
        for (int i = 0; i < columns.length; i++) {
            ColumnChunk chunk = footer.getColumns(i);
            columns[i] = new Column(column(chunk), chunk);
            indexOfId.put(chunk.getColumnId(), i);
        }
        this.handles = columns[hidden(HiddenColumns.HANDLE)];
        this.timestamps = columns[hidden(HiddenColumns.TS)];
        Blob blob = footer.getKills();
        MemorySegment bytes = slice(blob.getOffset(), blob.getLength());
        verify(bytes, blob.getOffset(), blob.getCrc32C());
        this.kills = bytes.toArray(ValueLayout.JAVA_BYTE);
    }

    public static PartReader open(Disk disk, Path path) throws IOException {
        Arena arena = Arena.ofShared();
        try {
            return new PartReader(path.toString(), arena, disk.map(path, arena));
        } catch (IOException | RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    private PartFooter readFooter() throws IOException {
        long size = file.byteSize();
        long smallest = (long) PartWriter.HEAD_BYTES + PartWriter.TAIL_BYTES;
        if (size < smallest) {
            throw corrupt(0, "at least " + smallest + " bytes", size + " bytes");
        }
        check(0, PartWriter.MAGIC, file.get(PageLayout.INT, 0));
        version = file.get(PageLayout.INT, 4);
        if (version < 1 || version > PartWriter.VERSION) {
            throw corrupt(4, "a version from 1 to " + PartWriter.VERSION, "version " + version);
        }
        check(size - 4, PartWriter.MAGIC, file.get(PageLayout.INT, size - 4));
        long length = file.get(PageLayout.INT, size - PartWriter.TAIL_BYTES);
        long start = size - PartWriter.TAIL_BYTES - length;
        if (length < 0 || start < PartWriter.HEAD_BYTES) {
            throw corrupt(size - PartWriter.TAIL_BYTES, "a footer length", Long.toString(length));
        }
        verify(slice(start, length + 4), start, file.get(PageLayout.INT, size - 8));
        try {
            return PartFooter.parseFrom(slice(start, length).asByteBuffer());
        } catch (InvalidProtocolBufferException e) {
            throw corrupt(start, "a footer", String.valueOf(e.getMessage()));
        }
    }

    private static PartColumn column(ColumnChunk chunk) {
        if (chunk.getArrowSchema().isEmpty()) {
            return switch (chunk.getKind()) {
                case BYTES_KIND -> PartColumn.hiddenBytes(chunk.getColumnId());
                case LONG, LONG_PAIR, UNRECOGNIZED -> PartColumn.hiddenLong(chunk.getColumnId());
            };
        }
        Schema schema =
                Schema.deserializeMessage(
                        java.nio.ByteBuffer.wrap(chunk.getArrowSchema().toByteArray()));
        Field field = schema.getFields().getFirst();
        return PartColumn.of(chunk.getColumnId(), field);
    }

    private int hidden(long id) throws IOException {
        Integer index = indexOfId.get(id);
        if (index == null) {
            throw corrupt(0, "hidden column " + id, "none");
        }
        return index;
    }

    /** Version of the file's format. */
    public int formatVersion() {
        return version;
    }

    public long partId() {
        return footer.getPartId();
    }

    public long tableId() {
        return footer.getTableId();
    }

    public boolean commonHandle() {
        return footer.getCommonHandle();
    }

    public int rowCount() {
        return footer.getRowCount();
    }

    public int pageCount() {
        return handles.offsets.length;
    }

    public long sizeBytes() {
        return file.byteSize();
    }

    public long maxTs() {
        return footer.getMaxTs();
    }

    public long minTs() {
        return footer.getMinTs();
    }

    public long schemaVersion() {
        return footer.getSchemaVersion();
    }

    public int columnCount() {
        return columns.length;
    }

    /** Ends that were known when the part was written, in {@code mvcc.KillCodec} form. */
    public byte[] kills() {
        return kills.clone();
    }

    /** Index of a column by id; -1 if no row of the part has it. */
    public int columnIndex(long columnId) {
        return indexOfId.getOrDefault(columnId, -1);
    }

    public PartColumn column(int columnIndex) {
        return columns[columnIndex].column;
    }

    /** How a page is encoded, in words; verifies its checksum. */
    public String pageForm(int columnIndex, int page) throws IOException {
        return PageDecoder.describe(pageBytes(columns[columnIndex], page));
    }

    /** Bytes of a page in the file. */
    public int pageLength(int columnIndex, int page) {
        return columns[columnIndex].lengths[page];
    }

    /** Rows of a page. */
    public int pageRows(int page) {
        return Math.min(ColumnPage.ROWS, rowCount() - page * ColumnPage.ROWS);
    }

    public int nullCount(int columnIndex, int page) {
        return columns[columnIndex].nullCounts[page];
    }

    /** Meaningful for orders SIGNED, UNSIGNED and DOUBLE (bits), if the page has a value at all. */
    public long minLong(int columnIndex, int page) {
        return columns[columnIndex].minLongs[page];
    }

    public long maxLong(int columnIndex, int page) {
        return columns[columnIndex].maxLongs[page];
    }

    public byte[] minBytes(int columnIndex, int page) {
        return columns[columnIndex].chunk.getMinBytes(page).toByteArray();
    }

    /** Empty: no bound. */
    public byte[] maxBytes(int columnIndex, int page) {
        return columns[columnIndex].chunk.getMaxBytes(page).toByteArray();
    }

    /** Greatest commit ts of a page. */
    public long maxTs(int page) {
        return timestamps.maxLongs[page];
    }

    /** Reads pages; one per thread. */
    public Cursor cursor() {
        return new Cursor();
    }

    /** Decodes pages, with buffers of its own. */
    public final class Cursor {
        private final Kernels kernels = Kernels.create();
        private final PageDecoder decoder = new PageDecoder(kernels);
        private @Nullable EncodedScan scan;

        public void read(int columnIndex, int page, ColumnPage into) throws IOException {
            MemorySegment bytes = pageBytes(columns[columnIndex], page);
            decoder.decode(bytes, into);
        }

        /**
         * Adds up a column of {@link PartColumn.Kind#LONG} without decoding it where that is
         * possible. NULLs do not count.
         *
         * @param mask if present, only rows whose bit is set; whole blocks of 1024 bits
         */
        public void total(int columnIndex, int page, long @Nullable [] mask, LongTotals into)
                throws IOException {
            scan().total(pageBytes(columns[columnIndex], page), mask, into);
        }

        /**
         * Clears the bits of rows whose value is NULL or, as a signed number, outside [min, max].
         */
        public void keepRange(int columnIndex, int page, long min, long max, long[] mask)
                throws IOException {
            scan().keepRange(pageBytes(columns[columnIndex], page), min, max, mask);
        }

        private EncodedScan scan() {
            EncodedScan open = scan;
            if (open == null) {
                open = new EncodedScan(kernels, decoder);
                scan = open;
            }
            return open;
        }

        /** Which inner loops run: {@code scalar}, or {@code vector} and its width in bits. */
        public String kernels() {
            return kernels.name();
        }

        public void readHidden(long id, int page, ColumnPage into) throws IOException {
            read(hidden(id), page, into);
        }
    }

    /** One integer handle, by random access. */
    public long handleAt(int row) throws IOException {
        return longAt(handles, row);
    }

    public long tsAt(int row) throws IOException {
        return longAt(timestamps, row);
    }

    /**
     * Smallest row whose integer handle is at least {@code handle}; the row count if there is none.
     */
    public int lowerBound(long handle) throws IOException {
        int low = 0;
        int high = pageCount();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (handles.maxLongs[middle] >= handle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        if (low == pageCount()) {
            return rowCount();
        }
        int from = low * ColumnPage.ROWS;
        if (handles.minLongs[low] >= handle) {
            return from;
        }
        MemorySegment bytes = pageBytes(handles, low);
        long section = PageDecoder.sectionOffset(bytes);
        int left = 0;
        int right = pageRows(low);
        while (left < right) {
            int middle = (left + right) >>> 1;
            if (PageDecoder.longAt(bytes, section, middle) >= handle) {
                right = middle;
            } else {
                left = middle + 1;
            }
        }
        return from + left;
    }

    public long minHandle() {
        return handles.minLongs[0];
    }

    public long maxHandle() {
        return handles.maxLongs[pageCount() - 1];
    }

    private long longAt(Column column, int row) throws IOException {
        MemorySegment bytes = pageBytes(column, row / ColumnPage.ROWS);
        return PageDecoder.longAt(bytes, PageDecoder.sectionOffset(bytes), row % ColumnPage.ROWS);
    }

    private MemorySegment pageBytes(Column column, int page) throws IOException {
        MemorySegment bytes = slice(column.offsets[page], column.lengths[page]);
        if (!column.verified[page]) {
            verify(bytes, column.offsets[page], column.crcs[page]);
            column.verified[page] = true;
        }
        return bytes;
    }

    private MemorySegment slice(long offset, long length) throws IOException {
        if (offset < 0 || length < 0 || offset + length > file.byteSize()) {
            throw corrupt(offset, "a range inside the file", length + " bytes");
        }
        return file.asSlice(offset, length);
    }

    private void verify(MemorySegment bytes, long offset, int expected) throws IOException {
        CRC32C crc = new CRC32C();
        crc.update(bytes.asByteBuffer());
        check(offset, expected, (int) crc.getValue());
    }

    private void check(long offset, int expected, int found) throws IOException {
        if (expected != found) {
            throw corrupt(offset, Integer.toHexString(expected), Integer.toHexString(found));
        }
    }

    private CorruptFileException corrupt(long offset, String expected, String found) {
        return new CorruptFileException(name, offset, expected, found);
    }

    /** No read may be under way, and none may follow. */
    @Override
    public void close() {
        arena.close();
    }
}
