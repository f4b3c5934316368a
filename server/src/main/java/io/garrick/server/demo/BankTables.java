package io.garrick.server.demo;

import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import java.math.BigDecimal;
import java.util.Iterator;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Accounts whose balances always have the same sum, and a row that is written only to see how fast
 * it shows up.
 */
final class BankTables {
    static final String DATABASE = "bank";
    static final int ACCOUNTS = 1000;
    static final BigDecimal FIRST_BALANCE = new BigDecimal("1000.00");
    static final BigDecimal TOTAL = FIRST_BALANCE.multiply(BigDecimal.valueOf(ACCOUNTS));

    private static final long KEY_FLAGS = FieldType.NOT_NULL_FLAG | FieldType.PRIMARY_KEY_FLAG;

    private BankTables() {}

    static DemoTable accounts() {
        TableSchema definition =
                TableSchema.builder(0, DATABASE, "accounts")
                        .column(1, "id", FieldType.of(FieldType.LONGLONG, KEY_FLAGS, 20, 0))
                        .column(
                                2,
                                "owner",
                                FieldType.text(
                                        FieldType.VARCHAR,
                                        FieldType.NOT_NULL_FLAG,
                                        32,
                                        FieldType.UTF8MB4_BIN))
                        .column(
                                3,
                                "balance",
                                FieldType.of(FieldType.NEW_DECIMAL, FieldType.NOT_NULL_FLAG, 15, 2))
                        .pkIsHandle()
                        .build();
        return new DemoTable(
                definition,
                (index, count) ->
                        LongStream.range(1, ACCOUNTS + 1)
                                .filter(id -> id % count == index)
                                .<List<Object>>mapToObj(
                                        id -> List.of(id, "owner " + id, FIRST_BALANCE))
                                .iterator());
    }

    static DemoTable heartbeat() {
        TableSchema definition =
                TableSchema.builder(0, DATABASE, "heartbeat")
                        .column(1, "id", FieldType.of(FieldType.LONGLONG, KEY_FLAGS, 20, 0))
                        .column(
                                2,
                                "beat",
                                FieldType.of(FieldType.LONGLONG, FieldType.NOT_NULL_FLAG, 20, 0))
                        .pkIsHandle()
                        .build();
        return new DemoTable(
                definition,
                (index, _) -> {
                    Iterator<List<Object>> one = List.of(List.<Object>of(1L, 0L)).iterator();
                    return index == 0 ? one : List.<List<Object>>of().iterator();
                });
    }
}
