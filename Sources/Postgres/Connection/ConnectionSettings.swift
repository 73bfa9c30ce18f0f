internal import CLibpq
import Glibc
internal import Names

/// The address of the database and the login: a libpq URI or keyword string, with the sidecar's own defaults for each
/// connection.
///
/// libpq's environment variables, `~/.pgpass` and service files apply as they do for psql.
package struct ConnectionSettings: Sendable, CustomStringConvertible {
    /// The part of the sidecar that a connection serves. Shown as `application_name`.
    package enum Part: String, Sendable {
        case calls
        /// Runs the functions that low roles registered, as a role without rights.
        case guests
        case control
        case listener
        /// The session that holds the leader's lock and does the outbox's work.
        case leader
        case check
        case script

        /// Whether a connection may be replaced whenever it is idle. The leader's may not: its lock belongs to the
        /// session.
        var isReplaceable: Bool {
            switch self {
            case .calls, .guests, .control, .listener, .check, .script: true
            case .leader: false
            }
        }
    }

    /// One `keyword=value` of a connection.
    struct Option: Sendable {
        let keyword: String
        let value: String
    }

    private var given: [Option]

    /// The defaults, used where neither the URL nor libpq's environment has a value.
    private static let defaults = [
        Option(keyword: "target_session_attrs", value: "read-write"),
        Option(keyword: "connect_timeout", value: "10"),
        Option(keyword: "keepalives_idle", value: "5"),
        Option(keyword: "keepalives_interval", value: "2"),
        Option(keyword: "keepalives_count", value: "3"),
        Option(keyword: "tcp_user_timeout", value: "10000"),
    ]

    /// Reads a libpq URI or keyword string.
    ///
    /// - Parameters:
    ///   - url: for example `postgresql://wamp@db.example.com/app`.
    ///   - password: used where `url` has none.
    /// - Throws: ``ConnectionSettingsError`` if libpq does not understand `url`. The error contains no part of a
    ///   password.
    package init(url: String, password: String?) throws(ConnectionSettingsError) {
        var given = try Self.parse(url)
        if let password, !given.contains(where: { $0.keyword == "password" }) {
            given.append(Option(keyword: "password", value: password))
        }
        for option in Self.defaults where !given.contains(where: { $0.keyword == option.keyword }) {
            guard !Self.environmentHas(option.keyword) else { continue }
            given.append(option)
        }
        self.given = given
    }

    /// The keywords and values of a libpq URI or keyword string.
    ///
    /// - Throws: ``ConnectionSettingsError`` if libpq does not understand it.
    package static func keywords(of text: String) throws(ConnectionSettingsError) -> [(name: String, value: String)] {
        try self.parse(text).map { ($0.keyword, $0.value) }
    }

    /// The same server with another login.
    func with(_ login: DatabaseLogin.Credentials) -> Self {
        var settings = self
        settings.given =
            self.given.filter { $0.keyword != "user" && $0.keyword != "password" } + [
                Option(keyword: "user", value: login.user), Option(keyword: "password", value: login.password),
            ]
        return settings
    }

    /// The time limit of an attempt to connect: libpq's own limit counts for each host.
    var patienceInSeconds: Int {
        let perHost = self.value("connect_timeout").flatMap { Int($0) } ?? 10
        let hosts = self.value("host").map { $0.split(separator: ",", omittingEmptySubsequences: false).count } ?? 1
        return min(max(perHost, 2), 600) * min(max(hosts, 1), 32) + 10
    }

    /// The options of one connection, ready for `PQconnectdbParams`.
    func options(for part: Part) -> [Option] {
        let name = self.value("application_name") ?? "wamp-sidecar"
        let replaced: Set<String> = ["application_name", "client_encoding", "fallback_application_name", "options"]
        return self.given.filter { !replaced.contains($0.keyword) } + [
            Option(keyword: "application_name", value: "\(name) \(part.rawValue)"),
            Option(keyword: "client_encoding", value: "UTF8"),
            Option(keyword: "options", value: self.serverOptions),
        ]
    }

    /// The server's settings from the first moment of the session on. libpq writes what the server says before the
    /// session is set up to standard error as it is; with this the server says nothing, whatever the role's own
    /// settings are.
    private var serverOptions: String {
        let environment = unsafe getenv("PGOPTIONS").map { unsafe String(cString: $0) }
        let given = (self.value("options") ?? environment).map { $0 + " " } ?? ""
        return given + "-c client_min_messages=error"
    }

    /// One set of settings for each host, if there are several.
    func optionsOfEachHost(for part: Part) -> [[Option]] {
        let options = self.options(for: part)
        let lists = options.filter { ["host", "hostaddr", "port"].contains($0.keyword) }
            .map { ($0.keyword, $0.value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)) }
        let count = lists.filter { $0.0 != "port" }.map(\.1.count).max() ?? 1
        guard count > 1 else { return [] }
        return (0..<count).map { index in
            options.map { option in
                guard let list = lists.first(where: { $0.0 == option.keyword })?.1 else { return option }
                // A single port counts for all hosts.
                return Option(
                    keyword: option.keyword, value: list.count == 1 ? list[0] : list[min(index, list.count - 1)])
            }
        }
    }

    /// Host, port, database and user as far as they were given; never the password.
    package var description: String {
        ["host", "port", "dbname", "user"]
            .compactMap { keyword in self.value(keyword).map { "\(keyword)=\($0)" } }
            .joined(separator: " ")
    }

    func value(_ keyword: String) -> String? {
        self.given.last { $0.keyword == keyword }?.value
    }

    private static func parse(_ url: String) throws(ConnectionSettingsError) -> [Option] {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(url, &message) else {
            defer { unsafe PQfreemem(message) }
            let reason = unsafe message.map { unsafe String(cString: $0) } ?? "out of memory"
            throw ConnectionSettingsError(reason: reason, url: url)
        }
        defer { unsafe PQconninfoFree(options) }
        var given: [Option] = []
        var next = unsafe options
        while let keyword = unsafe next.pointee.keyword {
            if let value = unsafe next.pointee.val {
                unsafe given.append(Option(keyword: String(cString: keyword), value: String(cString: value)))
            }
            unsafe next += 1
        }
        return given
    }

    private static func environmentHas(_ keyword: String) -> Bool {
        guard let options = unsafe PQconndefaults() else { return false }
        defer { unsafe PQconninfoFree(options) }
        var next = unsafe options
        while let name = unsafe next.pointee.keyword {
            if unsafe String(cString: name) == keyword {
                return unsafe next.pointee.envvar.map { unsafe getenv($0) != nil } ?? false
            }
            unsafe next += 1
        }
        return false
    }
}

