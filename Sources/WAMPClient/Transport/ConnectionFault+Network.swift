import NIOCore
import NIOPosix
import Names

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What the system's errors mean to whoever runs a router.
extension ConnectionFault {
    /// The connection to the router, or to the proxy before it, failed.
    static func unreachable(
        _ error: any Error, within timeout: TimeAmount, proxy: HTTPProxy? = nil
    ) -> ConnectionFault {
        let text = self.unreachable(error, within: timeout, peer: proxy == nil ? "router" : "proxy")
        return ConnectionFault(.unreachable, (proxy.map { "the proxy \($0) cannot be reached: " } ?? "") + text)
    }

    private static func unreachable(_ error: any Error, within timeout: TimeAmount, peer: String) -> String {
        switch error {
        case let error as NIOConnectionError:
            // Of several addresses the first failure says most; without any there was no address.
            if let first = error.connectionErrors.first {
                return self.unreachable(first.error, within: timeout, peer: peer)
            }
            return "the host name \(error.host) is unknown, or the name server does not answer"
        case is ChannelError:
            return "nothing answered within \(timeout.wholeSeconds) s; is the address right, is there a firewall?"
        case let error as IOError:
            return self.text(errno: error.errnoCode, peer: peer)
        default:
            return "could not connect: \(self.quoted(String(describing: error)))"
        }
    }

    /// An established connection broke.
    static func connectionLost(_ error: any Error) -> ConnectionFault {
        if let fault = error as? ConnectionFault { return fault }
        guard let error = error as? IOError else {
            return ConnectionFault(.closed, "connection lost: \(self.quoted(String(describing: error)))")
        }
        switch error.errnoCode {
        case ECONNRESET, EPIPE:
            return ConnectionFault(.closed, "reset the connection")
        case ETIMEDOUT:
            return ConnectionFault(.silent, "did not answer any more; the network or its machine is gone")
        default:
            return ConnectionFault(.closed, "connection lost: \(self.text(errno: error.errnoCode))")
        }
    }

    /// The router did not complete the handshake or HELLO in time.
    static func noAnswer(_ url: RouterURL, isOpen: Bool, within time: TimeAmount) -> ConnectionFault {
        let seconds = time.wholeSeconds
        switch (isOpen, url.transport) {
        case (true, _):
            return ConnectionFault(.silent, "did not answer HELLO within \(seconds) s; is it overloaded?")
        case (false, .rawSocket):
            return ConnectionFault(
                .silent,
                "did not answer the RawSocket handshake within \(seconds) s: it hangs, or this is not a RawSocket port "
                    + (url.isSecure ? "(for a WebSocket port write wss://)" : "(for a port with TLS write rss://)"))
        case (false, .webSocket):
            return ConnectionFault(
                .silent,
                "did not answer the WebSocket handshake within \(seconds) s: it hangs, or this is not a WebSocket port "
                    + (url.isSecure ? "(for a RawSocket port write rss://)" : "(for a port with TLS write wss://)"))
        }
    }

    private static func text(errno code: CInt, peer: String = "router") -> String {
        switch code {
        case ECONNREFUSED: return "connection refused: nothing listens there; is the \(peer) running?"
        case ENOENT: return "there is no such socket file; is the router running?"
        case EACCES, EPERM: return "no permission to connect there"
        case ENOTSOCK: return "that file is not a socket"
        case EHOSTUNREACH, ENETUNREACH: return "there is no route to that address"
        case ETIMEDOUT: return "nothing answered; is the address right, is there a firewall?"
        case ECONNRESET: return "connection reset"
        case EMFILE, ENFILE: return "this process has no file descriptor left"
        default: return "system error \(code)"
        }
    }
}

extension TimeAmount {
    /// In seconds, for texts.
    var wholeSeconds: Int64 { self.nanoseconds / 1_000_000_000 }
}
