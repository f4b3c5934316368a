package io.garrick.query.sql;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import io.garrick.query.Catalog;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.ToLongFunction;
import org.apache.arrow.flight.sql.FlightSqlColumnMetadata;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.calcite.avatica.util.Casing;
import org.apache.calcite.config.CalciteConnectionConfigImpl;
import org.apache.calcite.config.CalciteConnectionProperty;
import org.apache.calcite.config.Lex;
import org.apache.calcite.config.NullCollation;
import org.apache.calcite.jdbc.CalciteSchema;
import org.apache.calcite.jdbc.JavaTypeFactoryImpl;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.hep.HepPlanner;
import org.apache.calcite.plan.hep.HepProgram;
import org.apache.calcite.prepare.CalciteCatalogReader;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelRoot;
import org.apache.calcite.rel.metadata.RelColumnOrigin;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.schema.Table;
import org.apache.calcite.schema.impl.AbstractSchema;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperatorTable;
import org.apache.calcite.sql.fun.SqlLibrary;
import org.apache.calcite.sql.fun.SqlLibraryOperatorTableFactory;
import org.apache.calcite.sql.parser.SqlParseException;
import org.apache.calcite.sql.parser.SqlParser;
import org.apache.calcite.sql.parser.babel.SqlBabelParserImpl;
import org.apache.calcite.sql.util.SqlOperatorTables;
import org.apache.calcite.sql.validate.SqlConformance;
import org.apache.calcite.sql.validate.SqlConformanceEnum;
import org.apache.calcite.sql.validate.SqlDelegatingConformance;
import org.apache.calcite.sql.validate.SqlValidator;
import org.apache.calcite.sql.validate.SqlValidatorImpl;
import org.apache.calcite.sql2rel.SqlToRelConverter;
import org.apache.calcite.sql2rel.StandardConvertletTable;
import org.jspecify.annotations.Nullable;

/** Parses, validates and optimizes queries against one catalog. Any thread may use it. */
public final class SqlPlanner {
    private static final ArrowType INSTANT = new ArrowType.Timestamp(TimeUnit.MICROSECOND, "UTC");

    /**
     * As lenient as Calcite is, but for GROUP BY, where TiDB is strict too (ONLY_FULL_GROUP_BY).
     * The lenient rule takes any value of a selected key, even in the totals of ROLLUP.
     */
    private static final SqlConformance CONFORMANCE =
            new SqlDelegatingConformance(SqlConformanceEnum.BABEL) {
                @Override
                public boolean isNonStrictGroupBy() {
                    return false;
                }
            };

    private static final SqlParser.Config PARSER =
            SqlParser.config()
                    .withParserFactory(SqlBabelParserImpl.FACTORY)
                    .withLex(Lex.MYSQL)
                    .withUnquotedCasing(Casing.UNCHANGED)
                    .withQuotedCasing(Casing.UNCHANGED)
                    .withCaseSensitive(false)
                    .withConformance(CONFORMANCE);

    private static final SqlOperatorTable OPERATORS =
            SqlOperatorTables.chain(
                    MySqlFunction.TABLE,
                    SqlLibraryOperatorTableFactory.INSTANCE.getOperatorTable(
                            SqlLibrary.STANDARD, SqlLibrary.MYSQL));

    private final Catalog catalog;
    private final ToLongFunction<TableSchema> rowCount;
    private final Map<String, DatabaseSchema> databases = new HashMap<>();
    private final CalciteSchema root;

    /** Text is Unicode throughout. */
    private static final class TypeFactory extends JavaTypeFactoryImpl {
        TypeFactory() {
            super(MySqlTypeSystem.INSTANCE);
        }

        @Override
        public Charset getDefaultCharset() {
            return StandardCharsets.UTF_8;
        }
    }

    /** Row ids are there for who names them, not for {@code *}. */
    private static final class Validator extends SqlValidatorImpl {
        Validator(
                SqlOperatorTable operators,
                CalciteCatalogReader reader,
                TypeFactory types,
                SqlValidator.Config config) {
            super(operators, reader, types, config);
        }

        @Override
        public boolean isSystemField(RelDataTypeField field) {
            return field.getName().equalsIgnoreCase(ColumnSchema.ROW_ID_COLUMN.name());
        }
    }

    /** One database's tables. */
    private static final class DatabaseSchema extends AbstractSchema {
        private final Map<String, Table> tables = new HashMap<>();

