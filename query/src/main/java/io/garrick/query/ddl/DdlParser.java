package io.garrick.query.ddl;

import com.alibaba.druid.DbType;
import com.alibaba.druid.sql.SQLUtils;
import com.alibaba.druid.sql.ast.SQLExpr;
import com.alibaba.druid.sql.ast.SQLName;
import com.alibaba.druid.sql.ast.SQLStatement;
import com.alibaba.druid.sql.ast.expr.SQLPropertyExpr;
import com.alibaba.druid.sql.ast.statement.SQLAlterTableStatement;
import com.alibaba.druid.sql.ast.statement.SQLCreateDatabaseStatement;
import com.alibaba.druid.sql.ast.statement.SQLDropDatabaseStatement;
import com.alibaba.druid.sql.ast.statement.SQLDropTableStatement;
import com.alibaba.druid.sql.ast.statement.SQLExprTableSource;
import com.alibaba.druid.sql.ast.statement.SQLTruncateStatement;
import com.alibaba.druid.sql.dialect.mysql.ast.statement.MySqlCreateTableStatement;
import com.alibaba.druid.sql.dialect.mysql.ast.statement.MySqlRenameTableStatement;
import com.alibaba.druid.sql.parser.ParserException;
import com.alibaba.druid.sql.parser.SQLParserUtils;
import io.garrick.codec.schema.FieldType;
import io.garrick.query.Catalog;
import io.garrick.query.QueryException;
import io.garrick.query.QueryException.Kind;
import io.garrick.query.ddl.ColumnTypes.Charsets;
import io.garrick.query.write.SchemaChange;
import io.garrick.query.write.TableName;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Turns the text of a schema change into a {@link SchemaChange}. */
public final class DdlParser {
    static final Charsets DEFAULT_CHARSETS = new Charsets("utf8mb4", FieldType.UTF8MB4_BIN);

    private static final Pattern PLACE = Pattern.compile("line (\\d+), column (\\d+)");
    private static final Pattern TOKEN = Pattern.compile("token (.*)$");

    private final DdlText text;
    private final Optional<String> database;

    private final Catalog catalog;

    private DdlParser(DdlText text, Optional<String> database, Catalog catalog) {
        this.text = text;
        this.database = database;
        this.catalog = catalog;
    }

    /**
     * Parses one statement.
     *
     * @param database for names without one
     * @param catalog tells the charsets that a new table or column inherits
     * @throws QueryException the text is wrong, or asks for what is not supported; with the
     *     position
     */
    public static SchemaChange parse(String sql, Optional<String> database, Catalog catalog) {
        DdlText text = DdlText.of(sql);
        DdlParser parser = new DdlParser(text, database, catalog);
        Optional<DdlText.ReplicaCount> replica = text.setReplica();
        if (replica.isPresent()) {
            List<String> name = replica.get().table();
            return new SchemaChange.SetReplica(
                    name.size() == 2
                            ? new TableName(name.getFirst(), name.getLast())
                            : new TableName(parser.database(), name.getFirst()),
                    replica.get().count());
        }
        try {
            return parser.change(parser.statement());
        } catch (ColumnTypes.Refused refused) {
            throw text.invalid(refused.getMessage());
        }
    }

    private SQLStatement statement() {
        List<SQLStatement> statements;
        try {
            statements =
                    SQLParserUtils.createSQLStatementParser(text.sql(), DbType.mysql)
                            .parseStatementList();
        } catch (ParserException | IllegalArgumentException | NullPointerException failure) {
            throw syntax(failure);
        }
        if (statements.size() != 1) {
            throw new QueryException(Kind.INVALID, "one statement at a time");
        }
        return statements.getFirst();
    }

