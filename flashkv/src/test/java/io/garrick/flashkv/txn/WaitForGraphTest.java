package io.garrick.flashkv.txn;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.garrick.proto.kvrpc.Deadlock;
import io.garrick.proto.kvrpc.WaitForEntry;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Circles of waiting transactions. */
final class WaitForGraphTest {
    private final WaitForGraph graph = new WaitForGraph();

    private static WaitForEntry wait(long txn, long waitFor, String key) {
        ByteString raw = ByteString.copyFromUtf8(key);
        return WaitForEntry.newBuilder()
                .setTxn(txn)
                .setWaitForTxn(waitFor)
                .setKey(raw)
                .setKeyHash(PessimisticCommands.keyHash(raw))
                .build();
    }

    @Test
    void twoThatWaitForEachOtherAreADeadlockThatNamesTheLockHeld() {
        WaitForEntry first = wait(1, 2, "b");
        assertThat(graph.detect(first, 0)).isEmpty();
        Deadlock found = graph.detect(wait(2, 1, "a"), 0).orElseThrow();
        assertThat(found.getLockTs()).isEqualTo(1);
        assertThat(found.getLockKey().toStringUtf8()).isEqualTo("a");
        assertThat(found.getDeadlockKey().toStringUtf8()).isEqualTo("b");
        assertThat(found.getDeadlockKeyHash()).isEqualTo(first.getKeyHash());
        assertThat(found.getWaitChainList()).containsExactly(first);
    }

    @Test
    void aLongCircleTellsItsChainInOrder() {
        graph.detect(wait(1, 2, "b"), 0);
        graph.detect(wait(2, 3, "c"), 0);
        graph.detect(wait(2, 9, "z"), 0);
        Deadlock found = graph.detect(wait(3, 1, "a"), 0).orElseThrow();
        assertThat(found.getWaitChainList()).containsExactly(wait(1, 2, "b"), wait(2, 3, "c"));
        assertThat(found.getDeadlockKey().toStringUtf8()).isEqualTo("c");
    }

    @Test
    void theWaitThatWouldCloseACircleIsNotRemembered() {
        graph.detect(wait(1, 2, "b"), 0);
        assertThat(graph.detect(wait(2, 1, "a"), 0)).isPresent();
        assertThat(graph.entries()).containsExactly(wait(1, 2, "b"));
    }

    @Test
    void aWaitThatEndedOrGrewOldClosesNoCircle() {
        graph.detect(wait(1, 2, "b"), 0);
        graph.remove(1, 2);
        assertThat(graph.detect(wait(2, 1, "a"), 0)).isEmpty();
        assertThat(graph.detect(wait(1, 2, "b"), WaitForGraph.TTL_MILLIS + 1)).isEmpty();
    }

    /** The hash of FarmHash's Fingerprint64, by which clients know their keys. */
    @Test
    void theKeyHashIsFarmHashFingerprint64() {
        assertThat(PessimisticCommands.keyHash(ByteString.EMPTY)).isEqualTo(0x9ae16a3b2f90404fL);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void randomWaitsAgreeWithAReachabilityModel(long seed) {
        Random random = new Random(seed);
        Map<Long, Set<Long>> model = new TreeMap<>();
        for (int i = 0; i < 3000; i++) {
            long txn = random.nextLong(12);
            long waitFor = random.nextLong(12);
            if (txn == waitFor) {
                continue;
            }
            if (random.nextInt(3) == 0) {
                graph.remove(txn, waitFor);
                model.getOrDefault(txn, new HashSet<>()).remove(waitFor);
                continue;
            }
            boolean circle = reaches(model, waitFor, txn);
            Optional<Deadlock> found = graph.detect(wait(txn, waitFor, "k" + i), 0);
            assertThat(found.isPresent()).as("seed %d step %d", seed, i).isEqualTo(circle);
            if (!circle) {
                model.computeIfAbsent(txn, _ -> new HashSet<>()).add(waitFor);
            }
        }
    }

    private static boolean reaches(Map<Long, Set<Long>> model, long from, long to) {
        Deque<Long> open = new ArrayDeque<>(Set.of(from));
        Set<Long> seen = new HashSet<>();
        while (!open.isEmpty()) {
            long at = open.remove();
            if (at == to) {
                return true;
            }
            if (seen.add(at)) {
                open.addAll(model.getOrDefault(at, Set.of()));
            }
        }
        return false;
    }
}
