package io.garrick.kv;

import io.garrick.proto.kvrpc.BatchGetRequest;
import io.garrick.proto.kvrpc.CommitRequest;
import io.garrick.proto.kvrpc.GetRequest;
import io.garrick.proto.kvrpc.PrewriteRequest;
import io.garrick.proto.tikv.BatchCommandsRequest;
import io.garrick.proto.tikv.BatchCommandsResponse;
import io.garrick.proto.tikv.TikvGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Lets small unary calls to one store share a stream, TiKV's BatchCommands.
 *
 * <p>To the stub it is a channel like any other: deadlines and cancellation hold, and when the
 * stream breaks all calls on it end as unavailable. A call sends at once if nobody else is sending;
 * those that come meanwhile leave together. A store that does not know the stream is asked by unary
 * calls from then on. Safe for many threads.
 */
final class BatchedCalls implements ClientInterceptor {
    private static final int MAX_BATCH = 128;

    private final Channel channel;
    private final ScheduledExecutorService timer;
    private final Map<Long, Call<?, ?>> pending = new HashMap<>();
    private final ArrayDeque<Call<?, ?>> queue = new ArrayDeque<>();
    private long nextId;
    private boolean sending;
    private boolean unsupported;
    private @Nullable Stream stream;

    /** How a request travels in a batch, and its answer. */
    private record Command(
            Function<Object, BatchCommandsRequest.Request> wrap,
            Function<BatchCommandsResponse.Response, @Nullable Object> unwrap) {}

    private static final Map<String, Command> COMMANDS =
            Map.of(
                    "KvGet",
                    new Command(
                            request -> wrapper().setGet((GetRequest) request).build(),
                            response -> response.hasGet() ? response.getGet() : null),
                    "KvBatchGet",
                    new Command(
                            request -> wrapper().setBatchGet((BatchGetRequest) request).build(),
                            response -> response.hasBatchGet() ? response.getBatchGet() : null),
                    "KvPrewrite",
                    new Command(
                            request -> wrapper().setPrewrite((PrewriteRequest) request).build(),
                            response -> response.hasPrewrite() ? response.getPrewrite() : null),
                    "KvCommit",
                    new Command(
                            request -> wrapper().setCommit((CommitRequest) request).build(),
                            response -> response.hasCommit() ? response.getCommit() : null));

    private static BatchCommandsRequest.Request.Builder wrapper() {
        return BatchCommandsRequest.Request.newBuilder();
    }

    BatchedCalls(Channel channel, ScheduledExecutorService timer) {
        this.channel = channel;
        this.timer = timer;
    }

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(
            MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        Command command = COMMANDS.get(String.valueOf(method.getBareMethodName()));
        synchronized (this) {
            if (command == null || unsupported) {
                return next.newCall(method, options);
            }
        }
        return new Call<>(command, options);
    }

    private void send(Call<?, ?> call) {
        synchronized (this) {
            call.id = nextId++;
            pending.put(call.id, call);
            queue.add(call);
            if (sending) {
                return;
            }
            sending = true;
        }
        while (sendSome()) {
            // Until nothing waits.
        }
    }

    private boolean sendSome() {
        BatchCommandsRequest.Builder batch = BatchCommandsRequest.newBuilder();
        Stream to;
        boolean isNew;
        synchronized (this) {
            while (!queue.isEmpty() && batch.getRequestsCount() < MAX_BATCH) {
                Call<?, ?> call = queue.remove();
                BatchCommandsRequest.Request request = call.request;
                if (request != null && pending.containsKey(call.id)) {
                    batch.addRequestIds(call.id).addRequests(request);
                }
            }
            if (batch.getRequestsCount() == 0) {
                sending = false;
                return false;
            }
            Stream open = stream;
            isNew = open == null;
            to = open == null ? new Stream() : open;
            stream = to;
        }
        if (isNew) {
            to.open(); // may end at once, and then takes its calls with it
        }
        try {
            to.requests().onNext(batch.build());
        } catch (IllegalStateException ended) {
            to.ended(Status.UNAVAILABLE.withCause(ended));
        }
        return true;
    }

    private synchronized @Nullable Call<?, ?> take(long id) {
        return pending.remove(id);
    }

