package io.garrick.mergetree;

import io.garrick.mergetree.part.ColumnPage;
import io.garrick.mergetree.part.PartColumn;
import io.garrick.mergetree.part.PartReader;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Values of one column of one merge input, asked for in ascending row order. One thread. */
final class ColumnFeed {
    private final PartReader.@Nullable Cursor cursor;
    private final int column;
    private final PartColumn.Kind storedKind;
    private final ColumnPage page;
    private int pageIndex = -1;

    private ColumnFeed(
            PartReader.@Nullable Cursor cursor,
            int column,
            PartColumn.Kind storedKind,
            ColumnPage page) {
        this.cursor = cursor;
        this.column = column;
        this.storedKind = storedKind;
        this.page = page;
    }

    static ColumnFeed of(PartReader reader, long columnId, PartColumn.Kind kind) {
        int column = reader.columnIndex(columnId);
        PartColumn.Kind stored = column < 0 ? kind : reader.column(column).kind();
        return new ColumnFeed(reader.cursor(), column, stored, new ColumnPage());
    }

    /** Every row has the one value of the page. */
    static ColumnFeed constant(ColumnPage one) {
        return new ColumnFeed(null, 0, PartColumn.Kind.LONG, one);
    }

    /** Appends the value of a row to {@code target}, widened to {@code kind}. */
    void add(int row, ColumnPage target, PartColumn.Kind kind) throws IOException {
        int inPage = 0;
        if (cursor != null) {
            int wanted = row / ColumnPage.ROWS;
            if (wanted != pageIndex) {
                cursor.read(column, wanted, page);
                pageIndex = wanted;
            }
            inPage = row % ColumnPage.ROWS;
        }
        boolean widen =
                cursor != null
                        && kind == PartColumn.Kind.LONG_PAIR
                        && storedKind == PartColumn.Kind.LONG;
        if (widen && !page.isNull(inPage)) {
            long low = page.longAt(inPage);
            target.addPair(low, low >> 63);
        } else {
            target.add(page, inPage, kind);
        }
    }
}
