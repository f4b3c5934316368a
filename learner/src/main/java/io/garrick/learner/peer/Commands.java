package io.garrick.learner.peer;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.learner.ApplySink.Kind;
import io.garrick.learner.ApplySink.Write;
import io.garrick.learner.Cf;
import io.garrick.proto.importsst.SSTMeta;
import io.garrick.proto.meta.Region;
import io.garrick.proto.raftcmd.DeleteRangeRequest;
import io.garrick.proto.raftcmd.RaftCmdRequest;
import io.garrick.proto.raftcmd.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Turns the bytes of a log entry into a command, and a data command into writes. */
final class Commands {
    private static final int UUID_BYTES = 16;

    private Commands() {}

    /**
     * What a data command does.
     *
     * @param ingestsFiles it also ingests files that this store does not have
     */
    record Data(List<Write> writes, boolean ingestsFiles) {}

    /** Both encodings: protobuf, and the one of partitioned raftstores, which starts with 0. */
    static RaftCmdRequest decode(ByteString data) {
        try {
            return data.byteAt(0) == 0 ? SimpleWrites.decode(data) : RaftCmdRequest.parseFrom(data);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("undecodable command of " + data.size() + " bytes", e);
        }
    }

    /** All of the command's writes, or a refusal of the whole. */
    static Data data(RaftCmdRequest command, Region region) throws RefusedCommandException {
        List<Write> writes = new ArrayList<>(command.getRequestsCount());
        boolean ingests = false;
        for (Request request : command.getRequestsList()) {
            switch (request.getCmdType()) {
                case Put -> {
                    var put = request.getPut();
                    checkKey(put.getKey(), region);
                    writes.add(
                            new Write(family(put.getCf()), Kind.PUT, put.getKey(), put.getValue()));
                }
                case Delete -> {
                    var delete = request.getDelete();
                    checkKey(delete.getKey(), region);
                    writes.add(
                            new Write(
                                    family(delete.getCf()),
                                    Kind.DELETE,
                                    delete.getKey(),
                                    ByteString.EMPTY));
                }
                case DeleteRange -> deleteRange(request.getDeleteRange(), region, writes);
                case IngestSST -> {
                    checkIngest(request.getIngestSst().getSst(), region);
                    ingests = true;
                }
                case Get, Snap -> {}
                case Invalid, Prewrite, ReadIndex, UNRECOGNIZED ->
                        throw new RefusedCommandException("invalid command type");
            }
        }
        return new Data(writes, ingests);
    }

    private static Cf family(String name) {
        // TiKV itself would stop here: a data command names no other family.
        return Cf.parse(name)
                .orElseThrow(() -> new IllegalStateException("unknown column family " + name));
    }

    private static void checkKey(ByteString key, Region region) throws RefusedCommandException {
        if (!Regions.contains(region, key)) {
            throw new RefusedCommandException("key not in region");
        }
    }

    // An empty end means no bound at all, not the region's end.
    private static void deleteRange(DeleteRangeRequest range, Region region, List<Write> writes)
            throws RefusedCommandException {
        ByteString start = range.getStartKey();
        ByteString end = range.getEndKey();
        if (!end.isEmpty() && Regions.compare(start, end) >= 0) {
            throw new RefusedCommandException("empty range");
        }
        checkKey(start, region);
        ByteString regionEnd = region.getEndKey();
        if (!regionEnd.isEmpty() && (end.isEmpty() || Regions.compare(end, regionEnd) > 0)) {
            throw new RefusedCommandException("range not in region");
        }
        Optional<Cf> cf = Cf.parse(range.getCf());
        if (cf.isEmpty()) {
            throw new RefusedCommandException("unknown column family");
        }
        if (!range.getNotifyOnly()) {
            writes.add(new Write(cf.get(), Kind.DELETE_RANGE, start, end));
        }
    }

    private static void checkIngest(SSTMeta sst, Region region) throws RefusedCommandException {
        if (sst.getUuid().size() != UUID_BYTES) {
            throw new RefusedCommandException("invalid file uuid");
        }
        Optional<Cf> cf = Cf.parse(sst.getCfName());
        if (cf.isEmpty() || cf.get() == Cf.LOCK) {
            throw new RefusedCommandException("invalid column family of a file");
        }
        if (sst.getRegionId() != region.getId()
                || !sst.getRegionEpoch().equals(region.getRegionEpoch())) {
            throw new RefusedCommandException("file of another region or epoch");
        }
        checkKey(sst.getRange().getStart(), region);
        checkKey(sst.getRange().getEnd(), region);
    }
}
