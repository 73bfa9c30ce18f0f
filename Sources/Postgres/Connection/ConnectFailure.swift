/// Why there is no connection, in words that a user can act on. Never holds a password.
package struct ConnectFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }

    /// What libpq or the server said, and what to do about it.
    init(server text: String) {
        self.init(ConnectAdvice.sentence(onText: text).map { "\(text); \($0)" } ?? text)
    }

    /// An error that the server reported while the session was set up.
    init(_ error: DatabaseError) {
        let text = error.description
        self.init(ConnectAdvice.sentence(onCode: error.sqlstate).map { "\(text); \($0)" } ?? text)
    }
}

/// What to do about a connection that the server, or the way to it, refuses: one sentence for each of the common
/// conditions.
///
/// libpq does not tell the SQLSTATE of what ended a login, so there its text stands for it: libpq's own is English, a
/// server's may be in another language, and is then shown without a sentence.
enum ConnectAdvice {
    private struct Entry {
        let code: String
        /// What stands in the texts of it, all of one line.
        let signs: [[String]]
        let sentence: String

        init(_ code: String, _ signs: [[String]], _ sentence: String) {
            self.code = code
            self.signs = signs
            self.sentence = sentence
        }
    }

    /// The more special ones first: the texts of several hosts come as one.
    private static let entries = [
        Entry(
            "28P01", [["password authentication failed"], ["no password supplied"], ["SCRAM authentication"]],
            "look at the password in database.url, database.password or password_file, and at the role's "
                + "(alter role .. password ..)"),
        Entry(
            "28000", [["pg_hba.conf"]],
            "let pg_hba.conf at the server have a line for this role, database, address and encryption"),
        Entry(
            "28000", [["eer authentication failed"], ["dent authentication failed"]],
            "connect as the system user of the role's name, or let pg_hba.conf ask for a password here"),
        Entry(
            "28000", [["role \"", "does not exist"]],
            "wamp-sidecar install makes the role; or correct the user in database.url"),
        Entry("28000", [["not permitted to log in"]], "let the role log in: alter role .. login"),
        Entry("28000", [["ertificate authentication failed"]], "look at the client's certificate in database.url"),
        Entry(
            "3D000", [["database \"", "does not exist"]], "create the database, or correct its name in database.url"),
        Entry(
            "42501", [["permission denied for database"]],
            "grant connect on the database to the role"),
        Entry(
            "55000", [["not currently accepting connections"]],
            "let the database take connections: alter database .. allow_connections true"),
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
            "correct the host in database.url, or ask who runs the name server"),
        Entry(
            "08001", [["Connection refused"], ["No such file or directory"]],
            "is PostgreSQL running, and are host and port in database.url right?"),
        Entry(
            "08001", [["timeout expired"], ["timed out"], ["No route to host"], ["etwork is unreachable"]],
            "is the host in database.url right, and is there a firewall?"),
        Entry(
            "08001", [["certificate verify failed"], ["root certificate file"], ["does not match host name"]],
            "look at sslrootcert and sslmode in database.url, and at the server's certificate"),
        Entry(
            "08001", [["server does not support SSL"]],
            "turn on ssl at the server, or set sslmode in database.url"),
        Entry(
            "08006", [["server closed the connection unexpectedly"], ["onnection reset"]],
            "look at the server's log; is this PostgreSQL's port, and what is between it and here?"),
        Entry(
            "08P01", [["expected authentication request"], ["invalid response"]],
            "is this PostgreSQL's port?"),
    ]

    /// What to do about a text of libpq's or a server's; nil where none is known.
    static func sentence(onText text: String) -> String? {
        self.entries.first { entry in
            entry.signs.contains { $0.allSatisfy { text.utf8.contains($0.utf8) } }
        }?.sentence
    }

    /// What to do about a condition that the server named; nil where none is known.
    static func sentence(onCode code: String) -> String? {
        self.entries.first { $0.code == code }?.sentence
    }
}
