package io.garrick.mergetree;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.base.Timestamp;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.TableSchema;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compaction puts rows that have an end apart; reads of the newest versions leave them out. */
final class HistoryPartsTest {
    private static final int ROWS = 50;
    @TempDir Path directory;

    private final TableSchema table = Rig.table(1);
    private final ColumnSchema number = table.columns().get(1);
    private long index;

    private void put(Rig rig, long handle, long ts) {
        Rig.Image image = new Rig.Image(handle * 1000 + ts, "s" + ts, null);
        byte[] row = Rig.row(image);
        rig.store.append(List.of(CommittedRow.put(1, handle, ts, row, 3, ++index, 0)));
    }

    /** Every row four times, in as many parts, at ts 10, 20, 30 and 40; each part has one more. */
    private void fourVersions(Rig rig) throws IOException {
        rig.schemas.put(1L, table);
        for (long ts = 10; ts <= 40; ts += 10) {
            for (long handle = 0; handle < ROWS; handle++) {
                put(rig, handle, ts);
            }
            put(rig, ROWS + ts, ts);
            rig.store.flush(FlushScope.ALL);
        }
    }

    private NavigableMap<Long, Rig.Image> expected(long ts) {
        NavigableMap<Long, Rig.Image> rows = new TreeMap<>();
        for (long handle = 0; handle < ROWS; handle++) {
            rows.put(handle, new Rig.Image(handle * 1000 + ts, "s" + ts, null));
        }
        for (long extra = 10; extra <= ts; extra += 10) {
            long handle = ROWS + extra;
            rows.put(handle, new Rig.Image(handle * 1000 + extra, "s" + extra, null));
        }
        return rows;
    }

    private List<Morsel> morsels(Snapshot snapshot) throws IOException {
        return snapshot.morsels(ScanSpec.of(table, List.of(number)));
    }

    @Test
    void everyVersionIsReadBackFromItsPart() throws IOException {
        try (Rig rig = new Rig(directory, Rig.SMALL)) {
            fourVersions(rig);
            assertThat(rig.store.compactOnce()).isTrue();
            assertThat(rig.store.stats().partCount()).isEqualTo(2);
            for (int round = 0; round < 2; round++) {
                for (long ts = 10; ts <= 40; ts += 10) {
                    assertThat(rig.read(table, ts)).isEqualTo(expected(ts));
                    assertThat(rig.read(table, ts + 9)).isEqualTo(expected(ts));
                }
                assertThat(rig.read(table, 9)).isEmpty();
                rig.restart();
            }
        }
    }

    @Test
    void aReadOfTheNewestVersionsDoesNotTouchHistory() throws IOException {
        try (Rig rig = new Rig(directory, Rig.SMALL)) {
            fourVersions(rig);
            rig.store.compactOnce();
            try (Snapshot newest = rig.store.pin(1, new Timestamp(40));
                    Snapshot older = rig.store.pin(1, new Timestamp(39))) {
                assertThat(newest.maxRowCount()).isEqualTo(ROWS + 4);
                assertThat(older.maxRowCount()).isEqualTo(4 * ROWS + 4);
            }
        }
    }

    @Test
    void aVersionInHistoryCanStillGetAnEarlierEnd() throws IOException {
        try (Rig rig = new Rig(directory, Rig.SMALL)) {
            fourVersions(rig);
            rig.store.compactOnce();
            put(rig, 7, 15); // late: ends the version of ts 10 at 15 instead of 20
            rig.store.flush(FlushScope.ALL);
            NavigableMap<Long, Rig.Image> at17 = expected(10);
            at17.put(7L, new Rig.Image(7015L, "s15", null));
            assertThat(rig.read(table, 17)).isEqualTo(at17);
            assertThat(rig.read(table, 14)).isEqualTo(expected(10));
            assertThat(rig.read(table, 40)).isEqualTo(expected(40));
        }
    }

    @Test
    void totalsAreThoseOfTheVisibleRows() throws IOException {
        try (Rig rig = new Rig(directory, Rig.SMALL)) {
            fourVersions(rig);
            for (int round = 0; round < 2; round++) {
                for (long ts = 9; ts <= 41; ts++) {
                    assertThat(total(rig, ts)).as("ts %d", ts).isEqualTo(slowTotal(rig, ts));
                }
                rig.store.compactOnce();
            }
        }
    }

    private List<Object> total(Rig rig, long ts) throws IOException {
        long rows = 0;
        long count = 0;
        BigInteger sum = BigInteger.ZERO;
        try (Snapshot snapshot = rig.store.pin(1, new Timestamp(ts))) {
            for (Morsel morsel : morsels(snapshot)) {
                Optional<MorselTotals> totals = morsel.totals();
                assertThat(totals).isPresent();
                rows += totals.get().rowCount();
                count += totals.get().columns().getFirst().count();
                sum = sum.add(totals.get().columns().getFirst().sum());
            }
        }
        return List.of(rows, count, sum);
    }

    private List<Object> slowTotal(Rig rig, long ts) throws IOException {
        BigInteger sum = BigInteger.ZERO;
        List<Rig.Image> rows = new ArrayList<>(rig.read(table, ts).values());
        for (Rig.Image row : rows) {
            sum = sum.add(BigInteger.valueOf(row.a() == null ? 0 : row.a()));
        }
        return List.of((long) rows.size(), (long) rows.size(), sum);
    }
}
