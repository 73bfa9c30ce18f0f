import NIOCore
import NIOOpenSSL
import Names

/// What is wrong with a router's TLS, and what to do about it.
extension ConnectionFault {
    /// TLS did not begin, or broke.
    ///
    /// - Parameter hasAuthorities: whether this machine trusts any certificate authority.
    static func tls(_ failure: TLSFailure, _ url: RouterURL, hasAuthorities: Bool) -> ConnectionFault {
        switch failure {
        case .truncated:
            // As without TLS: nothing needs to be added.
            return ConnectionFault(.closed, failure.description)
        case .certificate, .otherCertificate, .notTLS, .closed, .closedAtOnce, .earlyPlaintext, .protocolTooOld,
            .noSharedCipher,
            .certificateWanted, .certificateRefused, .unknownName, .alert, .unreadAnswers, .other:
            return ConnectionFault(
                .tls, failure.description + self.advice(failure, url, hasAuthorities: hasAuthorities))
        }
    }

    /// TLS can't be set up.
    static func tls(_ error: TLSError) -> ConnectionFault {
        ConnectionFault(.tls, "can't be connected to with TLS: \(error); look at router.tls")
    }

    /// The router did not complete the TLS handshake in time.
    static func noHandshake(within time: TimeAmount) -> ConnectionFault {
        ConnectionFault(
            .silent,
            "did not finish the TLS handshake within \(time.wholeSeconds) s: it hangs, or this is not a port with TLS")
    }

    private static func advice(_ failure: TLSFailure, _ url: RouterURL, hasAuthorities: Bool) -> String {
        let plain: String
        switch url.transport {
        case .rawSocket: plain = "rs://"
        case .webSocket: plain = "ws://"
        }
        return switch failure {
        case .certificate(let fault): self.advice(fault, hasAuthorities: hasAuthorities)
        case .notTLS(.http): "; write the port that has TLS, or ws:// for a WebSocket without"
        case .notTLS(.rawSocket): "; write the port that has TLS, or rs:// for RawSocket without"
        case .notTLS(.other): "; is this the port of a WAMP router with TLS?"
        case .closed: "; is this a port with TLS? (without TLS write \(plain))"
        case .closedAtOnce(true), .certificateWanted: "; name one in router.tls.certificate_file, and its key"
        case .closedAtOnce(false): "; look at the router's log"
        case .earlyPlaintext: "; somebody between the sidecar and the router may have inserted it"
        case .protocolTooOld: "; look at router.tls.minimum, and at the versions that the router accepts"
        case .noSharedCipher: "; look at the router's certificate and ciphers, and at this machine's openssl.cnf"
        case .certificateRefused: "; look at router.tls.certificate_file, and at the authorities that the router trusts"
        case .unknownName: "; is the host in router.url right, or router.tls.server_name?"
        case .alert: "; look at the router's log"
        case .otherCertificate, .truncated, .unreadAnswers, .other: ""
        }
    }

    private static func advice(_ fault: CertificateFault, hasAuthorities: Bool) -> String {
        switch fault.kind {
        case .expired:
            return "; renew it at the router"
        case .notYetValid, .other:
            return ""
        case .wrongName:
            return "; if it is the right router, write one of its names in router.url, or in router.tls.server_name"
        case .unknownAuthority, .untrustedRoot:
            return hasAuthorities
                ? "; if that is right, name the authority's certificate in router.tls.ca_file"
                : "; this machine knows no authorities at all: install ca-certificates, or set router.tls.ca_file"
        case .selfSigned:
            return "; if it is the right one, name a copy of it in router.tls.ca_file"
        }
    }
}
