package io.garrick.query.vector;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.query.vector.Expr.Kind;
import io.garrick.query.vector.Expr.Typed;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.util.DateString;
import org.apache.calcite.util.TimestampString;

/** Turns expressions over one table's columns into {@link Expr}s, or throws {@link Unsupported}. */
final class ExprCompiler {
    private static final int LONG_DIGITS = 18;
    private static final long MICROS_PER_MILLI = 1000;

    private final List<ColumnSchema> columns;
    private final RexBuilder rexBuilder;

    /**
     * @param columns what input references mean, in the order of the vectors
     */
    ExprCompiler(List<ColumnSchema> columns, RexBuilder rexBuilder) {
        this.columns = columns;
        this.rexBuilder = rexBuilder;
    }

    Typed compile(RexNode node) {
        return switch (node) {
            case RexInputRef ref -> column(ref);
            case RexLiteral literal -> literal(literal);
            case RexCall call -> call(call);
            default -> throw new Unsupported(node);
        };
    }

    private Typed column(RexInputRef ref) {
        int index = ref.getIndex();
        FieldType type = columns.get(index).type();
        return switch (type.tp()) {
            case FieldType.TINY,
                    FieldType.SHORT,
                    FieldType.YEAR,
                    FieldType.INT24,
                    FieldType.LONG,
                    FieldType.DATE,
                    FieldType.NEW_DATE,
                    FieldType.DATETIME,
                    FieldType.TIMESTAMP ->
                    longColumn(index, 0);
            case FieldType.LONGLONG -> {
                if (type.isUnsigned()) {
                    throw new Unsupported(ref);
                }
                yield longColumn(index, 0);
            }
            case FieldType.NEW_DECIMAL -> {
                if (ref.getType().getPrecision() > LONG_DIGITS) {
                    throw new Unsupported(ref);
                }
                yield longColumn(index, ref.getType().getScale());
            }
            case FieldType.FLOAT, FieldType.DOUBLE ->
                    new Typed(
                            rows ->
                                    Load.doubles(
                                            rows.vectors().get(index), rows.rows(), rows.count()),
                            Kind.DOUBLE,
                            0);
            default -> {
                if (!type.isString() || type.isBinaryString()) {
                    throw new Unsupported(ref);
                }
                yield new Typed(
                        rows -> Load.texts(rows.vectors().get(index), rows.rows(), rows.count()),
                        Kind.TEXT,
                        0);
            }
        };
    }

    private static Typed longColumn(int index, int scale) {
        return new Typed(new Expr.StoredLongs(index), Kind.LONG, scale);
    }

    private static Typed literal(RexLiteral literal) {
        if (literal.isNull()) {
            throw new Unsupported(literal);
        }
        RelDataType type = literal.getType();
        return switch (type.getSqlTypeName()) {
            case BOOLEAN ->
                    constant(Boolean.TRUE.equals(literal.getValueAs(Boolean.class)) ? 1 : 0, 0);
            case TINYINT, SMALLINT, INTEGER, BIGINT, DECIMAL -> {
                int scale = Math.max(0, type.getScale());
                BigDecimal value = literal.getValueAs(BigDecimal.class);
                if (value == null) {
                    throw new Unsupported(literal);
                }
                BigDecimal unscaled = value.setScale(scale, RoundingMode.HALF_UP);
                if (unscaled.unscaledValue().bitLength() >= Long.SIZE) {
                    throw new Unsupported(literal);
                }
                yield constant(unscaled.unscaledValue().longValue(), scale);
            }
            case REAL, FLOAT, DOUBLE -> {
                Double value = literal.getValueAs(Double.class);
                if (value == null) {
                    throw new Unsupported(literal);
                }
                double constant = value;
                yield new Typed(
                        rows -> {
                            double[] values = new double[rows.count()];
                            Arrays.fill(values, constant);
                            return new Column.Doubles(values, null);
                        },
                        Kind.DOUBLE,
                        0);
            }
            case DATE -> {
                DateString date = literal.getValueAs(DateString.class);
                if (date == null) {
                    throw new Unsupported(literal);
                }
                yield constant(date.getDaysSinceEpoch(), 0);
            }
            case TIMESTAMP -> constant(micros(literal), 0);
            case CHAR, VARCHAR -> {
                String text = literal.getValueAs(String.class);
                if (text == null) {
                    throw new Unsupported(literal);
                }
                Column constant = new Column.ConstantText(text.getBytes(StandardCharsets.UTF_8));
                yield new Typed(_ -> constant, Kind.TEXT, 0);
            }
            default -> throw new Unsupported(literal);
        };
    }

