package io.garrick.query.duck;

import io.garrick.query.QueryException;
import io.garrick.query.QueryException.Kind;
import io.garrick.query.sql.ReplicaTable;
import io.garrick.query.vector.LeafProgram;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.TableScan;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalTableScan;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.util.ImmutableBitSet;

/**
 * Replaces the leaves of a plan, as large as our own operators can run them, by scans of streams. A
 * stream can be read once, so every leaf gets its own.
 */
final class LeafCutter extends RelHomogeneousShuttle {
    private final Map<String, LeafProgram> leaves = new LinkedHashMap<>();
    private final DuckSql.Operators operators;

    LeafCutter(DuckSql.Operators operators) {
        this.operators = operators;
    }

    /** The leaves by the names that the rewritten plan has for them. */
    Map<String, LeafProgram> leaves() {
        return leaves;
    }

    @Override
    public RelNode visit(RelNode node) {
        return switch (node) {
            case Aggregate aggregate -> cutAggregate(aggregate);
            case Project project when isOverTable(project.getInput()) -> cutProject(project);
            case Filter filter when filter.getInput() instanceof TableScan scan ->
                    cut(
                            scan,
                            ImmutableBitSet.range(scan.getRowType().getFieldCount()),
                            RelOptUtil.conjunctions(filter.getCondition()),
                            filter);
            case TableScan scan -> cut(scan);
            default -> super.visit(node);
        };
    }

    private static boolean isOverTable(RelNode input) {
        return input instanceof TableScan
                || (input instanceof Filter filter && filter.getInput() instanceof TableScan);
    }

    private RelNode cutAggregate(Aggregate aggregate) {
        Optional<LeafProgram> program =
                operators == DuckSql.Operators.ALL
                        ? LeafProgram.aggregate(aggregate)
                        : Optional.empty();
        return program.isPresent()
                ? leaf(aggregate, program.get(), aggregate.getRowType())
                : super.visit(aggregate);
    }

    private RelNode cut(TableScan scan) {
        RelDataType row = scan.getRowType();
        ImmutableBitSet all = ImmutableBitSet.range(row.getFieldCount());
        return leaf(scan, LeafProgram.scan(table(scan), row, all), row);
    }

    private RelNode cutProject(Project project) {
        RelNode input = project.getInput();
        TableScan scan = (TableScan) (input instanceof Filter filter ? filter.getInput() : input);
        List<RexNode> conditions =
                input instanceof Filter filter
                        ? RelOptUtil.conjunctions(filter.getCondition())
                        : List.of();
        ImmutableBitSet columns = RelOptUtil.InputFinder.bits(project.getProjects(), null);
        return cut(scan, columns, conditions, project);
    }

    /** The narrow, filtered scan, then what is left of {@code top}, a filter or a projection. */
    private RelNode cut(
            TableScan scan, ImmutableBitSet columns, List<RexNode> conditions, RelNode top) {
        RelDataType row = scan.getRowType();
        RexBuilder rexBuilder = scan.getCluster().getRexBuilder();
        LeafProgram.Filtered filtered =
                operators == DuckSql.Operators.SCAN_ONLY
                        ? LeafProgram.unfiltered(table(scan), row, columns, conditions)
                        : LeafProgram.filter(table(scan), row, columns, conditions, rexBuilder);
        ImmutableBitSet out = filtered.columns();
        RelDataTypeFactory.Builder narrow = scan.getCluster().getTypeFactory().builder();
        out.forEach(column -> narrow.add(row.getFieldList().get(column)));
        RelNode rel = leaf(scan, filtered.program(), narrow.build());
        Renumber renumber = new Renumber(out, rel.getRowType());
        if (!filtered.unchecked().isEmpty()) {
            RexNode condition =
                    RexUtil.composeConjunction(
                            rexBuilder, renumber.visitList(filtered.unchecked()));
            rel = LogicalFilter.create(rel, condition);
        }
        if (!(top instanceof Project project)) {
            return rel;
        }
        List<RexNode> projects = renumber.visitList(project.getProjects());
        return RexUtil.isIdentity(projects, rel.getRowType())
                ? rel
                : LogicalProject.create(
                        rel,
                        project.getHints(),
                        projects,
                        project.getRowType(),
                        project.getVariablesSet());
    }

    private static ReplicaTable table(TableScan scan) {
        ReplicaTable table = scan.getTable().unwrap(ReplicaTable.class);
        if (table == null) {
            throw new QueryException(
                    Kind.UNSUPPORTED, "not supported: recursive common table expressions");
        }
        return table;
    }

    private RelNode leaf(RelNode replaced, LeafProgram program, RelDataType row) {
        String name = "s" + leaves.size() + "_" + program.scan().table().name();
        leaves.put(name, program);
        return LogicalTableScan.create(
                replaced.getCluster(), new StreamTable(null, name, row), List.of());
    }

    /** Column references of the whole row become references of the narrow one. */
    private static final class Renumber extends RexShuttle {
        private final ImmutableBitSet columns;
        private final RelDataType row;

        Renumber(ImmutableBitSet columns, RelDataType row) {
            this.columns = columns;
            this.row = row;
        }

        @Override
        public RexNode visitInputRef(RexInputRef ref) {
            return RexInputRef.of(columns.indexOf(ref.getIndex()), row);
        }
    }
}
