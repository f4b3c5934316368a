package io.garrick.query.sql;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.TableSchema;
import io.garrick.query.Catalog;
import io.garrick.query.QueryException;
import io.garrick.query.QueryException.Kind;
import io.garrick.query.sql.WritePlan.Assignment;
import io.garrick.query.sql.WritePlan.Cell;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.calcite.sql.SqlBasicCall;
import org.apache.calcite.sql.SqlDelete;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlInsert;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlUpdate;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.jspecify.annotations.Nullable;

/**
 * Resolves INSERT, UPDATE and DELETE. Which rows change, and what they become, is asked by a query
 * over the same table, so expressions mean what they mean in SELECT. Constants skip the query: they
 * keep every digit.
 */
final class WritePlanner {
    private final Catalog catalog;
    private final Optional<String> database;
    private final Queries queries;
    private final SortedMap<Integer, Field> parameters = new TreeMap<>();

    /** Plans a query; with a target, that table also shows its row ids. */
    interface Queries {
        Plan plan(SqlNode query, Optional<TableSchema> target);

        /** MySQL's words replaced; parameters bound, unless only their types are asked for. */
        SqlNode prepare(SqlNode expression);
    }

    WritePlanner(Catalog catalog, Optional<String> database, Queries queries) {
        this.catalog = catalog;
        this.database = database;
        this.queries = queries;
    }

    WritePlan plan(SqlNode statement) {
        return switch (statement) {
            case SqlInsert insert -> insert(insert);
            case SqlUpdate update -> update(update);
            case SqlDelete delete -> delete(delete);
            default ->
                    throw new QueryException(
                            Kind.UNSUPPORTED,
                            position(statement) + "this statement cannot be run here");
        };
    }

    /** The types of the {@code ?} that were not bound. */
    Schema parameters() {
        return new Schema(parameters.values());
    }

    private Plan ask(SqlNode query, Optional<TableSchema> target) {
        Plan plan = queries.plan(query, target);
        List<Field> types = plan.parameters().getFields();
        if (!types.isEmpty()) {
            List<Integer> marks = marks(query);
            for (int i = 0; i < types.size(); i++) {
                parameters.put(marks.get(i), types.get(i));
            }
        }
        return plan;
    }

    /** Indexes of the parameters, in order. */
    private static List<Integer> marks(SqlNode query) {
        SortedSet<Integer> found = new TreeSet<>();
        query.accept(
                new SqlBasicVisitor<@Nullable Void>() {
                    @Override
                    public @Nullable Void visit(SqlDynamicParam mark) {
                        found.add(mark.getIndex());
                        return null;
                    }
                });
        return List.copyOf(found);
    }

    // ---- INSERT

    private WritePlan insert(SqlInsert insert) {
        if (insert.isUpsert()) {
            throw new QueryException(
                    Kind.UNSUPPORTED, position(insert) + "UPSERT is not supported, use INSERT");
        }
        TableSchema table = table(insert.getTargetTable());
        List<Integer> offsets = offsets(table, insert.getTargetColumnList());
        SqlNode source = insert.getSource();
        if (source.getKind() != SqlKind.VALUES) {
            Plan query = ask(queries.prepare(source), Optional.empty());
            if (query.schema().getFields().size() != offsets.size()) {
                throw countMismatch(source, 1);
            }
            return new WritePlan.InsertSelect(table, offsets, query, position(source));
        }
        Computations computations = new Computations();
        List<List<Cell>> rows = new ArrayList<>();
        for (SqlNode row : ((SqlBasicCall) source).getOperandList()) {
            List<SqlNode> cells =
                    row.getKind() == SqlKind.ROW
                            ? ((SqlBasicCall) row).getOperandList()
                            : List.of(row);
            if (cells.size() != offsets.size()) {
                throw countMismatch(row, rows.size() + 1);
            }
            List<Cell> made = new ArrayList<>();
            for (int i = 0; i < cells.size(); i++) {
                made.add(cell(table, offsets.get(i), cells.get(i), computations));
            }
            rows.add(List.copyOf(made));
        }
        Optional<Plan> computed =
                computations.isEmpty()
                        ? Optional.empty()
                        : Optional.of(
                                ask(
                                        select(source, computations.selected, null, null),
                                        Optional.empty()));
        return new WritePlan.Insert(table, offsets, rows, computed);
    }

    private static QueryException countMismatch(SqlNode at, int row) {
        return new QueryException(
                Kind.INVALID,
                position(at) + "Column count doesn't match value count at row " + row);
    }

    private List<Integer> offsets(TableSchema table, @Nullable SqlNodeList names) {
        List<Integer> offsets = new ArrayList<>();
        if (names == null || names.isEmpty()) {
            table.publicColumns().forEach(column -> offsets.add(column.offset()));
            return offsets;
        }
        Set<Integer> seen = new HashSet<>();
        for (SqlNode name : names) {
            int offset = offset(table, (SqlIdentifier) name);
            if (!seen.add(offset)) {
                throw new QueryException(
                        Kind.INVALID,
                        position(name) + "Column '" + lastOf(name) + "' specified twice");
            }
            offsets.add(offset);
        }
        return offsets;
    }

    // ---- UPDATE and DELETE

