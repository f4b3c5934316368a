package io.garrick.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SimDiskTest {
    private static final Path TMP = Path.of("tmp");
    private static final Path PARTS = Path.of("parts");
    private static final int TRIES = 200;

    private static SimDisk disk() throws IOException {
        SimDisk disk = new SimDisk();
        disk.createDirectories(TMP);
        disk.createDirectories(PARTS);
        disk.syncDirectory(Path.of(""));
        return disk;
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(SimDisk disk, Path path) throws IOException {
        return new String(disk.readAll(path), StandardCharsets.ISO_8859_1);
    }

    private static SimDisk crashed(SimDisk disk, long seed) {
        // Neighbouring seeds of Random begin alike; these do not.
        return disk.crash(new SplittableRandom(seed), new SimPower());
    }

    @Test
    void syncedBytesUnderASyncedNameSurviveEveryCrash() throws IOException {
        for (int seed = 0; seed < TRIES; seed++) {
            SimDisk disk = disk();
            try (Disk.File file = disk.create(TMP.resolve("a"))) {
                file.append(bytes("kept"));
                file.sync();
            }
            disk.rename(TMP.resolve("a"), PARTS.resolve("a"));
            disk.syncDirectory(PARTS);
            assertThat(text(crashed(disk, seed), PARTS.resolve("a"))).isEqualTo("kept");
        }
    }

    @Test
    void unsyncedBytesAreCutOrTorn() throws IOException {
        Set<Integer> lengths = new HashSet<>();
        boolean torn = false;
        for (int seed = 0; seed < TRIES; seed++) {
            SimDisk disk = disk();
            try (Disk.File file = disk.create(TMP.resolve("a"))) {
                file.append(bytes("kept"));
                file.sync();
                disk.syncDirectory(TMP);
                file.append(bytes("x".repeat(9000)));
            }
            String left = text(crashed(disk, seed), TMP.resolve("a"));
            assertThat(left).startsWith("kept");
            lengths.add(left.length());
            torn |= !left.substring(4).equals("x".repeat(left.length() - 4));
        }
        assertThat(lengths).hasSizeGreaterThan(TRIES / 4);
        assertThat(torn).isTrue();
    }

    @Test
    void aRenameThatWasNotSyncedIsLostDoneOrHalfDone() throws IOException {
        Set<List<Boolean>> outcomes = new HashSet<>();
        for (int seed = 0; seed < TRIES; seed++) {
            SimDisk disk = disk();
            try (Disk.File file = disk.create(TMP.resolve("a"))) {
                file.sync();
            }
            disk.syncDirectory(TMP);
            disk.rename(TMP.resolve("a"), PARTS.resolve("a"));
            SimDisk after = crashed(disk, seed);
            outcomes.add(List.of(after.exists(TMP.resolve("a")), after.exists(PARTS.resolve("a"))));
        }
        assertThat(outcomes).hasSize(4);
    }

    @Test
    void laterNamesMaySurviveWhereEarlierOnesAreLost() throws IOException {
        boolean reordered = false;
        for (int seed = 0; seed < TRIES; seed++) {
            SimDisk disk = disk();
            disk.create(TMP.resolve("first")).close();
            disk.create(TMP.resolve("second")).close();
            reordered |= crashed(disk, seed).list(TMP).equals(List.of("second"));
        }
        assertThat(reordered).isTrue();
    }

    @Test
    void aDirectoryThatWasNotSyncedMayBeLostWithItsFiles() throws IOException {
        Set<Boolean> outcomes = new HashSet<>();
        for (int seed = 0; seed < TRIES; seed++) {
            SimDisk disk = new SimDisk();
            disk.createDirectories(PARTS);
            disk.create(PARTS.resolve("a")).close();
            disk.syncDirectory(PARTS);
            outcomes.add(crashed(disk, seed).exists(PARTS.resolve("a")));
        }
        assertThat(outcomes).containsExactlyInAnyOrder(true, false);
    }

    @Test
    void theChosenCallFailsAndOnlyThat() throws IOException {
        SimDisk disk = disk();
        disk.power().failAfter(1);
        disk.create(TMP.resolve("a")).close();
        assertThatThrownBy(() -> disk.create(TMP.resolve("b"))).isInstanceOf(IOException.class);
        disk.create(TMP.resolve("c")).close();
        assertThat(disk.list(TMP)).containsExactly("a", "c");
    }

    @Test
    void afterThePowerIsCutNothingReachesTheDisk() throws IOException {
        SimDisk disk = disk();
        disk.power().cutAfter(1);
        disk.create(TMP.resolve("a")).close();
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> disk.create(TMP.resolve("b")))
                    .isInstanceOf(SimPower.PowerLostException.class);
        }
        assertThat(disk.power().isCut()).isTrue();
    }

    @Test
    void aFullDiskTakesWhatFitsAndThenSaysSo() throws IOException {
        SimDisk disk = disk();
        disk.limitTo(10);
        try (Disk.File file = disk.create(TMP.resolve("a"))) {
            assertThatThrownBy(() -> file.append(bytes("x".repeat(20))))
                    .hasMessageContaining("No space left");
            assertThat(file.positionBytes()).isEqualTo(10);
            assertThat(disk.freeBytes()).isZero();
            disk.limitTo(100);
            file.append(bytes("more"));
        }
        assertThat(disk.sizeBytes(TMP.resolve("a"))).isEqualTo(14);
    }

    @Test
    void aMappingOutlivesItsFile() throws IOException {
        SimDisk disk = disk();
        try (Disk.File file = disk.create(TMP.resolve("a"))) {
            file.append(bytes("mapped"));
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mapped = disk.map(TMP.resolve("a"), arena);
            disk.deleteIfExists(TMP.resolve("a"));
            assertThat(disk.exists(TMP.resolve("a"))).isFalse();
            assertThat(mapped.get(ValueLayout.JAVA_BYTE, 5)).isEqualTo((byte) 'd');
        }
    }
}
