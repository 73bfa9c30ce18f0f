internal import COpenSSL
internal import Glibc

/// What is wrong with a certificate that the peer has shown, and what the certificate contains. All texts in it are
/// foreign, but made fit for a line of a log: printable ASCII, and short.
package struct CertificateFault: Sendable, Equatable {
    /// The kinds that a user can do something about.
    package enum Kind: Sendable, Equatable {
        /// The certificate has expired.
        case expired
        /// The certificate is not valid yet.
        case notYetValid
        /// The certificate is for other names.
        case wrongName(wanted: String)
        /// No trusted authority has signed it, and its issuer is unknown.
        case unknownAuthority
        /// It is self-signed.
        case selfSigned
        /// The authority at the end of the chain is not trusted.
        case untrustedRoot
        /// Another fault, in OpenSSL's words.
        case other(String)
    }

    /// What is wrong.
    package let kind: Kind
    /// The certificate's place in the chain: 0 is the peer's own.
    package let depth: Int
    /// The owner of the certificate.
    package let subject: String
    /// The authority that signed it.
    package let issuer: String
    /// The beginning of its validity.
    package let notBefore: String
    /// The end of its validity.
    package let notAfter: String
    /// Its host names and addresses.
    package let names: CertificateNames

    /// The fault that OpenSSL has found, within a verification callback.
    ///
    /// - Parameter store: an `X509_STORE_CTX`.
    init(_ store: OpaquePointer, name: PeerName?) {
        let code = unsafe X509_STORE_CTX_get_error(store)
        let certificate = unsafe X509_STORE_CTX_get_current_cert(store)
        self.kind = Self.kind(code, name)
        self.depth = Int(unsafe X509_STORE_CTX_get_error_depth(store))
        self.subject = unsafe certificate.map { unsafe Self.text(X509_get_subject_name($0)) } ?? ""
        self.issuer = unsafe certificate.map { unsafe Self.text(X509_get_issuer_name($0)) } ?? ""
        self.notBefore = unsafe certificate.map { unsafe CertificateTime(X509_get0_notBefore($0)).text } ?? ""
        self.notAfter = unsafe certificate.map { unsafe CertificateTime(X509_get0_notAfter($0)).text } ?? ""
        self.names = unsafe certificate.map { unsafe CertificateNames($0) } ?? CertificateNames()
    }

    private static func kind(_ code: Int32, _ name: PeerName?) -> Kind {
        switch code {
        case X509_V_ERR_CERT_HAS_EXPIRED: .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: .notYetValid
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: .wrongName(wanted: name?.description ?? "")
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: .selfSigned
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: .untrustedRoot
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED:
            .unknownAuthority
        default: .other(unsafe String(cString: X509_verify_cert_error_string(Int(code))))
        }
    }

    private static func text(_ name: OpaquePointer?) -> String {
        guard let name = unsafe name else { return "" }
        var text = [CChar](repeating: 0, count: 512)
        let length = unsafe wamp_tls_name_text(name, &text, Int32(text.count))
        return ForeignText.shown(text.prefix(Int(length)).map { UInt8(bitPattern: $0) })
    }
}

/// The host names and addresses of a certificate, as many as fit into a message.
package struct CertificateNames: Sendable, Equatable, CustomStringConvertible {
    /// Names beyond these are only counted.
    private static let limit = 8

    /// The first ones, quoted.
    package private(set) var shown: [String] = []
    /// The number of the others.
    package private(set) var others = 0

    /// No names.
    init() {}

    /// - Parameter certificate: an `X509`.
    init(_ certificate: OpaquePointer) {
        guard let names = unsafe wamp_tls_names(certificate) else { return }
        defer { unsafe wamp_tls_free_names(names) }
        for index in 0..<max(0, unsafe wamp_tls_name_count(names)) {
            var length: Int32 = 0
            var isAddress: Int32 = 0
            guard let octets = unsafe wamp_tls_name_at(names, index, &length, &isAddress) else { continue }
            guard self.shown.count < Self.limit else {
                self.others += 1
                continue
            }
            let bytes = unsafe Array(UnsafeBufferPointer(start: octets, count: Int(max(0, length))))
            self.shown.append(isAddress == 0 ? "'\(ForeignText.shown(bytes))'" : Self.address(bytes))
        }
    }

    /// `'a.example', 10.0.0.1 and 3 more`; empty without names.
    package var description: String {
        self.shown.joined(separator: ", ") + (self.others > 0 ? " and \(self.others) more" : "")
    }

    private static func address(_ octets: [UInt8]) -> String {
        switch octets.count {
        case 4:
            return octets.map { "\($0)" }.joined(separator: ".")
        case 16:
            let groups = stride(from: 0, to: 16, by: 2).map { UInt16(octets[$0]) << 8 | UInt16(octets[$0 + 1]) }
            return groups.map { String($0, radix: 16) }.joined(separator: ":")
        default:
            return "an illegible address"
        }
    }
}

/// Texts that a peer has chosen.
enum ForeignText {
    /// The longest text that is shown, in octets.
    private static let limit = 120

    /// Printable ASCII, question marks in place of the rest, truncated.
    static func shown(_ octets: [UInt8]) -> String {
        let text = String(
            decoding: octets.prefix(self.limit).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") },
            as: UTF8.self)
        return octets.count > self.limit ? "\(text)..." : text
    }
}
