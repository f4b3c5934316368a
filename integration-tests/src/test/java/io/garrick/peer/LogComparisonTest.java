package io.garrick.peer;

import static io.garrick.peer.LedgerTest.entry;
import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.peer.LogComparison.PeerLog;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class LogComparisonTest {
    private static final ConfState CONF = ConfState.newBuilder().addVoters(1).addVoters(2).build();
    private static final List<Entry> AGREED =
            List.of(entry(6, 6, "a"), entry(7, 6, "b"), entry(8, 7, "c"));
    private static final PeerLog WHOLE = new PeerLog(6, AGREED, 8, CONF);

    private static List<String> differences(PeerLog other) {
        SortedMap<Long, PeerLog> peers = new TreeMap<>();
        peers.put(1L, WHOLE);
        peers.put(2L, other);
        return LogComparison.differences(6, AGREED, peers);
    }

    @Test
    void equalLogsDoNotDiffer() {
        assertThat(differences(WHOLE)).isEmpty();
    }

    @Test
    void aCompactedHeadIsNoDifference() {
        assertThat(differences(new PeerLog(8, AGREED.subList(2, 3), 8, CONF))).isEmpty();
        assertThat(differences(new PeerLog(9, List.of(), 8, CONF))).isEmpty();
    }

    @Test
    void theOrderOfIdsInAConfigurationIsNoDifference() {
        ConfState same = ConfState.newBuilder().addVoters(2).addVoters(1).build();
        assertThat(differences(new PeerLog(6, AGREED, 8, same))).isEmpty();
    }

    @Test
    void oneOtherByteIsADifference() {
        List<Entry> entries = List.of(AGREED.get(0), entry(7, 6, "B"), AGREED.get(2));
        assertThat(differences(new PeerLog(6, entries, 8, CONF)))
                .singleElement()
                .asString()
                .startsWith("peer 2 has 7/6");
    }

    @Test
    void anotherTermIsADifference() {
        List<Entry> entries = List.of(AGREED.get(0), AGREED.get(1), entry(8, 6, "c"));
        assertThat(differences(new PeerLog(6, entries, 8, CONF))).hasSize(1);
    }

    @Test
    void aMissingTailIsADifference() {
        assertThat(differences(new PeerLog(6, AGREED.subList(0, 2), 8, CONF)))
                .containsExactly("peer 2 ends at 7, not 8");
    }

    @Test
    void aHoleIsADifference() {
        List<Entry> entries = List.of(AGREED.get(0), AGREED.get(2));
        assertThat(differences(new PeerLog(6, entries, 8, CONF)))
                .contains("peer 2 has entry 8 in the place of 7");
    }

    @Test
    void aStateMachineThatLagsIsADifference() {
        assertThat(differences(new PeerLog(6, AGREED, 7, CONF)))
                .containsExactly("peer 2 has applied 7, not 8");
    }

    @Test
    void anotherConfigurationIsADifference() {
        ConfState other = ConfState.newBuilder().addVoters(1).addLearners(2).build();
        assertThat(differences(new PeerLog(6, AGREED, 8, other)))
                .singleElement()
                .asString()
                .startsWith("peer 2 is configured otherwise");
    }
}
