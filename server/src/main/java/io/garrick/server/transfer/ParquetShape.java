package io.garrick.server.transfer;

import io.garrick.server.UserError;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.SmallIntVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.jspecify.annotations.Nullable;

/** The SQL types of Flight results as Parquet columns, and Parquet values as Java objects. */
final class ParquetShape {
    private static final int DECIMAL_BYTES = 16;
    private static final long MICROS = 1_000_000;

    private ParquetShape() {}

    static MessageType of(Schema schema, String table) {
        List<Type> columns = new ArrayList<>();
        for (Field field : schema.getFields()) {
            columns.add(column(field));
        }
        return new MessageType(table, columns);
    }

    private static Type column(Field field) {
        return switch (field.getType()) {
            case ArrowType.Bool _ -> optional(PrimitiveTypeName.BOOLEAN, field);
            case ArrowType.Int type when type.getIsSigned() ->
                    optional(
                            type.getBitWidth() == Long.SIZE
                                    ? PrimitiveTypeName.INT64
                                    : PrimitiveTypeName.INT32,
                            field);
            case ArrowType.FloatingPoint type ->
                    optional(
                            switch (type.getPrecision()) {
                                case SINGLE -> PrimitiveTypeName.FLOAT;
                                case DOUBLE -> PrimitiveTypeName.DOUBLE;
                                case HALF -> throw unknown(field);
                            },
                            field);
            case ArrowType.Decimal type when type.getBitWidth() == 128 ->
                    Types.optional(PrimitiveTypeName.FIXED_LEN_BYTE_ARRAY)
                            .length(DECIMAL_BYTES)
                            .as(
                                    LogicalTypeAnnotation.decimalType(
                                            type.getScale(), type.getPrecision()))
                            .named(field.getName());
            case ArrowType.Utf8 _ ->
                    Types.optional(PrimitiveTypeName.BINARY)
                            .as(LogicalTypeAnnotation.stringType())
                            .named(field.getName());
            case ArrowType.Binary _ -> optional(PrimitiveTypeName.BINARY, field);
            case ArrowType.Date _ ->
                    Types.optional(PrimitiveTypeName.INT32)
                            .as(LogicalTypeAnnotation.dateType())
                            .named(field.getName());
            case ArrowType.Timestamp type ->
                    Types.optional(PrimitiveTypeName.INT64)
                            .as(
                                    LogicalTypeAnnotation.timestampType(
                                            type.getTimezone() != null,
                                            LogicalTypeAnnotation.TimeUnit.MICROS))
                            .named(field.getName());
            default -> throw unknown(field);
        };
    }

    private static PrimitiveType optional(PrimitiveTypeName type, Field field) {
        return Types.optional(type).named(field.getName());
    }

    private static UserError unknown(Field field) {
        return new UserError(
                "column "
                        + field.getName()
                        + " of type "
                        + field.getType()
                        + " has no Parquet form");
    }

    /** Adds a value of a Flight batch to a Parquet record; NULL adds nothing. */
    static void add(FieldVector vector, int row, Group group, int column) {
        if (vector.isNull(row)) {
            return;
        }
        switch (vector) {
            case BitVector bits -> group.add(column, bits.get(row) != 0);
            case TinyIntVector ints -> group.add(column, (int) ints.get(row));
            case SmallIntVector ints -> group.add(column, (int) ints.get(row));
            case IntVector ints -> group.add(column, ints.get(row));
            case BigIntVector longs -> group.add(column, longs.get(row));
            case Float4Vector floats -> group.add(column, floats.get(row));
            case Float8Vector doubles -> group.add(column, doubles.get(row));
            case DateDayVector days -> group.add(column, days.get(row));
            case TimeStampVector micros -> group.add(column, micros.get(row));
            case DecimalVector decimals -> group.add(column, binary(decimals.getObject(row)));
            case VarCharVector text ->
                    group.add(column, Binary.fromConstantByteArray(text.get(row)));
            case VarBinaryVector bytes ->
                    group.add(column, Binary.fromConstantByteArray(bytes.get(row)));
            default -> throw unknown(vector.getField());
        }
    }

    /** Big-endian two's complement of fixed length. */
    private static Binary binary(BigDecimal value) {
        byte[] digits = value.unscaledValue().toByteArray();
        byte[] bytes = new byte[DECIMAL_BYTES];
        Arrays.fill(bytes, (byte) (digits[0] < 0 ? -1 : 0));
        System.arraycopy(digits, 0, bytes, DECIMAL_BYTES - digits.length, digits.length);
        return Binary.fromConstantByteArray(bytes);
    }

    /** The value as the row encoder takes it; null for NULL. */
    static @Nullable Object value(Group group, int column) {
        if (group.getFieldRepetitionCount(column) == 0) {
            return null;
        }
        PrimitiveType type = group.getType().getType(column).asPrimitiveType();
        LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
        return switch (type.getPrimitiveTypeName()) {
            case BOOLEAN -> group.getBoolean(column, 0);
            case FLOAT -> group.getFloat(column, 0);
            case DOUBLE -> group.getDouble(column, 0);
            case INT32 ->
                    logical instanceof LogicalTypeAnnotation.DateLogicalTypeAnnotation
                            ? (Object) LocalDate.ofEpochDay(group.getInteger(column, 0))
                            : (Object) (long) group.getInteger(column, 0);
            case INT64 ->
                    logical instanceof LogicalTypeAnnotation.TimestampLogicalTypeAnnotation
                            ? (Object) dateTime(group.getLong(column, 0))
                            : (Object) group.getLong(column, 0);
            case FIXED_LEN_BYTE_ARRAY ->
                    new BigDecimal(
                            new BigInteger(group.getBinary(column, 0).getBytes()),
                            ((LogicalTypeAnnotation.DecimalLogicalTypeAnnotation) logical)
                                    .getScale());
            case BINARY ->
                    logical == null
                            ? (Object) group.getBinary(column, 0).getBytes()
                            : (Object)
                                    new String(
                                            group.getBinary(column, 0).getBytes(),
                                            StandardCharsets.UTF_8);
            case INT96 -> throw new UserError("column " + type.getName() + " has type INT96");
        };
    }

    private static LocalDateTime dateTime(long micros) {
        return LocalDateTime.ofEpochSecond(
                Math.floorDiv(micros, MICROS),
                (int) (Math.floorMod(micros, MICROS) * 1000),
                ZoneOffset.UTC);
    }
}