    private static long micros(RexLiteral literal) {
        TimestampString time = literal.getValueAs(TimestampString.class);
        if (time == null) {
            throw new Unsupported(literal);
        }
        String text = time.toString(6);
        long fraction = Long.parseLong(text.substring(text.length() - 3));
        return time.round(3).getMillisSinceEpoch() * MICROS_PER_MILLI + fraction;
    }

    private static Typed constant(long value, int scale) {
        return new Typed(
                rows -> {
                    long[] values = new long[rows.count()];
                    Arrays.fill(values, value);
                    return new Column.Longs(values, null);
                },
                Kind.LONG,
                scale);
    }

    private Typed call(RexCall call) {
        return switch (call.getKind()) {
            case AND -> new Typed(BoolExprs.and(operands(call)), Kind.LONG, 0);
            case OR -> new Typed(BoolExprs.or(operands(call)), Kind.LONG, 0);
            case NOT -> new Typed(BoolExprs.not(operand(call, 0).expr()), Kind.LONG, 0);
            case IS_NULL ->
                    new Typed(BoolExprs.isNull(operand(call, 0).expr(), true), Kind.LONG, 0);
            case IS_NOT_NULL ->
                    new Typed(BoolExprs.isNull(operand(call, 0).expr(), false), Kind.LONG, 0);
            case SEARCH -> compile(RexUtil.expandSearch(rexBuilder, null, call));
            case EQUALS,
                    NOT_EQUALS,
                    LESS_THAN,
                    LESS_THAN_OR_EQUAL,
                    GREATER_THAN,
                    GREATER_THAN_OR_EQUAL ->
                    compare(call);
            case LIKE -> like(call);
            case PLUS, MINUS, TIMES -> arithmetic(call);
            case CAST -> cast(call);
            case CASE -> caseWhen(call);
            default -> throw new Unsupported(call);
        };
    }

    private Typed operand(RexCall call, int index) {
        return compile(call.getOperands().get(index));
    }

    private List<Expr> operands(RexCall call) {
        return call.getOperands().stream().map(node -> compile(node).expr()).toList();
    }

    private Typed compare(RexCall call) {
        Typed left = operand(call, 0);
        Typed right = operand(call, 1);
        if (left.kind() == Kind.TEXT && right.kind() == Kind.TEXT) {
            return new Typed(
                    BoolExprs.compareTexts(call.getKind(), left.expr(), right.expr()),
                    Kind.LONG,
                    0);
        }
        requireComparable(call.getOperands().get(0), call.getOperands().get(1));
        if (left.kind() == Kind.LONG && right.kind() == Kind.LONG) {
            int scale = Math.max(left.scale(), right.scale());
            return new Typed(
                    BoolExprs.compareLongs(
                            call.getKind(), rescale(left, scale), rescale(right, scale)),
                    Kind.LONG,
                    0);
        }
        return new Typed(
                BoolExprs.compareDoubles(call.getKind(), toDouble(left), toDouble(right)),
                Kind.LONG,
                0);
    }

    /** Numbers with numbers, days with days, times with times. */
    private static void requireComparable(RexNode left, RexNode right) {
        SqlTypeName a = left.getType().getSqlTypeName();
        SqlTypeName b = right.getType().getSqlTypeName();
        boolean numbers =
                SqlTypeName.NUMERIC_TYPES.contains(a) && SqlTypeName.NUMERIC_TYPES.contains(b);
        if (!numbers && a != b) {
            throw new Unsupported(left);
        }
    }

    private Typed like(RexCall call) {
        if (call.getOperands().size() != 2
                || !(call.getOperands().get(1) instanceof RexLiteral pattern)) {
            throw new Unsupported(call);
        }
        String text = pattern.getValueAs(String.class);
        Typed value = operand(call, 0);
        if (text == null
                || text.contains("_")
                || text.contains("\\")
                || value.kind() != Kind.TEXT) {
            throw new Unsupported(call);
        }
        return new Typed(BoolExprs.like(value.expr(), text), Kind.LONG, 0);
    }

