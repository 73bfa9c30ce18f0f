internal import COpenSSL
import Cryptography
package import NIOCore

/// The middle layer: one TLS connection without a socket. The caller feeds ciphertext, makes a step, and takes
/// ciphertext; plain text comes in and goes out separately.
///
/// Owns its `SSL`. On one event loop; nothing in it blocks or calls out. After a failure only ``takeCiphertext()`` (the
/// alert) makes sense.
@safe package final class TLSConnection {
    /// The result of a step.
    package enum Outcome: Sendable, Equatable {
        /// Done.
        case complete
        /// More ciphertext must arrive first.
        case incomplete
        /// The connection has failed.
        case failed(TLSFailure)
    }

    /// The result of reading.
    package enum Reading: Sendable, Equatable {
        /// Everything was read; more ciphertext must arrive first.
        case incomplete
        /// The peer has announced the end of its output.
        case ended
        /// The connection has failed.
        case failed(TLSFailure)
    }

    /// Answers what `SSL` asks while it verifies. A separate class, because OpenSSL keeps its address.
    private final class Witness {
        let name: PeerName?
        /// The first fault; verification ends with it.
        var fault: CertificateFault?
        /// True if the server has asked for a certificate.
        var wasCertificateWanted = false

        init(name: PeerName?) {
            self.name = name
        }
    }

    /// A record has up to 256 octets more than its text (RFC 8446 section 5.2), in practice 22 to 40.
    private static let recordOverhead = 64
    private static let recordLength = 16_384
    /// So many octets distinguish TLS from other protocols. RawSocket's answer has no more.
    private static let greetingLength = 4

    private let context: TLSContext
    private let ssl: OpaquePointer
    private let bio = ByteBIO()
    private let witness: Witness
    private var isComplete = false
    /// The peer's first octets.
    private var greeting: [UInt8] = []

    /// - Parameters:
    ///   - context: held.
    ///   - name: the name that a server's certificate must have; a client that verifies needs it.
    /// - Throws: if the name is not valid, or there is no memory.
    package init(_ context: TLSContext, name: PeerName? = nil) throws(TLSError) {
        let refusal = TLSError(part: .library, problem: "made no connection", remedy: "is there memory left?")
        OpenSSLError.clear()
        guard let ssl = unsafe SSL_new(context.pointer) else { throw refusal }
        unsafe self.ssl = unsafe ssl
        self.context = context
        self.witness = Witness(name: name)
        let owner = unsafe Unmanaged.passUnretained(self.witness).toOpaque()
        guard unsafe wamp_tls_set_owner(ssl, owner) == 1, let bio = unsafe self.bio.makeBIO() else { throw refusal }
        // For both directions; SSL_free frees it once.
        unsafe SSL_set_bio(ssl, bio, bio)
        switch context.role {
        case .client:
            unsafe SSL_set_connect_state(ssl)
            unsafe SSL_set_cert_cb(
                ssl,
                { _, witness in
                    if let witness = unsafe witness {
                        unsafe Unmanaged<Witness>.fromOpaque(witness).takeUnretainedValue().wasCertificateWanted = true
                    }
                    return 1
                }, owner)
        case .server:
            unsafe SSL_set_accept_state(ssl)
        }
        let strictness = context.role == .client ? SSL_VERIFY_PEER : SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
        unsafe SSL_set_verify(ssl, context.isVerifying ? strictness : SSL_VERIFY_NONE) { isRight, store in
            // Records the fault, and never overrides it.
            if isRight != 1, let store = unsafe store, let owner = unsafe wamp_tls_owner_of_verification(store) {
                let witness = unsafe Unmanaged<Witness>.fromOpaque(owner).takeUnretainedValue()
                if witness.fault == nil { witness.fault = unsafe CertificateFault(store, name: witness.name) }
            }
            return isRight
        }
        if context.role == .client { try self.expect(name) }
    }

    deinit {
        unsafe SSL_free(self.ssl)
    }

    private func expect(_ name: PeerName?) throws(TLSError) {
        let isSet: Bool
        switch name {
        case .host(let name):
            unsafe wamp_tls_strict_names(self.ssl)
            // A dot at the beginning would match all names with this end.
            isSet =
                unsafe !name.isEmpty && !name.hasPrefix(".") && !name.utf8.contains(0)
                && SSL_set1_host(self.ssl, name) == 1
                && wamp_tls_set_server_name(self.ssl, name) == 1
        case .address(let address):
            // An address is not a server name (RFC 6066 section 3).
            isSet = unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(self.ssl), address) == 1
        case nil:
            isSet = !self.context.isVerifying
        }
        guard isSet else {
            throw TLSError(part: .name, problem: "is not valid", remedy: "write a host name or an address")
        }
    }

    /// True if the server has asked for a certificate.
    var wasCertificateWanted: Bool { self.witness.wasCertificateWanted }

    // MARK: - Ciphertext

    /// The octets of ciphertext that wait for the peer.
    package var ciphertextOctets: Int { self.bio.output.readableBytes }

    /// Takes ciphertext that came from the peer.
    package func receive(_ ciphertext: ByteBuffer) {
        if self.greeting.count < Self.greetingLength {
            self.greeting += ciphertext.readableBytesView.prefix(Self.greetingLength - self.greeting.count)
        }
        if self.bio.input.readableBytes == 0 {
            self.bio.input = ciphertext
        } else {
            self.bio.input.writeImmutableBuffer(ciphertext)
        }
    }

    /// The ciphertext for the peer; empty if there is none.
    package func takeCiphertext() -> ByteBuffer {
        let output = self.bio.output
        self.bio.output = ByteBuffer()
        return output
    }

    /// Gives back a buffer that is no longer used, so that its memory can be reused.
    package func recycle(_ buffer: ByteBuffer) {
        if self.bio.output.capacity == 0 { self.bio.output = buffer }
    }

    // MARK: - The handshake

    /// Continues the handshake, or begins it.
    package func handshake() -> Outcome {
        if let greeting = self.foreignGreeting { return .failed(.notTLS(greeting)) }
        OpenSSLError.clear()
        let result = unsafe SSL_do_handshake(self.ssl)
        self.releaseInput()
        if result == 1 {
            guard self.isExpected else { return .failed(.otherCertificate) }
            self.isComplete = self.isProved
            return self.isComplete ? .complete : .failed(.other("the certificate was not verified"))
        }
        switch unsafe SSL_get_error(self.ssl, result) {
        case SSL_ERROR_WANT_READ: return .incomplete
        default: return .failed(self.failure())
        }
    }

    /// Whether the peer has shown the certificate that it must, if only one will do.
    private var isExpected: Bool {
        guard let expected = self.context.expectedHash else { return true }
        return unsafe SSL_get0_peer_certificate(self.ssl).flatMap { unsafe Certificate.hash($0) } == expected
    }

    /// Whether the handshake, complete in OpenSSL's view, proved what it had to.
    private var isProved: Bool {
        guard self.context.isVerifying else { return true }
        return unsafe SSL_get_verify_result(self.ssl) == Int(X509_V_OK)
            && (self.context.role == .server || SSL_get_peer_cert_chain(self.ssl) != nil)
    }

    /// The channel's id for `tls-unique` in the form of WAMP routers: the SHA-256 of the client's Finished message of a
    /// full handshake (wamp-protocol section 10). Nil before the handshake is complete.
    package var channelID: [UInt8]? {
        var finished = [UInt8](repeating: 0, count: 64)
        let count =
            self.context.role == .client
            ? unsafe SSL_get_finished(self.ssl, &finished, finished.count)
            : unsafe SSL_get_peer_finished(self.ssl, &finished, finished.count)
        guard count > 0, count <= finished.count else { return nil }
        return try? SHA256.hash(Array(finished.prefix(count)))
    }

    /// The version that was agreed on, in OpenSSL's form: `TLSv1.3`.
    package var version: String {
        unsafe String(cString: SSL_get_version(self.ssl))
    }

    // MARK: - Plain text

    /// Decrypts as much as possible.
    ///
    /// - Parameter plaintext: takes the result.
    package func read(into plaintext: inout ByteBuffer) -> Reading {
        defer { self.releaseInput() }
        while true {
            OpenSSLError.clear()
            var result: Int32 = 0
            let room = max(min(self.bio.input.readableBytes, Self.recordLength), 512)
            unsafe plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
                var count = 0
                result = unsafe SSL_read_ex(self.ssl, target.baseAddress, target.count, &count)
                return result == 1 ? count : 0
            }
            if result == 1 { continue }
            switch unsafe SSL_get_error(self.ssl, result) {
            case SSL_ERROR_WANT_READ: return .incomplete
            case SSL_ERROR_ZERO_RETURN: return .ended
            default: return .failed(self.failure())
            }
        }
    }

    /// Encrypts.
    ///
    /// - Returns: nil on success.
    package func write(_ plaintext: ByteBuffer) -> TLSFailure? {
        let length = plaintext.readableBytes
        guard length > 0 else { return nil }
        self.bio.output.reserveCapacity(
            minimumWritableBytes: length + (length / Self.recordLength + 1) * Self.recordOverhead)
        OpenSSLError.clear()
        let isWritten = unsafe plaintext.withUnsafeReadableBytes { source in
            var count = 0
            return unsafe SSL_write_ex(self.ssl, source.baseAddress, source.count, &count) == 1
                && count == source.count
        }
        return isWritten ? nil : self.failure()
    }

    /// Announces the end of our output to the peer. Only after the handshake is complete, and not after a failure.
    package func end() {
        OpenSSLError.clear()
        _ = unsafe SSL_shutdown(self.ssl)
        OpenSSLError.clear()
    }

    /// Releases what was read, so that its memory can be reused.
    private func releaseInput() {
        if self.bio.input.readableBytes == 0 { self.bio.input = ByteBuffer() }
    }

    // MARK: - Failures

    private func failure() -> TLSFailure {
        let errors = OpenSSLError.drain()
        let isCertificateMissing = self.witness.wasCertificateWanted && !self.context.hasCertificate
        for reason in errors.compactMap(\.sslReason) {
            switch reason {
            case SSL_R_CERTIFICATE_VERIFY_FAILED:
                if let fault = self.witness.fault { return .certificate(fault) }
            case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_NO_PROTOCOLS_AVAILABLE,
                SSL_R_WRONG_SSL_VERSION, SSL_R_UNKNOWN_PROTOCOL:
                return .protocolTooOld
            case SSL_R_NO_SHARED_CIPHER:
                return .noSharedCipher
            case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
                return .certificateWanted
            default:
                let alert = reason - wamp_tls_alert_offset()
                if (0...255).contains(alert) {
                    return TLSFailure(
                        alert: alert, isHandshake: !self.isComplete, isCertificateMissing: isCertificateMissing)
                }
            }
        }
        return .other(errors.first?.text ?? "without a word")
    }

    /// The protocol that the peer speaks, if it is not TLS. OpenSSL would wait for a fifth octet, which may never
    /// arrive.
    private var foreignGreeting: TLSFailure.Greeting? {
        // A record of TLS begins with 20 to 23 (RFC 8446 section 5.1).
        guard let first = self.greeting.first, !(20...23).contains(first) else { return nil }
        if first == 0x7F { return .rawSocket }
        guard self.greeting.count == Self.greetingLength else { return nil }
        let beginnings = ["HTTP", "GET ", "POST", "HEAD"]
        return beginnings.contains { self.greeting.elementsEqual($0.utf8) } ? .http : .other
    }
}
