package io.garrick.query.sql;

import java.math.BigDecimal;
import java.util.Optional;
import org.apache.calcite.sql.SqlAbstractDateTimeLiteral;
import org.apache.calcite.sql.SqlBinaryStringLiteral;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNumericLiteral;
import org.apache.calcite.sql.SqlUnknownLiteral;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.util.BitString;
import org.jspecify.annotations.Nullable;

/** Literals as Java values. */
final class Constants {
    private Constants() {}

    /** A literal's value; null is NULL. */
    record Value(@Nullable Object value) {}

    /** Empty for everything that has to be computed. */
    static Optional<Value> of(SqlNode node) {
        if (node instanceof SqlCall call
                && (call.getKind() == SqlKind.MINUS_PREFIX || call.getKind() == SqlKind.PLUS_PREFIX)
                && call.operand(0) instanceof SqlNumericLiteral number) {
            BigDecimal value = number.bigDecimalValue();
            return value == null
                    ? Optional.empty()
                    : Optional.of(
                            new Value(
                                    call.getKind() == SqlKind.MINUS_PREFIX
                                            ? value.negate()
                                            : value));
        }
        if (!(node instanceof SqlLiteral literal)) {
            return Optional.empty();
        }
        return switch (literal) {
            case SqlNumericLiteral number -> Optional.of(new Value(number.bigDecimalValue()));
            case SqlAbstractDateTimeLiteral time ->
                    Optional.of(new Value(time.toFormattedString()));
            case SqlUnknownLiteral tagged -> Optional.of(new Value(tagged.getValue()));
            case SqlBinaryStringLiteral bytes ->
                    Optional.of(new Value(bytes.getValueAs(BitString.class).getAsByteArray()));
            default -> plain(literal);
        };
    }

    private static Optional<Value> plain(SqlLiteral literal) {
        if (literal.getTypeName() == SqlTypeName.NULL) {
            return Optional.of(new Value(null));
        }
        if (literal.getTypeName() == SqlTypeName.BOOLEAN) {
            return Optional.of(new Value(literal.booleanValue()));
        }
        if (SqlTypeName.CHAR_TYPES.contains(literal.getTypeName())) {
            return Optional.of(new Value(literal.getValueAs(String.class)));
        }
        return Optional.empty();
    }
}