    private Typed arithmetic(RexCall call) {
        if (!SqlTypeName.NUMERIC_TYPES.contains(call.getType().getSqlTypeName())) {
            throw new Unsupported(call);
        }
        Typed left = operand(call, 0);
        Typed right = operand(call, 1);
        if (left.kind() == Kind.LONG && right.kind() == Kind.LONG) {
            int wanted = Math.max(0, call.getType().getScale());
            int scale =
                    switch (call.getKind()) {
                        case TIMES -> left.scale() + right.scale();
                        default -> Math.max(left.scale(), right.scale());
                    };
            if (scale != wanted) {
                throw new Unsupported(call);
            }
            Expr expr =
                    switch (call.getKind()) {
                        case PLUS -> Arithmetic.plus(rescale(left, scale), rescale(right, scale));
                        case MINUS -> Arithmetic.minus(rescale(left, scale), rescale(right, scale));
                        default -> Arithmetic.times(left.expr(), right.expr());
                    };
            return new Typed(expr, Kind.LONG, scale);
        }
        return new Typed(
                Arithmetic.doubles(call.getKind(), toDouble(left), toDouble(right)),
                Kind.DOUBLE,
                0);
    }

    private Typed cast(RexCall call) {
        RexNode from = call.getOperands().get(0);
        Typed value = compile(from);
        RelDataType to = call.getType();
        SqlTypeName source = from.getType().getSqlTypeName();
        SqlTypeName target = to.getSqlTypeName();
        if (value.kind() == Kind.TEXT
                && SqlTypeName.CHAR_TYPES.contains(target)
                && to.getPrecision() < 0) {
            return value;
        }
        if (SqlTypeName.EXACT_TYPES.contains(source) && SqlTypeName.EXACT_TYPES.contains(target)) {
            int scale = Math.max(0, to.getScale());
            int sourceWhole =
                    from.getType().getPrecision() - Math.max(0, from.getType().getScale());
            if (scale < value.scale() || to.getPrecision() - scale < sourceWhole) {
                throw new Unsupported(call);
            }
            return new Typed(rescale(value, scale), Kind.LONG, scale);
        }
        if (SqlTypeName.NUMERIC_TYPES.contains(source)
                && (target == SqlTypeName.DOUBLE || target == SqlTypeName.FLOAT)) {
            return new Typed(toDouble(value), Kind.DOUBLE, 0);
        }
        if (source == target && !SqlTypeName.CHAR_TYPES.contains(target)) {
            return value;
        }
        throw new Unsupported(call);
    }

    private Typed caseWhen(RexCall call) {
        List<RexNode> operands = call.getOperands();
        int scale = Math.max(0, call.getType().getScale());
        SqlTypeName type = call.getType().getSqlTypeName();
        boolean exact = SqlTypeName.EXACT_TYPES.contains(type);
        if (!exact && type != SqlTypeName.DOUBLE) {
            throw new Unsupported(call);
        }
        List<Expr> conditions = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        for (int i = 0; i < operands.size(); i++) {
            boolean isValue = i % 2 == 1 || i == operands.size() - 1;
            Typed operand = compile(operands.get(i));
            if (!isValue) {
                conditions.add(operand.expr());
            } else if (exact && operand.kind() == Kind.LONG) {
                values.add(rescale(operand, scale));
            } else if (!exact) {
                values.add(toDouble(operand));
            } else {
                throw new Unsupported(call);
            }
        }
        return exact
                ? new Typed(Arithmetic.caseLongs(conditions, values), Kind.LONG, scale)
                : new Typed(Arithmetic.caseDoubles(conditions, values), Kind.DOUBLE, 0);
    }

    private static Expr rescale(Typed value, int scale) {
        if (value.kind() != Kind.LONG || scale < value.scale()) {
            throw new Unsupported("scale " + scale);
        }
        if (scale == value.scale()) {
            return value.expr();
        }
        if (scale - value.scale() > LONG_DIGITS) {
            throw new Unsupported("scale " + scale);
        }
        long factor = 1;
        for (int i = value.scale(); i < scale; i++) {
            factor *= 10;
        }
        return Arithmetic.times(value.expr(), constant(factor, 0).expr());
    }

    private static Expr toDouble(Typed value) {
        return switch (value.kind()) {
            case DOUBLE -> value.expr();
            case LONG -> Arithmetic.toDouble(value.expr(), Math.pow(10, value.scale()));
            case TEXT -> throw new Unsupported("text as a number");
        };
    }
}
