package io.garrick.query.ddl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.IndexSchema;
import io.garrick.codec.schema.TableInfoJson;
import io.garrick.codec.schema.TableSchema;
import io.garrick.query.Catalog;
import io.garrick.query.Describe;
import io.garrick.query.write.ColumnChange;
import io.garrick.query.write.SchemaChange;
import io.garrick.query.write.TableName;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DdlParserTest {
    private static final Catalog CATALOG =
            new Catalog(
                    1,
                    List.of(
                            new Catalog.Database(
                                    "ci", List.of(), "utf8mb4", "utf8mb4_general_ci")));

    private static SchemaChange parse(String sql) {
        return DdlParser.parse(sql, Optional.of("db"), CATALOG);
    }

    private static TableSchema table(String columns) {
        return ((SchemaChange.CreateTable) parse("create table t (" + columns + ")")).definition();
    }

    private static void refused(String sql, String... parts) {
        assertThatThrownBy(() -> parse(sql)).as(sql).message().contains(parts);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    tinyint | tinyint(4)
                    tinyint unsigned | tinyint(3) unsigned
                    boolean | tinyint(1)
                    smallint | smallint(6)
                    mediumint unsigned | mediumint(8) unsigned
                    int | int(11)
                    integer(5) zerofill | int(5) unsigned
                    bigint unsigned | bigint(20) unsigned
                    decimal | decimal(10,0)
                    decimal(65,30) | decimal(65,30)
                    numeric(7,2) unsigned | decimal(7,2) unsigned
                    float | float
                    float(53) | double
                    double precision | double
                    real unsigned | double unsigned
                    bit(5) | bit(5)
                    year | year
                    date | date
                    datetime(3) | datetime(3)
                    timestamp(6) | timestamp(6)
                    time(2) | time(2)
                    char | char(1)
                    char(7) charset binary | binary(7)
                    varchar(20) collate utf8mb4_general_ci | varchar(20)
                    binary(3) | binary(3)
                    varbinary(9) | varbinary(9)
                    tinytext | tinytext
                    text | text
                    mediumtext | mediumtext
                    longtext | longtext
                    tinyblob | tinyblob
                    blob | blob
                    mediumblob | mediumblob
                    longblob | longblob
                    enum('a','b') | enum('a','b')
                    set('x','y') | set('x','y')
                    json | json
                    """)
    void aTypeIsDescribedAsTidbDescribesIt(String written, String described) {
        FieldType type = table("c " + written).columns().getFirst().type();
        assertThat(Describe.type(type)).isEqualTo(described);
    }

    @Test
    void whatIsParsedSurvivesTidbsDescription() {
        TableSchema table =
                table(
                        "id bigint unsigned not null auto_increment, v vector(3), b bit(5) default"
                                + " b'101', t timestamp(6) null default current_timestamp(6) on"
                                + " update current_timestamp(6), n int default -5 comment 'it''s',"
                                + " primary key (id), unique key u (n), key (t, n)");
        TableSchema read = TableInfoJson.parse("db", TableInfoJson.emit(table));
        assertThat(read.columns()).isEqualTo(table.columns());
        assertThat(read.indexes()).isEqualTo(table.indexes());
        assertThat(read.pkIsHandle()).isTrue();
        assertThat(read.column("b").map(ColumnSchema::defaultBit)).contains("BQ==");
        assertThat(read.column("n").map(ColumnSchema::defaultValue)).contains("-5");
        assertThat(read.column("n").map(ColumnSchema::comment)).contains("it's");
    }

    @Test
    void aPrimaryKeyClustersUnlessItIsSaidNotTo() {
        assertThat(table("a int primary key").pkIsHandle()).isTrue();
        assertThat(table("a int primary key nonclustered").hasHiddenHandle()).isTrue();
        assertThat(table("a varchar(9), b int, primary key (b, a)").isCommonHandle()).isTrue();
        assertThat(table("a varchar(9), primary key (a) nonclustered").hasHiddenHandle()).isTrue();
        assertThat(
                        table("a int, primary key (a) /*T![clustered_index] NONCLUSTERED */")
                                .hasHiddenHandle())
                .isTrue();
        assertThat(table("a int").hasHiddenHandle()).isTrue();
        TableSchema prefixed = table("a text, b int, primary key (a(10)), key k (b)");
        assertThat(prefixed.indexes())
                .extracting(IndexSchema::name)
                .containsExactly("PRIMARY", "k");
        assertThat(prefixed.commonHandleColumns().getFirst().prefixLength()).isEqualTo(10);
    }

    @Test
    void charsetsComeFromTheColumnTheTableOrTheDatabase() {
        TableSchema table =
                ((SchemaChange.CreateTable)
                                parse(
                                        "create table ci.t (a char(3), b char(3) collate"
                                                + " utf8mb4_bin, c varchar(4) charset gbk)"))
                        .definition();
        assertThat(table.columns())
                .extracting(column -> column.type().collate())
                .containsExactly("utf8mb4_general_ci", "utf8mb4_bin", "gbk_chinese_ci");
    }

    @Test
    void alterTableIsAListOfChanges() {
        SchemaChange change =
                parse(
                        "alter table s.t add column x int first, drop column y, rename column a to"
                                + " b, modify c bigint not null after x, change d e varchar(9)");
        assertThat(change).isInstanceOf(SchemaChange.AlterTable.class);
        assertThat(((SchemaChange.AlterTable) change).table()).isEqualTo(new TableName("s", "t"));
        assertThat(((SchemaChange.AlterTable) change).changes())
                .extracting(part -> part.getClass().getSimpleName())
                .containsExactly("Add", "Drop", "Rename", "Modify", "Modify");
        assertThat(((SchemaChange.AlterTable) change).changes().getLast())
                .isInstanceOfSatisfying(
                        ColumnChange.Modify.class,
                        modify -> {
                            assertThat(modify.name()).isEqualTo("d");
                            assertThat(modify.column().name()).isEqualTo("e");
                        });
        assertThat(parse("alter table t set tiflash replica 1"))
                .isEqualTo(new SchemaChange.SetReplica(new TableName("db", "t"), 1));
    }

    @Test
    void whatIsWrongIsNamedWithItsPosition() {
        refused("create table t (a int,\n a int)", "Duplicate column name 'a'");
        refused("create table t (a int, primary key (b))", "Key column 'b' doesn't exist");
        refused("create table t (a nosuch)", "unknown type");
        refused("create table t (a varchar)", "needs a length");
        refused("create table t (a decimal(66,2))", "Too-big precision 66");
        refused("create table t (a datetime(7))", "Too-big precision 7");
        refused("create table t (a int not null default null)", "Invalid default value for 'a'");
        refused("create table t (a tinyint default 300)", "Invalid default value for 'a'");
        refused("create table t (a text, key (a))", "without a key length");
        refused("create table t (a int,\n, b int)", "line 2, column", "syntax error");
        refused("create table t (a int) partition by hash (a)", "partitions are not supported");
        refused("create table t (a int, foreign key (a) references o (a))", "not supported");
        refused("alter table t add index (a)", "not supported");
        refused("create view v as select 1", "not supported");
    }
}