    private WritePlan update(SqlUpdate update) {
        TableSchema table = table(update.getTargetTable());
        Computations computations = new Computations();
        List<SqlNode> keys = keys(table, update.getAlias(), update.getTargetTable());
        keys.forEach(computations::add);
        List<Assignment> assignments = new ArrayList<>();
        Set<Integer> seen = new HashSet<>();
        for (int i = 0; i < update.getTargetColumnList().size(); i++) {
            SqlIdentifier name = (SqlIdentifier) update.getTargetColumnList().get(i);
            int offset = offset(table, name);
            if (!seen.add(offset)) {
                throw new QueryException(
                        Kind.UNSUPPORTED,
                        position(name) + "Column '" + lastOf(name) + "' is assigned twice");
            }
            assignments.add(
                    new Assignment(
                            offset,
                            cell(
                                    table,
                                    offset,
                                    update.getSourceExpressionList().get(i),
                                    computations)));
        }
        return new WritePlan.Update(
                table,
                List.copyOf(assignments),
                find(
                        table,
                        update,
                        update.getTargetTable(),
                        update.getAlias(),
                        update.getCondition(),
                        computations.selected));
    }

    private WritePlan delete(SqlDelete delete) {
        TableSchema table = table(delete.getTargetTable());
        return new WritePlan.Delete(
                table,
                find(
                        table,
                        delete,
                        delete.getTargetTable(),
                        delete.getAlias(),
                        delete.getCondition(),
                        keys(table, delete.getAlias(), delete.getTargetTable())));
    }

    private Plan find(
            TableSchema table,
            SqlNode statement,
            SqlNode target,
            @Nullable SqlIdentifier alias,
            @Nullable SqlNode condition,
            List<SqlNode> selected) {
        SqlNode from =
                alias == null
                        ? target
                        : SqlStdOperatorTable.AS.createCall(
                                target.getParserPosition(), target, alias);
        SqlNode where = condition == null ? null : queries.prepare(condition);
        return ask(select(statement, selected, from, where), Optional.of(table));
    }

    /** The columns that name a row: its clustered key, or its row id. */
    private static List<SqlNode> keys(
            TableSchema table, @Nullable SqlIdentifier alias, SqlNode target) {
        SqlParserPos at = target.getParserPosition();
        String qualifier = alias == null ? lastOf(target) : alias.getSimple();
        List<String> names =
                table.isCommonHandle()
                        ? table.commonHandleColumns().stream()
                                .map(part -> part.column().name())
                                .toList()
                        : List.of(table.handleColumn().orElse(ColumnSchema.ROW_ID_COLUMN).name());
        return names.stream()
                .<SqlNode>map(name -> new SqlIdentifier(List.of(qualifier, name), at))
                .toList();
    }

    private static SqlSelect select(
            SqlNode at, List<SqlNode> selected, @Nullable SqlNode from, @Nullable SqlNode where) {
        SqlParserPos position = at.getParserPosition();
        List<SqlNode> named = new ArrayList<>();
        for (SqlNode expression : selected) {
            SqlParserPos own = expression.getParserPosition();
            named.add(
                    SqlStdOperatorTable.AS.createCall(
                            own, expression, new SqlIdentifier("w" + named.size(), own)));
        }
        return new SqlSelect(
                position,
                null,
                new SqlNodeList(named, position),
                from,
                where,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
    }

    // ---- cells

    /** The expressions that a query computes. */
    private static final class Computations {
        private final List<SqlNode> selected = new ArrayList<>();

        int add(SqlNode expression) {
            selected.add(expression);
            return selected.size() - 1;
        }

        boolean isEmpty() {
            return selected.isEmpty();
        }
    }

    private Cell cell(
            TableSchema table, int offset, SqlNode expression, Computations computations) {
        String at = position(expression);
        if (expression.getKind() == SqlKind.DEFAULT) {
            return new WritePlan.Default(at);
        }
        SqlNode prepared = queries.prepare(expression);
        if (prepared instanceof SqlDynamicParam mark) {
            ColumnSchema column = table.columns().get(offset);
            parameters.put(mark.getIndex(), SqlPlanner.fieldOf(table, column));
            return new WritePlan.Constant(null, at);
        }
        Optional<Constants.Value> constant = Constants.of(prepared);
        return constant.<Cell>map(value -> new WritePlan.Constant(value.value(), at))
                .orElseGet(() -> new WritePlan.Computed(computations.add(prepared), at));
    }

    // ---- names

    private TableSchema table(SqlNode target) {
        if (!(target instanceof SqlIdentifier name) || name.names.size() > 2) {
            throw new QueryException(
                    Kind.UNSUPPORTED, position(target) + "only a table can be written");
        }
        String own = name.names.getLast();
        String in =
                name.names.size() == 2
                        ? name.names.getFirst()
                        : database.orElseThrow(
                                () -> new QueryException(Kind.INVALID, "No database selected"));
        TableSchema table =
                catalog.table(in, own)
                        .orElseThrow(() ->
                                new QueryException(
                                        Kind.INVALID,
                                        position(target)
                                                + "Table '"
                                                + in
                                                + "."
                                                + own
                                                + "' doesn't exist"));
        if (table.isPartitioned()) {
            throw new QueryException(
                    Kind.UNSUPPORTED, position(target) + "partitioned tables cannot be written");
        }
        if (table.columns().stream().anyMatch(ColumnSchema::isGenerated)) {
            throw new QueryException(
                    Kind.UNSUPPORTED,
                    position(target) + "tables with generated columns cannot be written");
        }
        return table;
    }

    private static int offset(TableSchema table, SqlIdentifier name) {
        String wanted = name.names.getLast();
        return table.publicColumns().stream()
                .filter(column -> column.name().equalsIgnoreCase(wanted))
                .findFirst()
                .orElseThrow(() ->
                        new QueryException(
                                Kind.INVALID,
                                position(name) + "Unknown column '" + wanted + "' in 'field list'"))
                .offset();
    }

    private static String lastOf(SqlNode identifier) {
        return ((SqlIdentifier) identifier).names.getLast();
    }

    static String position(SqlNode node) {
        SqlParserPos at = node.getParserPosition();
        return at.getLineNum() <= 0
                ? ""
                : "line " + at.getLineNum() + ", column " + at.getColumnNum() + ": ";
    }
}
