package io.garrick.codec.schema;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A table as decoding needs it, at one schema version.
 *
 * @param physicalId the id in keys: the partition's id for one partition of a table
 * @param logicalId the id of the table
 * @param newCollation whether strings in keys are sort keys; a property of the cluster
 * @param replicaCount how many columnar replicas the table asked for; null if it never did
 * @param updateTimestamp TSO of the last change of the schema
 */
public record TableSchema(
        long physicalId,
        long logicalId,
        String dbName,
        String name,
        String charset,
        String collate,
        List<ColumnSchema> columns,
        List<IndexSchema> indexes,
        SchemaState state,
        boolean pkIsHandle,
        boolean isCommonHandle,
        int commonHandleVersion,
        @Nullable PartitionSchema partition,
        Kind kind,
        @Nullable Integer replicaCount,
        boolean replicaAvailable,
        long maxColumnId,
        long maxIndexId,
        long updateTimestamp,
        long revision,
        String comment,
        boolean newCollation) {
    /** What the document describes; only tables keep rows. */
    public enum Kind {
        TABLE,
        VIEW,
        SEQUENCE,
        TEMPORARY
    }

    /** A column of the clustered primary key, in key order. */
    public record KeyColumn(ColumnSchema column, int prefixLength) {
        public boolean isFullLength() {
            return prefixLength == IndexSchema.IndexColumn.FULL_LENGTH;
        }
    }

    public TableSchema {
        columns = List.copyOf(columns);
        indexes = List.copyOf(indexes);
    }

    public static Builder builder(long id, String dbName, String name) {
        return new Builder(id, dbName, name);
    }

    /** Columns a reader sees, in their order. */
    public List<ColumnSchema> publicColumns() {
        return columns.stream().filter(column -> column.isPublic() && !column.hidden()).toList();
    }

    public Optional<ColumnSchema> column(long columnId) {
        if (columnId == ColumnSchema.ROW_ID && hasHiddenHandle()) {
            return Optional.of(ColumnSchema.ROW_ID_COLUMN);
        }
        return columns.stream().filter(column -> column.id() == columnId).findFirst();
    }

    public Optional<ColumnSchema> column(String columnName) {
        return columns.stream()
                .filter(column -> column.name().equalsIgnoreCase(columnName))
                .findFirst();
    }

    /** Neither an int primary key nor a clustered one: rows are known by {@code _tidb_rowid}. */
    public boolean hasHiddenHandle() {
        return !pkIsHandle && !isCommonHandle;
    }

    /** The column whose value is the int handle. */
    public Optional<ColumnSchema> handleColumn() {
        return pkIsHandle
                ? columns.stream().filter(ColumnSchema::isPrimaryKey).findFirst()
                : Optional.empty();
    }

    public Optional<IndexSchema> primaryIndex() {
        return indexes.stream().filter(IndexSchema::primary).findFirst();
    }

    /** Columns of the common handle in key order; empty for every other table. */
    public List<KeyColumn> commonHandleColumns() {
        if (!isCommonHandle) {
            return List.of();
        }
        IndexSchema primary =
                primaryIndex()
                        .orElseThrow(() ->
                                new IllegalArgumentException(
                                        "common handle without primary index tableId="
                                                + logicalId));
        return primary.columns().stream()
                .map(part -> new KeyColumn(columns.get(part.offset()), part.length()))
                .toList();
    }

    public boolean isPartitioned() {
        return partition != null && partition.enabled();
    }

    /** Ids under which rows of the table may arrive, partitions in transition included. */
    public List<Long> allPhysicalIds() {
        if (partition == null || !partition.enabled()) {
            return List.of(logicalId);
        }
        return Stream.of(partition.definitions(), partition.adding(), partition.dropping())
                .flatMap(List::stream)
                .map(PartitionSchema.Definition::id)
                .distinct()
                .toList();
    }

    /** Ids a reader scans. */
    public List<Long> readablePhysicalIds() {
        if (partition == null || !partition.enabled()) {
            return List.of(logicalId);
        }
        return partition.definitions().stream().map(PartitionSchema.Definition::id).toList();
    }

    /** The same table, as the physical table {@code id} has it. */
    public TableSchema forPartition(long id) {
        return toBuilder().physicalId(id).build();
    }

    public TableSchema inDatabase(String name) {
        return toBuilder().dbName(name).build();
    }

    public TableSchema withNewCollation(boolean enabled) {
        return toBuilder().newCollation(enabled).build();
    }

    public Builder toBuilder() {
        Builder builder = new Builder(logicalId, dbName, name);
        builder.physicalId = physicalId;
        builder.charset = charset;
        builder.collate = collate;
        builder.columns.addAll(columns);
        builder.indexes.addAll(indexes);
        builder.state = state;
        builder.pkIsHandle = pkIsHandle;
        builder.isCommonHandle = isCommonHandle;
        builder.commonHandleVersion = commonHandleVersion;
        builder.partition = partition;
        builder.kind = kind;
        builder.replicaCount = replicaCount;
        builder.replicaAvailable = replicaAvailable;
        builder.maxColumnId = maxColumnId;
        builder.maxIndexId = maxIndexId;
        builder.updateTimestamp = updateTimestamp;
        builder.revision = revision;
        builder.comment = comment;
        builder.newCollation = newCollation;
        return builder;
    }

    /** Collects the parts of a table; columns get their offsets in the order they are added. */
    public static final class Builder {
        private final long logicalId;
        private final String name;
        private final List<ColumnSchema> columns = new ArrayList<>();
        private final List<IndexSchema> indexes = new ArrayList<>();
        private String dbName;
        private long physicalId;
        private String charset = "utf8mb4";
        private String collate = FieldType.UTF8MB4_BIN;
        private SchemaState state = SchemaState.PUBLIC;
        private boolean pkIsHandle;
        private boolean isCommonHandle;
        private int commonHandleVersion;
        private @Nullable PartitionSchema partition;
        private Kind kind = Kind.TABLE;
        private @Nullable Integer replicaCount;
        private boolean replicaAvailable;
        private long maxColumnId;
        private long maxIndexId;
        private long updateTimestamp;
        private long revision;
        private String comment = "";
        private boolean newCollation = true;

        private Builder(long id, String dbName, String name) {
            this.logicalId = id;
            this.physicalId = id;
            this.dbName = dbName;
            this.name = name;
        }

        public Builder dbName(String database) {
            dbName = database;
            return this;
        }

        public Builder physicalId(long id) {
            physicalId = id;
            return this;
        }

        public Builder charset(String newCharset, String newCollate) {
            charset = newCharset;
            collate = newCollate;
            return this;
        }

        public Builder column(ColumnSchema column) {
            columns.add(column.withOffset(columns.size()));
            maxColumnId = Math.max(maxColumnId, column.id());
            return this;
        }

        public Builder column(long id, String columnName, FieldType type) {
            return column(ColumnSchema.of(id, columnName, type));
        }

        public Builder index(IndexSchema index) {
            indexes.add(index);
            maxIndexId = Math.max(maxIndexId, index.id());
            return this;
        }

        /** The int column flagged as primary key is the handle. */
        public Builder pkIsHandle() {
            pkIsHandle = true;
            return this;
        }

        /** Clustered by the named columns, whole length each, through a primary index of id 1. */
        public Builder commonHandle(String... keyColumns) {
            List<IndexSchema.IndexColumn> parts = new ArrayList<>();
            for (String key : keyColumns) {
                ColumnSchema column =
                        columns.stream()
                                .filter(candidate -> candidate.name().equalsIgnoreCase(key))
                                .findFirst()
                                .orElseThrow(
                                        () -> new IllegalArgumentException("no column " + key));
                parts.add(
                        new IndexSchema.IndexColumn(
                                column.name(),
                                column.offset(),
                                IndexSchema.IndexColumn.FULL_LENGTH));
            }
            return commonHandle(1).index(IndexSchema.primaryKey(1, parts));
        }

        /** Clustered by the primary index that {@link #index} adds. */
        public Builder commonHandle(int version) {
            isCommonHandle = true;
            commonHandleVersion = version;
            return this;
        }

        public Builder state(SchemaState newState) {
            state = newState;
            return this;
        }

        public Builder partition(@Nullable PartitionSchema newPartition) {
            partition = newPartition;
            return this;
        }

        public Builder kind(Kind newKind) {
            kind = newKind;
            return this;
        }

        public Builder replica(@Nullable Integer count, boolean available) {
            replicaCount = count;
            replicaAvailable = available;
            return this;
        }

        public Builder maxIds(long columnId, long indexId) {
            maxColumnId = columnId;
            maxIndexId = indexId;
            return this;
        }

        public Builder updateTimestamp(long ts) {
            updateTimestamp = ts;
            return this;
        }

        public Builder revision(long newRevision) {
            revision = newRevision;
            return this;
        }

        public Builder comment(String text) {
            comment = text;
            return this;
        }

        public Builder newCollation(boolean enabled) {
            newCollation = enabled;
            return this;
        }

        Builder parsedColumns(List<ColumnSchema> parsed) {
            columns.addAll(parsed);
            return this;
        }

        public TableSchema build() {
            return new TableSchema(
                    physicalId,
                    logicalId,
                    dbName,
                    name,
                    charset,
                    collate,
                    columns,
                    indexes,
                    state,
                    pkIsHandle,
                    isCommonHandle,
                    commonHandleVersion,
                    partition,
                    kind,
                    replicaCount,
                    replicaAvailable,
                    maxColumnId,
                    maxIndexId,
                    updateTimestamp,
                    revision,
                    comment,
                    newCollation);
        }
    }
}
