package io.garrick.kv;

import io.garrick.base.Timestamp;
import io.garrick.proto.pd.PDGrpc;
import io.garrick.proto.pd.TsoRequest;
import io.garrick.proto.pd.TsoResponse;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Timestamps over one stream to the PD leader, many callers per round trip.
 *
 * <p>At most one request is on its way. Callers who arrive meanwhile share the next one, which
 * leaves when the answer comes in. So a timestamp is always allocated after its caller asked.
 */
final class TsoStream {
    private final PdMembers members;
    private final Object monitor = new Object();
    private final ArrayDeque<CompletableFuture<Timestamp>> waiting = new ArrayDeque<>();
    private List<CompletableFuture<Timestamp>> inFlight = List.of();
    private @Nullable Session session;

    TsoStream(PdMembers members) {
        this.members = members;
    }

    /** Fails with the stream's error if the stream breaks; the caller asks again. */
    CompletableFuture<Timestamp> next(PdMembers.Leader leader) {
        CompletableFuture<Timestamp> answer = new CompletableFuture<>();
        synchronized (monitor) {
            waiting.add(answer);
            if (inFlight.isEmpty()) {
                send(leader);
            }
        }
        return answer;
    }

    /** Gives up the stream, for example because no answer came in time. */
    void reset(Throwable reason) {
        Session broken;
        synchronized (monitor) {
            broken = session;
        }
        if (broken != null) {
            broken.end(reason);
        }
    }

    /** Under the monitor. */
    private void send(PdMembers.Leader leader) {
        Session current = session;
        if (current == null || current.leader.number() != leader.number()) {
            session = null;
            if (current != null) {
                current.cancel();
            }
            current = new Session(leader);
            session = current;
            current.open();
            if (session != current) {
                return; // it failed at once, and took everyone waiting with it
            }
        }
        inFlight = new ArrayList<>(waiting);
        waiting.clear();
        try {
            current.request(inFlight.size());
        } catch (IllegalStateException ended) {
            current.end(ended); // the call was cancelled meanwhile
        }
    }

    private final class Session implements ClientResponseObserver<TsoRequest, TsoResponse> {
        private final PdMembers.Leader leader;
        private @Nullable ClientCallStreamObserver<TsoRequest> requests;

        Session(PdMembers.Leader leader) {
            this.leader = leader;
        }

        void open() {
            // Answers only wake waiting threads, so the network thread may do it.
            PDGrpc.newStub(leader.channel()).withExecutor(Runnable::run).tso(this);
        }

        void request(int count) {
            TsoRequest request =
                    TsoRequest.newBuilder().setHeader(members.header()).setCount(count).build();
            ClientCallStreamObserver<TsoRequest> stream = requests;
            if (stream != null) {
                stream.onNext(request);
            }
        }

        void cancel() {
            ClientCallStreamObserver<TsoRequest> stream = requests;
            if (stream != null) {
                stream.cancel("replaced", null);
            }
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<TsoRequest> requestStream) {
            requests = requestStream;
        }

        @Override
        public void onNext(TsoResponse response) {
            List<CompletableFuture<Timestamp>> answered;
            synchronized (monitor) {
                if (session != this) {
                    return;
                }
                if (response.getHeader().hasError() || response.getCount() != inFlight.size()) {
                    answered = List.of();
                } else {
                    answered = inFlight;
                    inFlight = List.of();
                    if (!waiting.isEmpty()) {
                        send(leader);
                    }
                }
            }
            if (answered.isEmpty()) {
                end(
                        Status.INTERNAL
                                .withDescription("bad TSO answer: " + response)
                                .asRuntimeException());
                return;
            }
            // The answer names the last timestamp of the batch.
            long first = response.getTimestamp().getLogical() - answered.size() + 1;
            for (int i = 0; i < answered.size(); i++) {
                answered.get(i)
                        .complete(Timestamp.of(response.getTimestamp().getPhysical(), first + i));
            }
        }

        @Override
        public void onError(Throwable failure) {
            end(failure);
        }

        @Override
        public void onCompleted() {
            end(Status.UNAVAILABLE.withDescription("TSO stream ended").asRuntimeException());
        }

        void end(Throwable reason) {
            Collection<CompletableFuture<Timestamp>> failed = new ArrayList<>();
            synchronized (monitor) {
                if (session != this) {
                    return;
                }
                session = null;
                failed.addAll(inFlight);
                failed.addAll(waiting);
                inFlight = List.of();
                waiting.clear();
            }
            cancel();
            failed.forEach(answer -> answer.completeExceptionally(reason));
        }
    }
}
