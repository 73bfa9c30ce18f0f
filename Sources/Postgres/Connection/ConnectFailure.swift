/// Why there is no connection, in words that a user can act on. Never contains a password.
package struct ConnectFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }

    /// The text of libpq or the server, and the remedy.
    init(server text: String) {
        self.init(ConnectAdvice.sentence(onText: text).map { "\(text); \($0)" } ?? text)
    }

    /// An error that the server reported during the session's setup.
    init(_ error: DatabaseError) {
        let text = error.description
        self.init(ConnectAdvice.sentence(onCode: error.sqlstate).map { "\(text); \($0)" } ?? text)
    }
}

/// The remedy for a connection that the server or the network refuses: one sentence for each of the common conditions.
///
/// libpq does not report the SQLSTATE of an error that ended a login, so its text is searched instead. libpq's own
/// texts are English; a server's may be in another language, and then has no remedy.
enum ConnectAdvice {
    private struct Entry {
        let code: String
        /// Parts of the error's text, all on one line.
        let signs: [[String]]
        let sentence: String

        init(_ code: String, _ signs: [[String]], _ sentence: String) {
            self.code = code
            self.signs = signs
            self.sentence = sentence
        }
    }

    /// The more specific ones first: the texts of several hosts come as one.
    private static let entries = [
        Entry(
            "28P01", [["password authentication failed"], ["no password supplied"], ["SCRAM authentication"]],
            "check the password in database.url, database.password or password_file, and the role's "
                + "(alter role .. password ..)"),
        Entry(
            "28000", [["pg_hba.conf"]],
            "add a line to pg_hba.conf at the server for this role, database, address and encryption"),
        Entry(
            "28000", [["eer authentication failed"], ["dent authentication failed"]],
            "connect as the system user with the role's name, or require a password in pg_hba.conf"),
        Entry(
            "28000", [["role \"", "does not exist"]],
            "wamp-sidecar install makes the role; or correct the user in database.url"),
        Entry("28000", [["not permitted to log in"]], "allow the role to log in: alter role .. login"),
        Entry("28000", [["ertificate authentication failed"]], "check the client's certificate in database.url"),
        Entry(
            "3D000", [["database \"", "does not exist"]], "create the database, or correct its name in database.url"),
        Entry(
            "42501", [["permission denied for database"]],
            "grant connect on the database to the role"),
        Entry(
            "55000", [["not currently accepting connections"]],
            "allow connections to the database: alter database .. allow_connections true"),
        Entry(
            "53300",
            [["too many clients"], ["too many connections"], ["connection slots are reserved"]],
            "raise max_connections (or the connection limit of role or database) at the server, or lower "
                + "database.connections"),
        Entry(
            "57P03",
            [["starting up"], ["shutting down"], ["recovery mode"], ["not yet accepting connections"]],
            "the server is not up yet, and the sidecar tries again"),
        Entry(
            "08001", [["could not translate host name"]],
            "correct the host in database.url, or check the name server"),
        Entry(
            "08001", [["Connection refused"], ["No such file or directory"]],
            "is PostgreSQL running, and are host and port in database.url right?"),
        Entry(
            "08001", [["timeout expired"], ["timed out"], ["No route to host"], ["etwork is unreachable"]],
            "is the host in database.url right, and is there a firewall?"),
        Entry(
            "08001", [["certificate verify failed"], ["root certificate file"], ["does not match host name"]],
            "check sslrootcert and sslmode in database.url, and the server's certificate"),
        Entry(
            "08001", [["server does not support SSL"]],
            "turn on ssl at the server, or set sslmode in database.url"),
        Entry(
            "08006", [["server closed the connection unexpectedly"], ["onnection reset"]],
            "read the server's log; check that this is PostgreSQL's port, and check what is in between"),
        Entry(
            "08P01", [["unsupported startup parameter"]],
            "this is a connection pooler, which shares sessions among clients: write the server's own address into "
                + "database.url"),
        Entry(
            "08P01", [["expected authentication request"], ["invalid response"]],
            "is this PostgreSQL's port?"),
    ]

    /// The remedy for a text of libpq or a server; nil if none is known.
    static func sentence(onText text: String) -> String? {
        self.entries.first { entry in
            entry.signs.contains { $0.allSatisfy { text.utf8.contains($0.utf8) } }
        }?.sentence
    }

    /// The remedy for a condition that the server named; nil if none is known.
    static func sentence(onCode code: String) -> String? {
        self.entries.first { $0.code == code }?.sentence
    }
}
