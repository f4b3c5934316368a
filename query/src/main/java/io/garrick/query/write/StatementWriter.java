package io.garrick.query.write;

import io.garrick.base.Timestamp;
import io.garrick.codec.schema.TableSchema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where statements write. Any thread may call it.
 *
 * <p>A refusal that the user can understand is a {@link io.garrick.query.QueryException}; it leaves
 * nothing behind.
 */
public interface StatementWriter {
    /** Changes the schema; readers with a later timestamp see it once this returns. */
    void change(SchemaChange change);

    /** A transaction that reads as of now. The caller ends it by commit or close. */
    Transaction begin();

    /** One statement's changes: all of them or nothing. One thread uses it. */
    interface Transaction extends AutoCloseable {
        Timestamp startTs();

        Rows rows(TableSchema table);

        /**
         * Writes everything.
         *
         * @throws WriteConflictException another transaction was faster: run the statement again
         */
        void commit();

        /** Forgets what was not committed. */
        @Override
        void close();
    }

    /** The rows of one table inside a transaction. */
    interface Rows {
        /**
         * A new row.
         *
         * @param values one per column of the table, in their order, as {@link ColumnValues} gives
         *     them
         */
        void insert(List<@Nullable Object> values);

        /** The next value of the table's AUTO_INCREMENT column. */
        long nextAutoValue();

        /** The rows under these keys as of the transaction's start, in the order of the keys. */
        List<StoredRow> read(List<RowKey> keys);

        /** {@code before}, which {@link #read} gave, by {@code after}. */
        void update(StoredRow before, List<@Nullable Object> after);

        /** A row that {@link #read} gave. */
        void delete(StoredRow row);
    }

    /** How a row is found. */
    sealed interface RowKey {
        /** By its int primary key or its hidden row id. */
        record IntHandle(long handle) implements RowKey {}

        /** By its clustered primary key: one value per column of the table, others are null. */
        record Clustered(List<@Nullable Object> values) implements RowKey {}
    }

    /** A row as it is stored. */
    interface StoredRow {
        /** One value per column of the table, in the form {@link ColumnValues} gives. */
        List<@Nullable Object> values();
    }
}
