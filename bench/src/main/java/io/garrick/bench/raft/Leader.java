package io.garrick.bench.raft;

import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.raftserver.Done;
import io.garrick.proto.raftserver.RaftMessage;
import io.garrick.proto.tikv.BatchRaftMessage;
import io.garrick.proto.tikv.TikvGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * The process that leads all regions: sends prepared messages as fast as the learner acknowledges
 * them, and answers read index requests at once.
 *
 * <p>Lines in: {@code connect HOST:PORT}, {@code lead}, {@code prepare ROWS_PER_REGION}, {@code
 * go}. Lines out: {@code port N} at the start, then one line for each. Ends with its standard
 * input.
 */
public final class Leader {
    /** Unacknowledged messages of one region; raft-rs allows 256. */
    private static final int WINDOW = 32;

    /** TiKV's raft-msg-max-batch-size. */
    private static final int BATCH = 256;

    private static final long RESEND_MILLIS = 1_000;

    private final int regions;
    private final AtomicLongArray acknowledged;
    private final long[] sent;
    private final long[] rowsMade;
    private final List<List<RaftMessage>> prepared = new ArrayList<>();
    private final Transactions transactions = new Transactions();
    // Given whenever an acknowledgement may have opened a window, or the stream can take more.
    private final Semaphore moved = new Semaphore(0);
    private final LinkedBlockingQueue<RaftMessage> answers = new LinkedBlockingQueue<>();
    private final Object sending = new Object();
    private volatile @Nullable ClientCallStreamObserver<BatchRaftMessage> stream;
    private long resent;

    private Leader(int regions) {
        this.regions = regions;
        acknowledged = new AtomicLongArray(regions + 1);
        sent = new long[regions + 1];
        rowsMade = new long[regions + 1];
        for (int region = 0; region <= regions; region++) {
            acknowledged.set(region, Layout.FIRST);
            sent[region] = Layout.FIRST;
            prepared.add(new ArrayList<>());
        }
    }

    /**
     * Leads regions 1 to N.
     *
     * @param args N
     */
    public static void main(String[] args) throws Exception {
        Leader leader = new Leader(Integer.parseInt(args[0]));
        Server server =
                NettyServerBuilder.forAddress(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .permitKeepAliveTime(1, TimeUnit.SECONDS)
                        .permitKeepAliveWithoutCalls(true)
                        .addService(leader.new Service())
                        .build()
                        .start();
        System.out.println("port " + server.getPort());
        Thread.ofPlatform().daemon().start(leader::answerReads);
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(leader.obey(line.split(" ", 2)));
        }
        System.exit(0);
    }

    private String obey(String[] words) throws IOException, InterruptedException {
        return switch (words[0]) {
            case "connect" -> {
                connect(words[1]);
                yield "connected";
            }
            case "lead" -> {
                for (int region = 1; region <= regions; region++) {
                    prepared.get(region).add(Transactions.noOp(region, Layout.FIRST + 1));
                }
                send();
                yield "leads " + regions;
            }
            case "prepare" -> {
                long before = transactions.rowBytes();
                prepare(Integer.parseInt(words[1]));
                yield "prepared " + (transactions.rowBytes() - before);
            }
            case "go" -> {
                long cpu = cpuMillis();
                send();
                yield "acknowledged " + (cpuMillis() - cpu);
            }
            default -> throw new IllegalArgumentException(words[0]);
        };
    }

    private static long cpuMillis() {
        return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toMillis();
    }

    private void connect(String address) {
        ManagedChannel channel =
                NettyChannelBuilder.forTarget("dns:///" + address).usePlaintext().build();
        StreamObserver<BatchRaftMessage> requests =
                TikvGrpc.newStub(channel)
                        .batchRaft(
                                new StreamObserver<>() {
                                    @Override
                                    public void onNext(Done done) {}

                                    @Override
                                    public void onError(Throwable failure) {
                                        failure.printStackTrace();
                                        System.exit(1);
                                    }

                                    @Override
                                    public void onCompleted() {}
                                });
        stream = (ClientCallStreamObserver<BatchRaftMessage>) requests;
    }

    private void prepare(int rowsPerRegion) {
        for (int row = 0; row < rowsPerRegion; row++) {
            for (int region = 1; region <= regions; region++) {
                List<RaftMessage> messages = prepared.get(region);
                long index = sent[region] + messages.size() + 1;
                messages.addAll(transactions.transaction(region, rowsMade[region]++, index));
            }
        }
    }

