package io.garrick.query.sql;

import java.math.RoundingMode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeSystemImpl;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.jspecify.annotations.Nullable;

/**
 * MySQL's result types where they differ from standard SQL: {@code /} of exact numbers is a decimal
 * with four more digits, SUM and AVG of exact numbers are decimals (MySQL manual, "Arithmetic
 * Operators", "Aggregate Function Descriptions"). Limited to 38 digits.
 */
final class MySqlTypeSystem extends RelDataTypeSystemImpl {
    static final MySqlTypeSystem INSTANCE = new MySqlTypeSystem();

    private static final int DIVISION_DIGITS = 4;
    private static final int MAX_SCALE = 30;

    private MySqlTypeSystem() {}

    @Override
    public int getMaxPrecision(SqlTypeName type) {
        return switch (type) {
            case DECIMAL -> SqlTypes.MAX_DECIMAL_DIGITS;
            case TIME, TIMESTAMP, TIMESTAMP_WITH_LOCAL_TIME_ZONE -> SqlTypes.TIME_DIGITS;
            default -> super.getMaxPrecision(type);
        };
    }

    @Override
    public int getMaxScale(SqlTypeName type) {
        return type == SqlTypeName.DECIMAL ? SqlTypes.MAX_DECIMAL_DIGITS : super.getMaxScale(type);
    }

    @Override
    public int getDefaultPrecision(SqlTypeName type) {
        return type == SqlTypeName.DECIMAL ? 10 : super.getDefaultPrecision(type);
    }

    @Override
    public RoundingMode roundingMode() {
        return RoundingMode.HALF_UP;
    }

    @Override
    public boolean isSchemaCaseSensitive() {
        return false;
    }

    @Override
    public boolean shouldConvertRaggedUnionTypesToVarying() {
        return true;
    }

    @Override
    public RelDataType deriveSumType(RelDataTypeFactory factory, RelDataType argument) {
        if (!SqlTypeUtil.isExactNumeric(argument)) {
            return approximate(factory, argument);
        }
        int scale = Math.max(0, argument.getScale());
        return nullableAs(
                factory,
                argument,
                factory.createSqlType(SqlTypeName.DECIMAL, SqlTypes.MAX_DECIMAL_DIGITS, scale));
    }

    @Override
    public RelDataType deriveAvgAggType(RelDataTypeFactory factory, RelDataType argument) {
        if (!SqlTypeUtil.isExactNumeric(argument)) {
            return approximate(factory, argument);
        }
        int scale = Math.min(MAX_SCALE, Math.max(0, argument.getScale()) + DIVISION_DIGITS);
        return nullableAs(
                factory,
                argument,
                factory.createSqlType(SqlTypeName.DECIMAL, SqlTypes.MAX_DECIMAL_DIGITS, scale));
    }

    @Override
    public @Nullable RelDataType deriveDecimalDivideType(
            RelDataTypeFactory factory, RelDataType dividend, RelDataType divisor) {
        if (!SqlTypeUtil.isExactNumeric(dividend) || !SqlTypeUtil.isExactNumeric(divisor)) {
            return null;
        }
        RelDataType left = factory.decimalOf(dividend);
        RelDataType right = factory.decimalOf(divisor);
        int scale = Math.min(MAX_SCALE, left.getScale() + DIVISION_DIGITS);
        int whole = left.getPrecision() - left.getScale() + right.getScale();
        int precision = Math.min(SqlTypes.MAX_DECIMAL_DIGITS, whole + scale);
        // Division by zero is NULL.
        return factory.createTypeWithNullability(
                factory.createSqlType(SqlTypeName.DECIMAL, precision, scale), true);
    }

    private static RelDataType approximate(RelDataTypeFactory factory, RelDataType argument) {
        return SqlTypeUtil.isApproximateNumeric(argument)
                ? nullableAs(factory, argument, factory.createSqlType(SqlTypeName.DOUBLE))
                : argument;
    }

    private static RelDataType nullableAs(
            RelDataTypeFactory factory, RelDataType argument, RelDataType type) {
        return factory.createTypeWithNullability(type, argument.isNullable());
    }
}
