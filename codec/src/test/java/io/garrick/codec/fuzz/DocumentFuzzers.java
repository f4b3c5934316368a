package io.garrick.codec.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.garrick.codec.DecodeTool;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import io.garrick.codec.row.ColumnDecoder;
import io.garrick.codec.row.DefaultValues;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.DbInfoJson;
import io.garrick.codec.schema.DbSchema;
import io.garrick.codec.schema.SchemaDiff;
import io.garrick.codec.schema.SchemaDiffJson;
import io.garrick.codec.schema.TableInfoJson;
import io.garrick.codec.schema.TableSchema;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** Readers of transaction records and of TiDB's descriptions of schemas. */
final class DocumentFuzzers {
    private DocumentFuzzers() {}

    static List<Fuzzer> all() {
        return List.of(
                new Fuzzer("write_record", DocumentFuzzers::writeRecord),
                new Fuzzer("lock_record", DocumentFuzzers::lockRecord),
                new Fuzzer("table_info", DocumentFuzzers::tableInfo),
                new Fuzzer("db_info", DocumentFuzzers::dbInfo),
                new Fuzzer("schema_diff", DocumentFuzzers::schemaDiff),
                new Fuzzer("default_value", DocumentFuzzers::defaultValue),
                new Fuzzer("decode_tool", DocumentFuzzers::decodeTool));
    }

    private static void writeRecord(byte[] input) {
        WriteRecord record = WriteRecord.parse(input);
        Fuzzer.same(record, WriteRecord.parse(record.encode()), "write record");
    }

    private static void lockRecord(byte[] input) {
        LockRecord record = LockRecord.parse(input);
        Fuzzer.same(record, LockRecord.parse(record.encode()), "lock record");
    }

    private static void tableInfo(byte[] input) {
        TableSchema table = TableInfoJson.parse("db", input);
        Fuzzer.same(table, TableInfoJson.parse("db", TableInfoJson.emit(table)), "table");
        table.commonHandleColumns();
        table.allPhysicalIds();
        for (ColumnSchema column : table.columns()) {
            ColumnDecoder.forColumn(table, column);
        }
    }

    private static void dbInfo(byte[] input) {
        DbSchema db = DbInfoJson.parse(input);
        Fuzzer.same(db, DbInfoJson.parse(DbInfoJson.emit(db)), "database");
    }

    private static void schemaDiff(byte[] input) {
        SchemaDiff diff = SchemaDiffJson.parse(input);
        Fuzzer.same(diff, SchemaDiffJson.parse(SchemaDiffJson.emit(diff)), "diff");
    }

    /** The input's rest is the text of a column's origin default. */
    private static void defaultValue(byte[] input) {
        Choices choices = new Choices(input);
        ColumnSchema column = io.garrick.codec.row.RandomTables.table(choices).columns().getLast();
        String text = new String(choices.rest(), UTF_8);
        DefaultValues.origin(column.withOriginDefault(text));
    }

    private static void decodeTool(byte[] input) {
        Choices choices = new Choices(input);
        DecodeTool.Kind[] kinds = DecodeTool.Kind.values();
        String kind = kinds[choices.nextInt(kinds.length)].name();
        DecodeTool.decode(kind, HexFormat.of().formatHex(choices.rest()), Optional.empty());
    }
}
