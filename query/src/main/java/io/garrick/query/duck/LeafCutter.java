package io.garrick.query.duck;

import io.garrick.query.QueryException;
import io.garrick.query.QueryException.Kind;
import io.garrick.query.scan.Scan;
import io.garrick.query.sql.ReplicaTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.TableScan;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalTableScan;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.util.ImmutableBitSet;
import org.jspecify.annotations.Nullable;

/**
 * Replaces each table scan of a plan by a scan of a stream that carries only the columns that the
 * plan uses. A stream can be read once, so every scan gets its own.
 */
final class LeafCutter extends RelHomogeneousShuttle {
    private final Map<String, Scan> scans = new LinkedHashMap<>();

    /** The scans by the names that the rewritten plan has for them. */
    Map<String, Scan> scans() {
        return scans;
    }

    @Override
    public RelNode visit(RelNode node) {
        if (node instanceof Project project) {
            @Nullable RelNode cut = cutProject(project);
            if (cut != null) {
                return cut;
            }
        }
        if (node instanceof TableScan scan) {
            return leaf(scan, ImmutableBitSet.range(scan.getRowType().getFieldCount()));
        }
        return super.visit(node);
    }

    private @Nullable RelNode cutProject(Project project) {
        RelNode input = project.getInput();
        @Nullable Filter filter = input instanceof Filter found ? found : null;
        if (!((filter == null ? input : filter.getInput()) instanceof TableScan scan)) {
            return null;
        }
        List<RexNode> used = new ArrayList<>(project.getProjects());
        if (filter != null) {
            used.add(filter.getCondition());
        }
        ImmutableBitSet columns = RelOptUtil.InputFinder.bits(used, null);
        if (columns.isEmpty()) {
            // Some column must carry the row count.
            columns = ImmutableBitSet.of(0);
        }
        RelNode leaf = leaf(scan, columns);
        Renumber renumber = new Renumber(columns, leaf.getRowType());
        RelNode rel = leaf;
        if (filter != null) {
            rel = LogicalFilter.create(leaf, filter.getCondition().accept(renumber));
        }
        return LogicalProject.create(
                rel,
                project.getHints(),
                renumber.visitList(project.getProjects()),
                project.getRowType(),
                project.getVariablesSet());
    }

    private RelNode leaf(TableScan scan, ImmutableBitSet columns) {
        ReplicaTable table = scan.getTable().unwrap(ReplicaTable.class);
        if (table == null) {
            throw new QueryException(
                    Kind.UNSUPPORTED, "not supported: recursive common table expressions");
        }
        RelDataType row = scan.getRowType();
        RelDataTypeFactory.Builder narrow = scan.getCluster().getTypeFactory().builder();
        for (int column : columns) {
            narrow.add(row.getFieldList().get(column));
        }
        String name = "s" + scans.size() + "_" + table.schema().name();
        scans.put(name, Scan.of(table, row, columns.asList(), List.of()));
        RelOptTable stream =
                new StreamTable(scan.getTable().getRelOptSchema(), name, narrow.build());
        return LogicalTableScan.create(scan.getCluster(), stream, List.of());
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
