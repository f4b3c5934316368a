package io.garrick.learner.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.garrick.learner.ApplySink.Kind;
import io.garrick.learner.ApplySink.Write;
import io.garrick.learner.Cf;
import io.garrick.proto.importsst.Range;
import io.garrick.proto.importsst.SSTMeta;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.RegionEpoch;
import io.garrick.proto.raftcmd.AdminCmdType;
import io.garrick.proto.raftcmd.AdminRequest;
import io.garrick.proto.raftcmd.CmdType;
import io.garrick.proto.raftcmd.DeleteRangeRequest;
import io.garrick.proto.raftcmd.IngestSSTRequest;
import io.garrick.proto.raftcmd.PutRequest;
import io.garrick.proto.raftcmd.RaftCmdRequest;
import io.garrick.proto.raftcmd.RaftRequestHeader;
import io.garrick.proto.raftcmd.Request;
import java.io.IOException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The region is [b, y) at conf version 3, version 5. */
final class CommandsTest {
    private static final Region REGION =
            Region.newBuilder()
                    .setId(7)
                    .setStartKey(bytes("b"))
                    .setEndKey(bytes("y"))
                    .setRegionEpoch(RegionEpoch.newBuilder().setConfVer(3).setVersion(5))
                    .build();

    private static ByteString bytes(String text) {
        return ByteString.copyFromUtf8(text);
    }

    private static Request put(String key) {
        return Request.newBuilder()
                .setCmdType(CmdType.Put)
                .setPut(PutRequest.newBuilder().setKey(bytes(key)).setValue(bytes("v")))
                .build();
    }

    // ---- epochs ----

    /** Conf version and version may be right or behind; who cares about which. */
    @ParameterizedTest(name = "{0}: version checked {1}, conf version checked {2}")
    @CsvSource({
        "data, true, false",
        "CompactLog, false, false",
        "ComputeHash, false, false",
        "VerifyHash, false, false",
        "TransferLeader, false, false",
        "UpdateGcPeer, false, false",
        "ChangePeer, false, true",
        "ChangePeerV2, false, true",
        "BatchSwitchWitness, false, true",
        "Split, true, true",
        "BatchSplit, true, true",
        "PrepareMerge, true, true",
        "CommitMerge, true, true",
        "RollbackMerge, true, true",
        "PrepareFlashback, true, true",
        "FinishFlashback, true, true",
    })
    void eachCommandHasItsOwnEpochCheck(String kind, boolean version, boolean confVer) {
        assertThat(passes(kind, 3, 5)).isTrue();
        assertThat(passes(kind, 3, 4)).isEqualTo(!version);
        assertThat(passes(kind, 3, 6)).isEqualTo(!version);
        assertThat(passes(kind, 2, 5)).isEqualTo(!confVer);
        assertThat(passes(kind, 4, 5)).isEqualTo(!confVer);
    }

    private static boolean passes(String kind, long confVer, long version) {
        RaftCmdRequest.Builder command =
                RaftCmdRequest.newBuilder()
                        .setHeader(
                                RaftRequestHeader.newBuilder()
                                        .setRegionEpoch(
                                                RegionEpoch.newBuilder()
                                                        .setConfVer(confVer)
                                                        .setVersion(version)));
        if (kind.equals("data")) {
            command.addRequests(put("c"));
        } else {
            command.setAdminRequest(
                    AdminRequest.newBuilder().setCmdType(AdminCmdType.valueOf(kind)));
        }
        try {
            EpochRules.check(command.build(), REGION);
            return true;
        } catch (RefusedCommandException e) {
            return false;
        }
    }

    /** Flag 8 marks writes of a flashback; nothing else may write while it runs. */
    @ParameterizedTest
    @CsvSource({"false, 0, true", "false, 8, false", "true, 0, false", "true, 8, true"})
    void aFlashbackKeepsOtherWritesOut(boolean inFlashback, long flags, boolean passes) {
        RaftCmdRequest command =
                RaftCmdRequest.newBuilder()
                        .setHeader(
                                RaftRequestHeader.newBuilder()
                                        .setRegionEpoch(REGION.getRegionEpoch())
                                        .setFlags(flags))
                        .addRequests(put("c"))
                        .build();
        Region region = REGION.toBuilder().setIsInFlashback(inFlashback).build();
        if (passes) {
            assertThatCode(() -> EpochRules.check(command, region)).doesNotThrowAnyException();
        } else {
            assertThatThrownBy(() -> EpochRules.check(command, region))
                    .isInstanceOf(RefusedCommandException.class);
        }
    }

    // ---- data ----

