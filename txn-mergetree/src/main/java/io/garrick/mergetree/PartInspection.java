package io.garrick.mergetree;

import io.garrick.base.Disk;
import io.garrick.mergetree.part.HiddenColumns;
import io.garrick.mergetree.part.PartColumn;
import io.garrick.mergetree.part.PartReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads a whole part file for {@link StorageInspection}. */
final class PartInspection {
    private PartInspection() {}

    static StorageInspection.Part of(Disk disk, Path file) throws IOException {
        try (PartReader reader = PartReader.open(disk, file)) {
            List<StorageInspection.Column> columns = new ArrayList<>();
            for (int column = 0; column < reader.columnCount(); column++) {
                columns.add(column(reader, column));
            }
            return new StorageInspection.Part(
                    reader.formatVersion(),
                    reader.partId(),
                    reader.tableId(),
                    reader.commonHandle(),
                    reader.schemaVersion(),
                    reader.rowCount(),
                    reader.pageCount(),
                    reader.sizeBytes(),
                    reader.minTs(),
                    reader.maxTs(),
                    reader.kills().length,
                    columns);
        }
    }

    private static StorageInspection.Column column(PartReader reader, int column)
            throws IOException {
        PartColumn form = reader.column(column);
        Map<String, Integer> encodings = new TreeMap<>();
        long bytes = 0;
        long nulls = 0;
        for (int page = 0; page < reader.pageCount(); page++) {
            encodings.merge(reader.pageForm(column, page), 1, Integer::sum);
            bytes += reader.pageLength(column, page);
            nulls += reader.nullCount(column, page);
        }
        boolean known = nulls < reader.rowCount();
        return new StorageInspection.Column(
                form.id(),
                form.hidden() ? hiddenName(form.id()) : form.field().getName(),
                form.field().getType().toString(),
                bytes,
                nulls,
                encodings.entrySet().stream()
                        .map(entry -> entry.getKey() + " x " + entry.getValue())
                        .collect(Collectors.joining(", ")),
                known ? bound(reader, column, form.order(), true) : "",
                known ? bound(reader, column, form.order(), false) : "");
    }

    private static String hiddenName(long id) {
        if (id == HiddenColumns.HANDLE) {
            return "_handle";
        }
        return id == HiddenColumns.TS ? "_ts" : id == HiddenColumns.OP ? "_op" : "_hidden";
    }

    private static String bound(
            PartReader reader, int column, PartColumn.Order order, boolean min) {
        String best = "";
        ZoneBound bestBound = null;
        for (int page = 0; page < reader.pageCount(); page++) {
            if (reader.nullCount(column, page) == reader.pageRows(page)) {
                continue;
            }
            ZoneBound bound = ZoneBound.of(reader, column, page, order, min);
            if (bound == null) {
                return "";
            }
            if (bestBound == null
                    || (min ? bound.compareTo(bestBound) < 0 : bound.compareTo(bestBound) > 0)) {
                bestBound = bound;
                best = bound.text();
            }
        }
        return best;
    }

    /** A page's bound, comparable within its order. */
    private record ZoneBound(PartColumn.Order order, long number, String text)
            implements Comparable<ZoneBound> {
        static @Nullable ZoneBound of(
                PartReader reader, int column, int page, PartColumn.Order order, boolean min) {
            if (order == PartColumn.Order.NONE) {
                return null;
            }
            if (order == PartColumn.Order.BYTES) {
                byte[] bytes = min ? reader.minBytes(column, page) : reader.maxBytes(column, page);
                return bytes.length == 0 && !min ? null : new ZoneBound(order, 0, printable(bytes));
            }
            long bits = min ? reader.minLong(column, page) : reader.maxLong(column, page);
            String text =
                    switch (order) {
                        case UNSIGNED -> Long.toUnsignedString(bits);
                        case DOUBLE -> Double.toString(Double.longBitsToDouble(bits));
                        default -> Long.toString(bits);
                    };
            return new ZoneBound(order, bits, text);
        }

        private static String printable(byte[] bytes) {
            for (byte b : bytes) {
                if (b < ' ' || b > '~') {
                    return "0x" + HexFormat.of().formatHex(bytes);
                }
            }
            return new String(bytes, StandardCharsets.US_ASCII);
        }

        @Override
        public int compareTo(ZoneBound other) {
            return switch (order) {
                case UNSIGNED -> Long.compareUnsigned(number, other.number);
                case DOUBLE ->
                        Double.compare(
                                Double.longBitsToDouble(number),
                                Double.longBitsToDouble(other.number));
                case BYTES -> text.compareTo(other.text);
                default -> Long.compare(number, other.number);
            };
        }
    }
}
