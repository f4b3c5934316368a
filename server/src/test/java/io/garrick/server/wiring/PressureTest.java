package io.garrick.server.wiring;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** When a node asks the cluster to send less. The reserve is 100 bytes, memory may hold 1000. */
final class PressureTest {
    private long free = 500;
    private long unwritten;
    private long now;
    private final Pressure pressure =
            new Pressure(() -> free, () -> unwritten, 100, 1000, () -> now);

    private boolean busyAfterASecond() {
        now += 1_000_000_000L;
        return pressure.busy();
    }

    @Test
    void aNearlyFullDiskIsPressureUntilThereIsSomeRoomAgain() {
        assertThat(busyAfterASecond()).isFalse();
        free = 99;
        assertThat(busyAfterASecond()).isTrue();
        free = 110;
        assertThat(busyAfterASecond()).isTrue();
        free = 130;
        assertThat(busyAfterASecond()).isFalse();
    }

    @Test
    void tooMuchInMemoryIsPressure() {
        unwritten = 1001;
        assertThat(busyAfterASecond()).isTrue();
        unwritten = 900;
        assertThat(busyAfterASecond()).isTrue();
        unwritten = 700;
        assertThat(busyAfterASecond()).isFalse();
    }

    @Test
    void theWorldIsLookedAtOnceASecond() {
        free = 0;
        now += 1000;
        assertThat(pressure.busy()).isFalse();
        assertThat(busyAfterASecond()).isTrue();
    }
}
