package io.garrick.query.vector;

import com.google.common.collect.Range;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.mergetree.ZoneFilter;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUnknownAs;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.util.DateString;
import org.apache.calcite.util.Sarg;
import org.jspecify.annotations.Nullable;

/** Conditions between a column and a constant, as hints that let pages be skipped. */
final class ZoneFilters {
    private static final int LONG_DIGITS = 18;

    private ZoneFilters() {}

    static List<ZoneFilter> of(List<RexNode> conditions, List<ColumnSchema> columns) {
        List<ZoneFilter> zones = new ArrayList<>();
        for (RexNode condition : conditions) {
            if (condition instanceof RexCall call
                    && call.getOperands().size() == 2
                    && call.getOperands().get(0) instanceof RexInputRef ref
                    && call.getOperands().get(1) instanceof RexLiteral literal) {
                ZoneFilter zone = zone(call.getKind(), columns.get(ref.getIndex()), literal);
                if (zone != null) {
                    zones.add(zone);
                }
            }
        }
        return zones;
    }

    private static @Nullable ZoneFilter zone(
            SqlKind kind, ColumnSchema column, RexLiteral literal) {
        if (literal.isNull() || column.type().isUnsigned()) {
            return null;
        }
        if (kind == SqlKind.SEARCH) {
            return span(column, literal);
        }
        BigDecimal value = number(column, literal);
        return value == null ? null : range(kind, column, value);
    }

    private static @Nullable ZoneFilter range(SqlKind kind, ColumnSchema column, BigDecimal value) {
        BigDecimal floor = value.setScale(0, RoundingMode.FLOOR);
        BigDecimal ceiling = value.setScale(0, RoundingMode.CEILING);
        return switch (kind) {
            case EQUALS -> bounded(column, ceiling, floor);
            case LESS_THAN, LESS_THAN_OR_EQUAL -> bounded(column, null, floor);
            case GREATER_THAN, GREATER_THAN_OR_EQUAL -> bounded(column, ceiling, null);
            default -> null;
        };
    }

    /** From the least to the greatest value of an IN list or a BETWEEN. */
    private static @Nullable ZoneFilter span(ColumnSchema column, RexLiteral literal) {
        Sarg<?> sarg = literal.getValueAs(Sarg.class);
        if (sarg == null || sarg.rangeSet.isEmpty()) {
            return null;
        }
        Range<?> span = sarg.rangeSet.span();
        BigDecimal min = span.hasLowerBound() ? number(column, span.lowerEndpoint()) : null;
        BigDecimal max = span.hasUpperBound() ? number(column, span.upperEndpoint()) : null;
        if ((min == null && max == null) || sarg.nullAs != RexUnknownAs.UNKNOWN) {
            return null;
        }
        return bounded(
                column,
                min == null ? null : min.setScale(0, RoundingMode.CEILING),
                max == null ? null : max.setScale(0, RoundingMode.FLOOR));
    }

    private static @Nullable ZoneFilter bounded(
            ColumnSchema column, @Nullable BigDecimal min, @Nullable BigDecimal max) {
        long low = min == null ? Long.MIN_VALUE : clamped(min);
        long high = max == null ? Long.MAX_VALUE : clamped(max);
        // An empty range would be right, but is not worth explaining to the store.
        return low > high ? null : new ZoneFilter.LongRange(column.id(), low, high);
    }

    private static long clamped(BigDecimal value) {
        return value.max(BigDecimal.valueOf(Long.MIN_VALUE))
                .min(BigDecimal.valueOf(Long.MAX_VALUE))
                .longValue();
    }

    private static @Nullable BigDecimal number(ColumnSchema column, RexLiteral literal) {
        return switch (literal.getType().getSqlTypeName()) {
            case DATE -> number(column, literal.getValueAs(DateString.class));
            case TINYINT, SMALLINT, INTEGER, BIGINT, DECIMAL ->
                    number(column, literal.getValueAs(BigDecimal.class));
            default -> null;
        };
    }

    /** In the unit of the column's Arrow type. */
    private static @Nullable BigDecimal number(ColumnSchema column, @Nullable Object value) {
        FieldType type = column.type();
        if (value instanceof DateString date && type.isDate()) {
            return BigDecimal.valueOf(date.getDaysSinceEpoch());
        }
        if (value instanceof BigDecimal number) {
            if (type.isInteger()) {
                return number;
            }
            if (type.tp() == FieldType.NEW_DECIMAL && type.length() <= LONG_DIGITS) {
                return number.scaleByPowerOfTen(Math.max(0, type.decimal()));
            }
        }
        return null;
    }
}
