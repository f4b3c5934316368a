package io.garrick.query.sql;

import java.util.List;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptRule;
import org.apache.calcite.plan.RelOptSchema;
import org.apache.calcite.plan.hep.HepMatchOrder;
import org.apache.calcite.plan.hep.HepPlanner;
import org.apache.calcite.plan.hep.HepProgram;
import org.apache.calcite.plan.hep.HepProgramBuilder;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.RelFactories;
import org.apache.calcite.rel.rules.CoreRules;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql2rel.RelDecorrelator;
import org.apache.calcite.sql2rel.RelFieldTrimmer;
import org.apache.calcite.tools.RelBuilder;

/** The fixed order in which a plan is rewritten. */
final class Optimizer {
    private static final List<RelOptRule> SUB_QUERIES =
            List.of(
                    CoreRules.FILTER_SUB_QUERY_TO_CORRELATE,
                    CoreRules.PROJECT_SUB_QUERY_TO_CORRELATE,
                    CoreRules.JOIN_SUB_QUERY_TO_CORRELATE);

    private static final List<RelOptRule> SIMPLIFY =
            List.of(
                    CoreRules.FILTER_REDUCE_EXPRESSIONS,
                    CoreRules.PROJECT_REDUCE_EXPRESSIONS,
                    CoreRules.JOIN_REDUCE_EXPRESSIONS);

    private static final List<RelOptRule> PUSH_DOWN =
            List.of(
                    CoreRules.FILTER_INTO_JOIN,
                    CoreRules.JOIN_CONDITION_PUSH,
                    CoreRules.JOIN_PUSH_EXPRESSIONS,
                    CoreRules.FILTER_PROJECT_TRANSPOSE,
                    CoreRules.FILTER_AGGREGATE_TRANSPOSE,
                    CoreRules.FILTER_SET_OP_TRANSPOSE,
                    CoreRules.FILTER_MERGE,
                    CoreRules.PROJECT_MERGE,
                    CoreRules.PROJECT_REMOVE);

    private Optimizer() {}

    static RelNode optimize(RelNode query, RelOptSchema schema) {
        RelOptCluster cluster = query.getCluster();
        RelBuilder builder = RelFactories.LOGICAL_BUILDER.create(cluster, schema);
        RelNode rel = run(query.accept(new ExactDivision(cluster.getRexBuilder())), SUB_QUERIES);
        rel = RelDecorrelator.decorrelateQuery(rel, builder);
        rel = run(rel, SIMPLIFY);
        rel = rel.accept(new FactorShuttle(cluster.getRexBuilder()));
        rel = run(rel, PUSH_DOWN);
        rel = run(rel, SIMPLIFY);
        rel = orderJoins(rel);
        rel = run(rel, PUSH_DOWN);
        rel = new RelFieldTrimmer(null, builder).trim(rel);
        return run(
                rel,
                List.of(
                        CoreRules.FILTER_PROJECT_TRANSPOSE,
                        CoreRules.FILTER_MERGE,
                        CoreRules.PROJECT_MERGE,
                        CoreRules.PROJECT_REMOVE));
    }

    /** Greedy order by estimated row counts; DuckDB knows nothing about our streams. */
    private static RelNode orderJoins(RelNode rel) {
        HepProgram program =
                new HepProgramBuilder()
                        .addMatchOrder(HepMatchOrder.BOTTOM_UP)
                        .addRuleInstance(CoreRules.JOIN_TO_MULTI_JOIN)
                        .addRuleInstance(CoreRules.PROJECT_MULTI_JOIN_MERGE)
                        .addRuleInstance(CoreRules.FILTER_MULTI_JOIN_MERGE)
                        .addRuleInstance(CoreRules.MULTI_JOIN_OPTIMIZE)
                        .build();
        return run(rel, program);
    }

    private static RelNode run(RelNode rel, List<RelOptRule> rules) {
        return run(rel, new HepProgramBuilder().addRuleCollection(rules).build());
    }

    private static RelNode run(RelNode rel, HepProgram program) {
        HepPlanner planner = new HepPlanner(program);
        planner.setExecutor(RexUtil.EXECUTOR);
        planner.setRoot(rel);
        return planner.findBestExp();
    }

    /** {@code (a and b) or (a and c)} becomes {@code a and (b or c)}: a may be a join's key. */
    private static final class FactorShuttle extends RelHomogeneousShuttle {
        private final RexBuilder rexBuilder;

        FactorShuttle(RexBuilder rexBuilder) {
            this.rexBuilder = rexBuilder;
        }

        @Override
        public RelNode visit(RelNode node) {
            RelNode visited = super.visit(node);
            if (visited instanceof Filter filter) {
                RexNode condition = RexUtil.pullFactors(rexBuilder, filter.getCondition());
                return filter.copy(filter.getTraitSet(), filter.getInput(), condition);
            }
            if (visited instanceof Join join) {
                RexNode condition = RexUtil.pullFactors(rexBuilder, join.getCondition());
                return join.copy(
                        join.getTraitSet(),
                        condition,
                        join.getLeft(),
                        join.getRight(),
                        join.getJoinType(),
                        join.isSemiJoinDone());
            }
            return visited;
        }
    }
}
