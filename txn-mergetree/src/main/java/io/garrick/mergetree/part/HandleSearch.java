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
    private boolean unpackPages;

    public HandleSearch(PartReader reader) {
        this.reader = reader;
        this.cursor = reader.cursor();
    }

    /** First row whose handle is at least the given one; the row count if there is none. */
    public int lowerBound(long handle, byte @Nullable [] common) throws IOException {
        if (common != null) {
            return lowerBound(common);
        }
        return unpackPages ? unpackedLowerBound(handle) : reader.lowerBound(handle);
    }

    /** Pays when many integer handles are asked for in ascending order. */
    public void unpackPages(boolean on) {
        unpackPages = on;
    }

    private int unpackedLowerBound(long handle) throws IOException {
        int column = reader.columnIndex(HiddenColumns.HANDLE);
        int low = pageIndex < 0 ? 0 : pageIndex;
        // Ascending handles: mostly this page or one close by.
        if (low > 0 && reader.maxLong(column, low - 1) >= handle) {
            low = 0;
        }
        int high = reader.pageCount();
        while (low < high) {
            int middle = low == pageIndex ? low : (low + high) >>> 1;
            if (reader.maxLong(column, middle) >= handle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        if (low == reader.pageCount()) {
            return reader.rowCount();
        }
        if (reader.minLong(column, low) >= handle) {
            return low * ColumnPage.ROWS;
        }
        ColumnPage handles = page(low);
        int left = 0;
        int right = handles.count();
        while (left < right) {
            int middle = (left + right) >>> 1;
            if (handles.longAt(middle) >= handle) {
                right = middle;
            } else {
                left = middle + 1;
            }
        }
        return low * ColumnPage.ROWS + left;
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
        if (common == null && row / ColumnPage.ROWS == pageIndex) {
            return page.longAt(row % ColumnPage.ROWS) == handle;
        }
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
