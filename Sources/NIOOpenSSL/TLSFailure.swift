internal import COpenSSL

/// Why a TLS connection failed or ended: what the peer did; follows the peer's name. Foreign texts in it are made fit
/// for a line of a log.
package enum TLSFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The protocol of a peer that does not speak TLS.
    package enum Greeting: Sendable, Equatable {
        case http, rawSocket, other
    }

    /// Its certificate does not prove its identity.
    case certificate(CertificateFault)
    /// Its certificate is not the one that was expected.
    case otherCertificate
    /// It answers, but not with TLS.
    case notTLS(Greeting)
    /// It has closed the connection, or reset it, before the handshake was done.
    case closed
    /// It has closed the connection right after the handshake, before it sent anything.
    case closedAtOnce(isCertificateMissing: Bool)
    /// It has closed the connection without ending TLS, so something may be missing.
    case truncated
    /// Plain text arrived before TLS began: somebody may have inserted it.
    case earlyPlaintext
    /// It has no version of the protocol that we accept.
    case protocolTooOld
    /// It has no cipher that we have.
    case noSharedCipher
    /// It requires a certificate, and we have none; or, for a server, the reverse.
    case certificateWanted
    /// It does not accept our certificate, for the reason of its alert.
    case certificateRefused(String)
    /// It has no certificate for the name that we asked for.
    case unknownName
    /// It has ended the connection with another alert.
    case alert(String)
    /// It makes us send answers, and does not read them.
    case unreadAnswers
    /// Another failure, in OpenSSL's words.
    case other(String)

    /// What happened.
    package var description: String {
        switch self {
        case .certificate(let fault): fault.description
        case .otherCertificate: "shows another certificate than the expected one"
        case .notTLS(.http): "answered the TLS handshake with HTTP: it does not speak TLS"
        case .notTLS(.rawSocket): "answered the TLS handshake with plain RawSocket: it does not speak TLS"
        case .notTLS(.other): "answered the TLS handshake with something that is not TLS"
        case .closed: "closed the connection during the TLS handshake"
        case .closedAtOnce(let isCertificateMissing):
            "closed the connection right after the TLS handshake"
                + (isCertificateMissing ? ", for which it had asked for a certificate that it did not get" : "")
        case .truncated: "closed the connection without ending TLS: what it sent last may be missing"
        case .earlyPlaintext: "sent plain text where TLS was to begin"
        case .protocolTooOld: "has no version of TLS in common with us"
        case .noSharedCipher: "has no cipher in common with us"
        case .certificateWanted: "wants a certificate, and got none"
        case .certificateRefused(let reason): "refused our certificate (\(reason))"
        case .unknownName: "has no certificate for the name that it was asked for"
        case .alert(let reason): "ended the TLS connection (\(reason))"
        case .unreadAnswers: "asks for answers that it does not read"
        case .other(let reason): "broke TLS (\(reason))"
        }
    }

    /// The meaning of an alert of the peer.
    ///
    /// - Parameters:
    ///   - alert: its number (RFC 8446 section 6).
    ///   - isHandshake: true while our end of the handshake is incomplete.
    ///   - isCertificateMissing: true if the peer asked for a certificate and we had none.
    init(alert: Int32, isHandshake: Bool, isCertificateMissing: Bool) {
        let text = unsafe ForeignText.shown(Array(String(cString: SSL_alert_desc_string_long(alert)).utf8))
        switch alert {
        case SSL3_AD_HANDSHAKE_FAILURE where isCertificateMissing: self = .certificateWanted
        case SSL3_AD_HANDSHAKE_FAILURE where isHandshake: self = .noSharedCipher
        case SSL_AD_INSUFFICIENT_SECURITY: self = .noSharedCipher
        case SSL_AD_PROTOCOL_VERSION: self = .protocolTooOld
        case SSL_AD_CERTIFICATE_REQUIRED: self = .certificateWanted
        case SSL_AD_UNRECOGNIZED_NAME: self = .unknownName
        case SSL_AD_BAD_CERTIFICATE, SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_CERTIFICATE_REVOKED,
            SSL_AD_CERTIFICATE_EXPIRED, SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNKNOWN_CA, SSL_AD_ACCESS_DENIED:
            self = isCertificateMissing ? .certificateWanted : .certificateRefused(text)
        default: self = .alert(text)
        }
    }
}

extension CertificateFault {
    /// What is wrong with the certificate; follows the peer's name.
    package var description: String {
        let whose = self.depth == 0 ? "has a certificate" : "has a certificate in its chain ('\(self.subject)')"
        switch self.kind {
        case .expired: return "\(whose) that expired on \(self.notAfter)"
        case .notYetValid: return "\(whose) that is not valid before \(self.notBefore); it may be this machine's clock"
        case .wrongName(let wanted):
            let names = self.names.description
            return names.isEmpty
                ? "has a certificate without any name in subjectAltName ('\(self.subject)'), so not for '\(wanted)'"
                : "has a certificate for \(names), not for '\(wanted)'"
        case .unknownAuthority: return "\(whose) from an authority that is not trusted here ('\(self.issuer)')"
        case .selfSigned: return "has a self-signed certificate ('\(self.subject)')"
        case .untrustedRoot: return "has a certificate from an authority that is not trusted here ('\(self.subject)')"
        case .other(let reason): return "\(whose) that is not valid: \(reason)"
        }
    }
}
