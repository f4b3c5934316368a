package io.garrick.mergetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.base.CorruptFileException;
import io.garrick.base.FileDisk;
import io.garrick.base.OrderedStore;
import io.garrick.base.RocksStore;
import io.garrick.codec.schema.TableSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people see of a store's files, while the store is open. */
final class StorageInspectionTest {
    @TempDir Path directory;

    private void twoVersionsInTwoParts(Rig rig) throws IOException {
        TableSchema table = Rig.table(1);
        rig.schemas.put(1L, table);
        for (int version = 0; version < 2; version++) {
            for (long handle = 0; handle < 10; handle++) {
                byte[] row = Rig.row(new Rig.Image(handle, "s" + version, null));
                rig.store.append(
                        List.of(
                                CommittedRow.put(
                                        1,
                                        handle,
                                        100 + version,
                                        row,
                                        3,
                                        version * 10L + handle,
                                        0)));
            }
            rig.store.flush(FlushScope.ALL);
        }
    }

    @Test
    void theManifestOfAnOpenStoreIsReadWithoutDisturbingIt() throws IOException {
        try (Rig rig = new Rig(directory, Rig.SMALL)) {
            twoVersionsInTwoParts(rig);
            StorageInspection.ManifestContent found;
            try (OrderedStore readOnly =
                    RocksStore.openReadOnly(
                            directory.resolve("manifest"), List.of(TableStore.MANIFEST_FAMILY))) {
                found = StorageInspection.manifest(readOnly);
            }
            assertThat(found.parts())
                    .extracting(StorageInspection.ManifestPart::killCount)
                    .containsExactly(10, 0);
            assertThat(found.fences()).containsExactly(new Fence(1, 3, 19, 0));
            assertThat(rig.read(Rig.table(1), 101)).hasSize(10);
        }
    }

    @Test
    void aPartTellsItsColumnsAndADamagedOneItsFault() throws IOException {
        try (Rig rig = new Rig(directory, Rig.SMALL)) {
            twoVersionsInTwoParts(rig);
            FileDisk disk = new FileDisk(directory.resolve("data/parts"));
            Path file = Path.of("1.cpf");
            StorageInspection.Part part = StorageInspection.part(disk, file);
            assertThat(part.rowCount()).isEqualTo(10);
            assertThat(part.columns())
                    .extracting(StorageInspection.Column::name)
                    .containsExactly("_handle", "_ts", "_op", "a", "s", "d");
            assertThat(part.columns().get(3).min()).isEqualTo("0");
            assertThat(part.columns().get(3).max()).isEqualTo("9");
            byte[] bytes = disk.readAll(file);
            bytes[100] ^= 1;
            Files.write(directory.resolve("data/parts/bad"), bytes);
            assertThatThrownBy(() -> StorageInspection.part(disk, Path.of("bad")))
                    .isInstanceOf(CorruptFileException.class)
                    .hasMessageContaining("bad");
        }
    }
}
