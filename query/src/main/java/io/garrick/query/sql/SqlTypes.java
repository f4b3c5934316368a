package io.garrick.query.sql;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import java.nio.charset.StandardCharsets;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.SqlCollation;
import org.apache.calcite.sql.type.SqlTypeName;

/**
 * How TiDB types, SQL types and Arrow types correspond inside a query.
 *
 * <p>Unsigned integers widen to the next signed type (BIGINT UNSIGNED to DECIMAL(20)), so that
 * arithmetic cannot wrap. TIME is text: its range of ±838 hours fits no SQL time type. DECIMAL is
 * limited to 38 digits. Dates and times are nullable, whatever the table says: a zero date reads as
 * NULL.
 */
public final class SqlTypes {
    public static final int MAX_DECIMAL_DIGITS = 38;
    public static final int TIME_DIGITS = 6;

    private static final int UNSIGNED_BIGINT_DIGITS = 20;
    private static final int DEFAULT_DECIMAL_DIGITS = 10;

    private SqlTypes() {}

    /** The SQL type of a column. */
    static RelDataType of(ColumnSchema column, RelDataTypeFactory factory) {
        FieldType type = column.type();
        boolean unsigned = type.isUnsigned();
        RelDataType base =
                switch (type.tp()) {
                    case FieldType.TINY ->
                            factory.createSqlType(
                                    unsigned ? SqlTypeName.SMALLINT : SqlTypeName.TINYINT);
                    case FieldType.SHORT ->
                            factory.createSqlType(
                                    unsigned ? SqlTypeName.INTEGER : SqlTypeName.SMALLINT);
                    case FieldType.YEAR -> factory.createSqlType(SqlTypeName.SMALLINT);
                    case FieldType.INT24, FieldType.LONG ->
                            factory.createSqlType(
                                    unsigned ? SqlTypeName.BIGINT : SqlTypeName.INTEGER);
                    case FieldType.LONGLONG ->
                            unsigned
                                    ? factory.createSqlType(
                                            SqlTypeName.DECIMAL, UNSIGNED_BIGINT_DIGITS, 0)
                                    : factory.createSqlType(SqlTypeName.BIGINT);
                    case FieldType.FLOAT -> factory.createSqlType(SqlTypeName.REAL);
                    case FieldType.DOUBLE -> factory.createSqlType(SqlTypeName.DOUBLE);
                    case FieldType.NEW_DECIMAL -> decimal(type, factory);
                    case FieldType.DATE, FieldType.NEW_DATE ->
                            factory.createSqlType(SqlTypeName.DATE);
                    case FieldType.DATETIME, FieldType.TIMESTAMP ->
                            factory.createSqlType(SqlTypeName.TIMESTAMP, TIME_DIGITS);
                    case FieldType.BIT ->
                            factory.createSqlType(SqlTypeName.DECIMAL, UNSIGNED_BIGINT_DIGITS, 0);
                    case FieldType.GEOMETRY -> factory.createSqlType(SqlTypeName.VARBINARY);
                    default ->
                            type.isBinaryString()
                                    ? factory.createSqlType(SqlTypeName.VARBINARY)
                                    : text(factory);
                };
        boolean nullable = !column.isNotNull() || type.isPackedTime();
        return factory.createTypeWithNullability(base, nullable);
    }

    private static RelDataType decimal(FieldType type, RelDataTypeFactory factory) {
        int digits = type.length() <= 0 ? DEFAULT_DECIMAL_DIGITS : type.length();
        return factory.createSqlType(
                SqlTypeName.DECIMAL,
                Math.min(MAX_DECIMAL_DIGITS, digits),
                Math.max(0, type.decimal()));
    }

    static RelDataType text(RelDataTypeFactory factory) {
        return factory.createTypeWithCharsetAndCollation(
                factory.createSqlType(SqlTypeName.VARCHAR),
                StandardCharsets.UTF_8,
                SqlCollation.IMPLICIT);
    }

    /** The Arrow type of values of {@code type}; what has none of its own is text. */
    public static ArrowType arrow(RelDataType type) {
        return switch (type.getSqlTypeName()) {
            case BOOLEAN -> ArrowType.Bool.INSTANCE;
            case TINYINT -> new ArrowType.Int(Byte.SIZE, true);
            case SMALLINT -> new ArrowType.Int(Short.SIZE, true);
            case INTEGER -> new ArrowType.Int(Integer.SIZE, true);
            case BIGINT -> new ArrowType.Int(Long.SIZE, true);
            case REAL -> new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
            case FLOAT, DOUBLE -> new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
            case DECIMAL -> new ArrowType.Decimal(type.getPrecision(), type.getScale(), 128);
            case BINARY, VARBINARY -> ArrowType.Binary.INSTANCE;
            case DATE -> new ArrowType.Date(DateUnit.DAY);
            case TIME -> new ArrowType.Time(TimeUnit.MICROSECOND, 64);
            case TIMESTAMP -> new ArrowType.Timestamp(TimeUnit.MICROSECOND, null);
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ ->
                    new ArrowType.Timestamp(TimeUnit.MICROSECOND, "UTC");
            default -> ArrowType.Utf8.INSTANCE;
        };
    }

    /** The name DuckDB has for {@link #arrow}'s type. */
    public static String duckdb(RelDataType type) {
        return switch (type.getSqlTypeName()) {
            case BOOLEAN, TINYINT, SMALLINT, INTEGER, BIGINT, REAL, DATE, TIME, TIMESTAMP ->
                    type.getSqlTypeName().name();
            case FLOAT, DOUBLE -> "DOUBLE";
            case DECIMAL -> "DECIMAL(" + type.getPrecision() + ", " + type.getScale() + ")";
            case BINARY, VARBINARY -> "BLOB";
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ -> "TIMESTAMPTZ";
            default ->
                    SqlTypeName.INTERVAL_TYPES.contains(type.getSqlTypeName())
                            ? "INTERVAL"
                            : "VARCHAR";
        };
    }
}
