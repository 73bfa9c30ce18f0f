import NIOOpenSSL
import Names
import SidecarConfiguration

/// Decides which of the sidecar's certificates are to be renewed.
struct CertificateLooks {
    /// A certificate of the sidecar.
    struct Held: Equatable {
        /// The key of the configuration that names its file.
        let key: String
        let end: CertificateTime
    }

    /// How long before its end a certificate is a fault.
    static let notice: Int64 = 14 * 86_400

    private let held: [Held]

    init(_ held: [Held]) {
        self.held = held
    }

    /// Those of a configuration, with the certificates that stand in their files up to the authority.
    init(_ configuration: Configuration) {
        let contexts = [
            ("router.tls", configuration.router.tlsContext), ("caller.tls", configuration.caller?.tls),
            ("admin.tls", configuration.admin?.tls),
        ]
        self.init(
            contexts.compactMap { section, context in
                context?.certificateEnd.map { Held(key: "\(section).certificate_file", end: $0) }
            })
    }

    /// The complaints at a time in seconds since 1970.
    func complaints(at now: Int64) -> ComplaintSummary {
        ComplaintSummary(
            named: self.held.compactMap { held in
                guard let end = held.end.seconds, end - now < Self.notice else { return nil }
                return Complaint(
                    name: "certificate of \(held.key)",
                    reason: "it \(end > now ? "ends" : "ended") on \(held.end.text); renew it")
            })
    }
}
