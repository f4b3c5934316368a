package io.garrick.query.ddl;

import com.alibaba.druid.sql.ast.SQLName;
import com.alibaba.druid.sql.ast.statement.SQLAlterTableAddColumn;
import com.alibaba.druid.sql.ast.statement.SQLAlterTableDropColumnItem;
import com.alibaba.druid.sql.ast.statement.SQLAlterTableItem;
import com.alibaba.druid.sql.ast.statement.SQLAlterTableRenameColumn;
import com.alibaba.druid.sql.ast.statement.SQLAlterTableStatement;
import com.alibaba.druid.sql.ast.statement.SQLColumnDefinition;
import com.alibaba.druid.sql.dialect.mysql.ast.statement.MySqlAlterTableAlterColumn;
import com.alibaba.druid.sql.dialect.mysql.ast.statement.MySqlAlterTableChangeColumn;
import com.alibaba.druid.sql.dialect.mysql.ast.statement.MySqlAlterTableModifyColumn;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.query.ddl.ColumnTypes.Charsets;
import io.garrick.query.write.ColumnChange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The parts of ALTER TABLE. */
final class TableAlteration {
    private final DdlText text;
    private final SQLAlterTableStatement alter;
    private final ColumnDefinitions definitions;
    private final List<ColumnChange> changes = new ArrayList<>();

    TableAlteration(DdlText text, SQLAlterTableStatement alter, Charsets tableCharsets) {
        this.text = text;
        this.alter = alter;
        this.definitions = new ColumnDefinitions(tableCharsets);
    }

    List<ColumnChange> changes() {
        if (alter.getItems().isEmpty()) {
            throw text.unsupported("this form of ALTER TABLE is not supported");
        }
        alter.getItems().forEach(this::item);
        return List.copyOf(changes);
    }

    private void item(SQLAlterTableItem item) {
        switch (item) {
            case SQLAlterTableAddColumn add -> {
                Optional<ColumnChange.Position> position =
                        position(add.isFirst(), add.getAfterColumn());
                for (SQLColumnDefinition column : add.getColumns()) {
                    changes.add(new ColumnChange.Add(unkeyed(column), position));
                }
            }
            case SQLAlterTableDropColumnItem drop ->
                    drop.getColumns()
                            .forEach(column ->
                                    changes.add(new ColumnChange.Drop(DdlParser.nameOf(column))));
            case SQLAlterTableRenameColumn rename ->
                    changes.add(
                            new ColumnChange.Rename(
                                    DdlParser.nameOf(rename.getColumn()),
                                    DdlParser.nameOf(rename.getTo())));
            case MySqlAlterTableModifyColumn modify -> {
                SQLColumnDefinition column = modify.getNewColumnDefinition();
                changes.add(
                        new ColumnChange.Modify(
                                DdlParser.nameOf(column.getName()),
                                unkeyed(column),
                                position(modify.isFirst(), modify.getAfterColumn())));
            }
            case MySqlAlterTableChangeColumn change ->
                    changes.add(
                            new ColumnChange.Modify(
                                    DdlParser.nameOf(change.getColumnName()),
                                    unkeyed(change.getNewColumnDefinition()),
                                    position(change.isFirst(), change.getAfterColumn())));
            case MySqlAlterTableAlterColumn set -> {
                String name = DdlParser.nameOf(set.getColumn());
                if (set.getVisibleType() != null) {
                    throw text.unsupported("invisible column '" + name + "' is not supported");
                }
                changes.add(
                        new ColumnChange.SetDefault(
                                name,
                                ColumnDefinitions.withDefault(
                                        name,
                                        FieldType.of(FieldType.VARCHAR, 0, -1, 0),
                                        set.isDropDefault() ? null : set.getDefaultExpr())));
            }
            default ->
                    throw text.unsupported(
                            "ALTER TABLE "
                                    + item.toString().strip().replaceAll("\\s+", " ")
                                    + " is not supported");
        }
    }

    private ColumnSchema unkeyed(SQLColumnDefinition definition) {
        ColumnDefinitions.Defined defined = definitions.of(definition);
        if (defined.primaryKey()
                || defined.uniqueKey()
                || defined.column().type().hasFlag(FieldType.AUTO_INCREMENT_FLAG)) {
            throw text.unsupported(
                    "ALTER TABLE cannot make column '" + defined.column().name() + "' a key");
        }
        return defined.column();
    }

    private static Optional<ColumnChange.Position> position(
            boolean first, @Nullable SQLName after) {
        if (first) {
            return Optional.of(new ColumnChange.Position.First());
        }
        return after == null
                ? Optional.empty()
                : Optional.of(new ColumnChange.Position.After(DdlParser.nameOf(after)));
    }
}
