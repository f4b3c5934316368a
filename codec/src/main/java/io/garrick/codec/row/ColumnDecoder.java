package io.garrick.codec.row;

import io.garrick.base.Key;
import io.garrick.codec.ByteReader;
import io.garrick.codec.CodecException;
import io.garrick.codec.SchemaMismatchException;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import io.garrick.codec.value.Datums;
import java.util.List;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;

/**
 * Turns one column of raw rows into an Arrow vector.
 *
 * <p>Each row is searched by column id only; no other column is looked at. Columns of the handle
 * come from the handle. A column that a row lacks is decided by {@link Absent}, once per decoder.
 * Immutable; threads may share it.
 */
public final class ColumnDecoder {
    /** What to do when row and schema do not fit each other. */
    public enum Mismatch {
        /** Throw {@link SchemaMismatchException}: the caller fetches the newest schema. */
        REFUSE,
        /** The schema is the newest there is: fill defaults. */
        FORCE
    }

    /** Where a handle column's value is found. */
    private enum Source {
        ROW,
        INT_HANDLE,
        COMMON_HANDLE
    }

    private final TableSchema table;
    private final ColumnSchema column;
    private final Mismatch mismatch;
    private final Field field;
    private final Source source;
    private final int keyPosition;
    private final Absent absent;

    private ColumnDecoder(TableSchema table, ColumnSchema column, Mismatch mismatch) {
        this.table = table;
        this.column = column;
        this.mismatch = mismatch;
        this.field = ArrowTypes.field(column);
        this.keyPosition = keyPosition(table, column);
        if (column.id() == ColumnSchema.ROW_ID || (table.pkIsHandle() && column.isPrimaryKey())) {
            this.source = Source.INT_HANDLE;
        } else {
            this.source = keyPosition >= 0 ? Source.COMMON_HANDLE : Source.ROW;
        }
        this.absent = Absent.of(column, mismatch == Mismatch.FORCE);
    }

    public static ColumnDecoder forColumn(TableSchema table, ColumnSchema column) {
        return forColumn(table, column, Mismatch.REFUSE);
    }

    public static ColumnDecoder forColumn(
            TableSchema table, ColumnSchema column, Mismatch mismatch) {
        return new ColumnDecoder(table, column, mismatch);
    }

    public ColumnSchema column() {
        return column;
    }

    /** Of the vectors {@link #decode} fills. */
    public Field field() {
        return field;
    }

    /** Rows {@code from} (included) to {@code to} (excluded) into {@code out} from index 0. */
    public void decode(RawRows rows, int from, int to, FieldVector out) {
        decode(rows, from, to, out, 0);
    }

    /**
     * Rows {@code from} (included) to {@code to} (excluded) behind the {@code outStart} values that
     * {@code out} already holds.
     */
    public void decode(RawRows rows, int from, int to, FieldVector out, int outStart) {
        int total = outStart + to - from;
        reserve(out, total);
        ValueWriter writer = writer();
        try (ValueFinder finder = new ValueFinder(column.id())) {
            RowCursor cursor = new RowCursor(column.id(), StoredForm.of(column.type()));
            SlowRows slow = new SlowRows(rows, cursor, writer, out, finder);
            Block block = new Block(out, finder, slow);
            for (int row = from; row < to; row += ValueFinder.BLOCK_ROWS) {
                block.start = outStart + row - from;
                block.count = Math.min(ValueFinder.BLOCK_ROWS, to - row);
                slow.row = row;
                slow.index = block.start;
                if (source == Source.INT_HANDLE) {
                    finder.findHandles(rows, row, block.count);
                } else {
                    finder.find(rows, row, block.count);
                }
                writer.writeBlock(block);
            }
        }
        out.setValueCount(total);
    }

    /** Decides what a block leaves over, row by row. */
    private final class SlowRows implements Block.SlowPath {
        private final RawRows rows;
        private final RowCursor cursor;
        private final ValueWriter writer;
        private final FieldVector out;
        private final ValueFinder finder;

        /** The block's first row, and its place in the vector. */
        private int row;

        private int index;

        SlowRows(
                RawRows rows,
                RowCursor cursor,
                ValueWriter writer,
                FieldVector out,
                ValueFinder finder) {
            this.rows = rows;
            this.cursor = cursor;
            this.writer = writer;
            this.out = out;
            this.finder = finder;
        }

        @Override
        public void write(int i) {
            try {
                decodeRow(row + i, index + i, find(i));
            } catch (ColumnOverflow overflow) {
                throw refusal(String.valueOf(overflow.getMessage()));
            } catch (IndexOutOfBoundsException outside) {
                throw new CodecException(0, "value outside its row: " + outside.getMessage());
            }
        }

        private RowCursor.Found find(int i) {
            if (source == Source.INT_HANDLE) {
                cursor.pointLong(rows.intHandle(row + i));
                return RowCursor.Found.VALUE;
            }
            return switch (finder.length[i]) {
                case ValueFinder.ABSENT -> RowCursor.Found.ABSENT;
                case ValueFinder.NULL -> RowCursor.Found.NULL;
                default -> search(row + i);
            };
        }

        private RowCursor.Found search(int at) {
            int length = rows.length(at);
            return length == RawRows.DELETED
                    ? RowCursor.Found.ABSENT
                    : cursor.find(rows.segment(at), rows.offset(at), length);
        }