extension ConnectionSettings: Equatable {
    /// Whether they are the same to the octet, the password too.
    package static func == (left: Self, right: Self) -> Bool {
        left.given.count == right.given.count
            && zip(left.given, right.given).allSatisfy {
                ExactText.areSame($0.keyword, $1.keyword) && ExactText.areSame($0.value, $1.value)
            }
    }
}

extension ConnectionSettings: CustomReflectable {
    /// A mirror that shows no password, so that `dump` doesn't either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// A database URL that libpq does not understand.
package struct ConnectionSettingsError: Error, Sendable, CustomStringConvertible {
    /// The fault, without any part of the URL: libpq quotes it, and with it the password.
    package let description: String

    init(reason: String, url: String) {
        if let end = url.firstRange(of: "://"), !["postgresql", "postgres"].contains(String(url[..<end.lowerBound])),
            url[..<end.lowerBound].utf8.allSatisfy({ (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) })
        {
            self.description =
                "begins with \(url[..<end.lowerBound])://; a PostgreSQL server's begins with postgresql://"
            return
        }
        let text = String(reason.prefix { $0 != "\n" })
        let quoted = text.split(separator: "\"", omittingEmptySubsequences: false)
        let safe = quoted.indices.map { index in
            index.isMultiple(of: 2) || Self.introducesKeyword(quoted[index - 1]) ? String(quoted[index]) : "…"
        }
        self.description = safe.joined(separator: "\"")
    }

    /// The name of a keyword may be shown; other quoted text could be part of a password.
    private static func introducesKeyword(_ text: Substring) -> Bool {
        text.hasSuffix("query parameter: ") || text.hasSuffix("connection option ")
    }
}
