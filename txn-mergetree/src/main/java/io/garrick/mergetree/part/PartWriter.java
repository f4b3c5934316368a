package io.garrick.mergetree.part;

import com.google.protobuf.ByteString;
import io.garrick.base.Disk;
import io.garrick.mergetree.part.format.Blob;
import io.garrick.mergetree.part.format.ColumnChunk;
import io.garrick.mergetree.part.format.PartFooter;
import io.garrick.mergetree.part.format.PhysicalKind;
import io.garrick.mergetree.part.format.ZoneOrder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32C;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Writes one part, column after column, so that memory is bounded by one page whatever the width of
 * the table. Used by one thread: columns, each with its pages in order; then {@link #finish}.
 */
public final class PartWriter implements AutoCloseable {
    static final int MAGIC = 'C' | 'P' << 8 | 'F' << 16 | '1' << 24;
    static final int VERSION = 2;
    static final int HEAD_BYTES = 8;
    static final int TAIL_BYTES = 12;
    private static final int PAGE_ALIGNMENT = 64;

    /**
     * What is known of a part besides its pages.
     *
     * @param cold seldom read: size matters more than speed
     */
    public record Identity(
            long partId, long tableId, boolean commonHandle, long schemaVersion, boolean cold) {
        public Identity(long partId, long tableId, boolean commonHandle, long schemaVersion) {
            this(partId, tableId, commonHandle, schemaVersion, false);
        }
    }

    private final Disk.File file;
    private final PartFooter.Builder footer = PartFooter.newBuilder();
    private final PageEncoder encoder;
    private PartColumn column = PartColumn.hiddenLong(HiddenColumns.HANDLE);
    private ColumnChunk.Builder chunk = ColumnChunk.newBuilder();
    private int rowsOfColumn;
    private int rowCount = -1;

    private PartWriter(Disk.File file, Identity identity) {
        this.file = file;
        this.encoder =
                new PageEncoder(
                        identity.cold()
                                ? PageEncoder.Compression.ZSTD
                                : PageEncoder.Compression.LZ4);
        footer.setPartId(identity.partId())
                .setTableId(identity.tableId())
                .setCommonHandle(identity.commonHandle())
                .setSchemaVersion(identity.schemaVersion())
                .setPageRows(ColumnPage.ROWS);
    }

    /** Creates the file, which must not exist. */
    public static PartWriter create(Disk disk, Path path, Identity identity) throws IOException {
        PartWriter writer = new PartWriter(disk.create(path), identity);
        writer.file.append(littleEndian(HEAD_BYTES).putInt(MAGIC).putInt(VERSION).flip());
        return writer;
    }

    public void beginColumn(PartColumn next) {
        column = next;
        rowsOfColumn = 0;
        chunk = ColumnChunk.newBuilder().setColumnId(next.id());
        chunk.setKind(
                switch (next.kind()) {
                    case LONG -> PhysicalKind.LONG;
                    case LONG_PAIR -> PhysicalKind.LONG_PAIR;
                    case BYTES -> PhysicalKind.BYTES_KIND;
                });
        chunk.setOrder(
                switch (next.order()) {
                    case NONE -> ZoneOrder.NONE;
                    case SIGNED -> ZoneOrder.SIGNED;
                    case UNSIGNED -> ZoneOrder.UNSIGNED;
                    case DOUBLE -> ZoneOrder.DOUBLE;
                    case BYTES -> ZoneOrder.BYTES;
                });
        if (!next.hidden()) {
            Schema schema = new Schema(List.of(next.field()));
            chunk.setArrowSchema(ByteString.copyFrom(schema.serializeAsMessage()));
        }
    }

    /** Appends a page; all but the last of a column are full. The page is not kept. */
    public void page(ColumnPage page) throws IOException {
        ZoneMap zone = ZoneMap.of(page, column.order());
        ByteBuffer bytes = encoder.encode(page, column.kind(), column.hidden());
        align();
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate());
        chunk.addPageOffset(file.positionBytes())
                .addPageLength(bytes.remaining())
                .addPageCrc32C((int) crc.getValue())
                .addNullCount(zone.nullCount());
        switch (column.order()) {
            case NONE -> {}
            case SIGNED, UNSIGNED, DOUBLE ->
                    chunk.addMinLong(zone.minLong()).addMaxLong(zone.maxLong());
            case BYTES ->
                    chunk.addMinBytes(ByteString.copyFrom(zone.minBytes()))
                            .addMaxBytes(ByteString.copyFrom(zone.maxBytes()));
        }
        file.append(bytes);
        rowsOfColumn += page.count();
        if (column.id() == HiddenColumns.TS && page.count() > 0) {
            boolean first = chunk.getPageOffsetCount() == 1;
            footer.setMinTs(first ? zone.minLong() : Math.min(footer.getMinTs(), zone.minLong()));
            footer.setMaxTs(first ? zone.maxLong() : Math.max(footer.getMaxTs(), zone.maxLong()));
        }
    }

    public void endColumn() {
        if (rowCount >= 0 && rowCount != rowsOfColumn) {
            throw new IllegalStateException(
                    "column " + column.id() + " has " + rowsOfColumn + " rows, not " + rowCount);
        }
        rowCount = rowsOfColumn;
        footer.addColumns(chunk);
    }

    /** Writes kills and footer; the file's bytes are durable on return, its name is not. */
    public long finish(byte[] kills) throws IOException {
        align();
        CRC32C crc = new CRC32C();
        crc.update(kills);
        footer.setKills(
                Blob.newBuilder()
                        .setOffset(file.positionBytes())
                        .setLength(kills.length)
                        .setCrc32C((int) crc.getValue()));
        file.append(ByteBuffer.wrap(kills));
        footer.setRowCount(Math.max(0, rowCount));
        byte[] bytes = footer.build().toByteArray();
        ByteBuffer tail = littleEndian(bytes.length + TAIL_BYTES).put(bytes).putInt(bytes.length);
        CRC32C footerCrc = new CRC32C();
        footerCrc.update(tail.duplicate().flip());
        tail.putInt((int) footerCrc.getValue()).putInt(MAGIC);
        file.append(tail.flip());
        file.sync();
        return file.positionBytes();
    }

    private void align() throws IOException {
        int rest = (int) (file.positionBytes() % PAGE_ALIGNMENT);
        if (rest > 0) {
            file.append(ByteBuffer.allocate(PAGE_ALIGNMENT - rest));
        }
    }

    private static ByteBuffer littleEndian(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
