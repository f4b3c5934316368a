package io.garrick.peer;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The Rust process that hosts raft-rs peers. It connects to us, so that nobody has to guess a port,
 * and ends when the connection does. Owned by one thread.
 */
final class RaftRsProcess implements AutoCloseable {
    private static final int START_MILLIS = 10_000;
    private static final int ANSWER_MILLIS = 30_000;
    private static final int MAX_FRAME = 256 << 20;

    private final Process process;
    private final Socket socket;
    private final DataInputStream answers;
    private final DataOutputStream requests;

    private RaftRsProcess(Process process, Socket socket) throws IOException {
        this.process = process;
        this.socket = socket;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(ANSWER_MILLIS);
        answers = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16));
        requests =
                new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), 1 << 16));
    }

    static RaftRsProcess start(Path binary) throws IOException {
        try (ServerSocket door = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            door.setSoTimeout(START_MILLIS);
            Process process =
                    new ProcessBuilder(binary.toString(), Integer.toString(door.getLocalPort()))
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
            try {
                return new RaftRsProcess(process, door.accept());
            } catch (IOException notConnected) {
                process.destroyForcibly();
                throw notConnected;
            }
        }
    }

    /** Forgets all peers; from here on their election timeouts follow from {@code seed}. */
    void reset(long seed) throws IOException {
        exchange(Wire.reset(seed));
    }

    /** Does the operations in order; the list of outcomes ends early after one that failed. */
    List<Outcome> perform(List<Op> ops) throws IOException {
        return ops.isEmpty() ? List.of() : Wire.outcomes(exchange(Wire.operations(ops)));
    }

    private byte[] exchange(byte[] request) throws IOException {
        requests.writeInt(request.length);
        requests.write(request);
        requests.flush();
        int length = answers.readInt();
        if (length < 0 || length > MAX_FRAME) {
            throw new IOException("answer of " + length + " bytes");
        }
        byte[] answer = new byte[length];
        answers.readFully(answer);
        return answer;
    }

    @Override
    public void close() throws IOException {
        socket.close();
        try {
            if (!process.waitFor(Duration.ofSeconds(5).toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
