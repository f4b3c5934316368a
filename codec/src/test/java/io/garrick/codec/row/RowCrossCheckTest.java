package io.garrick.codec.row;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.codec.key.RecordKey;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.TableSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterTry;
import org.apache.arrow.memory.RootAllocator;
import org.jspecify.annotations.Nullable;

/** The columnar decoder and the plain one, written apart from each other, agree. */
final class RowCrossCheckTest {
    private final RootAllocator allocator = new RootAllocator(1 << 28);
    private final RowOracle oracle = new RowOracle(allocator);

    @AfterTry
    void everyBufferIsReleased() {
        assertThat(allocator.getAllocatedMemory()).isZero();
    }

    @Property(tries = 400)
    void whatWasWrittenIsReadByBothDecoders(@ForAll long seed) {
        RandomGenerator random = new SplittableRandom(seed);
        TableSchema table = RandomTables.table(random);
        // Now and then more than one block of rows.
        int rows = random.nextInt(40) == 0 ? 700 : 1 + random.nextInt(20);
        Batch batch = Batch.of(table, random, rows);
        oracle.check(table, batch.keys, batch.rows);
        for (int i = 0; i < table.columns().size(); i++) {
            ColumnSchema column = table.columns().get(i);
            List<@Nullable Object> written = new ArrayList<>();
            for (RandomTables.Row row : batch.written) {
                written.add(RowOracle.normal(row.values().get(i)));
            }
            RowOracle.Outcome read =
                    oracle.columnar(
                            table, column, ColumnDecoder.Mismatch.REFUSE, batch.keys, batch.rows);
            if (!written.contains(null) || (!column.hasOriginDefault() && !column.isNotNull())) {
                assertThat(read).isEqualTo(new RowOracle.Outcome(written, null));
            }
        }
    }

    @Property(tries = 600)
    void rowsOfAnOlderOrNewerSchemaReadAlikeOrFailAlike(@ForAll long seed) {
        RandomGenerator random = new SplittableRandom(seed);
        TableSchema table = RandomTables.table(random);
        TableSchema reader = RandomTables.changed(table, random);
        Batch batch = Batch.of(table, random, 1 + random.nextInt(3));
        oracle.check(reader, batch.keys, batch.rows);
    }

    @Property(tries = 1000)
    void damagedRowsReadAlikeOrFailAlike(@ForAll long seed) {
        RandomGenerator random = new SplittableRandom(seed);
        TableSchema table = RandomTables.table(random);
        Batch batch = Batch.of(table, random, 1);
        oracle.check(
                random.nextBoolean() ? table : RandomTables.changed(table, random),
                batch.keys,
                List.of(RandomRows.damaged(batch.rows.getFirst(), random)));
    }

    private record Batch(List<RandomTables.Row> written, List<RecordKey> keys, List<byte[]> rows) {
        static Batch of(TableSchema table, RandomGenerator random, int count) {
            List<RandomTables.Row> written = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                written.add(RandomTables.row(table, random));
            }
            return new Batch(
                    written,
                    written.stream().map(RandomTables.Row::key).toList(),
                    written.stream().map(RandomTables.Row::value).toList());
        }
    }
}
