package io.garrick.codec.row;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.garrick.base.Key;
import io.garrick.codec.CodecException;
import io.garrick.codec.SchemaMismatchException;
import io.garrick.codec.key.RecordKey;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.UInt2Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.UInt8Vector;
import org.jspecify.annotations.Nullable;

/** Compares {@link ColumnDecoder} with {@link PlainRowDecoder}, value by value. */
public final class RowOracle {
    private final BufferAllocator allocator;

    public RowOracle(BufferAllocator allocator) {
        this.allocator = allocator;
    }

    /** What one decoder made of one column: values, or the class of its typed error. */
    record Outcome(@Nullable List<@Nullable Object> values, @Nullable Class<?> error) {}

    /** Every column of the table, the hidden handle too, in both ways of meeting a mismatch. */
    public void check(TableSchema table, List<RecordKey> keys, List<byte[]> rows) {
        List<ColumnSchema> columns = new ArrayList<>(table.columns());
        if (table.hasHiddenHandle()) {
            columns.add(ColumnSchema.ROW_ID_COLUMN);
        }
        for (ColumnSchema column : columns) {
            for (ColumnDecoder.Mismatch mismatch : ColumnDecoder.Mismatch.values()) {
                checkColumn(table, column, mismatch, keys, rows);
            }
        }
    }

    private void checkColumn(
            TableSchema table,
            ColumnSchema column,
            ColumnDecoder.Mismatch mismatch,
            List<RecordKey> keys,
            List<byte[]> rows) {
        Outcome columnar = columnar(table, column, mismatch, keys, rows);
        try (SlabRows slab = new SlabRows(table.isCommonHandle(), keys, rows)) {
            Outcome offHeap = columnar(table, column, mismatch, slab);
            if (!offHeap.equals(columnar)) {
                throw new AssertionError(
                        column.name() + " on the heap " + columnar + ", off it " + offHeap);
            }
        }
        Outcome plain = plain(table, column, mismatch, keys, rows);
        if (columnar.equals(plain)) {
            return;
        }
        // Late decoding does not look at the rest of a row, so it may not see what is wrong there.
        boolean rowIsMalformed =
                plain.error() == CodecException.class
                        && rows.stream().anyMatch(RowOracle::isMalformed);
        if (!rowIsMalformed) {
            throw new AssertionError(
                    column.name()
                            + " "
                            + column.type()
                            + " "
                            + mismatch
                            + ": plain "
                            + plain
                            + ", columnar "
                            + columnar);
        }
    }

    private static boolean isMalformed(byte[] row) {
        try {
            if (RowV2.isV2(row)) {
                RowV2.parse(row);
            } else {
                RowV1.parse(row);
            }
            return false;
        } catch (CodecException malformed) {
            return true;
        }
    }

    Outcome plain(
            TableSchema table,
            ColumnSchema column,
            ColumnDecoder.Mismatch mismatch,
            List<RecordKey> keys,
            List<byte[]> rows) {
        PlainRowDecoder decoder = new PlainRowDecoder(table, List.of(column), mismatch);
        try {
            List<@Nullable Object> out = new ArrayList<>();
            for (int i = 0; i < rows.size(); i++) {
                out.add(normal(decoder.decode(keys.get(i), rows.get(i)).getFirst()));
            }
            return new Outcome(out, null);
        } catch (CodecException | SchemaMismatchException typed) {
            return new Outcome(null, typed.getClass());
        }
    }

    Outcome columnar(
            TableSchema table,
            ColumnSchema column,
            ColumnDecoder.Mismatch mismatch,
            List<RecordKey> keys,
            List<byte[]> rows) {
        HeapRows heap = new HeapRows();
        for (int i = 0; i < rows.size(); i++) {
            RecordKey key = keys.get(i);
            if (table.isCommonHandle()) {
                heap.add(key.handle().unsafeBytes(), rows.get(i));
            } else {
                heap.add(key.intHandle(), rows.get(i));
            }
        }
        return columnar(table, column, mismatch, heap);
    }

    private Outcome columnar(
            TableSchema table, ColumnSchema column, ColumnDecoder.Mismatch mismatch, RawRows rows) {
        ColumnDecoder decoder = ColumnDecoder.forColumn(table, column, mismatch);
        try (FieldVector vector = decoder.field().createVector(allocator)) {
            decodeInTwoSteps(decoder, rows, vector);
            List<@Nullable Object> out = new ArrayList<>();
            for (int i = 0; i < rows.count(); i++) {
                out.add(object(vector, i, column.type()));
            }
            return new Outcome(out, null);
        } catch (CodecException | SchemaMismatchException typed) {
            return new Outcome(null, typed.getClass());
        }
    }

    /** As a memtable does: the rows that came later go behind those already decoded. */
    private static void decodeInTwoSteps(ColumnDecoder decoder, RawRows rows, FieldVector vector) {
        int middle = rows.count() / 2;
        decoder.decode(rows, 0, middle, vector);
        decoder.decode(rows, middle, rows.count(), vector, middle);
    }

    /** The value of a vector as {@link #normal} gives the plain decoder's. */
    static @Nullable Object object(FieldVector vector, int index, FieldType type) {
        if (vector.isNull(index)) {
            return null;
        }
        return switch (vector) {
            case UInt1Vector numbers -> numbers.get(index) & 0xffL;
            case UInt2Vector numbers -> (long) numbers.get(index);
            case UInt4Vector numbers -> Integer.toUnsignedLong(numbers.get(index));
            case UInt8Vector numbers -> new BigInteger(Long.toUnsignedString(numbers.get(index)));
            case DateDayVector days -> LocalDate.ofEpochDay(days.get(index));
            case TimeStampVector times ->
                    LocalDateTime.of(1970, 1, 1, 0, 0)
                            .plusSeconds(Math.floorDiv(times.get(index), 1_000_000L))
                            .plusNanos(Math.floorMod(times.get(index), 1_000_000L) * 1000);
            default -> normal(vector.getObject(index));
        };
    }

    /** One object for each value, whichever decoder it came from. */
    static @Nullable Object normal(@Nullable Object value) {
        return switch (value) {
            case null -> null;
            case Byte number -> number.longValue();
            case Short number -> number.longValue();
            case Integer number -> number.longValue();
            case Duration duration -> Duration.ofNanos(duration.toNanos() / 1000 * 1000);
            case BigDecimal digits -> digits;
            case byte[] bytes -> Key.wrap(bytes);
            case org.apache.arrow.vector.util.Text text -> new String(text.copyBytes(), UTF_8);
            case List<?> list -> list.stream().map(Objects::requireNonNull).toList();
            default -> value;
        };
    }
}
