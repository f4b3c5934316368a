package io.garrick.base;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class KeyRangeTest {
    private static Key key(String hex) {
        return Key.ofHex(hex);
    }

    @Test
    void anEmptyEndIsNoBound() {
        KeyRange tail = new KeyRange(key("05"), Key.EMPTY);
        assertThat(tail.contains(key("ffff"))).isTrue();
        assertThat(tail.contains(key("04ff"))).isFalse();
        assertThat(KeyRange.ALL.contains(tail)).isTrue();
        assertThat(tail.contains(KeyRange.ALL)).isFalse();
    }

    @Test
    void rangesThatOnlyTouchDoNotOverlap() {
        KeyRange left = new KeyRange(key("01"), key("05"));
        KeyRange right = new KeyRange(key("05"), key("09"));
        assertThat(left.overlaps(right)).isFalse();
        assertThat(left.intersect(right).isEmpty()).isTrue();
    }

    @Test
    void thePrefixEndIsAboveEveryKeyWithThePrefix() {
        assertThat(key("7401ff").prefixEnd()).isEqualTo(key("7402"));
        assertThat(key("ffff").prefixEnd()).isEqualTo(Key.EMPTY);
    }

    @Property(tries = 200)
    void anIntersectionContainsExactlyTheCommonKeys(
            @ForAll byte a, @ForAll byte b, @ForAll byte c, @ForAll byte d, @ForAll byte probe) {
        KeyRange left = range(a, b);
        KeyRange right = range(c, d);
        Key key = Key.of(new byte[] {probe});
        assertThat(left.intersect(right).contains(key))
                .isEqualTo(left.contains(key) && right.contains(key));
    }

    private static KeyRange range(byte a, byte b) {
        Key one = Key.of(new byte[] {a});
        Key other = Key.of(new byte[] {b});
        return one.compareTo(other) <= 0 ? new KeyRange(one, other) : new KeyRange(other, one);
    }
}
