package io.garrick.codec.collation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

final class CollationTest {
    @Test
    void trailingSpacesCountOnlyWithoutPadding() {
        assertThat(compare("utf8mb4_bin", "a", "a  ")).isZero();
        assertThat(compare("utf8mb4_general_ci", "a", "A  ")).isZero();
        assertThat(compare("binary", "a", "a ")).isEqualTo(-1);
        assertThat(compare("utf8mb4_0900_ai_ci", "a", "a ")).isEqualTo(-1);
        assertThat(compare("utf8mb4_bin", "a", "a\t")).isEqualTo(-1);
    }

    @Test
    void accentsAndCaseAreIgnoredAsEachCollationSays() {
        assertThat(compare("utf8mb4_general_ci", "é", "E")).isZero();
        assertThat(compare("utf8mb4_general_ci", "ß", "s")).isZero();
        assertThat(compare("utf8mb4_0900_ai_ci", "Straße", "STRASSE")).isZero();
        assertThat(compare("utf8mb4_bin", "é", "E")).isEqualTo(1);
        assertThat(key("utf8mb4_0900_ai_ci", "\ud55c"))
                .isEqualTo(key("utf8mb4_0900_ai_ci", "\u1112\u1161\u11ab"));
    }

    @Test
    void whatHasNoWeightsHereIsRefused() {
        assertThat(key("gbk_bin", "中")).isEqualTo("d6d0");
        assertThat(key("gbk_chinese_ci", "abc")).isEqualTo("414243");
        assertThatThrownBy(() -> key("gbk_chinese_ci", "中"))
                .isInstanceOf(UnsupportedCollationException.class)
                .hasMessageContaining("unsupported collation for comparison");
        assertThatThrownBy(() -> Collation.of("utf8mb4_unicode_ci"))
                .isInstanceOf(UnsupportedCollationException.class);
        assertThatThrownBy(() -> Collation.of("latin1_swedish_ci"))
                .isInstanceOf(UnsupportedCollationException.class);
    }

    @Test
    void withTheOldFrameworkEveryCollationComparesBytes() {
        byte[] text = "A ".getBytes(UTF_8);
        assertThat(Collation.of("utf8mb4_general_ci", false).sortKey(text)).isEqualTo(text);
        assertThat(Collation.of("latin1_swedish_ci", false).sortKey(text)).isEqualTo(text);
    }

    @Property(tries = 300)
    void comparingStringsIsComparingSortKeys(
            @ForAll @StringLength(max = 12) String left,
            @ForAll @StringLength(max = 12) String right) {
        for (String name :
                new String[] {
                    "utf8mb4_bin",
                    "utf8mb4_general_ci",
                    "utf8mb4_0900_ai_ci",
                    "gb18030_bin",
                    "gbk_bin"
                }) {
            Collation collation = Collation.of(name);
            byte[] leftBytes = left.getBytes(UTF_8);
            byte[] rightBytes = right.getBytes(UTF_8);
            int keys =
                    Arrays.compareUnsigned(
                            collation.sortKey(leftBytes), collation.sortKey(rightBytes));
            assertThat(collation.compare(leftBytes, rightBytes)).isEqualTo(Integer.signum(keys));
        }
    }

    private static int compare(String collation, String left, String right) {
        return Collation.of(collation).compare(left.getBytes(UTF_8), right.getBytes(UTF_8));
    }

    private static String key(String collation, String text) {
        return HexFormat.of().formatHex(Collation.of(collation).sortKey(text.getBytes(UTF_8)));
    }
}
