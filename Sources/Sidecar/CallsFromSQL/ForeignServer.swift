import Functions
import Glibc
import Names
import SidecarConfiguration

/// How the database reaches the call port: the options of the foreign server.
struct ForeignServer {
    /// Without them a silent port makes a backend that nobody can end.
    private static let deadlines = [
        ("connect_timeout", "2"), ("keepalives_idle", "5"), ("keepalives_interval", "2"), ("keepalives_count", "3"),
        ("tcp_user_timeout", "10000"),
    ]

    /// Names and values, in libpq's form.
    let options: [(name: String, value: String)]

    /// Takes the file's settings.
    ///
    /// - Parameters:
    ///   - isBound: whether the port's TLS can be bound to its certificate.
    ///   - user: the owner of the Unix socket; nil if that user has no name.
    init(_ settings: CallerSettings, isBound: Bool, user: String? = ForeignServer.userName) {
        var options: [(name: String, value: String)]
        if let connect = settings.connect {
            let wantsTLS = settings.tls != nil && !settings.insecure
            options = connect.value.all
            // libpq's own default continues unencrypted with any peer that claims to have no TLS.
            if wantsTLS, !options.contains(where: { $0.name == "sslmode" }) { options.append(("sslmode", "require")) }
        } else {
            switch settings.listen.value {
            case .tcp(let host, let port):
                // Only `caller.connect` can name the authorities to trust.
                let mode = settings.tls == nil ? "disable" : "require"
                options = [("host", host), ("port", "\(port)"), ("sslmode", mode)]
            case .unix(let folder, let port): options = [("host", folder), ("port", "\(port)")]
            }
        }
        // Another process that has bound the address is not used.
        var wanted = Self.deadlines
        if let user, Self.isFolder(options) { wanted.append(("requirepeer", user)) }
        // So nobody on the way can log in with an overheard exchange, and a peer that asks for anything but SCRAM gets
        // nothing.
        if isBound, settings.tls != nil, !settings.insecure { wanted.append(("channel_binding", "require")) }
        // Left out if the server's libpq does not know it: before 16 it answers any request.
        wanted.append(("require_auth", "scram-sha-256"))
        for (name, value) in wanted where !options.contains(where: { $0.name == name }) {
            options.append((name, value))
        }
        self.options = options
    }

    /// Whether libpq will only try Unix sockets.
    private static func isFolder(_ options: [(name: String, value: String)]) -> Bool {
        let hosts = options.first { $0.name == "host" }?.value.split(separator: ",") ?? []
        return !hosts.isEmpty && hosts.allSatisfy { $0.hasPrefix("/") } && !options.contains { $0.name == "hostaddr" }
    }

    /// The name of the user that this process runs as, which libpq can compare with the other end of a Unix socket; nil
    /// if it has none.
    static var userName: String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 4096)
        guard getpwuid_r(geteuid(), &entry, &buffer, buffer.count, &found) == 0, let found else { return nil }
        return String(cString: found.pointee.pw_name)
    }
}