        @Override
        protected Map<String, Table> getTableMap() {
            return tables;
        }
    }

    public SqlPlanner(Catalog catalog, ToLongFunction<TableSchema> rowCount) {
        this.catalog = catalog;
        this.rowCount = rowCount;
        root = CalciteSchema.createRootSchema(false, false);
        for (Catalog.Database database : catalog.databases()) {
            DatabaseSchema schema = new DatabaseSchema();
            for (TableSchema table : database.tables()) {
                schema.tables.put(table.name(), new ReplicaTable(table, rowCount));
            }
            root.add(database.name(), schema);
            databases.put(database.name(), schema);
        }
    }

    /** The same tables, of which one also shows its hidden row ids. */
    private CalciteSchema showingRowIds(TableSchema target) {
        CalciteSchema shown = CalciteSchema.createRootSchema(false, false);
        databases.forEach((name, tables) -> {
            DatabaseSchema schema = tables;
            if (name.equalsIgnoreCase(target.dbName())) {
                schema = new DatabaseSchema();
                schema.tables.putAll(tables.tables);
                schema.tables.put(target.name(), ReplicaTable.withRowIds(target, rowCount));
            }
            shown.add(name, schema);
        });
        return shown;
    }

    /**
     * Plans a query.
     *
     * @param parameters SQL literals for {@code ?}; if there are none, the plan only tells types
     */
    public Plan plan(String sql, Optional<String> database, List<String> parameters) {
        SqlNode parsed = MySqlRewrite.tree(parse(MySqlRewrite.words(sql)), database);
        if (!parameters.isEmpty()) {
            parsed = Parameters.bind(parsed, parameters.stream().map(SqlPlanner::literal).toList());
        }
        return plan(parsed, database, root);
    }

    /**
     * Resolves an INSERT, an UPDATE or a DELETE.
     *
     * @param parameters SQL literals for each {@code ?}
     */
    public WritePlan planWrite(String sql, Optional<String> database, List<String> parameters) {
        List<SqlNode> values = parameters.stream().map(SqlPlanner::literal).toList();
        WritePlanner.Queries queries =
                new WriteQueries(database) {
                    @Override
                    public SqlNode prepare(SqlNode expression) {
                        return Parameters.bind(MySqlRewrite.tree(expression, database), values);
                    }
                };
        return new WritePlanner(catalog, database, queries).plan(parseWrite(sql));
    }

    /** The types of {@code ?} in an INSERT, an UPDATE or a DELETE. */
    public Schema writeParameters(String sql, Optional<String> database) {
        WritePlanner.Queries queries =
                new WriteQueries(database) {
                    @Override
                    public SqlNode prepare(SqlNode expression) {
                        return MySqlRewrite.tree(expression, database);
                    }
                };
        WritePlanner planner = new WritePlanner(catalog, database, queries);
        planner.plan(parseWrite(sql));
        return planner.parameters();
    }

    private static SqlNode parseWrite(String sql) {
        try {
            return SqlParser.create(MySqlRewrite.words(sql), PARSER).parseStmt();
        } catch (SqlParseException failure) {
            throw SqlErrors.syntax(failure);
        }
    }

    /** What a statement that writes asks of queries. */
    private abstract class WriteQueries implements WritePlanner.Queries {
        private final Optional<String> database;

        WriteQueries(Optional<String> database) {
            this.database = database;
        }

        @Override
        public Plan plan(SqlNode query, Optional<TableSchema> target) {
            CalciteSchema tables =
                    target.filter(TableSchema::hasHiddenHandle)
                            .map(SqlPlanner.this::showingRowIds)
                            .orElse(root);
            return SqlPlanner.plan(query, database, tables);
        }
    }

