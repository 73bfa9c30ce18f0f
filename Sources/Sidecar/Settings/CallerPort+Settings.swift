import Cryptography
import NIOCore
import Names
import SidecarConfiguration

extension CallerPort.Configuration {
    /// Of a password that is made at each start, in octets.
    private static let passwordLength = 32

    /// Takes what the file says; without a password a new one is made.
    ///
    /// - Parameter descriptors: how many callers may have open; all of the process without those that the other parts need.
    init(_ settings: CallerSettings, descriptors: Int) throws {
        let unproved = min(CallerAdmission.unproved, max(descriptors / 4, 1))
        let password: Secret
        if let given = settings.password {
            password = given
        } else {
            password = Secret(Hexadecimal.encode(try SecureRandom.bytes(count: Self.passwordLength)))
        }
        self.init(
            address: CallerAddress(settings.listen.value), password: password,
            statusPassword: settings.statusPassword, timeout: TimeAmount(settings.timeout),
            greatestSessions: min(settings.sessions, max(descriptors - unproved, 1)), greatestUnproved: unproved,
            allowMeta: settings.allowMeta,
            tls: settings.tls, allowsPlaintext: settings.insecure)
    }
}

extension CallerAddress {
    /// Takes what the file says.
    init(_ address: ListenAddress) {
        switch address {
        case .tcp(let host, let port): self = .tcp(host: host, port: port)
        case .unix(let folder, let port): self = .unix(folder: folder, port: port)
        }
    }
}
