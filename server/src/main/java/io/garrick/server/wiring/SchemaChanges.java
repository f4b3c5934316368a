package io.garrick.server.wiring;

import io.garrick.codec.schema.TableSchema;
import io.garrick.flashkv.writer.SchemaRefusedException;
import io.garrick.flashkv.writer.SchemaWriter;
import io.garrick.flashkv.writer.TableEdit;
import io.garrick.query.QueryException;
import io.garrick.query.QueryException.Kind;
import io.garrick.query.write.ColumnChange;
import io.garrick.query.write.SchemaChange;
import io.garrick.query.write.TableName;
import java.util.Optional;
import java.util.function.LongConsumer;

/** Schema changes in the words of the query module, told to FlashKV's writer. */
final class SchemaChanges {
    /** Every new table has a columnar replica: without one, no query would see its rows. */
    private static final int REPLICAS = 1;

    private final SchemaWriter schemas;
    private final LongConsumer split;

    /**
     * @param split begins a region with the keys of this physical table, as TiDB does for new ones
     */
    SchemaChanges(SchemaWriter schemas, LongConsumer split) {
        this.schemas = schemas;
        this.split = split;
    }

    void apply(SchemaChange change) {
        try {
            switch (change) {
                case SchemaChange.CreateDatabase create -> create(create);
                case SchemaChange.DropDatabase drop -> drop(drop);
                case SchemaChange.CreateTable create -> create(create);
                case SchemaChange.DropTables drop -> drop(drop);
                case SchemaChange.TruncateTable(TableName name) ->
                        splitAt(schemas.truncateTable(table(name)));
                case SchemaChange.RenameTable(TableName from, TableName to) ->
                        schemas.renameTable(table(from), to.database(), to.table());
                case SchemaChange.AlterTable(TableName name, var columns) ->
                        schemas.alterTable(
                                table(name), columns.stream().map(SchemaChanges::edit).toList());
                case SchemaChange.SetReplica(TableName name, int count) ->
                        schemas.setReplica(table(name), count);
            }
        } catch (SchemaRefusedException refused) {
            throw refusal(String.valueOf(refused.getMessage()));
        }
    }

    private static QueryException refusal(String message) {
        return new QueryException(Kind.INVALID, message);
    }

    private void create(SchemaChange.CreateDatabase create) {
        if (create.ifNotExists() && schemas.database(create.name()).isPresent()) {
            return;
        }
        schemas.createDatabase(create.name(), create.charset(), create.collate());
    }

    private void drop(SchemaChange.DropDatabase drop) {
        if (schemas.database(drop.name()).isPresent()) {
            schemas.dropDatabase(drop.name());
        } else if (!drop.ifExists()) {
            throw refusal("Can't drop database '" + drop.name() + "'; database doesn't exist");
        }
    }

    private void create(SchemaChange.CreateTable create) {
        TableSchema definition = create.definition();
        if (create.ifNotExists()
                && schemas.table(definition.dbName(), definition.name()).isPresent()) {
            return;
        }
        splitAt(schemas.createTable(definition, REPLICAS));
    }

    private void splitAt(TableSchema table) {
        table.readablePhysicalIds().forEach(split::accept);
    }

    private void drop(SchemaChange.DropTables drop) {
        if (drop.tables().size() > 1) {
            throw new QueryException(Kind.UNSUPPORTED, "DROP TABLE takes one table at a time");
        }
        TableName name = drop.tables().getFirst();
        Optional<TableSchema> found = schemas.table(name.database(), name.table());
        if (found.isPresent()) {
            schemas.dropTable(found.get());
        } else if (!drop.ifExists()) {
            throw refusal("Unknown table '" + name + "'");
        }
    }

    private TableSchema table(TableName name) {
        return schemas.table(name.database(), name.table())
                .orElseThrow(() -> refusal("Table '" + name + "' doesn't exist"));
    }

    private static TableEdit edit(ColumnChange change) {
        return switch (change) {
            case ColumnChange.Add(var column, var position) ->
                    new TableEdit.Add(column, position.map(SchemaChanges::position));
            case ColumnChange.Drop(String column) -> new TableEdit.Drop(column);
            case ColumnChange.Rename(String from, String to) -> new TableEdit.Rename(from, to);
            case ColumnChange.Modify(String name, var column, var position) ->
                    new TableEdit.Modify(name, column, position.map(SchemaChanges::position));
            case ColumnChange.SetDefault(String name, var column) ->
                    new TableEdit.SetDefault(name, column);
        };
    }

    private static TableEdit.Position position(ColumnChange.Position position) {
        return switch (position) {
            case ColumnChange.Position.First() -> new TableEdit.Position.First();
            case ColumnChange.Position.After(String column) -> new TableEdit.Position.After(column);
        };
    }
}
