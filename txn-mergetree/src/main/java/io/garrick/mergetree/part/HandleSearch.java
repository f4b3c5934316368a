package io.garrick.mergetree.part;

import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds handles in one part. Integer handles by random access into packed data; common handles by
 * decoding pages, of which it keeps the last. One owner at a time.
 */
public final class HandleSearch {
    private final PartReader reader;
    private final PartReader.Cursor cursor;
    private final ColumnPage page = new ColumnPage();
    private int pageIndex = -1;

    public HandleSearch(PartReader reader) {
        this.reader = reader;
        this.cursor = reader.cursor();
    }

    /** First row whose handle is at least the given one; the row count if there is none. */
    public int lowerBound(long handle, byte @Nullable [] common) throws IOException {
        return common == null ? reader.lowerBound(handle) : lowerBound(common);
    }

    private int lowerBound(byte[] common) throws IOException {
        int column = reader.columnIndex(HiddenColumns.HANDLE);
        int low = 0;
        int high = reader.pageCount();
        while (low < high) {
            int middle = (low + high) >>> 1;
            byte[] max = reader.maxBytes(column, middle);
            if (max.length == 0 || Arrays.compareUnsigned(max, common) >= 0) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        // Bounds are rounded outward, so the page may end before the handle.
        for (int candidate = low; candidate < reader.pageCount(); candidate++) {
            ColumnPage handles = page(candidate);
            int left = 0;
            int right = handles.count();
            while (left < right) {
                int middle = (left + right) >>> 1;
                if (handles.compareBytes(middle, common) >= 0) {
                    right = middle;
                } else {
                    left = middle + 1;
                }
            }
            if (left < handles.count()) {
                return candidate * ColumnPage.ROWS + left;
            }
        }
        return reader.rowCount();
    }

    public boolean handleIs(int row, long handle, byte @Nullable [] common) throws IOException {
        return common == null
                ? reader.handleAt(row) == handle
                : page(row / ColumnPage.ROWS).compareBytes(row % ColumnPage.ROWS, common) == 0;
    }

    private ColumnPage page(int wanted) throws IOException {
        if (wanted != pageIndex) {
            pageIndex = -1;
            cursor.readHidden(HiddenColumns.HANDLE, wanted, page);
            pageIndex = wanted;
        }
        return page;
    }
}
