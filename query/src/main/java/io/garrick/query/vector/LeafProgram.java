package io.garrick.query.vector;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.mergetree.Morsel;
import io.garrick.query.scan.Scan;
import io.garrick.query.sql.ReplicaTable;
import io.garrick.query.sql.SqlTypes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.TableScan;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.util.ImmutableBitSet;
import org.jspecify.annotations.Nullable;

/**
 * A compiled leaf of a plan: one table's scan, a filter, and perhaps an aggregate.
 *
 * @param filters all must hold
 * @param outputs positions, among the scan's columns, of the columns that come out; without meaning
 *     if there is an aggregate
 * @param schema of the batches
 */
public record LeafProgram(
        Scan scan,
        Filters filters,
        List<Integer> outputs,
        Optional<Aggregation> aggregation,
        Schema schema) {
    /** Compiled conditions and their text. */
    public record Filters(List<Condition> conditions) {
        public static final Filters NONE = new Filters(List.of());
    }

    /** One condition and its text. */
    public static final class Condition {
        private final Expr expr;
        private final String text;

        Condition(Expr expr, String text) {
            this.expr = expr;
            this.text = text;
        }

        Expr expr() {
            return expr;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /** A compiled aggregate and its text. */
    public static final class Aggregation {
        private final AggregateProgram program;
        private final String text;

        Aggregation(AggregateProgram program, String text) {
            this.program = program;
            this.text = text;
        }

        AggregateProgram program() {
            return program;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /**
     * What became of a scan with conditions.
     *
     * @param columns of the table that come out
     * @param unchecked conditions that are left to the caller
     */
    public record Filtered(LeafProgram program, ImmutableBitSet columns, List<RexNode> unchecked) {}

    /** Every row and the given columns. */
    public static LeafProgram scan(ReplicaTable table, RelDataType row, ImmutableBitSet columns) {
        Scan scan = Scan.of(table, row, columns.asList(), List.of());
        return new LeafProgram(
                scan, Filters.NONE, range(columns.cardinality()), Optional.empty(), scan.schema());
    }

    /**
     * Columns {@code outputs} of the rows for which as many of {@code conditions} hold as can be
     * checked here; columns of the unchecked conditions come out too.
     */
    public static Filtered filter(
            ReplicaTable table,
            RelDataType row,
            ImmutableBitSet outputs,
            List<RexNode> conditions,
            RexBuilder rexBuilder) {
        List<RexNode> unchecked = new ArrayList<>();
        List<RexNode> checked = new ArrayList<>();
        for (RexNode condition : conditions) {
            (isCheap(condition) && compiles(table, condition, rexBuilder) ? checked : unchecked)
                    .add(condition);
        }
        ImmutableBitSet out = outputs.union(RelOptUtil.InputFinder.bits(unchecked, null));
        if (out.isEmpty()) {
            // Some column must carry the row count.
            out = ImmutableBitSet.of(0);
        }
        ImmutableBitSet read = out.union(RelOptUtil.InputFinder.bits(checked, null));
        Scan scan = Scan.of(table, row, read.asList(), ZoneFilters.of(checked, table.columns()));
        List<Field> fields = new ArrayList<>();
        List<Integer> positions = new ArrayList<>();
        for (int column : out) {
            positions.add(read.indexOf(column));
            fields.add(scan.schema().getFields().get(read.indexOf(column)));
        }
        return new Filtered(
                new LeafProgram(
                        scan,
                        compile(scan.columns(), read, row, checked, rexBuilder),
                        positions,
                        Optional.empty(),
                        new Schema(fields)),
                out,
                unchecked);
    }

    /** Columns {@code outputs} and those of the conditions, none of which is checked. */
    public static Filtered unfiltered(
            ReplicaTable table,
            RelDataType row,
            ImmutableBitSet outputs,
            List<RexNode> conditions) {
        ImmutableBitSet out = outputs.union(RelOptUtil.InputFinder.bits(conditions, null));
        if (out.isEmpty()) {
            out = ImmutableBitSet.of(0);
        }
        return new Filtered(scan(table, row, out), out, conditions);
    }

    /** An aggregate over a projection of a filter of a scan; empty if it must run elsewhere. */
    public static Optional<LeafProgram> aggregate(Aggregate aggregate) {
        RelNode input = aggregate.getInput();
        @Nullable Project project = input instanceof Project found ? found : null;
        RelNode below = project == null ? input : project.getInput();
        @Nullable Filter filter = below instanceof Filter found ? found : null;
        RelNode bottom = filter == null ? below : filter.getInput();
        if (!(bottom instanceof TableScan scan)) {
            return Optional.empty();
        }
        ReplicaTable table = scan.getTable().unwrap(ReplicaTable.class);
        if (table == null) {
            return Optional.empty();
        }
        RexBuilder rexBuilder = aggregate.getCluster().getRexBuilder();
        RelDataType row = scan.getRowType();
        List<RexNode> inputs = new ArrayList<>();
        if (project != null) {
            inputs.addAll(project.getProjects());
        } else {
            for (int i = 0; i < row.getFieldCount(); i++) {
                inputs.add(RexInputRef.of(i, row));
            }
        }
        List<RexNode> conditions =
                filter == null ? List.of() : RelOptUtil.conjunctions(filter.getCondition());
        List<RexNode> used = new ArrayList<>(conditions);
        aggregate.getGroupSet().forEach(key -> used.add(inputs.get(key)));
        aggregate
                .getAggCallList()
                .forEach(call -> call.getArgList().forEach(arg -> used.add(inputs.get(arg))));
        ImmutableBitSet read = RelOptUtil.InputFinder.bits(used, null);
        Scan narrow =
                Scan.of(table, row, read.asList(), ZoneFilters.of(conditions, table.columns()));
        Renumber renumber = new Renumber(read, row);
        try {
            ExprCompiler compiler = new ExprCompiler(narrow.columns(), rexBuilder);
            List<RexNode> renumbered = new ArrayList<>();
            for (int i = 0; i < inputs.size(); i++) {
                boolean isUsed = read.contains(RelOptUtil.InputFinder.bits(inputs.get(i)));
                renumbered.add(isUsed ? inputs.get(i).accept(renumber) : inputs.get(i));
            }
            AggregateProgram program = AggregateProgram.compile(aggregate, renumbered, compiler);
            return Optional.of(
                    new LeafProgram(
                            narrow,
                            compile(narrow.columns(), read, row, conditions, rexBuilder),
                            List.of(),
                            Optional.of(
                                    new Aggregation(
                                            program,
                                            "groups="
                                                    + aggregate.getGroupCount()
                                                    + " functions="
                                                    + aggregate.getAggCallList())),
                            schema(aggregate.getRowType())));
        } catch (Unsupported _) {
            return Optional.empty();
        }
    }

    private static Schema schema(RelDataType row) {
        List<Field> fields = new ArrayList<>();
        for (RelDataTypeField field : row.getFieldList()) {
            fields.add(Field.nullable(field.getName(), SqlTypes.arrow(field.getType())));
        }
        return new Schema(fields);
    }

    private static boolean compiles(ReplicaTable table, RexNode condition, RexBuilder rexBuilder) {
        try {
            new ExprCompiler(table.columns(), rexBuilder).compile(condition);
            return true;
        } catch (Unsupported _) {
            return false;
        }
    }

    /** Arithmetic may overflow after rows have gone out, when it is too late to start again. */
    private static boolean isCheap(RexNode condition) {
        return !ArithmeticFinder.isIn(condition);
    }

    private static Filters compile(
            List<ColumnSchema> columns,
            ImmutableBitSet read,
            RelDataType row,
            List<RexNode> conditions,
            RexBuilder rexBuilder) {
        ExprCompiler compiler = new ExprCompiler(columns, rexBuilder);
        Renumber renumber = new Renumber(read, row);
        return new Filters(
                conditions.stream()
                        .map(condition ->
                                new Condition(
                                        compiler.compile(condition.accept(renumber)).expr(),
                                        condition.toString()))
                        .toList());
    }

    private static List<Integer> range(int count) {
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            numbers.add(i);
        }
        return numbers;
    }

    /** Starts the leaf. It borrows the allocator; {@code threads} may read at once. */
    public BatchSource open(
            List<Morsel> morsels,
            BufferAllocator allocator,
            int threads,
            BooleanSupplier cancelled) {
        return aggregation.isPresent()
                ? new AggregateSource(
                        this, aggregation.get().program(), morsels, allocator, threads, cancelled)
                : new FilterSource(this, morsels, allocator, cancelled);
    }

    /** One line for EXPLAIN. */
    public String describe() {
        String conditions = filters.conditions().isEmpty() ? "" : " filter=" + filters.conditions();
        return (aggregation.isPresent() ? "aggregate " + aggregation.get() + " over scan" : "scan")
                + " of "
                + scan.table().dbName()
                + "."
                + scan.table().name()
                + " columns="
                + scan.columns().stream().map(ColumnSchema::name).toList()
                + conditions
                + (scan.zones().isEmpty() ? "" : " zones=" + scan.zones().size());
    }

    /** Column references of the whole row become references of the columns that are read. */
    private static final class Renumber extends RexShuttle {
        private final ImmutableBitSet columns;
        private final RelDataType row;

        Renumber(ImmutableBitSet columns, RelDataType row) {
            this.columns = columns;
            this.row = row;
        }

        @Override
        public RexNode visitInputRef(RexInputRef ref) {
            return new RexInputRef(
                    columns.indexOf(ref.getIndex()),
                    row.getFieldList().get(ref.getIndex()).getType());
        }
    }
}