    @Test
    void oneBadKeyRefusesTheWholeCommand() throws Exception {
        assertThat(
                        Commands.data(
                                        RaftCmdRequest.newBuilder()
                                                .addRequests(put("b"))
                                                .addRequests(put("x"))
                                                .build(),
                                        REGION)
                                .writes())
                .hasSize(2);
        for (String bad : new String[] {"a", "y", "z", ""}) {
            RaftCmdRequest command =
                    RaftCmdRequest.newBuilder().addRequests(put("c")).addRequests(put(bad)).build();
            assertThatThrownBy(() -> Commands.data(command, REGION))
                    .isInstanceOf(RefusedCommandException.class);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "b, y, write, false, true",
        "b, y, write, true, true",
        "c, d, '', false, true",
        "b, '', write, false, false",
        "a, c, write, false, false",
        "c, z, write, false, false",
        "d, c, write, false, false",
        "c, c, write, false, false",
        "c, d, odd, false, false",
    })
    void aRangeMustLieInTheRegion(
            String start, String end, String cf, boolean notifyOnly, boolean passes)
            throws Exception {
        RaftCmdRequest command =
                RaftCmdRequest.newBuilder()
                        .addRequests(
                                Request.newBuilder()
                                        .setCmdType(CmdType.DeleteRange)
                                        .setDeleteRange(
                                                DeleteRangeRequest.newBuilder()
                                                        .setCf(cf)
                                                        .setStartKey(bytes(start))
                                                        .setEndKey(bytes(end))
                                                        .setNotifyOnly(notifyOnly)))
                        .build();
        if (passes) {
            assertThat(Commands.data(command, REGION).writes()).hasSize(notifyOnly ? 0 : 1);
        } else {
            assertThatThrownBy(() -> Commands.data(command, REGION))
                    .isInstanceOf(RefusedCommandException.class);
        }
    }

    /** Both parts of the epoch count, and the end of the range is its last key. */
    @ParameterizedTest(name = "uuid {0}, {1}, {2}..{3}, region {4}, epoch {5}.{6}: {7}")
    @CsvSource({
        "16, write, b, x, 7, 3, 5, true",
        "16, default, c, c, 7, 3, 5, true",
        "15, write, b, x, 7, 3, 5, false",
        "16, lock, b, x, 7, 3, 5, false",
        "16, odd, b, x, 7, 3, 5, false",
        "16, write, a, x, 7, 3, 5, false",
        "16, write, b, y, 7, 3, 5, false",
        "16, write, b, x, 8, 3, 5, false",
        "16, write, b, x, 7, 2, 5, false",
        "16, write, b, x, 7, 3, 4, false",
        "16, write, b, x, 7, 3, 6, false",
    })
    void anImportedFileMustFitItsRegion(
            int uuidBytes,
            String cf,
            String first,
            String last,
            long regionId,
            long confVer,
            long version,
            boolean passes)
            throws Exception {
        SSTMeta.Builder sst =
                SSTMeta.newBuilder()
                        .setUuid(ByteString.copyFrom(new byte[uuidBytes]))
                        .setCfName(cf)
                        .setRange(Range.newBuilder().setStart(bytes(first)).setEnd(bytes(last)))
                        .setRegionId(regionId)
                        .setRegionEpoch(
                                RegionEpoch.newBuilder().setConfVer(confVer).setVersion(version));
        RaftCmdRequest command =
                RaftCmdRequest.newBuilder()
                        .addRequests(put("c"))
                        .addRequests(
                                Request.newBuilder()
                                        .setCmdType(CmdType.IngestSST)
                                        .setIngestSst(IngestSSTRequest.newBuilder().setSst(sst)))
                        .build();
        if (passes) {
            assertThat(Commands.data(command, REGION).ingestsFiles()).isTrue();
        } else {
            assertThatThrownBy(() -> Commands.data(command, REGION))
                    .isInstanceOf(RefusedCommandException.class);
        }
    }

    // ---- the other encoding ----

    @ParameterizedTest
    @CsvSource({
        "f0, 240",
        "f101, 241",
        "f8ff, 2287",
        "f90000, 2288",
        "f9ffff, 67823",
        "fa0108f0, 67824"
    })
    void lengthsAreSqliteVarints(String hex, int length) throws IOException {
        ByteString bytes = ByteString.copyFrom(HexFormat.of().parseHex(hex));
        assertThat(SimpleWrites.length(bytes.newCodedInput())).isEqualTo(length);
    }

    @Test
    void aSimpleWriteDecodesLikeACommand() throws Exception {
        RaftRequestHeader header =
                RaftRequestHeader.newBuilder().setRegionEpoch(REGION.getRegionEpoch()).build();
        ByteString data =
                ByteString.copyFrom(new byte[] {0, (byte) header.getSerializedSize()})
                        .concat(header.toByteString())
                        .concat(ByteString.copyFrom(new byte[] {0, 1, 1, 'c', 2, 'v', 'w'}))
                        .concat(ByteString.copyFrom(new byte[] {1, 2, 1, 'd'}))
                        .concat(ByteString.copyFrom(new byte[] {2, 0, 1, 'e', 1, 'f', 0}));
        RaftCmdRequest command = Commands.decode(data);
        assertThat(command.getHeader()).isEqualTo(header);
        assertThat(Commands.data(command, REGION).writes())
                .containsExactly(
                        new Write(Cf.WRITE, Kind.PUT, bytes("c"), bytes("vw")),
                        new Write(Cf.LOCK, Kind.DELETE, bytes("d"), ByteString.EMPTY),
                        new Write(Cf.DEFAULT, Kind.DELETE_RANGE, bytes("e"), bytes("f")));
    }
}