    private static Plan plan(SqlNode parsed, Optional<String> database, CalciteSchema tables) {
        TypeFactory types = new TypeFactory();
        CalciteCatalogReader reader = reader(tables, database, types);
        SqlValidator validator =
                new Validator(
                        OPERATORS,
                        reader,
                        types,
                        SqlValidator.Config.DEFAULT
                                .withConformance(CONFORMANCE)
                                .withDefaultNullCollation(NullCollation.LOW)
                                .withIdentifierExpansion(true)
                                .withCallRewrite(false)
                                .withTypeCoercionEnabled(true));
        try {
            SqlNode valid = validator.validate(parsed);
            RelDataType parameterTypes = validator.getParameterRowType(valid);
            RelOptCluster cluster =
                    RelOptCluster.create(
                            new HepPlanner(HepProgram.builder().build()), new RexBuilder(types));
            cluster.getPlanner().setExecutor(RexUtil.EXECUTOR);
            SqlToRelConverter converter =
                    new SqlToRelConverter(
                            (_, _, _, _) -> {
                                throw new UnsupportedOperationException("views");
                            },
                            validator,
                            reader,
                            cluster,
                            StandardConvertletTable.INSTANCE,
                            SqlToRelConverter.config()
                                    .withExpand(false)
                                    .withInSubQueryThreshold(Integer.MAX_VALUE)
                                    .withTrimUnusedFields(true));
            RelRoot converted = converter.convertQuery(valid, false, true);
            RelNode rel = Optimizer.optimize(converted.project(), reader);
            return new Plan(rel, schema(converted, rel), schema(parameterTypes));
        } catch (RuntimeException | AssertionError failure) {
            throw SqlErrors.invalid(failure);
        }
    }

    private static SqlNode parse(String sql) {
        try {
            return SqlParser.create(sql, PARSER).parseQuery();
        } catch (SqlParseException failure) {
            throw SqlErrors.syntax(failure);
        }
    }

    private static SqlNode literal(String text) {
        try {
            return SqlParser.create(text, PARSER).parseExpression();
        } catch (SqlParseException failure) {
            throw SqlErrors.syntax(failure);
        }
    }

    /** The columns of a table, as a query that selects them all has them. */
    public static Schema schemaOf(TableSchema table) {
        return new Schema(
                table.publicColumns().stream().map(column -> fieldOf(table, column)).toList());
    }

    static Field fieldOf(TableSchema table, ColumnSchema column) {
        RelDataType type = SqlTypes.of(column, new TypeFactory());
        ArrowType arrow =
                column.type().tp() == FieldType.TIMESTAMP ? INSTANT : SqlTypes.arrow(type);
        Map<String, String> metadata =
                new FlightSqlColumnMetadata.Builder()
                        .schemaName(table.dbName())
                        .tableName(table.name())
                        .typeName(type.getSqlTypeName().getName())
                        .isAutoIncrement(column.type().hasFlag(FieldType.AUTO_INCREMENT_FLAG))
                        .isReadOnly(true)
                        .isSearchable(true)
                        .remarks(column.comment())
                        .build()
                        .getMetadataMap();
        return new Field(
                column.name(),
                new org.apache.arrow.vector.types.pojo.FieldType(
                        type.isNullable(), arrow, null, metadata),
                null);
    }

    private static CalciteCatalogReader reader(
            CalciteSchema root, Optional<String> database, TypeFactory types) {
        Properties settings = new Properties();
        settings.setProperty(CalciteConnectionProperty.CASE_SENSITIVE.camelName(), "false");
        return new CalciteCatalogReader(
                root,
                database.map(List::of).orElse(List.of()),
                types,
                new CalciteConnectionConfigImpl(settings));
    }

    private static Schema schema(RelRoot root, RelNode rel) {
        List<Field> fields = new ArrayList<>();
        for (int i = 0; i < root.fields.size(); i++) {
            RelDataType type = rel.getRowType().getFieldList().get(i).getType();
            fields.add(field(root.fields.get(i).getValue(), type, origin(rel, i)));
        }
        return new Schema(fields);
    }

    private static Schema schema(RelDataType row) {
        List<Field> fields = new ArrayList<>();
        for (RelDataTypeField field : row.getFieldList()) {
            fields.add(field(field.getName(), field.getType(), null));
        }
        return new Schema(fields);
    }

    /** A TIMESTAMP column that comes out as it is stored is an instant, not a wall clock. */
    private static Field field(String name, RelDataType type, @Nullable RelColumnOrigin origin) {
        ArrowType arrow = SqlTypes.arrow(type);
        ReplicaTable table =
                origin == null || origin.isDerived()
                        ? null
                        : origin.getOriginTable().unwrap(ReplicaTable.class);
        if (origin != null
                && table != null
                && table.columns().get(origin.getOriginColumnOrdinal()).type().tp()
                        == FieldType.TIMESTAMP) {
            arrow = INSTANT;
        }
        return Field.nullable(name, arrow);
    }

    private static @Nullable RelColumnOrigin origin(RelNode rel, int column) {
        return rel.getCluster().getMetadataQuery().getColumnOrigin(rel, column);
    }
}
