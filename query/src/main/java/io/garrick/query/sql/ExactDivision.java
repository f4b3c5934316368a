package io.garrick.query.sql;

import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.type.SqlTypeUtil;

/**
 * Puts {@link MySqlFunction#DIVIDE} in the place of {@code /}: the planner would fold a division of
 * integers as Java does, and DuckDB does not know that {@code x / 0} is NULL.
 */
final class ExactDivision extends RelHomogeneousShuttle {
    private final Rewrite rewrite;

    ExactDivision(RexBuilder rexBuilder) {
        this.rewrite = new Rewrite(rexBuilder);
    }

    @Override
    public RelNode visit(RelNode node) {
        return super.visit(node).accept(rewrite);
    }

    private final class Rewrite extends RexShuttle {
        private final RexBuilder rexBuilder;

        Rewrite(RexBuilder rexBuilder) {
            this.rexBuilder = rexBuilder;
        }

        @Override
        public RexNode visitCall(RexCall call) {
            RexNode visited = super.visitCall(call);
            if (visited instanceof RexCall division
                    && division.getKind() == SqlKind.DIVIDE
                    && SqlTypeUtil.isNumeric(division.getType())
                    && division.getOperands().stream()
                            .allMatch(operand -> SqlTypeUtil.isNumeric(operand.getType()))) {
                return rexBuilder.makeCall(
                        division.getType(), MySqlFunction.DIVIDE, division.getOperands());
            }
            return visited;
        }

        @Override
        public RexNode visitSubQuery(RexSubQuery query) {
            RexNode visited = super.visitSubQuery(query);
            return visited instanceof RexSubQuery sub
                    ? sub.clone(sub.rel.accept(ExactDivision.this))
                    : visited;
        }
    }
}
