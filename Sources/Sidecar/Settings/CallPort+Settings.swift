import CallPort
import Cryptography
import NIOCore
import Names
import SidecarConfiguration

extension CallPort.Configuration {
    /// The size of a generated password, in octets.
    private static let passwordLength = 32

    /// Takes the file's settings; without a password a new one is generated.
    ///
    /// - Parameter descriptors: the most descriptors for clients; all of the process without those of the other parts.
    init(_ settings: CallerSettings, descriptors: Int) throws {
        let unproved = min(Self.mostUnproved, max(descriptors / 4, 1))
        let password: SecretBytes
        if let given = settings.password {
            password = given.octets
        } else {
            password = SecretBytes(Hexadecimal.encode(try SecureRandom.bytes(count: Self.passwordLength)))
        }
        self.init(
            address: settings.listen.value, password: password,
            statusPassword: settings.statusPassword?.octets, timeout: TimeAmount(settings.timeout),
            greatestSessions: min(settings.sessions, max(descriptors - unproved, 1)), greatestUnproved: unproved,
            allowMeta: settings.allowMeta,
            tls: settings.tls, allowsPlaintext: settings.insecure)
    }
}
