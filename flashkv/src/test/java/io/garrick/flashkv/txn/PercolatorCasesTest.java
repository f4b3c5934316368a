package io.garrick.flashkv.txn;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.MvccKey;
import io.garrick.flashkv.kv.Cf;
import io.garrick.proto.kvrpc.AssertionLevel;
import io.garrick.proto.kvrpc.BatchRollbackRequest;
import io.garrick.proto.kvrpc.CheckSecondaryLocksRequest;
import io.garrick.proto.kvrpc.CheckSecondaryLocksResponse;
import io.garrick.proto.kvrpc.CheckTxnStatusRequest;
import io.garrick.proto.kvrpc.CheckTxnStatusResponse;
import io.garrick.proto.kvrpc.CleanupRequest;
import io.garrick.proto.kvrpc.CommitRequest;
import io.garrick.proto.kvrpc.Context;
import io.garrick.proto.kvrpc.GetRequest;
import io.garrick.proto.kvrpc.GetResponse;
import io.garrick.proto.kvrpc.IsolationLevel;
import io.garrick.proto.kvrpc.KeyError;
import io.garrick.proto.kvrpc.KvPair;
import io.garrick.proto.kvrpc.LockInfo;
import io.garrick.proto.kvrpc.Mutation;
import io.garrick.proto.kvrpc.Op;
import io.garrick.proto.kvrpc.PessimisticLockKeyResult;
import io.garrick.proto.kvrpc.PessimisticLockRequest;
import io.garrick.proto.kvrpc.PessimisticLockResponse;
import io.garrick.proto.kvrpc.PessimisticLockWakeUpMode;
import io.garrick.proto.kvrpc.PessimisticRollbackRequest;
import io.garrick.proto.kvrpc.PrewriteRequest;
import io.garrick.proto.kvrpc.PrewriteRequest.PessimisticAction;
import io.garrick.proto.kvrpc.PrewriteResponse;
import io.garrick.proto.kvrpc.ResolveLockRequest;
import io.garrick.proto.kvrpc.ScanLockRequest;
import io.garrick.proto.kvrpc.ScanRequest;
import io.garrick.proto.kvrpc.TxnHeartBeatRequest;
import io.garrick.proto.kvrpc.TxnHeartBeatResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Scenarios as data: {@code percolator.cases}. A case is its title line {@code # ...}, commands, a
 * line {@code ----}, and one answer per command that answers anything but {@code ok}. Timestamps
 * are written in milliseconds; {@code max} is the ts of all ones.
 */
final class PercolatorCasesTest {
    @TestFactory
    Stream<DynamicTest> cases() {
        return Stream.of(
                        "percolator.cases",
                        "rollback.cases",
                        "async-commit.cases",
                        "pessimistic.cases",
                        "shared-lock.cases",
                        "gc.cases")
                .flatMap(file -> cases(file).stream())
                .map(text ->
                        DynamicTest.dynamicTest(
                                text.lines().findFirst().orElseThrow().substring(2),
                                () -> run(text)));
    }

    private static List<String> cases(String file) {
        try (InputStream in = PercolatorCasesTest.class.getResourceAsStream(file)) {
            assertThat(in).isNotNull();
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return Stream.of(text.split("\n\n+", -1)).filter(block -> !block.isBlank()).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void run(String text) {
        Interpreter interpreter = new Interpreter();
        List<String> answers = new ArrayList<>();
        List<String> lines = text.lines().filter(line -> !line.startsWith("#")).toList();
        int border = lines.indexOf("----");
        for (String line : lines.subList(0, border)) {
            String answer = interpreter.run(line);
            if (!answer.equals("ok")) {
                answers.add(answer);
            }
        }
        assertThat(String.join("\n", answers))
                .isEqualTo(String.join("\n", lines.subList(border + 1, lines.size())));
    }

    /** One command per line: a verb and {@code name=value} arguments. */
    private static final class Interpreter {
        private final MemoryRegionKv regions = new MemoryRegionKv(KeyRange.ALL);
        private final TxnCommands txn = MemoryCluster.commands(new Regions(regions));
        private Map<String, String> arguments = Map.of();

        String run(String line) {
            List<String> words = List.of(line.split(" +", -1));
            arguments = new LinkedHashMap<>();
            for (String word : words.subList(1, words.size())) {
                int equals = word.indexOf('=');
                arguments.put(word.substring(0, equals), word.substring(equals + 1));
            }
            return switch (words.getFirst()) {
                case "prewrite" -> prewrite();
                case "commit" ->
                        error(
                                txn.percolator()
                                        .commit(
                                                CommitRequest.newBuilder()
                                                        .setStartVersion(ts("start"))
                                                        .setCommitVersion(ts("commit"))
                                                        .addAllKeys(keys())
                                                        .build())
                                        .getError());
                case "rollback" ->
                        error(
                                txn.percolator()
                                        .batchRollback(
                                                BatchRollbackRequest.newBuilder()
                                                        .setStartVersion(ts("start"))
                                                        .addAllKeys(keys())
                                                        .build())
                                        .getError());
                case "cleanup" ->
                        error(
                                txn.percolator()
                                        .cleanup(
                                                CleanupRequest.newBuilder()
                                                        .setKey(keys().getFirst())
                                                        .setStartVersion(ts("start"))
                                                        .setCurrentTs(ts("now"))
                                                        .build())
                                        .getError());
                case "read" -> read();
                case "scan" -> scan();
                case "check" -> check();
                case "beat" -> beat();
                case "resolve" ->
                        error(
                                txn.percolator()
                                        .resolveLock(
                                                ResolveLockRequest.newBuilder()
                                                        .setStartVersion(ts("start"))
                                                        .setCommitVersion(ts("commit"))
                                                        .addAllKeys(keys())
                                                        .build())
                                        .getError());
                case "secondaries" -> secondaries();
                case "locks" -> locks();
                case "lock" -> lock();
                case "unlock" ->
                        txn.locks()
                                        .rollback(
                                                PessimisticRollbackRequest.newBuilder()
                                                        .setStartVersion(ts("start"))
                                                        .setForUpdateTs(ts("for"))
                                                        .addAllKeys(keys())
                                                        .build())
                                        .getErrorsList()
                                        .isEmpty()
                                ? "ok"
                                : "error";
                case "gc" -> {
                    txn.gc().collect(Context.getDefaultInstance(), ts("at"));
                    yield "ok";
                }
                case "bytes" -> bytes();
                default -> throw new IllegalArgumentException(line);
            };
        }

        private String prewrite() {
            PrewriteRequest.Builder request =
                    PrewriteRequest.newBuilder()
                            .setStartVersion(ts("start"))
                            .setPrimaryLock(
                                    ByteString.copyFromUtf8(
                                            text("primary", keys().getFirst().toStringUtf8())))
                            .setLockTtl(Long.parseLong(text("ttl", "3000")))
                            .setMinCommitTs(ts("min"))
                            .setForUpdateTs(ts("for"))
                            .setTxnSize(Long.parseLong(text("size", "0")));
            for (ByteString key : keys()) {
                Mutation.Builder mutation =
                        Mutation.newBuilder()
                                .setKey(key)
                                .setOp(Op.valueOf(text("op", "Put")))
                                .setValue(value());
                if (arguments.containsKey("assert")) {
                    request.setAssertionLevel(AssertionLevel.Strict);
                    mutation.setAssertion(
                            io.garrick.proto.kvrpc.Assertion.valueOf(text("assert", "")));
                }
                request.addMutations(mutation);
                if (arguments.containsKey("for")) {
                    request.addPessimisticActions(
                            PessimisticAction.valueOf(text("action", "DO_PESSIMISTIC_CHECK")));
                }
            }
            if (arguments.containsKey("async")) {
                request.setUseAsyncCommit(true);
                for (String key : text("async", "").split(",", -1)) {
                    if (!key.isEmpty()) {
                        request.addSecondaries(ByteString.copyFromUtf8(key));
                    }
                }
            }
            request.setTryOnePc(arguments.containsKey("onepc"));
            request.setMaxCommitTs(ts("ceiling"));
            request.getContextBuilder()
                    .setIsRetryRequest(arguments.containsKey("retry"))
                    .setTxnSource(Long.parseLong(text("source", "0")));
            PrewriteResponse response = txn.percolator().prewrite(request.build());
            if (response.getErrorsCount() != 0) {
                return response.getErrorsList().stream()
                        .map(Interpreter::error)
                        .collect(Collectors.joining(" "));
            }
            if (response.getOnePcCommitTs() != 0) {
                return "committed at " + shown(response.getOnePcCommitTs());
            }
            boolean asked = arguments.containsKey("async") || arguments.containsKey("onepc");
            return asked ? "min=" + shown(response.getMinCommitTs()) : "ok";
        }

        private String read() {
            Context.Builder context = Context.newBuilder();
            if (arguments.containsKey("bypass")) {
                context.addResolvedLocks(ts("bypass"));
            }
            if (arguments.containsKey("access")) {
                context.addCommittedLocks(ts("access"));
            }
            if (arguments.containsKey("isolation")) {
                context.setIsolationLevel(IsolationLevel.valueOf(text("isolation", "")));
            }
            GetResponse response =
                    txn.reads()
                            .get(
                                    GetRequest.newBuilder()
                                            .setContext(context)
                                            .setKey(keys().getFirst())
                                            .setVersion(ts("at"))
                                            .build());
            String key = keys().getFirst().toStringUtf8();
            if (response.hasError()) {
                return error(response.getError());
            }
            return response.getNotFound()
                    ? key + " absent"
                    : key + "=" + shown(response.getValue());
        }

        private String scan() {
            List<KvPair> pairs =
                    txn.reads()
                            .scan(
                                    ScanRequest.newBuilder()
                                            .setStartKey(ByteString.copyFromUtf8(text("from", "")))
                                            .setEndKey(ByteString.copyFromUtf8(text("to", "")))
                                            .setLimit(Integer.parseInt(text("limit", "100")))
                                            .setReverse(arguments.containsKey("reverse"))
                                            .setKeyOnly(arguments.containsKey("keys"))
                                            .setSampleStep(Integer.parseInt(text("step", "0")))
                                            .setVersion(ts("at"))
                                            .build())
                            .getPairsList();
            return pairs.stream()
                    .map(pair ->
                            pair.hasError()
                                    ? error(pair.getError())
                                    : pair.getKey().toStringUtf8() + "=" + shown(pair.getValue()))
                    .collect(Collectors.joining(" ", "[", "]"));
        }

        private String check() {
            CheckTxnStatusResponse response =
                    txn.percolator()
                            .checkTxnStatus(
                                    CheckTxnStatusRequest.newBuilder()
                                            .setPrimaryKey(keys().getFirst())
                                            .setLockTs(ts("start"))
                                            .setCallerStartTs(ts("caller"))
                                            .setCurrentTs(ts("now"))
                                            .setRollbackIfNotExist(arguments.containsKey("force"))
                                            .setForceSyncCommit(arguments.containsKey("sync"))
                                            .setResolvingPessimisticLock(
                                                    arguments.containsKey("pessimistic"))
                                            .setVerifyIsPrimary(
                                                    !arguments.containsKey("unverified"))
                                            .build());
            if (response.hasError()) {
                return error(response.getError());
            }
            String state;
            if (response.getCommitVersion() != 0) {
                state = "committed " + shown(response.getCommitVersion());
            } else if (response.getLockTtl() != 0) {
                state =
                        "alive ttl="
                                + response.getLockTtl()
                                + " min="
                                + shown(response.getLockInfo().getMinCommitTs());
            } else {
                state = "rolled back";
            }
            return state + " " + response.getAction();
        }

        private String beat() {
            TxnHeartBeatResponse response =
                    txn.percolator()
                            .heartBeat(
                                    TxnHeartBeatRequest.newBuilder()
                                            .setPrimaryLock(keys().getFirst())
                                            .setStartVersion(ts("start"))
                                            .setAdviseLockTtl(Long.parseLong(text("ttl", "0")))
                                            .build());
            return response.hasError()
                    ? error(response.getError())
                    : "ttl=" + response.getLockTtl();
        }

        private String secondaries() {
            CheckSecondaryLocksResponse response =
                    txn.percolator()
                            .checkSecondaryLocks(
                                    CheckSecondaryLocksRequest.newBuilder()
                                            .addAllKeys(keys())
                                            .setStartVersion(ts("start"))
                                            .build());
            return "locked="
                    + response.getLocksCount()
                    + " committed="
                    + shown(response.getCommitTs());
        }

        private String locks() {
            return txn
                    .reads()
                    .scanLock(
                            ScanLockRequest.newBuilder()
                                    .setMaxVersion(ts("at"))
                                    .setStartKey(ByteString.copyFromUtf8(text("from", "")))
                                    .setEndKey(ByteString.copyFromUtf8(text("to", "")))
                                    .setLimit(Integer.parseInt(text("limit", "0")))
                                    .build())
                    .getLocksList()
                    .stream()
                    .map(Interpreter::shown)
                    .collect(Collectors.joining(" ", "[", "]"));
        }

        private String lock() {
            PessimisticLockRequest.Builder request =
                    PessimisticLockRequest.newBuilder()
                            .setPrimaryLock(
                                    ByteString.copyFromUtf8(
                                            text("primary", keys().getFirst().toStringUtf8())))
                            .setStartVersion(ts("start"))
                            .setForUpdateTs(ts("for"))
                            .setMinCommitTs(ts("min"))
                            .setWaitTimeout(Long.parseLong(text("wait", "-1")))
                            .setReturnValues(arguments.containsKey("values"))
                            .setCheckExistence(arguments.containsKey("exists"))
                            .setLockOnlyIfExists(arguments.containsKey("onlyif"))
                            .setWakeUpMode(
                                    arguments.containsKey("force")
                                            ? PessimisticLockWakeUpMode.WakeUpModeForceLock
                                            : PessimisticLockWakeUpMode.WakeUpModeNormal)
                            .setLockTtl(Long.parseLong(text("ttl", "3000")));
            keys().forEach(key ->
                    request.addMutations(
                            Mutation.newBuilder()
                                    .setOp(
                                            arguments.containsKey("shared")
                                                    ? Op.SharedPessimisticLock
                                                    : Op.PessimisticLock)
                                    .setAssertion(
                                            io.garrick.proto.kvrpc.Assertion.valueOf(
                                                    text("assert", "None")))
                                    .setKey(key)));
            PessimisticLockResponse response = txn.locks().lock(request.build());
            if (response.getErrorsCount() != 0) {
                return error(response.getErrors(0));
            }
            if (response.getResultsCount() != 0) {
                PessimisticLockKeyResult result = response.getResults(0);
                return result.getType()
                        + " "
                        + (result.getExistence() ? shown(result.getValue()) : "absent")
                        + (result.getLockedWithConflictTs() == 0
                                ? ""
                                : " conflict=" + shown(result.getLockedWithConflictTs()));
            }
            return response.getNotFoundsCount() == 0
                    ? "ok"
                    : response.getValuesList().stream()
                                    .map(Interpreter::shown)
                                    .collect(Collectors.joining(",", "values=", " "))
                            + "missing="
                            + response.getNotFoundsList();
        }

        /** The record itself, in hex. */
        private String bytes() {
            Cf cf = Cf.of(text("cf", ""));
            Key key = Memcomparable.encode(Key.wrap(keys().getFirst().toByteArray()));
            Key full = cf == Cf.LOCK ? key : MvccKey.append(key, ts("at"));
            byte[] value = regions.family(cf).get(full);
            return value == null ? "none" : HexFormat.of().formatHex(value);
        }

        // ---- words ----

        private String text(String name, String otherwise) {
            return arguments.getOrDefault(name, otherwise);
        }

        private List<ByteString> keys() {
            String keys = text("k", "");
            return keys.isEmpty()
                    ? List.of()
                    : Stream.of(keys.split(",", -1)).map(ByteString::copyFromUtf8).toList();
        }

        /** {@code long:300:x} is 300 times x. */
        private ByteString value() {
            String value = text("v", "");
            if (!value.startsWith("long:")) {
                return ByteString.copyFromUtf8(value);
            }
            List<String> parts = List.of(value.split(":", -1));
            return ByteString.copyFromUtf8(parts.get(2).repeat(Integer.parseInt(parts.get(1))));
        }

        private long ts(String name) {
            String text = text(name, "0");
            return switch (text) {
                case "max" -> -1L;
                default ->
                        text.startsWith("0x")
                                ? Long.parseLong(text.substring(2), 16)
                                : Long.parseLong(text) << 18;
            };
        }

        private static String shown(long ts) {
            long logical = ts & ((1 << 18) - 1);
            return (ts >>> 18) + (logical == 0 ? "" : "+" + logical);
        }

        private static String shown(ByteString value) {
            String text = value.toStringUtf8();
            return text.length() <= 20 ? text : text.length() + "*" + text.charAt(0);
        }

        private static String shown(LockInfo lock) {
            if (lock.getSharedLockInfosCount() != 0) {
                return lock.getSharedLockInfosList().stream()
                        .map(Interpreter::shown)
                        .collect(Collectors.joining("+", "{", "}"));
            }
            return lock.getKey().toStringUtf8()
                    + "@"
                    + shown(lock.getLockVersion())
                    + ":"
                    + lock.getLockType();
        }

        private static String error(KeyError error) {
            if (error.hasLocked()) {
                String primary = error.getLocked().getPrimaryLock().toStringUtf8();
                return "locked "
                        + shown(error.getLocked())
                        + (primary.isEmpty() ? "" : " primary=" + primary);
            }
            if (error.hasConflict()) {
                return "conflict "
                        + error.getConflict().getReason()
                        + " with="
                        + shown(error.getConflict().getConflictCommitTs());
            }
            if (error.hasCommitTsExpired()) {
                return "commit ts expired min="
                        + shown(error.getCommitTsExpired().getMinCommitTs());
            }
            if (error.hasTxnLockNotFound()) {
                return "lock not found";
            }
            if (error.hasTxnNotFound()) {
                return "txn not found";
            }
            if (error.hasAlreadyExist()) {
                return "already exists";
            }
            if (error.hasAssertionFailed()) {
                return "assertion failed";
            }
            if (error.hasPrimaryMismatch()) {
                return "primary mismatch";
            }
            if (error.hasDeadlock()) {
                return "deadlock";
            }
            return error.getAbort().isEmpty() ? "ok" : "abort " + error.getAbort();
        }
    }
}
