package io.garrick.query.write;

import io.garrick.codec.schema.TableSchema;
import java.util.List;

/** A statement that changes databases or tables. */
public sealed interface SchemaChange {
    record CreateDatabase(String name, boolean ifNotExists, String charset, String collate)
            implements SchemaChange {}

    record DropDatabase(String name, boolean ifExists) implements SchemaChange {}

    /** Ids in the definition are the writer's to give, but for those of columns and indexes. */
    record CreateTable(TableSchema definition, boolean ifNotExists) implements SchemaChange {}

    record DropTables(List<TableName> tables, boolean ifExists) implements SchemaChange {
        public DropTables {
            tables = List.copyOf(tables);
        }
    }

    record TruncateTable(TableName table) implements SchemaChange {}

    record RenameTable(TableName from, TableName to) implements SchemaChange {}

    record AlterTable(TableName table, List<ColumnChange> changes) implements SchemaChange {
        public AlterTable {
            changes = List.copyOf(changes);
        }
    }

    /** ALTER TABLE SET TIFLASH REPLICA. */
    record SetReplica(TableName table, int count) implements SchemaChange {}
}
