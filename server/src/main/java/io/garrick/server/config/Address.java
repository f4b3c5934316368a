package io.garrick.server.config;

import io.garrick.server.UserError;
import java.net.InetSocketAddress;

/** {@code host:port}, checked. */
public record Address(String host, int port) {
    public static Address parse(String option, String text) {
        int colon = text.lastIndexOf(':');
        if (colon <= 0 || colon == text.length() - 1) {
            throw new UserError(option + ": expected host:port, got '" + text + "'");
        }
        try {
            int port = Integer.parseInt(text.substring(colon + 1));
            if (port < 0 || port > 65535) {
                throw new UserError(option + ": port " + port + " is out of range");
            }
            return new Address(text.substring(0, colon), port);
        } catch (NumberFormatException e) {
            throw new UserError(option + ": '" + text.substring(colon + 1) + "' is not a port", e);
        }
    }

    /** Resolved; an unknown host is the user's error. */
    public InetSocketAddress socketAddress() {
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new UserError("unknown host '" + host + "'");
        }
        return address;
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