    private static QueryException syntax(RuntimeException failure) {
        String message = String.valueOf(failure.getMessage());
        Matcher place = PLACE.matcher(message);
        String position =
                place.find() ? "line " + place.group(1) + ", column " + place.group(2) + ": " : "";
        Matcher token = TOKEN.matcher(message);
        String near =
                token.find()
                        ? " near " + token.group(1).replaceFirst("^(IDENTIFIER|LITERAL_\\w+) ", "")
                        : "";
        return new QueryException(Kind.INVALID, position + "syntax error" + near, failure);
    }

    private SchemaChange change(SQLStatement statement) {
        return switch (statement) {
            case SQLCreateDatabaseStatement create -> {
                Charsets chosen =
                        ColumnTypes.choose(
                                create.getCharacterSet(), create.getCollate(), DEFAULT_CHARSETS);
                yield new SchemaChange.CreateDatabase(
                        nameOf(create.getName()),
                        create.isIfNotExists(),
                        chosen.charset(),
                        chosen.collate());
            }
            case SQLDropDatabaseStatement drop ->
                    new SchemaChange.DropDatabase(
                            nameOf((SQLName) drop.getDatabase()), drop.isIfExists());
            case MySqlCreateTableStatement create -> {
                TableName name = table(create.getTableSource());
                yield new SchemaChange.CreateTable(
                        new TableDefinition(text, name, charsetsOf(name.database())).of(create),
                        create.isIfNotExists());
            }
            case SQLDropTableStatement drop ->
                    new SchemaChange.DropTables(
                            drop.getTableSources().stream().map(this::table).toList(),
                            drop.isIfExists());
            case SQLTruncateStatement truncate -> {
                if (truncate.getTableSources().size() != 1) {
                    throw unsupported("one table at a time");
                }
                yield new SchemaChange.TruncateTable(table(truncate.getTableSources().getFirst()));
            }
            case MySqlRenameTableStatement rename -> {
                if (rename.getItems().size() != 1) {
                    throw unsupported("one table at a time");
                }
                MySqlRenameTableStatement.Item item = rename.getItems().getFirst();
                yield new SchemaChange.RenameTable(table(item.getName()), table(item.getTo()));
            }
            case SQLAlterTableStatement alter -> {
                TableName name = table(alter.getTableSource());
                yield new SchemaChange.AlterTable(
                        name, new TableAlteration(text, alter, charsetsOf(name)).changes());
            }
            default ->
                    throw unsupported(
                            "statement "
                                    + statement
                                            .getClass()
                                            .getSimpleName()
                                            .replaceAll("^(SQL|MySql)|Statement$", "")
                                    + " is not supported");
        };
    }

    private static QueryException unsupported(String message) {
        return new QueryException(Kind.UNSUPPORTED, message);
    }

    private TableName table(SQLExprTableSource source) {
        return table(source.getExpr());
    }

    private TableName table(SQLExpr name) {
        if (name instanceof SQLPropertyExpr qualified) {
            return new TableName(SQLUtils.normalize(qualified.getOwnerName()), nameOf(qualified));
        }
        if (name instanceof SQLName simple) {
            return new TableName(database(), nameOf(simple));
        }
        throw unsupported("'" + name + "' is no table");
    }

    private Charsets charsetsOf(String databaseName) {
        return catalog.database(databaseName)
                .map(found -> new Charsets(found.charset(), found.collate()))
                .orElse(DEFAULT_CHARSETS);
    }

    private Charsets charsetsOf(TableName name) {
        return catalog.table(name.database(), name.table())
                .map(found -> new Charsets(found.charset(), found.collate()))
                .orElse(DEFAULT_CHARSETS);
    }

    private String database() {
        return database.orElseThrow(() -> new QueryException(Kind.INVALID, "No database selected"));
    }

    static String nameOf(SQLName name) {
        String simple = SQLUtils.normalize(name.getSimpleName());
        if (simple.isEmpty() || simple.length() > 64) {
            throw new ColumnTypes.Refused("Incorrect identifier name '" + simple + "'");
        }
        return simple;
    }
}
