package io.garrick.learner.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.ReferenceCountUtil;
import java.util.List;
import java.util.function.Consumer;

/**
 * A listening socket that looks at the first byte of each connection: whoever does not begin with a
 * TLS handshake is named, and hung up on. gRPC alone would only see a connection that breaks.
 */
final class PlainTextGuard extends NioServerSocketChannel {
    /** RFC 8446, section 5.1: content type handshake. */
    private static final int HANDSHAKE = 22;

    private final Consumer<String> onPlainText;

    PlainTextGuard(Consumer<String> onPlainText) {
        this.onPlainText = onPlainText;
    }

    @Override
    protected int doReadMessages(List<Object> accepted) throws Exception {
        int before = accepted.size();
        int count = super.doReadMessages(accepted);
        for (Object one : accepted.subList(before, accepted.size())) {
            if (one instanceof Channel connection) {
                connection.pipeline().addLast(new FirstByte());
            }
        }
        return count;
    }

    private final class FirstByte extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
            if (message instanceof ByteBuf bytes && bytes.isReadable()) {
                if (bytes.getUnsignedByte(bytes.readerIndex()) != HANDSHAKE) {
                    ReferenceCountUtil.release(message);
                    onPlainText.accept("from=" + context.channel().remoteAddress());
                    ChannelFuture _ = context.close();
                    return;
                }
                context.fireChannelRead(message);
                context.pipeline().remove(this);
                return;
            }
            super.channelRead(context, message);
        }
    }
}
