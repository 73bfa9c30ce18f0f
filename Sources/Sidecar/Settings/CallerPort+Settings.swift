import Cryptography
import NIOCore
import SidecarConfiguration

extension CallerPort.Configuration {
    /// Of a password that is made at each start, in octets.
    private static let passwordLength = 32

    /// Takes what the file says; without a password a new one is made.
    init(_ settings: CallerSettings) throws(CryptographyError) {
        let password: Secret
        if let given = settings.password {
            password = given
        } else {
            password = Secret(Hexadecimal.encode(try SecureRandom.bytes(count: Self.passwordLength)))
        }
        self.init(
            address: CallerAddress(settings.listen.value), password: password,
            timeout: TimeAmount(settings.timeout),
            greatestSessions: settings.sessions,
            allowMeta: settings.allowMeta)
    }
}

extension CallerAddress {
    fileprivate init(_ address: ListenAddress) {
        switch address {
        case .tcp(let host, let port): self = .tcp(host: host, port: port)
        case .unix(let folder, let port): self = .unix(folder: folder, port: port)
        }
    }
}