    /** Sends what is prepared; returns when the learner has acknowledged all. */
    private void send() throws InterruptedException {
        int[] next = new int[regions + 1];
        boolean more = true;
        while (more) {
            more = false;
            boolean stuck = true;
            BatchRaftMessage.Builder batch = BatchRaftMessage.newBuilder();
            for (int region = 1; region <= regions; region++) {
                List<RaftMessage> messages = prepared.get(region);
                while (next[region] < messages.size()
                        && sent[region] - acknowledged.get(region) < WINDOW) {
                    batch.addMsgs(messages.get(next[region]++));
                    sent[region]++;
                    stuck = false;
                    if (batch.getMsgsCount() == BATCH) {
                        write(batch.build());
                        batch.clear();
                    }
                }
                more |= next[region] < messages.size();
            }
            if (batch.getMsgsCount() > 0) {
                write(batch.build());
            }
            if (stuck && more) {
                awaitMove();
            }
        }
        for (int region = 1; region <= regions; region++) {
            while (acknowledged.get(region) < sent[region]) {
                awaitMove();
            }
        }
        prepared.forEach(List::clear);
    }

    /** A store may drop what it cannot send at once: what stays without an answer goes again. */
    private void awaitMove() throws InterruptedException {
        if (moved.tryAcquire(RESEND_MILLIS, TimeUnit.MILLISECONDS)) {
            moved.drainPermits();
            return;
        }
        BatchRaftMessage.Builder batch = BatchRaftMessage.newBuilder();
        for (int region = 1; region <= regions; region++) {
            for (RaftMessage message : prepared.get(region)) {
                long index = message.getMessage().getIndex() + 1;
                if (index > acknowledged.get(region) && index <= sent[region]) {
                    resent++;
                    batch.addMsgs(message);
                    if (batch.getMsgsCount() == BATCH) {
                        write(batch.build());
                        batch.clear();
                    }
                }
            }
        }
        if (batch.getMsgsCount() > 0) {
            write(batch.build());
        }
        System.err.println("sent again: " + resent + " messages so far");
    }

    private ClientCallStreamObserver<BatchRaftMessage> stream() {
        ClientCallStreamObserver<BatchRaftMessage> connected = stream;
        if (connected == null) {
            throw new IllegalStateException("not connected yet");
        }
        return connected;
    }

    private void write(BatchRaftMessage batch) throws InterruptedException {
        while (!stream().isReady()) {
            Thread.sleep(1);
        }
        synchronized (sending) {
            stream().onNext(batch);
        }
    }

    private void answerReads() {
        try {
            while (true) {
                BatchRaftMessage.Builder batch = BatchRaftMessage.newBuilder();
                batch.addMsgs(answers.take());
                synchronized (sending) {
                    stream().onNext(batch.build());
                }
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    private void onMessage(RaftMessage message) {
        Message raft = message.getMessage();
        int region = (int) message.getRegionId();
        switch (raft.getMsgType()) {
            case MsgAppendResponse -> {
                if (raft.getReject()) {
                    System.err.println("rejected: " + message);
                    System.exit(1);
                }
                acknowledged.accumulateAndGet(region, raft.getIndex(), Math::max);
                moved.release();
            }
            case MsgReadIndex ->
                    answers.add(
                            Transactions.envelope(region)
                                    .setMessage(
                                            Message.newBuilder()
                                                    .setMsgType(MessageType.MsgReadIndexResp)
                                                    .setFrom(raft.getTo())
                                                    .setTo(raft.getFrom())
                                                    .setTerm(Layout.TERM)
                                                    .setIndex(acknowledged.get(region))
                                                    .addAllEntries(raft.getEntriesList()))
                                    .build());
            default -> {}
        }
    }

    private final class Service extends TikvGrpc.TikvImplBase {
        @Override
        public StreamObserver<RaftMessage> raft(StreamObserver<Done> response) {
            return new Incoming<>(Leader.this::onMessage);
        }

        @Override
        public StreamObserver<BatchRaftMessage> batchRaft(StreamObserver<Done> response) {
            return new Incoming<>(batch -> batch.getMsgsList().forEach(Leader.this::onMessage));
        }
    }

    /** A stream that ends only with its connection. */
    private record Incoming<T>(java.util.function.Consumer<T> sink) implements StreamObserver<T> {
        @Override
        public void onNext(T message) {
            sink.accept(message);
        }

        @Override
        public void onError(Throwable gone) {}

        @Override
        public void onCompleted() {}
    }
}
