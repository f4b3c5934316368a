package io.garrick.query.vector;

import io.garrick.query.vector.Expr.Kind;
import io.garrick.query.vector.Expr.Typed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.AggregateCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.type.SqlTypeName;

/** A compiled GROUP BY with its functions. */
record AggregateProgram(List<Typed> keys, List<Function> functions) {
    /**
     * One aggregate function.
     *
     * @param argument empty for {@code COUNT(*)}
     */
    record Function(SqlKind kind, Optional<Typed> argument) {
        private boolean isOfTotals() {
            boolean total =
                    switch (kind) {
                        case COUNT, SUM, SUM0, AVG -> true;
                        default -> false;
                    };
            return total
                    && (argument.isEmpty() || argument.get().expr() instanceof Expr.StoredLongs);
        }

        Accumulator newAccumulator() {
            boolean exact = argument.isEmpty() || argument.get().kind() == Kind.LONG;
            int scale = argument.map(Typed::scale).orElse(0);
            return switch (kind) {
                case COUNT -> new Accumulator.Count();
                case SUM, SUM0, AVG ->
                        exact
                                ? new Accumulator.ExactSum(
                                        scale, kind == SqlKind.AVG, kind == SqlKind.SUM0)
                                : new Accumulator.DoubleSum(kind == SqlKind.AVG);
                case MIN, MAX -> new Accumulator.Extreme(kind == SqlKind.MAX);
                default -> throw new IllegalStateException("not compiled: " + kind);
            };
        }
    }

    /** Whether totals of stored columns are all it takes: no groups, and nothing computed. */
    boolean isOfTotals() {
        return keys.isEmpty() && functions.stream().allMatch(Function::isOfTotals);
    }

    /**
     * Compiles.
     *
     * @param inputs the aggregate's input columns as expressions over the scan
     */
    static AggregateProgram compile(
            Aggregate aggregate, List<RexNode> inputs, ExprCompiler compiler) {
        if (aggregate.getGroupType() != Aggregate.Group.SIMPLE) {
            throw new Unsupported("grouping sets");
        }
        List<Typed> keys = new ArrayList<>();
        for (int key : aggregate.getGroupSet()) {
            SqlTypeName type = inputs.get(key).getType().getSqlTypeName();
            Typed compiled = compiler.compile(inputs.get(key));
            if (compiled.kind() == Kind.DOUBLE
                    || (compiled.kind() == Kind.LONG && !Store.canWrite(type))
                    || (compiled.kind() == Kind.TEXT && type != SqlTypeName.VARCHAR)) {
                throw new Unsupported("a key of type " + type);
            }
            keys.add(compiled);
        }
        List<Function> functions = new ArrayList<>();
        for (AggregateCall call : aggregate.getAggCallList()) {
            functions.add(function(call, inputs, compiler));
        }
        return new AggregateProgram(keys, functions);
    }

    private static Function function(
            AggregateCall call, List<RexNode> inputs, ExprCompiler compiler) {
        SqlKind kind = call.getAggregation().getKind();
        boolean plain =
                !call.isDistinct()
                        && !call.isApproximate()
                        && call.filterArg < 0
                        && call.getCollation().getKeys().isEmpty();
        if (!plain || call.getArgList().size() > 1) {
            throw new Unsupported(call);
        }
        Optional<Typed> argument =
                call.getArgList().stream().findFirst().map(inputs::get).map(compiler::compile);
        SqlTypeName out = call.getType().getSqlTypeName();
        boolean known =
                switch (kind) {
                    case COUNT -> out == SqlTypeName.BIGINT;
                    case SUM, SUM0, AVG ->
                            argument.isPresent()
                                    && switch (argument.get().kind()) {
                                        case LONG -> out == SqlTypeName.DECIMAL;
                                        case DOUBLE ->
                                                out == SqlTypeName.DOUBLE && kind != SqlKind.SUM0;
                                        case TEXT -> false;
                                    };
                    case MIN, MAX ->
                            argument.isPresent()
                                    && argument.get().kind() == Kind.LONG
                                    && Store.canWrite(out);
                    default -> false;
                };
        if (!known) {
            throw new Unsupported(call);
        }
        return new Function(kind, argument);
    }
}
