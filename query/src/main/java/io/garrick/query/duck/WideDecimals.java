package io.garrick.query.duck;

import java.util.List;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.sql.type.SqlTypeName;

/**
 * Makes DuckDB compute decimals in 128 bits. Of two decimals of at most 18 digits it makes one of
 * 18 digits, and fails if the result has more; one wider operand avoids that.
 */
final class WideDecimals extends RelHomogeneousShuttle {
    private static final int NARROW_DIGITS = 18;

    private final Rewrite rewrite;

    WideDecimals(RexBuilder rexBuilder) {
        this.rewrite = new Rewrite(rexBuilder);
    }

    @Override
    public RelNode visit(RelNode node) {
        return super.visit(node).accept(rewrite);
    }

    private static final class Rewrite extends RexShuttle {
        private final RexBuilder rexBuilder;

        Rewrite(RexBuilder rexBuilder) {
            this.rexBuilder = rexBuilder;
        }

        @Override
        public RexNode visitCall(RexCall call) {
            if (!(super.visitCall(call) instanceof RexCall visited)) {
                throw new IllegalStateException("a call is no call any more: " + call);
            }
            boolean wide =
                    visited.getType().getSqlTypeName() == SqlTypeName.DECIMAL
                            && visited.getType().getPrecision() > NARROW_DIGITS;
            return switch (visited.getKind()) {
                case PLUS, MINUS, TIMES -> wide ? widened(visited) : visited;
                default -> visited;
            };
        }

        private RexNode widened(RexCall call) {
            RexNode first = call.getOperands().get(0);
            RelDataType type = first.getType();
            if (type.getSqlTypeName() != SqlTypeName.DECIMAL
                    || type.getPrecision() > NARROW_DIGITS) {
                return call;
            }
            RelDataType wide =
                    rexBuilder
                            .getTypeFactory()
                            .createTypeWithNullability(
                                    rexBuilder
                                            .getTypeFactory()
                                            .createSqlType(
                                                    SqlTypeName.DECIMAL,
                                                    NARROW_DIGITS + 1,
                                                    type.getScale()),
                                    type.isNullable());
            return rexBuilder.makeCall(
                    call.getType(),
                    call.getOperator(),
                    List.of(
                            rexBuilder.makeAbstractCast(wide, first, false),
                            call.getOperands().get(1)));
        }
    }
}