    /** One BatchCommands call; all that was sent on it ends with it. */
    private final class Stream implements StreamObserver<BatchCommandsResponse> {
        private @Nullable StreamObserver<BatchCommandsRequest> requests;

        void open() {
            // Answers only wake waiting threads, so the network thread may do it.
            requests = TikvGrpc.newStub(channel).withExecutor(Runnable::run).batchCommands(this);
        }

        StreamObserver<BatchCommandsRequest> requests() {
            StreamObserver<BatchCommandsRequest> opened = requests;
            if (opened == null) {
                throw new IllegalStateException("the stream is not open");
            }
            return opened;
        }

        @Override
        public void onNext(BatchCommandsResponse batch) {
            for (int i = 0; i < batch.getResponsesCount(); i++) {
                Call<?, ?> call = take(batch.getRequestIds(i));
                if (call != null) {
                    call.answered(batch.getResponses(i));
                }
            }
        }

        @Override
        public void onError(Throwable failure) {
            ended(Status.fromThrowable(failure));
        }

        @Override
        public void onCompleted() {
            ended(Status.UNAVAILABLE.withDescription("batch stream ended"));
        }

        void ended(Status why) {
            List<Call<?, ?>> lost;
            synchronized (BatchedCalls.this) {
                if (stream != this) {
                    return;
                }
                stream = null;
                unsupported |= why.getCode() == Status.Code.UNIMPLEMENTED;
                lost = new ArrayList<>(pending.values());
                pending.clear();
                queue.clear();
            }
            Status status =
                    Status.UNAVAILABLE
                            .withDescription("batch stream broke: " + why.getDescription())
                            .withCause(why.getCause());
            lost.forEach(call -> call.close(status));
        }
    }

    /** A unary call whose request travels in a batch. */
    private final class Call<Q, R> extends ClientCall<Q, R> {
        private final Command command;
        private final CallOptions options;
        private final AtomicBoolean closed = new AtomicBoolean();
        private long id;
        private volatile BatchCommandsRequest.@Nullable Request request;
        private volatile @Nullable Listener<R> listener;
        private volatile @Nullable ScheduledFuture<?> expiry;

        Call(Command command, CallOptions options) {
            this.command = command;
            this.options = options;
        }

        @Override
        public void start(Listener<R> responses, Metadata headers) {
            listener = responses;
        }

        @Override
        public void request(int count) {
            // One answer comes, unasked.
        }

        @Override
        public void sendMessage(Q message) {
            request = command.wrap().apply(message);
        }

        @Override
        public void halfClose() {
            Deadline deadline = options.getDeadline();
            if (deadline != null) {
                expiry =
                        timer.schedule(
                                () -> giveUp(Status.DEADLINE_EXCEEDED),
                                deadline.timeRemaining(TimeUnit.NANOSECONDS),
                                TimeUnit.NANOSECONDS);
            }
            send(this);
        }

        @Override
        public void cancel(@Nullable String message, @Nullable Throwable cause) {
            giveUp(Status.CANCELLED.withDescription(message).withCause(cause));
        }

        private void giveUp(Status status) {
            take(id);
            close(status);
        }

        @SuppressWarnings("unchecked") // the command's answer is the method's response type
        void answered(BatchCommandsResponse.Response response) {
            Object answer = command.unwrap().apply(response);
            if (answer == null) {
                close(Status.INTERNAL.withDescription("answer of another kind"));
            } else {
                end((R) answer, Status.OK);
            }
        }

        void close(Status status) {
            end(null, status);
        }

        private void end(@Nullable R answer, Status status) {
            ScheduledFuture<?> timed = expiry;
            if (timed != null) {
                timed.cancel(false);
            }
            Listener<R> told = listener;
            if (told == null || !closed.compareAndSet(false, true)) {
                return;
            }
            Runnable tell =
                    () -> {
                        if (answer != null) {
                            told.onHeaders(new Metadata());
                            told.onMessage(answer);
                        }
                        told.onClose(status, new Metadata());
                    };
            Executor executor = options.getExecutor();
            if (executor == null) {
                tell.run();
            } else {
                executor.execute(tell);
            }
        }
    }
}
