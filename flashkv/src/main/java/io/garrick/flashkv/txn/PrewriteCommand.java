package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.proto.kvrpc.KeyError;
import io.garrick.proto.kvrpc.PrewriteRequest;
import io.garrick.proto.kvrpc.PrewriteResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** All mutations of one prewrite request, under their latches. */
final class PrewriteCommand {
    private final PrewriteRequest request;
    private final List<Key> keys;
    private final MvccReader reader;
    private final Changes changes;
    private final ConcurrencyManager concurrency;

    PrewriteCommand(
            PrewriteRequest request,
            List<Key> keys,
            MvccReader reader,
            Changes changes,
            ConcurrencyManager concurrency) {
        this.request = request;
        this.keys = keys;
        this.reader = reader;
        this.changes = changes;
        this.concurrency = concurrency;
    }

    PrewriteResponse run(CommitKind kind) {
        Prewrite prewrite = new Prewrite(reader, changes, request, concurrency, kind);
        List<KeyError> errors = new ArrayList<>();
        long minCommitTs = 0;
        for (int i = 0; i < request.getMutationsCount(); i++) {
            switch (prewrite.mutation(i)) {
                case Prewrite.Result.Locked(long chosen) ->
                        minCommitTs = ConcurrencyManager.maxUnsigned(minCommitTs, chosen);
                case Prewrite.Result.FallBack _ -> {
                    OptionalLong committed = committedAt(keys.get(i));
                    return committed.isPresent() ? done(kind, committed.getAsLong()) : fallBack();
                }
                case Prewrite.Result.Failed(KeyError error) -> {
                    OptionalLong committed =
                            mayHideCommit(error) ? committedAt(keys.get(i)) : OptionalLong.empty();
                    if (committed.isPresent()) {
                        return done(kind, committed.getAsLong());
                    }
                    errors.add(error);
                }
            }
            if (!errors.isEmpty() && !errors.getLast().hasLocked()) {
                break;
            }
        }
        if (!errors.isEmpty()) {
            changes.clear();
            return PrewriteResponse.newBuilder().addAllErrors(errors).build();
        }
        if (kind instanceof CommitKind.OnePhase) {
            prewrite.commitAt(minCommitTs);
        }
        return response(kind, minCommitTs);
    }

    /** Errors that a prewrite gets which comes again after its transaction was committed. */
    private static boolean mayHideCommit(KeyError error) {
        return error.hasLocked()
                || error.hasConflict()
                || error.getAbort().startsWith("pessimistic lock not found");
    }

    private OptionalLong committedAt(Key key) {
        return reader.txnRecord(key, request.getStartVersion())
                        instanceof MvccReader.TxnRecord.Committed(long commitTs)
                ? OptionalLong.of(commitTs)
                : OptionalLong.empty();
    }

    /** Committed before: to say so again is the only right answer. */
    private PrewriteResponse done(CommitKind kind, long commitTs) {
        changes.clear();
        return response(kind, commitTs);
    }

    private static PrewriteResponse response(CommitKind kind, long commitTs) {
        PrewriteResponse.Builder response = PrewriteResponse.newBuilder();
        return switch (kind) {
            case CommitKind.TwoPhase _ -> response.build();
            case CommitKind.Async _ -> response.setMinCommitTs(commitTs).build();
            case CommitKind.OnePhase _ -> response.setOnePcCommitTs(commitTs).build();
        };
    }

    /**
     * With neither a minimal nor a one-phase commit ts in the answer the client takes two phases.
     */
    private PrewriteResponse fallBack() {
        changes.clear();
        concurrency.release(changes.guarded());
        return run(new CommitKind.TwoPhase());
    }
}