        private void decodeRow(int at, int target, RowCursor.Found inRow) {
            RowCursor.Found found = inRow;
            if (found == RowCursor.Found.ABSENT && source == Source.COMMON_HANDLE) {
                found = findInHandle(rows.commonHandle(at), cursor);
            }
            switch (found) {
                case VALUE ->
                        writer.write(
                                out, target, cursor.segment(), cursor.start(), cursor.length());
                case NULL -> fill(out, target, writer, cursor, absent.ofNull());
                case ABSENT -> {
                    if (rows.length(at) == RawRows.DELETED) {
                        out.setNull(target);
                    } else {
                        fill(out, target, writer, cursor, absent.ofAbsent());
                    }
                }
            }
        }
    }

    private void fill(
            FieldVector out,
            int index,
            ValueWriter writer,
            RowCursor cursor,
            Absent.Answer answer) {
        switch (answer) {
            case Absent.Answer.Null _ -> out.setNull(index);
            case Absent.Answer.Value(Key bytes) -> {
                cursor.point(bytes.unsafeBytes());
                writer.write(out, index, cursor.segment(), cursor.start(), cursor.length());
            }
            case Absent.Answer.Refuse(String reason) -> throw refusal(reason);
        }
    }

    /** The datum of a clustered primary key; for a deleted row too, its key is all there is. */
    private RowCursor.Found findInHandle(byte[] handle, RowCursor cursor) {
        ByteReader in = new ByteReader(handle);
        for (int i = 0; i < keyPosition; i++) {
            Datums.skip(in);
        }
        return cursor.pointAtDatum(in);
    }

    private RuntimeException refusal(String reason) {
        return mismatch == Mismatch.FORCE
                ? new CodecException(
                        0,
                        "column " + column.id() + " of table " + table.physicalId() + ": " + reason)
                : new SchemaMismatchException(table.physicalId(), column.id(), reason);
    }

    /**
     * Where in the common handle the column stands; -1 if it is not there or only a prefix or a
     * sort key is.
     */
    private static int keyPosition(TableSchema table, ColumnSchema column) {
        List<TableSchema.KeyColumn> keys = table.commonHandleColumns();
        for (int i = 0; i < keys.size(); i++) {
            TableSchema.KeyColumn key = keys.get(i);
            if (key.column().id() == column.id()
                    && key.isFullLength()
                    && !column.type().needsRestoredData(table.newCollation())) {
                return i;
            }
        }
        return -1;
    }

    private ValueWriter writer() {
        FieldType type = column.type();
        ArrowType arrow = field.getType();
        if (arrow instanceof ArrowType.Int number) {
            return new IntegerWriter(number.getBitWidth(), number.getIsSigned());
        }
        if (type.isPackedTime()) {
            return new PackedTimeWriter(type.isDate());
        }
        if (type.array()) {
            return new JsonWriter();
        }
        return switch (type.tp()) {
            case FieldType.FLOAT -> new RealWriter(true);
            case FieldType.DOUBLE -> new RealWriter(false);
            case FieldType.NEW_DECIMAL ->
                    new DecimalWriter(ArrowTypes.precision(type), ArrowTypes.scale(type));
            case FieldType.DURATION -> new DurationWriter();
            case FieldType.ENUM -> MembersWriter.of(false, type.elems());
            case FieldType.SET -> MembersWriter.of(true, type.elems());
            case FieldType.JSON -> new JsonWriter();
            case FieldType.VECTOR_FLOAT32 -> new VectorWriter();
            default -> new BytesWriter(new Scratch());
        };
    }

    private static void reserve(FieldVector out, int total) {
        if (out.getValueCapacity() == 0) {
            out.setInitialCapacity(total);
            out.allocateNew();
        }
        while (out.getValueCapacity() < total) {
            out.reAlloc();
        }
    }

    /** What a row without the column, or with NULL in it, means. */
    private record Absent(Answer ofAbsent, Answer ofNull) {
        sealed interface Answer {
            record Null() implements Answer {}

            record Value(Key bytes) implements Answer {}

            record Refuse(String reason) implements Answer {}
        }

        /** The decision table of TiFlash, addDefaultValueToColumnIfPossible. */
        static Absent of(ColumnSchema column, boolean force) {
            byte @Nullable [] origin = DefaultValues.origin(column).orElse(null);
            Answer fallback =
                    new Answer.Value(
                            Key.wrap(origin == null ? DefaultValues.zero(column.type()) : origin));
            Answer ofNull = new Answer.Null();
            if (column.isNotNull()) {
                ofNull = force ? fallback : new Answer.Refuse("NULL in a NOT NULL column");
            }
            return new Absent(absent(column, force, origin, fallback), ofNull);
        }

        private static Answer absent(
                ColumnSchema column, boolean force, byte @Nullable [] origin, Answer fallback) {
            Answer lenient = origin == null && !column.isNotNull() ? new Answer.Null() : fallback;
            if (column.isVirtual()) {
                return new Answer.Null();
            }
            if (column.isPrimaryKey()) {
                return force ? lenient : new Answer.Refuse("row lacks a primary key column");
            }
            if (!column.isNotNull()) {
                return lenient;
            }
            boolean refuse =
                    column.type().hasFlag(FieldType.NO_DEFAULT_VALUE_FLAG)
                            || !column.isPublic()
                            || origin == null;
            return refuse && !force ? new Answer.Refuse("row lacks a NOT NULL column") : fallback;
        }
    }
}
