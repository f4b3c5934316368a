package io.garrick.flashkv.txn;

import io.garrick.proto.tikv.BatchCommandsRequest;
import io.garrick.proto.tikv.BatchCommandsResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Each command of a batch runs and answers by itself, in any order. */
final class CommandStream implements StreamObserver<BatchCommandsRequest> {
    private static final Logger log = LoggerFactory.getLogger(CommandStream.class);

    private final BatchedCommands commands;
    private final Executor executor;
    private final StreamObserver<BatchCommandsResponse> out;
    private final Object outLock = new Object();
    private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private boolean ended;

    private record Answer(long id, BatchCommandsResponse.Response response) {}

    CommandStream(
            BatchedCommands commands,
            Executor executor,
            StreamObserver<BatchCommandsResponse> out) {
        this.commands = commands;
        this.executor = executor;
        this.out = out;
    }

    @Override
    public void onNext(BatchCommandsRequest batch) {
        for (int i = 0; i < batch.getRequestsCount(); i++) {
            long id = batch.getRequestIds(i);
            BatchCommandsRequest.Request command = batch.getRequests(i);
            executor.execute(() -> answer(id, command));
        }
    }

    private void answer(long id, BatchCommandsRequest.Request command) {
        BatchCommandsResponse.Response response;
        try {
            response = commands.run(command);
        } catch (RuntimeException e) {
            log.warn("batched command failed command={}", command.getCmdCase(), e);
            end(Status.INTERNAL.withDescription(e.toString()));
            return;
        }
        answers.add(new Answer(id, response));
        if (waiting.getAndIncrement() == 0) {
            sendAnswers();
        }
    }

    // What became ready while one answer was being sent leaves together.
    private void sendAnswers() {
        int taken = 1;
        do {
            BatchCommandsResponse.Builder batch = BatchCommandsResponse.newBuilder();
            for (Answer next = answers.poll(); next != null; next = answers.poll()) {
                batch.addRequestIds(next.id()).addResponses(next.response());
            }
            synchronized (outLock) {
                if (!ended && batch.getResponsesCount() > 0) {
                    out.onNext(batch.build());
                }
            }
            taken = waiting.addAndGet(-taken);
        } while (taken != 0);
    }

    private void end(Status status) {
        synchronized (outLock) {
            if (!ended) {
                ended = true;
                out.onError(status.asRuntimeException());
            }
        }
    }

    @Override
    public void onError(Throwable failure) {
        synchronized (outLock) {
            ended = true;
        }
    }

    @Override
    public void onCompleted() {
        synchronized (outLock) {
            if (!ended) {
                ended = true;
                out.onCompleted();
            }
        }
    }
}
