package io.garrick.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.garrick.peer.Ledger.BrokenPromiseException;
import io.garrick.peer.Outcome.Status;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.EntryType;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.raft.RaftRole;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The ledger must see every way in which two peers may drift apart. */
class LedgerTest {
    private static final ConfState VOTERS =
            ConfState.newBuilder().addVoters(1).addVoters(2).addVoters(3).build();

    private final Ledger ledger = new Ledger(new Op.Start(5, 5, VOTERS));

    @BeforeEach
    void startThreePeers() {
        for (long peer = 1; peer <= 3; peer++) {
            ledger.started(peer, 5);
        }
    }

    static Entry entry(long index, long term, String data) {
        return Entry.newBuilder()
                .setIndex(index)
                .setTerm(term)
                .setData(ByteString.copyFromUtf8(data))
                .build();
    }

    private static Status leader(long term, long commit, long first, long last) {
        return new Status(term, 0, 0, RaftRole.LEADER, commit, commit, first, last);
    }

    private static Status follower(long term, long commit) {
        return new Status(term, 0, 0, RaftRole.FOLLOWER, commit, commit, 6, commit);
    }

    @Test
    void peersThatApplyTheSameAreFine() {
        assertThat(ledger.applied(1, entry(6, 6, "a"))).isTrue();
        assertThat(ledger.applied(2, entry(6, 6, "a"))).isFalse();
        assertThat(ledger.lastIndex()).isEqualTo(6);
    }

    @Test
    void anEntryWithOtherDataIsFound() {
        ledger.applied(1, entry(6, 6, "a"));
        assertThatThrownBy(() -> ledger.applied(2, entry(6, 6, "b")))
                .isInstanceOf(BrokenPromiseException.class)
                .hasMessageContaining("peer 2 applies 6/6");
    }

    @Test
    void anEntryOfAnotherTermIsFound() {
        ledger.applied(1, entry(6, 6, "a"));
        assertThatThrownBy(() -> ledger.applied(2, entry(6, 7, "a")))
                .isInstanceOf(BrokenPromiseException.class);
    }

    @Test
    void anEntryOfAnotherTypeIsFound() {
        ledger.applied(1, entry(6, 6, ""));
        Entry other = entry(6, 6, "").toBuilder().setEntryType(EntryType.EntryConfChangeV2).build();
        assertThatThrownBy(() -> ledger.applied(2, other))
                .isInstanceOf(BrokenPromiseException.class);
    }

    @Test
    void anEntryWithAnotherContextIsFound() {
        ledger.applied(1, entry(6, 6, "a"));
        Entry other = entry(6, 6, "a").toBuilder().setContext(ByteString.copyFromUtf8("c")).build();
        assertThatThrownBy(() -> ledger.applied(2, other))
                .isInstanceOf(BrokenPromiseException.class);
    }

    @Test
    void aGapAndARepetitionAreFound() {
        ledger.applied(1, entry(6, 6, "a"));
        assertThatThrownBy(() -> ledger.applied(1, entry(8, 6, "c")))
                .isInstanceOf(BrokenPromiseException.class);
        assertThatThrownBy(() -> ledger.applied(1, entry(6, 6, "a")))
                .isInstanceOf(BrokenPromiseException.class);
    }

    @Test
    void aRestartMayRepeatWhatTheStateMachineHadNotKept() {
        ledger.applied(1, entry(6, 6, "a"));
        ledger.applied(1, entry(7, 6, "b"));
        ledger.started(1, 6);
        assertThat(ledger.applied(1, entry(7, 6, "b"))).isFalse();
    }

    @Test
    void aSnapshotMustCarryTheStateOfItsIndex() {
        ledger.applied(1, entry(6, 6, "a"));
        Snapshot atSix = ledger.snapshotAt(6);
        ledger.applied(1, entry(7, 6, "b"));
        assertThatCode(() -> ledger.installed(2, atSix)).doesNotThrowAnyException();
        Snapshot wrong = ledger.snapshotAt(7).toBuilder().setData(atSix.getData()).build();
        assertThatThrownBy(() -> ledger.installed(3, wrong))
                .isInstanceOf(BrokenPromiseException.class);
    }

    @Test
    void aSnapshotDoesNotTakeAPeerBack() {
        ledger.applied(1, entry(6, 6, "a"));
        Snapshot atSix = ledger.snapshotAt(6);
        ledger.applied(1, entry(7, 6, "b"));
        assertThatThrownBy(() -> ledger.installed(1, atSix))
                .isInstanceOf(BrokenPromiseException.class);
    }

    @Test
    void twoConfigurationsAtOneIndexAreFoundInAnyOrderOfIds() {
        ledger.applied(1, entry(6, 6, "x"));
        ledger.applied(2, entry(6, 6, "x"));
        ledger.applied(3, entry(6, 6, "x"));
        ledger.configured(1, ConfState.newBuilder().addVoters(1).addVoters(2).build());
        ledger.configured(2, ConfState.newBuilder().addVoters(2).addVoters(1).build());
        assertThatThrownBy(() -> ledger.configured(3, ConfState.newBuilder().addVoters(1).build()))
                .isInstanceOf(BrokenPromiseException.class);
    }

    @Test
    void aTermHasOneLeader() {
        assertThat(ledger.observe(1, leader(6, 5, 6, 5), _ -> 0)).isTrue();
        assertThat(ledger.observe(1, leader(6, 5, 6, 6), _ -> 0)).isFalse();
        assertThatThrownBy(() -> ledger.observe(2, leader(6, 5, 6, 5), _ -> 0))
                .isInstanceOf(BrokenPromiseException.class)
                .hasMessageContaining("lead term 6");
    }

    @Test
    void aLeaderMustHaveWhatWasCommittedBefore() {
        ledger.applied(1, entry(6, 6, "a"));
        ledger.observe(1, leader(6, 6, 6, 6), _ -> 6);
        assertThatThrownBy(() -> ledger.observe(2, leader(7, 5, 6, 5), _ -> 0))
                .isInstanceOf(BrokenPromiseException.class)
                .hasMessageContaining("lacks entry 6");
    }

    @Test
    void aLeaderOfATermBeforeTheCommitNeedNotHaveIt() {
        ledger.applied(1, entry(6, 8, "a"));
        ledger.observe(1, leader(8, 6, 6, 6), _ -> 8);
        assertThatCode(() -> ledger.observe(2, leader(7, 5, 6, 5), _ -> 0))
                .doesNotThrowAnyException();
    }

    @Test
    void aReadMustSeeWhatWasAppliedWhenItWasAsked() {
        ByteString context = ByteString.copyFromUtf8("r");
        ledger.applied(1, entry(6, 6, "a"));
        ledger.readAsked(context);
        ledger.applied(1, entry(7, 6, "b"));
        assertThatCode(() -> ledger.readAnswered(2, 6, context)).doesNotThrowAnyException();
        assertThatThrownBy(() -> ledger.readAnswered(2, 5, context))
                .isInstanceOf(BrokenPromiseException.class);
        assertThatThrownBy(() -> ledger.readAnswered(2, 9, ByteString.copyFromUtf8("never")))
                .isInstanceOf(BrokenPromiseException.class);
        assertThat(ledger.observe(3, follower(6, 5), _ -> 0)).isFalse();
    }
}
