package io.garrick.mergetree;

import io.garrick.base.KeyRange;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** Given rows, in key order, as a region snapshot gives them. */
final class MapSource implements BulkSource {
    /** A null image is a deletion. */
    record Row(long handle, long ts, Rig.@Nullable Image image) {}

    private final long tableId;
    private final KeyRange range;
    private final boolean common;
    private final Iterator<Row> rows;
    private Row row = new Row(0, 0, null);

    MapSource(long tableId, KeyRange range, boolean common, Iterator<Row> rows) {
        this.tableId = tableId;
        this.range = range;
        this.common = common;
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
        row = rows.next();
        return true;
    }

    @Override
    public long tableId() {
        return tableId;
    }

    @Override
    public long handle() {
        return common ? 0 : row.handle();
    }

    @Override
    public byte @Nullable [] commonHandle() {
        return common ? Rig.bytes(row.handle()) : null;
    }

    @Override
    public long commitTs() {
        return row.ts();
    }

    @Override
    public boolean delete() {
        return row.image() == null;
    }

    @Override
    public byte[] rowBytes() {
        Rig.Image image = row.image();
        return image == null ? new byte[0] : Rig.row(image);
    }
}
