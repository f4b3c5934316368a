package io.garrick.query.vector;

import java.util.Set;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexVisitorImpl;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.util.Util;

/** Tells whether an expression computes numbers. */
final class ArithmeticFinder extends RexVisitorImpl<Void> {
    private static final Set<SqlKind> ARITHMETIC =
            Set.of(SqlKind.PLUS, SqlKind.MINUS, SqlKind.TIMES, SqlKind.CASE, SqlKind.CAST);

    private ArithmeticFinder() {
        super(true);
    }

    static boolean isIn(RexNode node) {
        try {
            node.accept(new ArithmeticFinder());
            return false;
        } catch (Util.FoundOne _) {
            return true;
        }
    }

    @Override
    public Void visitCall(RexCall call) {
        if (ARITHMETIC.contains(call.getKind())) {
            throw Util.FoundOne.NULL;
        }
        return super.visitCall(call);
    }
}
